"""The settings that both clients share."""

from __future__ import annotations

from typing import Any, Callable, List, Literal, Optional, Sequence, Tuple, Type, Union, cast

from . import _core
from ._core import App, CsrfToken, EmbeddedQr, PhoneNumber, Profile, Secret
from .errors import Request
from .options import Consent, QrPage, members

Kind = Literal["website", "official_account", "mobile_app", "mini_program"]

Transport = Callable[[Request], Any]
"""A function that sends a request: it returns ``(status, body)``, or a response with ``status_code`` and ``content`` as
those of requests and httpx. It runs in a thread of its own."""


class BaseClient:
    """What needs no network: URLs, payloads, and the settings of an app.

    :param app_id: the AppID (``wx`` and 16 characters).
    :param app_secret: the AppSecret.
    :param kind: ``website`` (网站应用, the QR page), ``official_account`` (公众号, inside WeChat), ``mobile_app``
        (移动应用) or ``mini_program`` (小程序).
    :param redirect_uri: the URL of your callback; its host is the registered callback domain (授权回调域).
    :param api_url: calls this server instead of WeChat, such as ``http://127.0.0.1:9300`` of ``weixin sim``.
    :param open_url: the server of the login page, if it is not ``api_url``.
    :param connect_timeout: seconds to connect.
    :param timeout: seconds for a whole call.
    :param max_attempts: how often a call is sent where that is harmless. A code is sent once.
    :param transport: a function that sends the requests, for tests or an HTTP client of your own.
    :param sandbox: a test account (测试号) of an official account: any callback host is accepted.
    :param allow_snapshot_users: accepts visitors who have not logged in (official accounts).
    :raises ParseError: a setting is malformed; it names which.

    ``HTTPS_PROXY``, ``NO_PROXY``, ``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` are used if they are set. A client may be used
    by several threads, and after a fork: each process has connections of its own.
    """

    _asyncio = False

    def __init__(
        self,
        app_id: str,
        app_secret: Union[str, Secret],
        *,
        kind: Kind = "website",
        redirect_uri: Optional[str] = None,
        api_url: Optional[str] = None,
        open_url: Optional[str] = None,
        connect_timeout: float = 3.0,
        timeout: float = 10.0,
        max_attempts: int = 3,
        transport: Optional[Transport] = None,
        sandbox: bool = False,
        allow_snapshot_users: bool = False,
    ) -> None:
        _expect("app_id", app_id, str)
        _expect("app_secret", app_secret, (str, Secret))
        for name, text in (("redirect_uri", redirect_uri), ("api_url", api_url), ("open_url", open_url)):
            if text is not None:
                _expect(name, text, str)
        _expect("connect_timeout", connect_timeout, (int, float))
        _expect("timeout", timeout, (int, float))
        _expect("max_attempts", max_attempts, int)
        self._app = App(
            app_id,
            app_secret,
            kind=kind,
            redirect_uri=redirect_uri,
            api_url=api_url,
            open_url=open_url,
            connect_timeout=connect_timeout,
            timeout=timeout,
            max_attempts=max_attempts,
            transport=transport,
            sandbox=sandbox,
            allow_snapshot_users=allow_snapshot_users,
            asyncio=self._asyncio,
        )

    @property
    def app_id(self) -> str:
        """The AppID."""
        return self._app.app_id

    @property
    def kind(self) -> Kind:
        """``website``, ``official_account``, ``mobile_app`` or ``mini_program``."""
        return cast(Kind, self._app.kind)

    @property
    def redirect_uri(self) -> Optional[str]:
        """The URL of your callback."""
        return self._app.redirect_uri

    def __repr__(self) -> str:
        # Tools for errors also show a client whose settings were rejected.
        app = f"{self.app_id!r}, kind={self.kind!r}" if hasattr(self, "_app") else "…"
        return f"{type(self).__name__}({app})"

    def authorize_url(
        self,
        csrf: CsrfToken,
        *,
        redirect_uri: Optional[str] = None,
        qr_page: Optional[QrPage] = None,
        consent: Optional[Consent] = None,
    ) -> str:
        """The URL of WeChat's login page. Nothing is sent.

        Keep ``csrf`` for this browser, redirect it to the URL, and compare the callback by :func:`verify_callback`. Web
        sites use an integration instead, which does all of it.

        :param qr_page: options of the QR page (``kind="website"``).
        :param consent: options of the consent page (``kind="official_account"``).
        :raises ParseError: WeChat rejects such a redirect URI: a port, an IP address, a host without a dot.

        See docs/wechat.md#website-login and docs/wechat.md#official-account-login.
        """
        return self._app.authorize_url(
            csrf, redirect_uri=redirect_uri, qr_page=members(qr_page), consent=members(consent)
        )

    def embedded_qr(
        self, csrf: CsrfToken, *, redirect_uri: Optional[str] = None, qr_page: Optional[QrPage] = None
    ) -> EmbeddedQr:
        """The QR code for a page of your own (``kind="website"``). Nothing is sent.

        See docs/wechat.md#the-embedded-qr-code.
        """
        return self._app.embedded_qr(csrf, redirect_uri=redirect_uri, qr_page=members(qr_page))

    def decrypt_phone(self, session_key: Union[str, Secret], encrypted_data: str, iv: str) -> PhoneNumber:
        """Decrypts the payload of the phone number button (``kind="mini_program"``). Nothing is sent.

        Look at ``encrypted_at``, and reject old payloads.

        :raises PayloadError: without the reason.

        See docs/wechat.md#phone-numbers.
        """
        return _core.decrypt_phone(self._app, session_key, encrypted_data, iv)

    def decrypt_profile(self, session_key: Union[str, Secret], encrypted_data: str, iv: str) -> Profile:
        """Decrypts a profile payload (``kind="mini_program"``). Nothing is sent.

        :raises PayloadError: without the reason.
        """
        return _core.decrypt_profile(self._app, session_key, encrypted_data, iv)


def apps_of(clients: Union[BaseClient, Sequence[BaseClient]]) -> List[App]:
    """The apps of one client or of several."""
    if isinstance(clients, BaseClient):
        return [clients._app]
    return [client._app for client in clients]


def _expect(name: str, value: object, types: Union[Type[object], Tuple[Type[object], ...]]) -> None:
    """Names the argument that has another type: ``None`` is often an environment variable that is not set."""
    if isinstance(value, types):
        return
    expected = " or ".join(one.__name__ for one in (types if isinstance(types, tuple) else (types,)))
    hint = " (is the environment variable set?)" if value is None else ""
    raise TypeError(f"{name}: expected {expected}, got {type(value).__name__}{hint}")
