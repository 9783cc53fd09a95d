"""WeChat's login page: its URL, and the question whether it accepts that URL."""

from __future__ import annotations

from typing import Iterable, Optional, Union
from urllib.parse import urlencode, urlsplit

from ... import errors
from ..._core import CsrfToken
from ..._settings import Kind
from ...client import Client
from .errors import APPID_MISSING, OAuth2AuthExchangeError

Scope = Union[str, Iterable[str]]

_WECHAT = "https://open.weixin.qq.com"

_NOT_A_URL = "the redirect URI must be a whole URL: it begins with https:// or http://"


def login_url(page: str, appid: Optional[str], redirect_uri: Optional[str], scope: Scope, state: Optional[str]) -> str:
    """The URL of a login page, with its parameters in WeChat's documented order."""
    if not appid:
        raise OAuth2AuthExchangeError(*APPID_MISSING)
    if not (redirect_uri or "").lower().startswith(("https://", "http://")):
        raise OAuth2AuthExchangeError("redirect_uri", _NOT_A_URL)
    parameters = {
        "appid": appid,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": scope if isinstance(scope, str) else ",".join(scope),
        "state": state or CsrfToken().state,
    }
    return f"{page}?{urlencode(parameters, safe=',')}"


def check_login_page(url: str, kind: Kind) -> None:
    """Reads WeChat's login page at this URL. A redirect means that it accepts the login, such as a silent one.

    :raises weixin_login.LoginPageError: it does not; the error names the part.
    :raises weixin_login.TransportError: the page could not be read.
    """
    page = urlsplit(url)
    server = f"{page.scheme}://{page.netloc}"
    # A subclass may name another server, such as a simulator.
    client = Client("-", "-", kind=kind, api_url=None if server == _WECHAT else server)
    try:
        client._app.probe_url(url)
    except errors.StatusError as error:
        if not 300 <= error.status < 400:
            raise
