"""What only FastAPI and Starlette have: dependencies, OpenAPI, the middleware, mounted apps."""

from __future__ import annotations

from typing import Any, Optional

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pytest_weixin_sim import WeixinSim
from sites.browser import Answer, Browser, exchanges
from sites.fastapi_site import Site, send
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.testclient import TestClient
from weixin_login.fastapi import AsyncLogin, LoginError, OnError, WeixinLogin

LAYLA = "union:o5ntXtCZQCkUJgNm1fqjuOD2_OUz"
COMPLETED = ("no-store", "no-referrer")


@pytest.fixture
def weixin(make_async_client: Any) -> WeixinLogin:
    """The login of an app."""
    return WeixinLogin(make_async_client())


class App(Site):
    """An app of a test."""

    def __init__(self, app: Any) -> None:
        self.app = app


def app_with_start(weixin: WeixinLogin, **options: Any) -> FastAPI:
    """An app with the login, and an endpoint that starts one."""
    app = FastAPI()
    weixin.install(app, **options)

    @app.get("/login", response_model=None)
    async def login(request: Request) -> Response:
        return await weixin.start(request)

    return app


def completed(answer: Answer) -> tuple[str, str]:
    """The headers of a response to a callback."""
    return answer["cache-control"], answer["referrer-policy"]


def test_the_schema_of_the_app_does_not_contain_the_login(make_async_client: Any) -> None:
    schema = Site([make_async_client()]).app.openapi()
    assert sorted(schema["paths"]) == [
        "/callback",
        "/embedded",
        "/fails",
        "/ids",
        "/login",
        "/logout",
        "/own",
        "/popup",
        "/public",
        "/silent",
    ]
    assert "parameters" not in schema["paths"]["/callback"]["get"]


def test_without_the_middleware_the_first_request_says_what_to_call(weixin: WeixinLogin) -> None:
    app = FastAPI()

    @app.get("/callback")
    async def callback(login: AsyncLogin = Depends(weixin.login)) -> None: ...

    for endpoint in ("start", "start_silently", "embed"):
        app.get(f"/{endpoint}", response_model=None)(of_request(weixin, endpoint))
    for path in ["/callback", "/start", "/start_silently", "/embed"]:
        with pytest.raises(RuntimeError, match=r"the login's middleware is missing: call weixin.install\(app\)"):
            TestClient(app).get(path)


def of_request(weixin: WeixinLogin, name: str) -> Any:
    """An endpoint that calls a method with the request."""

    async def endpoint(request: Request) -> Any:
        return await getattr(weixin, name)(request)

    return endpoint


def test_an_app_that_has_served_a_request_is_too_late(weixin: WeixinLogin) -> None:
    app = FastAPI()
    TestClient(app).get("/")
    with pytest.raises(RuntimeError, match="install the login before the app's first request"):
        weixin.install(app)


def test_dependencies_share_one_login(weixin: WeixinLogin, weixin_sim: WeixinSim) -> None:
    app = app_with_start(weixin)

    async def account(login: AsyncLogin = Depends(weixin.login)) -> str:
        return login.identities[0]

    router = APIRouter(dependencies=[Depends(weixin.login)])

    @router.get("/callback")
    async def callback(account: str = Depends(account), login: AsyncLogin = Depends(weixin.login)) -> list[Any]:
        return [account, login.is_repeat]

    app.include_router(router)
    browser = Browser(App(app))
    assert browser.open(browser.scan(weixin_sim)).body == f'["{LAYLA}",false]'
    assert exchanges(weixin_sim) == 1


def test_a_request_that_is_invalid_otherwise_ends_the_login_in_the_browser(
    weixin: WeixinLogin, weixin_sim: WeixinSim
) -> None:
    app = app_with_start(weixin)

    @app.get("/callback")
    async def callback(page: int, login: AsyncLogin = Depends(weixin.login)) -> None: ...

    browser = Browser(App(app))
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer.status, completed(answer)) == (422, COMPLETED)
    assert [cookie.attributes["max-age"] for cookie in answer.cookies] == ["60"]


def test_a_handler_of_the_apps_own_for_all_exceptions_keeps_the_promises(
    weixin: WeixinLogin, weixin_sim: WeixinSim
) -> None:
    app = app_with_start(weixin)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        return JSONResponse(str(error), 500, {"Cache-Control": "public"})

    @app.get("/callback")
    async def callback(login: AsyncLogin = Depends(weixin.login)) -> None:
        raise RuntimeError("the database is down")

    browser = Browser(App(app))
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer.status, answer.body, completed(answer)) == (500, '"the database is down"', COMPLETED)
    assert [cookie.attributes["max-age"] for cookie in answer.cookies] == ["60"]


def test_a_failure_may_have_an_async_page(weixin: WeixinLogin) -> None:
    async def page(request: Request, error: LoginError) -> Optional[Response]:
        return PlainTextResponse(f"our page: {error.kind}") if error.kind == "busy" else None

    app = app_with_start(weixin, on_error=page)

    @app.get("/callback")
    async def callback(login: AsyncLogin = Depends(weixin.login)) -> None: ...

    browser = Browser(App(app))
    assert browser.open("/callback?login_error=busy").body == "our page: busy"
    answer = browser.open("/callback?login_error=used")
    assert (answer.status, answer.body.startswith("<!doctype html>")) == (410, True)


def test_starlette_needs_no_dependency(weixin: WeixinLogin, weixin_sim: WeixinSim) -> None:
    async def callback(request: Request) -> Response:
        login = await weixin.login(request)
        return PlainTextResponse((await login.user()).nickname)

    app = Starlette(routes=[Route("/login", weixin.start), Route("/callback", callback)])
    weixin.install(app)
    browser = Browser(App(app))
    callback_url = browser.scan(weixin_sim)
    head = browser.open(callback_url, "HEAD")
    assert (head.status, head.body, completed(head)) == (200, "", COMPLETED)
    assert browser.open(callback_url).body == "ليلى بنت أحمد (layla)"
    assert exchanges(weixin_sim) == 1
    assert browser.open("/callback?login_error=used").status == 410


def test_a_mounted_app_has_the_login_if_it_is_installed_there_too(
    make_async_client: Any, weixin_sim: WeixinSim
) -> None:
    weixin = WeixinLogin(make_async_client(redirect_uri="http://localhost/shop/callback"))
    shop = app_with_start(weixin)

    @shop.get("/callback")
    async def callback(login: AsyncLogin = Depends(weixin.login)) -> str:
        return login.identities[0]

    app = Starlette(routes=[Mount("/shop", shop)])
    weixin.install(app)
    browser = Browser(App(app))
    answer = browser.open(browser.scan(weixin_sim, "/shop/login"))
    assert (answer.body, len(answer.cookies), completed(answer)) == (f'"{LAYLA}"', 1, COMPLETED)
    assert browser.open("/shop/callback?login_error=used").status == 410


def test_two_logins_of_one_app_have_callbacks_of_their_own(make_async_client: Any, weixin_sim: WeixinSim) -> None:
    app = FastAPI()
    for name in ("users", "staff"):
        weixin = WeixinLogin(make_async_client(redirect_uri=f"http://localhost/{name}"))
        weixin.install(app, on_error=page_of(name))
        app.get(f"/{name}/login", response_model=None)(of_request(weixin, "start"))
        app.get(f"/{name}", response_model=None)(of_login(weixin, name))
    browser = Browser(App(app))
    for name in ("users", "staff"):
        answer = browser.open(browser.scan(weixin_sim, f"/{name}/login"))
        assert (answer.body, len(answer.cookies)) == (f'"{name}"', 1)
        assert browser.open(f"/{name}?login_error=used").body == name


def page_of(name: str) -> OnError:
    """A page for failures."""
    return lambda request, error: PlainTextResponse(name)


def of_login(weixin: WeixinLogin, name: str) -> Any:
    """An endpoint that needs a login."""

    async def endpoint(login: AsyncLogin = Depends(weixin.login)) -> str:
        return name

    return endpoint


def test_cookies_that_http2_splits_are_read(make_async_client: Any, weixin_sim: WeixinSim) -> None:
    site = Site([make_async_client()])
    browser = Browser(site)
    callback = browser.scan(weixin_sim)
    [(name, value)] = browser.cookies.items()
    answer = send(site.app, "GET", callback, [("cookie", "a=1"), ("cookie", f"{name}={value}")])
    assert (answer.status, exchanges(weixin_sim)) == (200, 1)
