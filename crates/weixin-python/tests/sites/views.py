"""What the views of all sites share."""

from __future__ import annotations

from typing import Any, Dict, Mapping

from weixin_login import Consent, QrPage


def start_options(query: Mapping[str, str]) -> Dict[str, Any]:
    """The options of a login that starts."""
    options: Dict[str, Any] = {"return_to": query.get("next"), "force_dialog": "force" in query}
    if "styled" in query:
        options.update(qr_page=QrPage(lite_style=True), consent=Consent(force_snapshot=True))
    return options


def embed_options(query: Mapping[str, str]) -> Dict[str, Any]:
    """The options of a QR code inside a page."""
    options: Dict[str, Any] = {"return_to": "/cart"}
    if "styled" in query:
        options.update(qr_page=QrPage(text_color="white"), callback_target="frame")
    return options


def facts(login: Any) -> Dict[str, Any]:
    """The facts of a login that need no call to WeChat."""
    return {"identities": login.identities, "return_to": login.return_to, "is_repeat": login.is_repeat}
