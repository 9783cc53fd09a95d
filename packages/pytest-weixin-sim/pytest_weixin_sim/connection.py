"""HTTP to the simulator: no proxies and no redirects, whatever the environment says."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


class SimulatorError(Exception):
    """The simulator cannot be started or reached, or rejects what the test asks of it."""


def send(
    base: str, method: str, target: str, body: str | None = None, headers: Mapping[str, str] = {}
) -> tuple[int, http.client.HTTPMessage, str]:
    """Returns status, headers and text of the response."""
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=90)
    try:
        connection.request(method, target, body and body.encode(), dict(headers))
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise SimulatorError(f"the WeChat simulator at {base} does not respond: has it ended? {error!r}") from error
    finally:
        connection.close()


def control(base: str, method: str, path: str, members: Mapping[str, Any]) -> Any:
    """Calls the control API; returns the decoded response."""
    body = json.dumps(members) if method in ("POST", "PUT") else None
    status, _, text = send(base, method, f"/_sim/api{path}", body)
    if status >= 400:
        raise SimulatorError(f"the WeChat simulator rejects {method} {path}: {status} {text[:1000]}")
    return json.loads(text)
