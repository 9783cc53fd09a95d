"""The parts of a response that the integrations add, whatever the site's own view returns."""

from __future__ import annotations

from typing import Any, Callable, List, Optional
from urllib.parse import parse_qsl

from .web import Headers

CALLBACK_HEADERS = (("cache-control", "no-store"), ("referrer-policy", "no-referrer"))
"""The URL of a callback contains a code, which must not reach caches or ``Referer``."""

KEY = "weixin_login"
"""The name under which the frameworks keep things of this package."""


class Completion:
    """The parts that the response to one request still needs."""

    def __init__(self, query: str) -> None:
        self.is_callback = has_code(query)
        self.cookies: List[str] = []
        self.on_error: Optional[Callable[..., Any]] = None

    def keep_cookies(self, headers: Headers) -> None:
        """Keeps the cookies among these headers for the response."""
        self.cookies += [value for name, value in headers if name == "set-cookie"]


def has_code(query: str) -> bool:
    """Whether a query is that of a successful callback: also if a middleware responds before the view runs.

    Both names are needed. A page of the site's own may have one of them; without ``Referer`` and ``Origin``, its forms
    would fail checks against CSRF.
    """
    return {"code", "state"} <= {name for name, _ in parse_qsl(query, keep_blank_values=True)}
