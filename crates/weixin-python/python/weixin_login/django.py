"""Log in with WeChat in Django 4.2 and newer.

``settings.py``: the middleware is the first one. It sets the cookies, keeps the code of a callback out of caches and
``Referer``, and turns a :class:`LoginError` of any view into its response::

    MIDDLEWARE = ["weixin_login.django.LoginMiddleware", "django.middleware.security.SecurityMiddleware", ...]

``views.py``::

    weixin = WeixinLogin(Client(APP_ID, APP_SECRET, redirect_uri="https://www.example.com/callback"))

    def login(request):
        return weixin.start(request, return_to="/profile")

    @weixin.callback
    def callback(request, login):
        user, _ = User.objects.get_or_create(username=login.identities[0])
        django.contrib.auth.login(request, user)       # makes a new session ID
        return redirect(login.return_to or "/")

    @require_POST
    def log_out(request):
        django.contrib.auth.logout(request)
        return weixin.end_login(request, redirect("/"))

Redirect from the callback: a page at its own URL has the ``Referrer-Policy`` ``no-referrer``, by which its forms fail
Django's check against CSRF. ``SESSION_COOKIE_SAMESITE`` must be ``Lax``, which is the default. A login in a pop-up
needs ``SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"``: by Django's default, the page that opens it
would never get its message.
"""

from __future__ import annotations

from functools import partial, wraps
from typing import Any, Callable, Generic, Literal, Optional, Sequence, TypeVar, Union, overload

try:
    import django
except ModuleNotFoundError as error:
    raise ImportError("weixin_login.django needs Django: pip install django") from error

from asgiref.sync import iscoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ._core import EmbeddedLogin, Store
from ._django_middleware import (
    AnyResponse,
    LoginMiddleware,
    completion_of,
    headers_of,
    query_of,
    to_response,
    with_headers,
)
from .async_client import AsyncClient
from .client import Client
from .errors import LoginError
from .options import Consent, QrPage
from .web import AsyncLogin, AsyncWebLogin, BaseLogin, Login, Render, WebLogin, check_samesite

__all__ = ["AsyncLogin", "AsyncWeixinLogin", "Login", "LoginError", "LoginMiddleware", "WeixinLogin", "to_response"]

View = Callable[..., Any]
OnError = Callable[[HttpRequest, LoginError], Optional[HttpResponseBase]]
AnyClient = TypeVar("AnyClient", Client, AsyncClient)
AnyWebLogin = TypeVar("AnyWebLogin", WebLogin, AsyncWebLogin)


class BaseWeixinLogin(Generic[AnyClient, AnyWebLogin]):
    """A login of a Django site.

    :param clients: the client of a website app, of an official account, or both: then logins inside WeChat use the
        official account.
    :param redirect_uri: the URL of the callback; by default the first client's.
    :param login_path: the path of your login page, for "log in again". By default it starts a new login at once.
    :param pages: renders the pages in your style.
    :param store: remembers used logins for all processes.
    :raises ParseError: WeChat rejects the redirect URI.
    :raises ValueError: browsers would not store the cookie: HTTP on another host than ``localhost`` and ``127.0.0.1``.
    """

    _make: Callable[..., AnyWebLogin]

    def __init__(
        self,
        clients: Union[AnyClient, Sequence[AnyClient]],
        *,
        redirect_uri: Optional[str] = None,
        login_path: Optional[str] = None,
        pages: Optional[Render] = None,
        store: Optional[Store] = None,
    ) -> None:
        self._web: AnyWebLogin = self._make(
            clients, redirect_uri=redirect_uri, login_path=login_path, pages=pages, store=store
        )

    def start(
        self,
        request: HttpRequest,
        *,
        return_to: Optional[str] = None,
        force_dialog: bool = False,
        qr_page: Optional[QrPage] = None,
        consent: Optional[Consent] = None,
    ) -> HttpResponse:
        """The response that sends this browser to WeChat: a redirect, a hint for phones, or JSON for programs.

        :param return_to: the path to open after the login, on this site.
        :param force_dialog: ask the user even if WeChat would not, such as before a deletion.
        :raises ParseError: the return path is a URL of another site.
        :raises LoginError: the site has no app for this browser.
        """
        completion_of(request)
        check_samesite(settings.SESSION_COOKIE_SAMESITE)
        start, headers = self._web.start, headers_of(request)
        return to_response(
            start(headers, return_to=return_to, force_dialog=force_dialog, qr_page=qr_page, consent=consent)
        )

    def start_silently(self, request: HttpRequest, *, return_to: Optional[str] = None) -> Optional[HttpResponse]:
        """A login that asks nothing (``snsapi_base``): only inside WeChat, with an official account; else ``None``."""
        completion_of(request)
        response = self._web.start_silently(headers_of(request), return_to=return_to)
        return None if response is None else to_response(response)

    def embed(
        self,
        request: HttpRequest,
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

    @overload
    def callback(self, view: View) -> View: ...

    @overload
    def callback(self, view: None = None, *, on_error: Optional[OnError] = None) -> Callable[[View], View]: ...

    def callback(
        self, view: Optional[View] = None, *, on_error: Optional[OnError] = None
    ) -> Union[View, Callable[[View], View]]:
        """Decorates the view of the callback, which gets a completed login after the request.

        It runs once the login belongs to this browser and WeChat has accepted the code. Of a class-based view, decorate
        a method by Django's ``method_decorator``, or what ``as_view()`` returns.

        :param on_error: returns a page of your own for a failed login, where a page may be shown, or ``None`` for the
            usual one; its arguments are the request and the :class:`LoginError`, also one that the view raises.
        """
        if view is None:
            return partial(self._decorated, on_error=on_error)
        return self._decorated(view, on_error)

    def _decorated(self, view: View, on_error: Optional[OnError]) -> View:
        raise NotImplementedError


class WeixinLogin(BaseWeixinLogin[Client, WebLogin]):
    __doc__ = (BaseWeixinLogin.__doc__ or "").replace("site.", "site, for views without ``async``.", 1)

    _make = WebLogin

    def _decorated(self, view: View, on_error: Optional[OnError]) -> View:
        if iscoroutinefunction(view):
            raise TypeError("an async view needs AsyncWeixinLogin, with an AsyncClient")

        @open_to_visitors
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            expect_callback(request, on_error)
            login = self._web.callback(query_of(request), headers_of(request))
            return view(request, completed(request, login), *args, **kwargs)

        return answer

    def end_login(self, request: HttpRequest, response: AnyResponse) -> AnyResponse:
        """Ends the repeats of this browser's last login, so that the back button does not log in again.

        Call it where users log out, with the response of that view.
        """
        completion_of(request)
        return with_headers(response, self._web.end_login(headers_of(request)))


class AsyncWeixinLogin(BaseWeixinLogin[AsyncClient, AsyncWebLogin]):
    __doc__ = (BaseWeixinLogin.__doc__ or "").replace("site.", "site, for ``async`` views.", 1)

    _make = AsyncWebLogin

    def _decorated(self, view: View, on_error: Optional[OnError]) -> View:
        if not iscoroutinefunction(view):
            raise TypeError("a view without async needs WeixinLogin, with a Client")

        @open_to_visitors
        @wraps(view)
        async def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            expect_callback(request, on_error)
            login = await self._web.callback(query_of(request), headers_of(request))
            return await view(request, completed(request, login), *args, **kwargs)

        return answer

    async def end_login(self, request: HttpRequest, response: AnyResponse) -> AnyResponse:
        """As :meth:`WeixinLogin.end_login`."""
        completion_of(request)
        return with_headers(response, await self._web.end_login(headers_of(request)))


def open_to_visitors(view: View) -> View:
    """Lets visitors use a view that Django's ``LoginRequiredMiddleware`` would close."""
    setattr(view, "login_required", False)
    return view


def expect_callback(request: HttpRequest, on_error: Optional[OnError]) -> None:
    """Notes that the request is a callback, whatever its response will be."""
    completion = completion_of(request)
    completion.is_callback, completion.on_error = True, on_error


def completed(request: HttpRequest, login: BaseLogin) -> BaseLogin:
    """The login, whose cookie the response gets."""
    completion_of(request).keep_cookies(login.headers)
    return login
