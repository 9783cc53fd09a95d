"""What only Django has: its middlewares, sessions, transactions, class-based views, and WSGI beside ASGI."""

from __future__ import annotations

import re
from typing import Any, Iterator

import pytest
from pytest_weixin_sim import WeixinSim
from sites import django_site
from sites.browser import Browser, exchanges
from sites.django_site import MIDDLEWARE, AsyncSite, Views, configure
from sites.fastapi_site import send

configure()

import django
import weixin_login
from asgiref.sync import iscoroutinefunction
from django.contrib import auth
from django.core.asgi import get_asgi_application
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.test import Client, override_settings
from django.utils.decorators import method_decorator
from django.views import View
from weixin_login.django import AsyncLogin, AsyncWeixinLogin, Login, LoginError, LoginMiddleware, WeixinLogin

LAYLA = "union:o5ntXtCZQCkUJgNm1fqjuOD2_OUz"


@pytest.fixture
def users() -> Iterator[Any]:
    """The users of a database in memory."""
    call_command("migrate", verbosity=0)
    yield auth.get_user_model().objects
    call_command("flush", verbosity=0, interactive=False)


def start(weixin: WeixinLogin) -> Any:
    """A view that starts a login."""

    def login(request: HttpRequest) -> HttpResponse:
        return weixin.start(request)

    return login


def test_without_the_middleware_the_first_request_says_what_to_add(client: weixin_login.Client) -> None:
    weixin = WeixinLogin(client)
    site = Views(
        {
            "login": start(weixin),
            "callback": weixin.callback(lambda request, login: HttpResponse()),
            "logout": lambda request: weixin.end_login(request, HttpResponse()),
            "page": lambda request: HttpResponse(weixin.embed(request).iframe),
            "silent": lambda request: weixin.start_silently(request),
        },
        MIDDLEWARE=MIDDLEWARE[1:],
    )
    with override_settings(**site.settings):
        for path in ["/login", "/callback", "/logout", "/page", "/silent"]:
            with pytest.raises(ImproperlyConfigured) as raised:
                Client().get(path)
            assert str(raised.value) == "add 'weixin_login.django.LoginMiddleware' to MIDDLEWARE, as the first one"


def test_djangos_own_login_and_csrf_check_work_beside_it(client: Any, weixin_sim: WeixinSim, users: Any) -> None:
    weixin = WeixinLogin(client)

    @weixin.callback
    def callback(request: HttpRequest, login: Login) -> HttpResponse:
        user, _ = users.get_or_create(username=login.identities[0])
        auth.login(request, user)
        return redirect(login.return_to or "/home")

    def home(request: HttpRequest) -> HttpResponse:
        request.session["seen"] = "yes"
        return HttpResponse(f"{request.user.get_username() or 'a visitor'} {get_token(request)}")

    def log_out(request: HttpRequest) -> HttpResponse:
        auth.logout(request)
        return weixin.end_login(request, redirect("/home"))

    browser = Browser(Views({"login": start(weixin), "callback": callback, "home": home, "logout": log_out}))
    assert browser.open("/home").body.startswith("a visitor ")
    before = browser.cookies["sessionid"]
    assert browser.open(browser.scan(weixin_sim))["location"] == "/home"
    assert browser.cookies["sessionid"] != before
    name, token = browser.open("/home").body.split()
    assert name == LAYLA
    assert browser.open("/logout", "POST").status == 403
    assert browser.open("/home").body.startswith(LAYLA)
    answer = browser.open("/logout", "POST", **{"x-csrftoken": token})
    assert (answer.status, browser.login_cookies()) == (302, [])
    assert browser.open("/home").body.startswith("a visitor ")


def test_a_failed_login_rolls_back_what_its_view_has_written(client: Any, weixin_sim: WeixinSim, users: Any) -> None:
    weixin = WeixinLogin(client)

    @weixin.callback
    @transaction.atomic
    def callback(request: HttpRequest, login: Login) -> HttpResponse:
        users.create(username=login.identities[0])
        return HttpResponse(login.user().nickname)

    browser = Browser(Views({"login": start(weixin), "callback": transaction.atomic(callback)}))
    weixin_sim.fault({"errcode": 48001}, path="/sns/userinfo")
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer["location"], users.count()) == ("/callback?login_error=configuration", 0)


@pytest.mark.parametrize("decorated", ["method", "view"])
def test_a_view_may_be_a_class(client: Any, weixin_sim: WeixinSim, decorated: str) -> None:
    weixin = WeixinLogin(client)

    class Callback(View):
        def get(self, request: HttpRequest, login: Login, page: str) -> HttpResponse:
            return HttpResponse(f"{type(self).__name__} {page} {login.identities[0]}")

    if decorated == "method":
        callback = method_decorator(weixin.callback, name="get")(Callback).as_view()
    else:
        callback = weixin.callback(Callback.as_view())
    browser = Browser(Views({"login": start(weixin), "<page>": callback}))
    assert browser.open(browser.scan(weixin_sim)).body == f"Callback callback {LAYLA}"


def test_a_class_may_have_async_methods(make_async_client: Any, weixin_sim: WeixinSim) -> None:
    weixin = AsyncWeixinLogin(make_async_client())

    class Callback(View):
        async def get(self, request: HttpRequest, login: AsyncLogin) -> HttpResponse:
            return HttpResponse((await login.user()).nickname)

    callback = weixin.callback(Callback.as_view())
    site = AsyncSite.__new__(AsyncSite)
    Views.__init__(site, {"login": weixin.start, "callback": callback})
    browser = Browser(site)
    assert browser.open(browser.scan(weixin_sim)).body == "ليلى بنت أحمد (layla)"


def test_other_exceptions_stay_those_of_the_view(client: Any, weixin_sim: WeixinSim) -> None:
    site = django_site.Site([client], redirect_uri="http://localhost/fails")
    browser = Browser(site)
    callback = browser.scan(weixin_sim).replace("http://localhost", "")
    cookies = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    with override_settings(**site.settings), pytest.raises(RuntimeError, match="the database is down"):
        Client().get(callback, headers={"cookie": cookies})


@pytest.mark.parametrize("is_async", [False, True])
def test_the_middleware_waits_as_what_is_inside_of_it(is_async: bool) -> None:
    async def waiting(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    def blocking(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    inside: Any = waiting if is_async else blocking
    assert iscoroutinefunction(LoginMiddleware(inside)) == is_async


def test_async_views_work_behind_wsgi_and_others_behind_asgi(
    client: Any, make_async_client: Any, weixin_sim: WeixinSim
) -> None:
    waits, blocks = AsyncWeixinLogin(make_async_client()), WeixinLogin(client)

    @waits.callback
    async def waiting(request: HttpRequest, login: AsyncLogin) -> HttpResponse:
        return HttpResponse((await login.user()).nickname)

    @blocks.callback
    def blocking(request: HttpRequest, login: Login) -> HttpResponse:
        return HttpResponse(login.user().nickname)

    wsgi, asgi = Views({"login": waits.start, "callback": waiting}), AsyncSite.__new__(AsyncSite)
    Views.__init__(asgi, {"login": blocks.start, "callback": blocking})
    for site in (wsgi, asgi):
        browser = Browser(site)
        assert browser.open(browser.scan(weixin_sim)).body == "ليلى بنت أحمد (layla)"


def test_a_popup_is_not_separated_from_its_opener(client: Any, weixin_sim: WeixinSim) -> None:
    browser = Browser(django_site.Site([client], redirect_uri="http://localhost/popup"))
    assert browser.open("/public")["cross-origin-opener-policy"] == "same-origin"
    callback = browser.scan(weixin_sim)
    for path in ["/login", callback]:
        assert browser.open(path)["cross-origin-opener-policy"] == "unsafe-none"


def test_a_view_of_the_wrong_kind_is_rejected(client: Any, make_async_client: Any) -> None:
    async def waiting(request: HttpRequest, login: Any) -> None: ...

    def blocking(request: HttpRequest, login: Any) -> None: ...

    with pytest.raises(TypeError, match="an async view needs AsyncWeixinLogin, with an AsyncClient"):
        WeixinLogin(client).callback(waiting)
    with pytest.raises(TypeError, match="a view without async needs WeixinLogin, with a Client"):
        AsyncWeixinLogin(make_async_client()).callback(blocking)


@pytest.mark.skipif(django.VERSION < (5, 1), reason="LoginRequiredMiddleware is new in Django 5.1")
def test_the_callback_is_open_to_visitors(client: Any, weixin_sim: WeixinSim) -> None:
    from django.contrib.auth.decorators import login_not_required

    weixin = WeixinLogin(client)
    views = {
        "login": login_not_required(start(weixin)),
        "callback": weixin.callback(lambda request, login: HttpResponse(login.identities[0])),
        "home": lambda request: HttpResponse("for users"),
    }
    required = [*MIDDLEWARE, "django.contrib.auth.middleware.LoginRequiredMiddleware"]
    browser = Browser(Views(views, MIDDLEWARE=required, LOGIN_URL="/login"))
    assert browser.open("/home")["location"] == "/login?next=/home"
    assert browser.open(browser.scan(weixin_sim)).body == LAYLA


@pytest.mark.parametrize("is_async", [False, True])
def test_cookies_that_http2_splits_are_read_behind_asgi(
    client: Any, make_async_client: Any, weixin_sim: WeixinSim, is_async: bool
) -> None:
    site: Any = django_site.AsyncSite(make_async_client()) if is_async else django_site.Site(client)
    browser = Browser(site)
    callback = browser.scan(weixin_sim)
    [(name, value)] = browser.cookies.items()
    cookies = [("cookie", "a=1"), ("cookie", f"{name}={value}"), ("cookie", "b=2")]
    with override_settings(**site.settings):
        answer = send(get_asgi_application(), "GET", callback, cookies)
    assert (answer.status, exchanges(weixin_sim)) == (200, 1)


def test_the_page_of_a_failure_may_be_left_to_the_login(client: Any) -> None:
    weixin, asked = WeixinLogin(client), []

    def left(request: HttpRequest, error: LoginError) -> None:
        asked.append((request.path, error.kind))

    @weixin.callback(on_error=left)
    def callback(request: HttpRequest, login: Login) -> HttpResponse:
        return HttpResponse()

    answer = Browser(Views({"callback": callback})).open("/callback?login_error=busy")
    assert (answer.status, "网站繁忙" in answer.body, asked) == (503, True, [("/callback", "busy")])


def test_a_login_error_of_any_view_has_its_response(make_client: Any) -> None:
    weixin = WeixinLogin(make_client("official_account"))
    answer = Browser(Views({"login": start(weixin)})).open("/login", **{"accept-language": "en"})
    assert answer.status == 500
    assert re.findall("<h1>(.*)</h1>", answer.body) == ["This site is misconfigured"]
