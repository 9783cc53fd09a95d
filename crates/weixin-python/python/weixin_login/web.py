"""The login of a web site, for any framework: headers and a query in, a response out.

The integrations for Flask, Django and FastAPI are made of this. The rules are in Rust, the same code that serves axum:
the state and its cookie, repeated callbacks, lost cookies, pages of failed logins.
"""

from __future__ import annotations

import logging
from typing import Callable, List, Literal, Optional, Sequence, Set, Tuple, Union, cast
from urllib.parse import urlsplit

from . import _core
from ._core import EmbeddedLogin, Response, Store, Token, User
from ._settings import BaseClient, apps_of
from .async_client import AsyncClient
from .client import Client
from .options import Consent, QrPage, members

log = logging.getLogger("weixin_login")
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
Headers = List[Tuple[str, str]]
Render = Callable[[str, str, str, Optional[Tuple[str, str]]], str]
"""Renders a page: ``(language, title, text, link)`` to HTML; ``link`` is ``(URL, label)`` or ``None``. Escape all."""


def warn_once(text: str, said: Set[str] = set()) -> None:
    """Warns of a setting, the first time only."""
    if text not in said:
        said.add(text)
        log.warning(text)


def check_samesite(value: object) -> None:
    """Warns of a session cookie that does not come back from WeChat."""
    if str(value).lower() == "strict":
        warn_once("SESSION_COOKIE_SAMESITE is Strict: browsers do not send it when they come back from WeChat; use Lax")


class BaseWebLogin:
    """A login of a web site.

    :param clients: the client of a website app, of an official account, or both: then logins inside WeChat use the
        official account.
    :param redirect_uri: the URL of the callback; by default the first client's.
    :param login_path: the path of your login page, for "log in again". By default it starts a new login at once.
    :param pages: renders the pages in your style.
    :param store: remembers used logins for all processes, so that a repeated callback gets the first result in each of
        them. Without it, each process remembers its own.
    :raises ParseError: WeChat rejects the redirect URI.
    :raises ValueError: browsers would not store the cookie: HTTP on another host than ``localhost`` and ``127.0.0.1``.
    """

    _asyncio = False

    def __init__(
        self,
        clients: Union[BaseClient, Sequence[BaseClient]],
        *,
        redirect_uri: Optional[str] = None,
        login_path: Optional[str] = None,
        pages: Optional[Render] = None,
        store: Optional[Store] = None,
    ) -> None:
        first = clients if isinstance(clients, BaseClient) else next(iter(clients), None)
        self._callback = urlsplit(redirect_uri or (first.redirect_uri if first else None) or "")
        self._login = _core.WebLogin(
            apps_of(clients),
            redirect_uri=redirect_uri,
            login_path=login_path,
            pages=pages,
            store=store,
            asyncio=self._asyncio,
        )

    def start(
        self,
        headers: Headers,
        *,
        return_to: Optional[str] = None,
        force_dialog: bool = False,
        qr_page: Optional[QrPage] = None,
        consent: Optional[Consent] = None,
    ) -> Response:
        """The response that sends the browser of a request with these headers to WeChat: a redirect, a hint for phones,
        or JSON for programs.

        :param return_to: the path to open after the login, on this site.
        :param force_dialog: ask the user even if WeChat would not, such as before a deletion.
        :raises ParseError: the return path is a URL of another site.
        :raises LoginError: the site has no app for this browser.
        """
        self._check_host(headers)
        return self._login.start(
            headers,
            return_to=return_to,
            force_dialog=force_dialog,
            qr_page=members(qr_page),
            consent=members(consent),
        )

    def _check_host(self, headers: Headers) -> None:
        """Says which URL to open if the login's cookie could not come back."""
        host = next((value for name, value in headers if name.lower() == "host"), "")
        if host != self._callback.netloc and host.rsplit(":", 1)[0] in LOOPBACK:
            site = f"{self._callback.scheme}://{self._callback.netloc}"
            warn_once(f"the site is open at {host}, but redirect_uri is on {site}: open {site}, or users scan twice")

    def start_silently(self, headers: Headers, *, return_to: Optional[str] = None) -> Optional[Response]:
        """A login that asks nothing (``snsapi_base``): only inside WeChat, with an official account; else ``None``."""
        return self._login.start_silently(headers, return_to=return_to)

    def embed(
        self,
        headers: Headers,
        *,
        return_to: Optional[str] = None,
        callback_target: Optional[Literal["top", "frame"]] = None,
        qr_page: Optional[QrPage] = None,
    ) -> EmbeddedLogin:
        """A login by a QR code inside a page of the site. Add its ``headers`` to the page's response.

        :raises LoginError: the site has no website app.
        """
        return self._login.embed(
            headers, return_to=return_to, callback_target=callback_target, qr_page=members(qr_page)
        )


class BaseLogin:
    """A completed login: the user is who the IDs say."""

    def __init__(self, login: _core.Login) -> None:
        self._login = login

    @property
    def app_id(self) -> str:
        """The app that the user has logged in to."""
        return self._login.app_id

    @property
    def openid(self) -> str:
        """The OpenID: the user in this app."""
        return self._login.openid

    @property
    def unionid(self) -> Optional[str]:
        """The UnionID: the user in all apps of one Open Platform account."""
        return self._login.unionid

    @property
    def identities(self) -> List[str]:
        """The keys to look your accounts up by, the best one first: ``union:…``, ``open:APPID:…``."""
        return self._login.identities

    @property
    def token(self) -> Token:
        """The tokens of the user, for :class:`UserTokens`."""
        return self._login.token

    @property
    def return_to(self) -> Optional[str]:
        """The path to open now, on this site. It is verified."""
        return self._login.return_to

    @property
    def is_repeat(self) -> bool:
        """This callback came before, within the last minute, with the same result."""
        return self._login.is_repeat

    @property
    def headers(self) -> Headers:
        """Headers that the response needs: the cookie that ends the login, and no caching. Integrations add them."""
        return self._login.headers

    def popup(self, opener: str, message: str) -> Response:
        """The response of a login in a pop-up window: sends ``message`` to the page that opened it, and closes.

        :param opener: the origin of that page, such as ``https://www.example.com``.
        """
        return self._login.popup(opener, message)

    def __repr__(self) -> str:
        return repr(self._login)


class Login(BaseLogin):
    __doc__ = BaseLogin.__doc__

    def user(self) -> User:
        """Reads the profile from WeChat. Not after a silent login, whose scope does not allow it.

        :raises LoginError: WeChat rejects the call, or cannot be reached.
        """
        return cast(User, self._login.user())


class AsyncLogin(BaseLogin):
    __doc__ = BaseLogin.__doc__

    async def user(self) -> User:
        """As :meth:`Login.user`: reads the profile from WeChat."""
        return cast(User, await self._login.user())


class WebLogin(BaseWebLogin):
    __doc__ = BaseWebLogin.__doc__

    def __init__(
        self,
        clients: Union[Client, Sequence[Client]],
        *,
        redirect_uri: Optional[str] = None,
        login_path: Optional[str] = None,
        pages: Optional[Render] = None,
        store: Optional[Store] = None,
    ) -> None:
        super().__init__(
            clients, redirect_uri=redirect_uri, login_path=login_path, pages=pages, store=store
        )

    def callback(self, query: str, headers: Headers) -> Login:
        """Compares a callback with the cookies of this browser, and exchanges its code: once, however often it comes
        within a minute.

        :param query: the query string as it came, without ``?``.
        :raises LoginError: its ``response()`` says what the user can do, or does it.
        """
        return Login(cast(_core.Login, self._login.callback(query, headers)))

    def end_login(self, headers: Headers) -> Headers:
        """Ends the repeats of this browser's last login.

        Call it where users log out, and add the headers that it returns.
        """
        return cast(Headers, self._login.end_login(headers))


class AsyncWebLogin(BaseWebLogin):
    __doc__ = BaseWebLogin.__doc__

    _asyncio = True

    def __init__(
        self,
        clients: Union[AsyncClient, Sequence[AsyncClient]],
        *,
        redirect_uri: Optional[str] = None,
        login_path: Optional[str] = None,
        pages: Optional[Render] = None,
        store: Optional[Store] = None,
    ) -> None:
        super().__init__(
            clients, redirect_uri=redirect_uri, login_path=login_path, pages=pages, store=store
        )

    async def callback(self, query: str, headers: Headers) -> AsyncLogin:
        """As :meth:`WebLogin.callback`."""
        return AsyncLogin(cast(_core.Login, await self._login.callback(query, headers)))

    async def end_login(self, headers: Headers) -> Headers:
        """As :meth:`WebLogin.end_login`."""
        return cast(Headers, await self._login.end_login(headers))
