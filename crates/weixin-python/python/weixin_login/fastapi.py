"""Log in with WeChat in FastAPI and Starlette.

::

    weixin = WeixinLogin(AsyncClient(APP_ID, APP_SECRET, redirect_uri="https://www.example.com/callback"))
    app = FastAPI()
    weixin.install(app)

    @app.get("/login")
    async def login(request: Request) -> Response:
        return await weixin.start(request, return_to="/profile")

    @app.get("/callback")
    async def callback(request: Request, login: Annotated[AsyncLogin, Depends(weixin.login)]) -> Response:
        request.session.clear()                        # a new session, not one from before the login
        request.session["user"] = login.identities[0]
        return RedirectResponse(login.return_to or "/", 303)

    @app.post("/logout")
    async def logout(request: Request) -> Response:
        request.session.clear()
        return await weixin.end_login(request, RedirectResponse("/", 303))

In Starlette, an endpoint gets the login by ``login = await weixin.login(request)``. The session's cookie must be
``SameSite=Lax``: browsers do not send a ``Strict`` one when they come back from WeChat.
"""

from __future__ import annotations

from inspect import isawaitable
from typing import Awaitable, Callable, List, Literal, Optional, Sequence, Tuple, TypeVar, Union, cast

try:
    from starlette.applications import Starlette
except ModuleNotFoundError as error:
    raise ImportError("weixin_login.fastapi needs FastAPI or Starlette: pip install fastapi") from error

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import _core
from ._callback import CALLBACK_HEADERS, KEY, Completion
from ._core import EmbeddedLogin, Store
from .async_client import AsyncClient
from .errors import LoginError
from .options import Consent, QrPage
from .web import AsyncLogin, AsyncWebLogin, Headers, Render

__all__ = ["AsyncLogin", "LoginError", "LoginMiddleware", "WeixinLogin", "to_response"]

OnError = Callable[[Request, LoginError], Union[Optional[Response], Awaitable[Optional[Response]]]]
AnyResponse = TypeVar("AnyResponse", bound=Response)


class WeixinLogin:
    """A login of a FastAPI or Starlette site.

    :param clients: the client of a website app, of an official account, or both: then logins inside WeChat use the
        official account.
    :param redirect_uri: the URL of the callback; by default the first client's.
    :param login_path: the path of your login page, for "log in again". By default it starts a new login at once.
    :param pages: renders the pages in your style.
    :param store: remembers used logins for all processes.
    :raises ParseError: WeChat rejects the redirect URI.
    :raises ValueError: browsers would not store the cookie: HTTP on another host than ``localhost`` and ``127.0.0.1``.
    """

    def __init__(
        self,
        clients: Union[AsyncClient, Sequence[AsyncClient]],
        *,
        redirect_uri: Optional[str] = None,
        login_path: Optional[str] = None,
        pages: Optional[Render] = None,
        store: Optional[Store] = None,
    ) -> None:
        self._web = AsyncWebLogin(
            clients, redirect_uri=redirect_uri, login_path=login_path, pages=pages, store=store
        )
        self._on_error: Optional[OnError] = None

    def install(self, app: Starlette, *, on_error: Optional[OnError] = None) -> None:
        """Adds the login to an app, before its first request.

        The outermost middleware sets the cookies, and keeps the code of a callback out of caches and ``Referer``, also
        if the endpoint raises an exception. A handler turns each :class:`LoginError` into its response: a page in the
        browser's language, a redirect, or JSON for programs. Install it on a mounted app as well, if its endpoints use
        the login.

        :param on_error: returns a page of your own for a failed callback, where a page may be shown, or ``None`` for
            the usual one; its arguments are the request and the :class:`LoginError`, also one that the endpoint raises.
            It may be ``async``.
        :raises RuntimeError: the app has served a request.
        """
        if app.middleware_stack is not None:
            raise RuntimeError("install the login before the app's first request")
        self._on_error = on_error
        app.add_exception_handler(LoginError, respond)
        build = app.build_middleware_stack
        # `add_middleware` would add it inside of the one that responds to other exceptions.
        app.build_middleware_stack = lambda: LoginMiddleware(build())  # type: ignore[method-assign]

    async def start(
        self,
        request: Request,
        *,
        return_to: Optional[str] = None,
        force_dialog: bool = False,
        qr_page: Optional[QrPage] = None,
        consent: Optional[Consent] = None,
    ) -> Response:
        """The response that sends this browser to WeChat: a redirect, a hint for phones, or JSON for programs.

        :param return_to: the path to open after the login, on this site.
        :param force_dialog: ask the user even if WeChat would not, such as before a deletion.
        :raises ParseError: the return path is a URL of another site.
        :raises LoginError: the site has no app for this browser.
        """
        completion_of(request)
        start, headers = self._web.start, headers_of(request)
        return to_response(
            start(headers, return_to=return_to, force_dialog=force_dialog, qr_page=qr_page, consent=consent)
        )

    async def start_silently(self, request: Request, *, return_to: Optional[str] = None) -> Optional[Response]:
        """A login that asks nothing (``snsapi_base``): only inside WeChat, with an official account; else ``None``."""
        completion_of(request)
        response = self._web.start_silently(headers_of(request), return_to=return_to)
        return None if response is None else to_response(response)

    async def embed(
        self,
        request: Request,
        *,
        return_to: Optional[str] = None,
        callback_target: Optional[Literal["top", "frame"]] = None,
        qr_page: Optional[QrPage] = None,
    ) -> EmbeddedLogin:
        """A login by a QR code inside a page of the site. The response to ``request`` gets its cookie.

        Set the page's ``Content-Security-Policy`` to its ``content_security_policy``.

        :raises LoginError: the site has no website app.
        """
        completion = completion_of(request)
        embedded = self._web.embed(
            headers_of(request), return_to=return_to, callback_target=callback_target, qr_page=qr_page
        )
        completion.keep_cookies(embedded.headers)
        return embedded

    async def login(self, request: Request) -> AsyncLogin:
        """The completed login of a callback: a dependency, ``Annotated[AsyncLogin, Depends(weixin.login)]``.

        It belongs to this browser, and WeChat has accepted the code.

        :raises LoginError: the login has failed. The app responds by itself.
        """
        completion = completion_of(request)
        completion.is_callback, completion.on_error = True, self._on_error
        login = await self._web.callback(query_of(request.scope), headers_of(request))
        completion.keep_cookies(login.headers)
        return login

    async def end_login(self, request: Request, response: AnyResponse) -> AnyResponse:
        """Ends the repeats of this browser's last login, so that the back button does not log in again.

        Call it where users log out, with the response of that endpoint.
        """
        completion_of(request)
        for name, value in await self._web.end_login(headers_of(request)):
            response.headers.append(name, value)
        return response


class LoginMiddleware:
    """An ASGI middleware that completes the responses of all logins. :meth:`WeixinLogin.install` adds it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        completion = Completion(query_of(scope))

        async def send_completed(message: Message) -> None:
            if message["type"] == "http.response.start":
                raw = list(message.get("headers", []))
                complete(MutableHeaders(raw=raw), completion)
                message = {**message, "headers": raw}
            await send(message)

        await self._app({**scope, KEY: completion}, receive, send_completed)


def to_response(response: _core.Response) -> Response:
    """A response of this package, such as that of :meth:`AsyncLogin.popup`, as Starlette's."""
    made = Response(response.body, response.status)
    for name, value in response.headers:
        made.headers.append(name, value)
    return made


async def respond(request: Request, error: Exception) -> Response:
    """The response of a failed login: the site's own page, where there may be one."""
    failed = cast(LoginError, error)
    completion, response = completion_of(request), failed.response()
    on_error = completion.on_error if failed.is_page else None
    page = None if on_error is None else on_error(request, failed)
    own: Optional[Response] = await page if isawaitable(page) else page
    if own is None:
        return to_response(response)
    completion.keep_cookies(response.headers)
    return own


def complete(headers: MutableHeaders, completion: Completion) -> None:
    """Adds what the response needs, in place of what the endpoint has set."""
    for cookie in completion.cookies:
        headers.append("set-cookie", cookie)
    if completion.is_callback:
        for name, value in CALLBACK_HEADERS:
            headers[name] = value


def completion_of(request: Request) -> Completion:
    """The parts that the response to a request needs."""
    if KEY not in request.scope:
        raise RuntimeError("the login's middleware is missing: call weixin.install(app)")
    return cast(Completion, request.scope[KEY])


def query_of(scope: Scope) -> str:
    """The query string of a request as it came."""
    query: bytes = scope.get("query_string", b"")
    return query.decode("latin-1")


def headers_of(request: Request) -> Headers:
    """The headers of a request."""
    raw: List[Tuple[bytes, bytes]] = request.headers.raw
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in raw]
