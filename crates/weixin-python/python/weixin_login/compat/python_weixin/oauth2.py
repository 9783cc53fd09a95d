"""What the clients of python-weixin share: the URL of the login page, the exchange and the refresh."""

from __future__ import annotations

import time
from typing import Any, Callable, ClassVar, Dict, Optional, Tuple, Union
from urllib.parse import urlsplit

from ..._core import Secret
from ..._settings import Kind
from ...client import Client
from ...errors import ApiError, ParseError
from . import errors, results
from .errors import OAuth2AuthExchangeError
from .login_page import Scope, check_login_page, login_url

SUPPORTED_FORMATS = ["", "json"]

Text = Union[str, bytes, Secret, None]

# Calls on behalf of a user need neither, nor does a refresh need a secret. The core wants both.
_NO_APP_ID = "-"
_NO_SECRET = "-"


class OAuth2API:
    """What the clients share.

    The class constants are those of the original. A subclass can replace ``authorize_url``, the login page, and
    ``access_token_url``, whose server gets all calls.
    """

    host: ClassVar[str] = "open.weixin.qq.com"
    base_path: ClassVar[str] = ""
    authorize_url: ClassVar[str] = "https://open.weixin.qq.com/connect/qrconnect"
    access_token_url: ClassVar[str] = "https://api.weixin.qq.com/sns/oauth2/access_token"
    refresh_token_url: ClassVar[str] = "https://api.weixin.qq.com/sns/oauth2/refresh_token"
    client_credential_token_url: ClassVar[Optional[str]] = None
    access_token_field: ClassVar[str] = "access_token"
    protocol: ClassVar[str] = "https"
    api_name: ClassVar[str] = "Generic API"

    _kind: ClassVar[Kind] = "website"
    _default_scope: ClassVar[str] = "snsapi_login"
    _end_of_login_url: ClassVar[str] = ""

    def __init__(
        self,
        appid: Optional[str] = None,
        app_secret: Text = None,
        access_token: Text = None,
        timestamp: Optional[str] = None,
        nonce: Optional[str] = None,
        signature: Optional[str] = None,
        mp_token: Optional[str] = None,
        echostr: Optional[str] = None,
        body: Any = None,
        xml_body: Any = None,
        json_body: Any = None,
        redirect_uri: Optional[str] = None,
        grant_type: Optional[str] = None,
        *,
        form_body: Any = None,
        format: str = "",
    ) -> None:
        if format not in SUPPORTED_FORMATS:
            raise ValueError("format: expected '' or 'json'")
        self.appid = str(appid) if appid else None
        self.app_secret = app_secret
        self.access_token = access_token
        self.redirect_uri = redirect_uri
        self.grant_type = grant_type
        self.format = format
        self.timestamp, self.nonce, self.signature = timestamp, nonce, signature
        self.mp_token, self.echostr = mp_token, echostr
        self.xml_body, self.json_body, self.form_body = xml_body, json_body, form_body

    def __repr__(self) -> str:
        return f"{type(self).__name__}(appid={self.appid!r})"

    def get_authorize_url(self, scope: Optional[Scope] = None, state: Optional[str] = None) -> str:
        """The URL of WeChat's login page. Nothing is sent.

        :param scope: a scope or several; by default the one that this kind of app has.
        :param state: a random text that you keep in the browser's session, and compare with that of the callback. By
            default a random one is made, which nothing compares, as this interface has no such call. Without the
            comparison, an attacker could log your user in to the attacker's account (login CSRF).
            :class:`weixin_login.CsrfToken` and :func:`weixin_login.verify_callback` make and compare it, as do the
            integrations for web frameworks.
        :raises OAuth2AuthExchangeError: the app ID is missing, or the redirect URI does not begin with ``https://`` or
            ``http://``.
        """
        url = login_url(self.authorize_url, self.appid, self.redirect_uri, scope or self._default_scope, state)
        return f"{url}{self._end_of_login_url}#wechat_redirect"

    def get_authorize_login_url(self, scope: Optional[Scope] = None, state: Optional[str] = None) -> str:
        """The URL of WeChat's login page, after WeChat was asked whether it accepts it. For a new program,
        :meth:`weixin_login.Client.probe` does so once, when the program starts.

        :param scope: as of :meth:`get_authorize_url`.
        :param state: as of :meth:`get_authorize_url`.
        :raises OAuth2AuthExchangeError: WeChat rejects the app ID (``code`` 40013), the scope (``scope``) or the
            callback (``redirect_uri``), or the login page of an official account shows an error (10003 and others).
        :raises ConnectTimeoutError: WeChat has not responded in time.
        :raises ConnectionError: WeChat cannot be reached.
        """
        url = self.get_authorize_url(scope, state)
        with errors.login_errors():
            check_login_page(url, self._kind)
        return url

    def exchange_code_for_access_token(self, code: Text) -> Dict[str, Any]:
        """Exchanges the code of a callback: ``access_token``, ``expires_in``, ``refresh_token``, ``openid``, ``scope``,
        and ``unionid`` if there is one. The code is sent once, never again.

        :raises OAuth2AuthExchangeError: ``code`` is 41008 if the callback brings none, because the user declined;
            40029, 40163 and 42003 for a wrong, used or expired one; 40013 and 40125 for a wrong app ID or secret.
        :raises ConnectTimeoutError: WeChat has not responded in time: the user must log in again.
        :raises ConnectionError: WeChat cannot be reached.
        """
        code = self._given(code, errors.CODE_MISSING)
        with errors.login_errors():
            return results.of_token(self._client_with_secret().exchange(code))

    def exchange_refresh_token_for_access_token(self, refresh_token: Text) -> Dict[str, Any]:
        """Gets a new access token for a refresh token, or extends the present one. The secret is not sent.

        :raises OAuth2AuthExchangeError: ``code`` is 40030 or 42002 if the user must log in again.
        :raises ConnectTimeoutError: WeChat has not responded in time.
        :raises ConnectionError: WeChat cannot be reached.
        """
        refresh_token = self._given(refresh_token, errors.REFRESH_TOKEN_MISSING)
        with errors.login_errors():
            return results.of_token(self._client().refresh(refresh_token))

    def exchange_code_for_session_key(self, code: Text) -> Dict[str, Any]:
        """Only :class:`WXAPPAPI` has sessions."""
        raise NotImplementedError("only mini programs have session keys: use WXAPPAPI")

    def client_credential_for_access_token(self) -> Dict[str, Any]:
        """Gets the access token of the app itself (接口调用凭据): ``access_token`` and ``expires_in``.

        It asks ``/cgi-bin/stable_token``, which makes no other access token invalid. A new program uses
        :attr:`weixin_login.Client.app_tokens`, which renews it in time.

        :raises OAuth2AuthExchangeError: ``code`` is 40013, 40125 or 40164 if app ID, secret or IP whitelist is wrong.
        """
        if not self.client_credential_token_url:
            raise NotImplementedError("a website app has no access token of its own: use WeixinMpAPI or WXAPPAPI")
        asked_at = time.time()
        with errors.login_errors():
            return results.of_app_token(self._client_with_secret().app_tokens.get(), asked_at)

    def _client_with_secret(self) -> Client:
        return self._client(self._given(self.app_secret, errors.SECRET_MISSING))

    def _client(self, secret: str = _NO_SECRET) -> Client:
        """A client for one call, which keeps no secret. It is cheap: the core keeps the connections for all clients."""
        if not self.appid:
            raise OAuth2AuthExchangeError(*errors.APPID_MISSING)
        return Client(
            self.appid,
            secret,
            kind=self._kind,
            api_url=self._api_url(),
            # As the original, which returns them: their is_snapshotuser is 1.
            allow_snapshot_users=True,
        )

    def _given(self, text: Text, error: Tuple[int, str]) -> HiddenText:
        """A text without which WeChat returns this error, so that the call is not sent."""
        found = hidden(text)
        if found is None:
            raise OAuth2AuthExchangeError(*error)
        return found

    def _api_url(self) -> Optional[str]:
        """The server of a subclass; ``None`` for WeChat's own, which has backups."""
        url = urlsplit(self.access_token_url)
        return None if url.netloc == "api.weixin.qq.com" else f"{url.scheme}://{url.netloc}"

    def _read_user(self, openid: Optional[str]) -> Dict[str, Any]:
        return self._for_user(openid, lambda client, token, user: results.of_user(client.user(token, user)))

    def _check_token(self, openid: Optional[str]) -> Dict[str, Any]:
        return self._for_user(
            openid, lambda client, token, user: results.of_check(client._app.check_error(token, user))
        )

    def _for_user(self, openid: Optional[str], call: Callable[[Client, str, str], Dict[str, Any]]) -> Dict[str, Any]:
        """A call on behalf of a user, whose errors are results, as they are in the original."""
        token = hidden(self.access_token)
        if token is None:
            return errors.as_json(errors.ACCESS_TOKEN_MISSING)
        if not openid:
            return errors.as_json(errors.OPENID_MISSING)
        with errors.user_errors():
            try:
                return call(Client(_NO_APP_ID, _NO_SECRET, api_url=self._api_url()), token, openid)
            except (ApiError, ParseError) as error:
                return errors.errcode_and_errmsg(error)


class HiddenText(str):
    """A text that no traceback shows."""

    def __repr__(self) -> str:
        return "***"


def hidden(text: Text) -> Optional[HiddenText]:
    """A text as tracebacks may show it; ``None`` if it is empty."""
    if isinstance(text, bytes):
        text = text.decode("utf-8", "replace")
    if isinstance(text, Secret):
        text = text.expose()
    return HiddenText(text) if text else None
