"""Log in with WeChat in Flask 2.2 and newer.

::

    weixin = WeixinLogin(Client(APP_ID, APP_SECRET, redirect_uri="https://www.example.com/callback"), app)

    @app.get("/login")
    def login():
        return weixin.start(return_to="/profile")

    @app.get("/callback")
    @weixin.callback
    def callback(login):
        session.clear()                                # a new session, not one from before the login
        session["user"] = login.identities[0]
        return redirect(login.return_to or "/")

    @app.post("/logout")
    def logout():
        session.clear()
        return weixin.end_login(redirect("/"))

Set ``SESSION_COOKIE_SAMESITE = "Lax"`` and, on HTTPS, ``SESSION_COOKIE_SECURE = True``. A ``Strict`` session cookie is
not sent when the browser comes back from WeChat.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import Any, Callable, Literal, Optional, Sequence, Union, cast, overload

try:
    import flask
except ModuleNotFoundError as error:
    raise ImportError("weixin_login.flask needs Flask: pip install flask") from error

from flask.typing import ResponseReturnValue

from ._callback import CALLBACK_HEADERS, KEY, Completion, has_code
from ._core import EmbeddedLogin, Response, Store
from .client import Client
from .errors import LoginError
from .options import Consent, QrPage
from .web import Headers, Login, Render, WebLogin, check_samesite

__all__ = ["Login", "LoginError", "WeixinLogin", "to_response"]

Clients = Union[Client, Sequence[Client]]
View = Callable[..., Any]
OnError = Callable[[LoginError], Optional[ResponseReturnValue]]


class WeixinLogin:
    """A login of a Flask site: an extension, for one app or for several.

    It sets the cookies, keeps the code of a callback out of caches and ``Referer``, and turns a :class:`LoginError` of
    any view into its response: a page in the browser's language, a redirect, or JSON for programs. Werkzeug's debugger
    responds without it.

    :param clients: the client of a website app, of an official account, or both: then logins inside WeChat use the
        official account. It may be given to :meth:`init_app` instead.
    :param app: the app, if there is one already.
    :param redirect_uri: the URL of the callback; by default the first client's.
    :param login_path: the path of your login page, for "log in again". By default it starts a new login at once.
    :param pages: renders the pages in your style.
    :param store: remembers used logins for all processes.
    """

    def __init__(
        self,
        clients: Optional[Clients] = None,
        app: Optional[flask.Flask] = None,
        *,
        redirect_uri: Optional[str] = None,
        login_path: Optional[str] = None,
        pages: Optional[Render] = None,
        store: Optional[Store] = None,
    ) -> None:
        self._clients, self._redirect_uri, self._login_path = clients, redirect_uri, login_path
        self._pages, self._store = pages, store
        if app is not None:
            self.init_app(app)

    def init_app(
        self, app: flask.Flask, clients: Optional[Clients] = None, *, redirect_uri: Optional[str] = None
    ) -> None:
        """Adds the login to an app. Call it before other extensions: the first one completes the responses last.

        :param clients: the clients of this app, instead of the constructor's.
        :param redirect_uri: the URL of this app's callback, instead of the constructor's.
        :raises ParseError: WeChat rejects the redirect URI.
        :raises ValueError: browsers would not store the cookie, or no client is given.
        """
        clients = self._clients if clients is None else clients
        if clients is None:
            raise ValueError("clients: give the client to WeixinLogin or to init_app")
        login = WebLogin(
            clients,
            redirect_uri=redirect_uri or self._redirect_uri,
            login_path=self._login_path,
            pages=self._pages,
            store=self._store,
        )
        if KEY not in app.extensions:
            app.extensions[KEY] = {}
            app.after_request(complete)
            app.wsgi_app = ProtectCallbacks(app.wsgi_app)  # type: ignore[method-assign]
            app.register_error_handler(LoginError, response_of)
        app.extensions[KEY][self] = login

    def start(
        self,
        *,
        return_to: Optional[str] = None,
        force_dialog: bool = False,
        qr_page: Optional[QrPage] = None,
        consent: Optional[Consent] = None,
    ) -> flask.Response:
        """The response that sends this browser to WeChat: a redirect, a hint for phones, or JSON for programs.

        :param return_to: the path to open after the login, on this site.
        :param force_dialog: ask the user even if WeChat would not, such as before a deletion.
        :raises ParseError: the return path is a URL of another site.
        :raises LoginError: the site has no app for this browser.
        """
        check_samesite(flask.current_app.config["SESSION_COOKIE_SAMESITE"])
        start = self._login().start
        return to_response(
            start(headers(), return_to=return_to, force_dialog=force_dialog, qr_page=qr_page, consent=consent)
        )

    def start_silently(self, *, return_to: Optional[str] = None) -> Optional[flask.Response]:
        """A login that asks nothing (``snsapi_base``): only inside WeChat, with an official account; else ``None``."""
        response = self._login().start_silently(headers(), return_to=return_to)
        return None if response is None else to_response(response)

    def embed(
        self,
        *,
        return_to: Optional[str] = None,
        callback_target: Optional[Literal["top", "frame"]] = None,
        qr_page: Optional[QrPage] = None,
    ) -> EmbeddedLogin:
        """A login by a QR code inside a page of the site. The response of this request gets its cookie.

        Set the page's ``Content-Security-Policy`` to its ``content_security_policy``.

        :raises LoginError: the site has no website app.
        """
        embedded = self._login().embed(
            headers(), return_to=return_to, callback_target=callback_target, qr_page=qr_page
        )
        completion().keep_cookies(embedded.headers)
        return embedded

    @overload
    def callback(self, view: View) -> View: ...

    @overload
    def callback(self, view: None = None, *, on_error: Optional[OnError] = None) -> Callable[[View], View]: ...

    def callback(
        self, view: Optional[View] = None, *, on_error: Optional[OnError] = None
    ) -> Union[View, Callable[[View], View]]:
        """Decorates the view of the callback, which gets a completed :class:`Login` before its other arguments.

        It runs once the login belongs to this browser and WeChat has accepted the code. The view may be a method of a
        ``MethodView``. An ``async`` view works as elsewhere in Flask, with the blocking :class:`Login`.

        :param on_error: returns a page of your own for a failed login, where a page may be shown, or ``None`` for the
            usual one; its argument is the :class:`LoginError`, also one that the view raises.
        """
        if view is None:
            return partial(self._decorated, on_error=on_error)
        return self._decorated(view, on_error)

    def _decorated(self, view: View, on_error: Optional[OnError]) -> View:
        @wraps(view)
        def answer(*this: Any, **arguments: Any) -> ResponseReturnValue:
            completion().is_callback = True
            try:
                login = self._completed()
                called = flask.current_app.ensure_sync(view)(*this, login, **arguments)
                return cast(ResponseReturnValue, called)
            except LoginError as error:
                return response_of(error, on_error)

        return answer

    def _completed(self) -> Login:
        login = self._login().callback(query(), headers())
        completion().keep_cookies(login.headers)
        return login

    def end_login(self, response: ResponseReturnValue) -> flask.Response:
        """Ends the repeats of this browser's last login, so that the back button does not log in again.

        Call it where users log out, with the response of that view.
        """
        made = flask.current_app.make_response(response)
        for name, value in self._login().end_login(headers()):
            made.headers.add(name, value)
        return made

    def _login(self) -> WebLogin:
        logins = flask.current_app.extensions.get(KEY, {})
        if self not in logins:
            raise RuntimeError("this WeixinLogin is not part of the app: call its init_app(app)")
        return cast(WebLogin, logins[self])


class ProtectCallbacks:
    """WSGI middleware that keeps the code out of caches and ``Referer`` also if another ``after_request`` fails."""

    def __init__(self, wsgi_app: Callable[..., Any]) -> None:
        self.wsgi_app = wsgi_app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        if not has_code(environ.get("QUERY_STRING", "")):
            return self.wsgi_app(environ, start_response)

        def start(status: str, headers: Headers, *more: Any) -> Any:
            names = {name for name, _ in CALLBACK_HEADERS}
            others = [(name, value) for name, value in headers if name.lower() not in names]
            return start_response(status, [*others, *CALLBACK_HEADERS], *more)

        return self.wsgi_app(environ, start)


def to_response(response: Response) -> flask.Response:
    """A response of this package, such as that of :meth:`Login.popup`, as Flask's."""
    return flask.Response(response.body, response.status, response.headers)


def response_of(error: LoginError, on_error: Optional[OnError] = None) -> flask.Response:
    """The response of a failed login: the site's own page, where there may be one."""
    response = error.response()
    page = on_error(error) if on_error is not None and error.is_page else None
    if page is None:
        return to_response(response)
    completion().keep_cookies(response.headers)
    return flask.current_app.make_response(page)


def complete(response: flask.Response) -> flask.Response:
    """Adds what the response needs, in place of what the view has set."""
    needed = completion()
    for cookie in needed.cookies:
        response.headers.add("set-cookie", cookie)
    if needed.is_callback:
        for name, value in CALLBACK_HEADERS:
            response.headers[name] = value
    return response


def completion() -> Completion:
    """The parts that the response to this request needs."""
    environ = flask.request.environ
    if KEY not in environ:
        environ[KEY] = Completion(query())
    return cast(Completion, environ[KEY])


def query() -> str:
    """The query string of this request as it came."""
    return flask.request.query_string.decode("latin-1")


def headers() -> Headers:
    """The headers of this request."""
    return list(flask.request.headers.items())
