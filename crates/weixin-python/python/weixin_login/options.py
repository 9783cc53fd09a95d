"""Options of WeChat's pages."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, Optional, Union


@dataclass(frozen=True)
class QrPage:
    """Options of WeChat's QR page (website apps)."""

    language: Optional[Literal["zh", "en"]] = None
    """The language of the page. Web logins follow the browser's."""
    text_color: Optional[Literal["black", "white"]] = None
    """The color of the text around the QR code."""
    lite_style: bool = False
    """The page without WeChat's frame."""
    stylesheet: Optional[str] = None
    """The URL of a stylesheet of yours, over HTTPS."""
    inline_stylesheet: Optional[str] = None
    """A stylesheet of yours, as text."""
    no_fast_login: bool = False
    """Always show the QR code, also where WeChat for PC could log in without scanning."""
    callback_target: Optional[Literal["top", "frame"]] = None
    """The window that opens the callback of a QR code inside a page."""


@dataclass(frozen=True)
class Consent:
    """Options of the consent page inside WeChat (official accounts)."""

    silent: bool = False
    """Ask nothing: the login brings the OpenID, and no profile (``snsapi_base``)."""
    force_dialog: bool = False
    """Ask even if WeChat would log the user in without a question."""
    force_snapshot: bool = False
    """Show the snapshot page, for tests."""


def members(options: Union[QrPage, Consent, None]) -> Optional[dict[str, Any]]:
    """The options as the core takes them."""
    return None if options is None else asdict(options)
