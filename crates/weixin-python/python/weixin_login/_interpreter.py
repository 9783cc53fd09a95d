"""Rejects subinterpreters, whose classes and exceptions would be those of another interpreter."""

from __future__ import annotations

import sys


def is_main() -> bool:
    """Whether this is the main interpreter. From Python 3.12 on, the core itself rejects others."""
    if sys.version_info >= (3, 12):
        return True
    try:
        import _xxsubinterpreters  # type: ignore[import-not-found]
    except ImportError:
        return True
    return bool(_xxsubinterpreters.get_current() == _xxsubinterpreters.get_main())


if not is_main():
    raise ImportError(
        "weixin_login does not run in subinterpreters; with mod_wsgi, set WSGIApplicationGroup %{GLOBAL}"
    )
