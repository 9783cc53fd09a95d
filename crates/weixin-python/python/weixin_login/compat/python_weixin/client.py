"""The clients of python-weixin: one for each kind of app."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Callable, ClassVar, Dict, NoReturn, Optional

from . import errors, results
from .login_page import Scope
from .oauth2 import OAuth2API, Text


class WeixinAPI(OAuth2API):
    """A website app (网站应用), or with ``access_token`` a client for calls on behalf of a user."""

    api_name = "Weixin"
    x_ratelimit_remaining: ClassVar[None] = None
    x_ratelimit: ClassVar[None] = None

    def user(self, openid: Optional[str] = None, *, lang: Optional[str] = None) -> Dict[str, Any]:
        """Reads a user's profile (``/sns/userinfo``).

        An error of WeChat's is a result with ``errcode`` and ``errmsg``, as in the original: look for ``errcode``.

        :param lang: has no effect: WeChat has sent no region since 2021.
        :raises ConnectTimeoutError: WeChat has not responded in time.
        :raises ConnectionError: WeChat cannot be reached.
        :raises WeixinClientError: the response is not what WeChat documents.
        """
        return self._read_user(openid)

    def validate_token(self, openid: Optional[str] = None) -> Dict[str, Any]:
        """Asks WeChat whether the access token is valid for its user (``/sns/auth``): ``errcode`` is 0 if it is.

        :raises ConnectTimeoutError: WeChat has not responded in time.
        :raises ConnectionError: WeChat cannot be reached.
        :raises WeixinClientError: the response is not what WeChat documents.
        """
        return self._check_token(openid)


def _not_here(name: str) -> Callable[..., NoReturn]:
    """A method of the original that has nothing to do with a login."""

    def method(self: OAuth2API, *_: Any, **__: Any) -> NoReturn:
        raise NotImplementedError(
            f"{type(self).__name__}.{name}() is not here: weixin-login logs users in. Call WeChat's API with the token "
            "of client_credential_for_access_token(), or use another SDK for it, such as wechatpy"
        )

    method.__name__ = name
    return method


class WeixinMpAPI(OAuth2API):
    """An official account (公众号), whose users log in inside WeChat; or a client for calls on behalf of a user.

    A visitor who looks at your page in WeChat without a login is a snapshot user: the result of the exchange has
    ``is_snapshotuser`` 1. Do not create an account for it.
    """

    authorize_url = "https://open.weixin.qq.com/connect/oauth2/authorize"
    client_credential_token_url = "https://api.weixin.qq.com/cgi-bin/token"
    api_name = "WeixinMp"
    x_ratelimit_remaining: ClassVar[None] = None
    x_ratelimit: ClassVar[None] = None

    _kind = "official_account"
    _default_scope = "snsapi_base"
    # Keeps WeChat from calling back twice.
    _end_of_login_url = "&connect_redirect=1"

    def user(self, openid: Optional[str] = None, *, lang: Optional[str] = None) -> Dict[str, Any]:
        """As :meth:`WeixinAPI.user`: reads a user's profile."""
        return self._read_user(openid)

    def validate_user(self, openid: Optional[str] = None) -> Dict[str, Any]:
        """As :meth:`WeixinAPI.validate_token`: asks WeChat whether the access token is valid for its user."""
        return self._check_token(openid)

    def validate_signature(self) -> bool:
        """Whether ``signature`` is that of ``mp_token``, ``timestamp`` and ``nonce``, as WeChat signs its messages."""
        parts = sorted(str(part or "") for part in (self.mp_token, self.timestamp, self.nonce))
        expected = hashlib.sha1("".join(parts).encode()).hexdigest()
        return hmac.compare_digest(expected.encode(), str(self.signature).encode())

    jsapi_ticket = _not_here("jsapi_ticket")
    create_menu = _not_here("create_menu")
    get_menu = _not_here("get_menu")
    delete_menu = _not_here("delete_menu")
    add_customservice = _not_here("add_customservice")
    update_customservice = _not_here("update_customservice")
    delete_customservice = _not_here("delete_customservice")
    getall_customservice = _not_here("getall_customservice")
    custom_message_send = _not_here("custom_message_send")
    template_message_send = _not_here("template_message_send")
    qrcode = _not_here("qrcode")


class WXAPPAPI(OAuth2API):
    """A mini program (小程序)."""

    host = "api.weixin.qq.com"
    authorize_url = ""
    access_token_url = "https://api.weixin.qq.com/sns/jscode2session"
    refresh_token_url = ""
    client_credential_token_url = "https://api.weixin.qq.com/cgi-bin/token"
    api_name = "WXAPP"
    x_ratelimit_remaining: ClassVar[None] = None
    x_ratelimit: ClassVar[None] = None

    _kind = "mini_program"

    def get_authorize_url(self, scope: Optional[Scope] = None, state: Optional[str] = None) -> str:
        """Mini programs have no login page."""
        raise NotImplementedError("a mini program has no login page: it calls wx.login")

    def exchange_code_for_access_token(self, code: Text) -> Dict[str, Any]:
        """Only websites and official accounts have access tokens of users."""
        raise NotImplementedError("a mini program has no such tokens: use exchange_code_for_session_key()")

    def exchange_refresh_token_for_access_token(self, refresh_token: Text) -> Dict[str, Any]:
        """Only websites and official accounts have refresh tokens."""
        raise NotImplementedError("a mini program has no refresh tokens: it calls wx.login again")

    def exchange_code_for_session_key(self, code: Text) -> Dict[str, Any]:
        """Exchanges the code of ``wx.login`` for ``session_key``, ``openid``, and ``unionid`` if there is one.

        :raises OAuth2AuthExchangeError: ``code`` is 41008 if the program sends none; 40029 or 40163 for a wrong, used
            or expired one: call ``wx.login`` again; 40013 and 40125 for a wrong app ID or secret.
        :raises ConnectTimeoutError: WeChat has not responded in time: call ``wx.login`` again.
        :raises ConnectionError: WeChat cannot be reached.
        """
        code = self._given(code, errors.JS_CODE_MISSING)
        with errors.login_errors():
            return results.of_session(self._client_with_secret().session(code))

    send_template = _not_here("send_template")


class WxAppCloudAPI:
    """Cloud functions of mini programs are not a login, so they are not here."""

    def __init__(self, *_: object, **__: object) -> None:
        raise NotImplementedError("WxAppCloudAPI is not here: weixin-login logs users in. python-weixin has it")
