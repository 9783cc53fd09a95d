"""Calls of python-weixin's interface, as data: performed by the SDK that this Python has.

As a program, ``python weixin_calls.py MODULE`` performs the calls that it reads, one JSON object per line.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
from typing import Any, Dict, List, NamedTuple, Optional

Outcome = Dict[str, Any]


class Call(NamedTuple):
    """A call of a method of a new client, or a client that is made only."""

    client: str
    settings: Dict[str, Any] = {}
    method: Optional[str] = None
    arguments: List[Any] = []
    keywords: Dict[str, Any] = {}


def perform(module: str, call: Call) -> Outcome:
    """Performs a call by the SDK with this module: what it returns or raises."""
    try:
        client = getattr(importlib.import_module(module), call.client)(**call.settings)
        if call.method is None:
            return {"returned": type(client).__name__}
        return {"returned": getattr(client, call.method)(*call.arguments, **call.keywords)}
    except Exception as error:
        facts = {name: value for name, value in vars(error).items() if name in ("code", "description")}
        return {"raised": type(error).__name__, "text": str(error), **facts}


def without_random_parts(outcome: Outcome) -> Outcome:
    """An outcome in which all that differs between two runs is ``…``."""
    return {name: _replaced(name, value) for name, value in outcome.items()}


def _replaced(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {member: _replaced(member, one) for member, one in value.items()}
    if name in ("access_token", "refresh_token", "session_key"):
        return "…"
    if not isinstance(value, str):
        return value
    value = re.sub(r"rid: [0-9a-f-]+", "rid: …", value)
    value = re.sub(r"\b(code|state)=[0-9A-Za-z]{22,40}\b", r"\1=…", value)
    # Not all versions of Python name the class.
    return re.sub(r"^\w+API\.(\w+\(\) takes)", r"\1", value)


def main(module: str) -> None:
    """Performs the calls of standard input, each in the environment that it brings."""
    for line in sys.stdin:
        request = json.loads(line)
        os.environ.clear()
        os.environ.update(request["environment"])
        print(json.dumps(perform(module, Call(*request["call"])), default=repr), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
