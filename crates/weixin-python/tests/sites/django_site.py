"""The site in Django, with ``async`` views and without."""

from __future__ import annotations

import asyncio
from types import ModuleType
from typing import Any, Dict, List, cast

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from django.views.decorators.csrf import csrf_exempt
from weixin_login import ParseError
from weixin_login.django import AsyncLogin, AsyncWeixinLogin, Login, LoginError, WeixinLogin, to_response

from .browser import Answer
from .views import embed_options, facts, start_options

MIDDLEWARE = [
    "weixin_login.django.LoginMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DATABASE = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}


def configure() -> None:
    """Configures Django for this process, once."""
    if not settings.configured:
        settings.configure(
            ALLOWED_HOSTS=["*"],
            DATABASES={"default": DATABASE},
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
            INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
            MIDDLEWARE=MIDDLEWARE,
            SECRET_KEY="only for tests",
            USE_TZ=True,
        )
        django.setup()


def urls_of(views: Dict[str, Any]) -> ModuleType:
    """A URLconf: the views by their paths."""
    urls = ModuleType("urls")
    setattr(urls, "urlpatterns", [path(name, view) for name, view in views.items()])
    return urls


class Views:
    """A site of these views, and its test client."""

    def __init__(self, views: Dict[str, Any], **more_settings: Any) -> None:
        configure()
        self.settings = {"ROOT_URLCONF": urls_of(views), **more_settings}

    def send(self, method: str, target: str, headers: Dict[str, str]) -> Answer:
        """Sends one request."""
        with override_settings(**self.settings):
            return answer_of(self.request(method, target, headers))

    def request(self, method: str, target: str, headers: Dict[str, str]) -> Any:
        """Sends one request as a WSGI server does."""
        client = Client(raise_request_exception=False, enforce_csrf_checks=True)
        return client.generic(method, target, headers=headers)


def answer_of(response: Any) -> Answer:
    """A response with its cookies, which Django keeps apart."""
    cookies = [("Set-Cookie", cookie.OutputString()) for cookie in response.cookies.values()]
    return Answer(response.status_code, [*response.items(), *cookies], response.content.decode())


class Site(Views):
    """The site without ``async``."""

    is_async = False

    def __init__(self, clients: Any, **options: Any) -> None:
        self.weixin = WeixinLogin(clients, **options)
        super().__init__({**starts(self.weixin), **callbacks(self.weixin), "logout": self.logout, "public": public})

    @property
    def logout(self) -> Any:
        """The view that ends the login."""

        @csrf_exempt
        def logout(request: HttpRequest) -> HttpResponse:
            return self.weixin.end_login(request, HttpResponse(status=204))

        return logout


class AsyncSite(Views):
    """The site with ``async`` views, behind ASGI."""

    is_async = True

    def __init__(self, clients: Any, **options: Any) -> None:
        self.weixin = AsyncWeixinLogin(clients, **options)
        views = {**starts(self.weixin), **async_callbacks(self.weixin), "logout": self.logout, "public": public}
        super().__init__(views)

    def request(self, method: str, target: str, headers: Dict[str, str]) -> Any:
        """Sends one request as an ASGI server does."""
        client = AsyncClient(raise_request_exception=False, enforce_csrf_checks=True)
        return asyncio.run(cast(Any, client).generic(method, target, headers=headers))

    @property
    def logout(self) -> Any:
        """The view that ends the login."""

        async def logout(request: HttpRequest) -> HttpResponse:
            return await self.weixin.end_login(request, HttpResponse(status=204))

        # `csrf_exempt` of Django 4.2 knows no async views.
        setattr(logout, "csrf_exempt", True)
        return logout


def starts(weixin: Any) -> Dict[str, Any]:
    """The views that start logins."""

    def login(request: HttpRequest) -> HttpResponse:
        try:
            return cast(HttpResponse, weixin.start(request, **start_options(request.GET.dict())))
        except ParseError as error:
            return HttpResponse(str(error), status=400)

    def silent(request: HttpRequest) -> HttpResponse:
        return weixin.start_silently(request, return_to="/cart") or HttpResponse("not here")

    def embedded(request: HttpRequest) -> HttpResponse:
        qr = weixin.embed(request, **embed_options(request.GET.dict()))
        return HttpResponse(qr.iframe, headers={"Content-Security-Policy": qr.content_security_policy})

    return {"login": login, "silent": silent, "embedded": embedded}


def public(request: HttpRequest) -> HttpResponse:
    """A page that caches may store."""
    return HttpResponse("public", headers={"Cache-Control": "public"})


def callbacks(weixin: WeixinLogin) -> Dict[str, Any]:
    """The views that get a login."""

    @weixin.callback
    def callback(request: HttpRequest, login: Login) -> HttpResponse:
        return JsonResponse({"nickname": login.user().nickname, **facts(login)})

    @weixin.callback
    def ids(request: HttpRequest, login: Login) -> HttpResponse:
        return created(facts(login))

    @weixin.callback
    def fails(request: HttpRequest, login: Login) -> HttpResponse:
        raise RuntimeError("the database is down")

    @weixin.callback(on_error=own_page)
    def own(request: HttpRequest, login: Login) -> HttpResponse:
        return JsonResponse(login.user().to_dict())

    @weixin.callback
    def popup(request: HttpRequest, login: Login) -> HttpResponse:
        return to_response(login.popup("https://www.example.com", "done"))

    return {"callback": callback, "ids": ids, "fails": fails, "own": own, "popup": popup}


def async_callbacks(weixin: AsyncWeixinLogin) -> Dict[str, Any]:
    """The ``async`` views that get a login."""

    @weixin.callback
    async def callback(request: HttpRequest, login: AsyncLogin) -> HttpResponse:
        return JsonResponse({"nickname": (await login.user()).nickname, **facts(login)})

    @weixin.callback
    async def ids(request: HttpRequest, login: AsyncLogin) -> HttpResponse:
        return created(facts(login))

    @weixin.callback
    async def fails(request: HttpRequest, login: AsyncLogin) -> HttpResponse:
        raise RuntimeError("the database is down")

    @weixin.callback(on_error=own_page)
    async def own(request: HttpRequest, login: AsyncLogin) -> HttpResponse:
        return JsonResponse((await login.user()).to_dict())

    @weixin.callback
    async def popup(request: HttpRequest, login: AsyncLogin) -> HttpResponse:
        return to_response(login.popup("https://www.example.com", "done"))

    return {"callback": callback, "ids": ids, "fails": fails, "own": own, "popup": popup}


def created(content: Dict[str, Any]) -> HttpResponse:
    """A response with headers and a cookie of its own."""
    response = JsonResponse(content, status=201)
    response["Cache-Control"], response["Referrer-Policy"] = "public", "unsafe-url"
    response.set_cookie("own", "1")
    return response


def own_page(request: HttpRequest, error: LoginError) -> HttpResponse:
    """The site's own page for failures."""
    return HttpResponse(f"our page: {error.kind}", status=418)
