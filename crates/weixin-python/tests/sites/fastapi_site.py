"""The site in FastAPI."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.testclient import TestClient
from weixin_login import ParseError
from weixin_login.fastapi import AsyncLogin, LoginError, WeixinLogin, to_response

from .browser import Answer
from .views import embed_options, facts, start_options


class Site:
    """The site, and its test client."""

    is_async = True

    def __init__(self, clients: Any, **options: Any) -> None:
        self.app = FastAPI()
        self.weixin = WeixinLogin(clients, **options)
        self.weixin.install(self.app, on_error=own_page_at_its_path)
        add_endpoints(self.app, self.weixin)

    def send(self, method: str, target: str, headers: Dict[str, str]) -> Answer:
        """Sends one request."""
        return send(self.app, method, target, list(headers.items()))


def send(app: Any, method: str, target: str, headers: List[Tuple[str, str]]) -> Answer:
    """Sends one request to an ASGI app."""
    client = TestClient(app, raise_server_exceptions=False, follow_redirects=False)
    sent = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    answer = client.request(method, target, headers=sent)
    return Answer(answer.status_code, answer.headers.multi_items(), answer.text)


def add_endpoints(app: FastAPI, weixin: WeixinLogin) -> None:
    """Adds the endpoints."""
    add_starts(app, weixin)
    add_callbacks(app, weixin)

    @app.post("/logout")
    async def logout(request: Request) -> Response:
        return await weixin.end_login(request, Response(status_code=204))

    @app.get("/public")
    async def public() -> Response:
        return PlainTextResponse("public", headers={"Cache-Control": "public"})


def add_starts(app: FastAPI, weixin: WeixinLogin) -> None:
    """Adds the endpoints that start logins."""

    @app.get("/login")
    async def login(request: Request) -> Response:
        try:
            return await weixin.start(request, **start_options(request.query_params))
        except ParseError as error:
            return PlainTextResponse(str(error), 400)

    @app.get("/silent")
    async def silent(request: Request) -> Response:
        return await weixin.start_silently(request, return_to="/cart") or PlainTextResponse("not here")

    @app.get("/embedded")
    async def embedded(request: Request) -> Response:
        qr = await weixin.embed(request, **embed_options(request.query_params))
        return HTMLResponse(qr.iframe, headers={"Content-Security-Policy": qr.content_security_policy})


def add_callbacks(app: FastAPI, weixin: WeixinLogin) -> None:
    """Adds the endpoints that get a login."""
    login_of_callback = Depends(weixin.login)

    @app.get("/callback")
    async def callback(login: AsyncLogin = login_of_callback) -> Dict[str, Any]:
        return {"nickname": (await login.user()).nickname, **facts(login)}

    @app.get("/ids")
    async def ids(login: AsyncLogin = login_of_callback) -> Response:
        headers = {"Cache-Control": "public", "Referrer-Policy": "unsafe-url", "Set-Cookie": "own=1; Path=/"}
        return JSONResponse(facts(login), 201, headers)

    @app.get("/fails")
    async def fails(login: AsyncLogin = login_of_callback) -> None:
        raise RuntimeError("the database is down")

    @app.get("/own")
    async def own(login: AsyncLogin = login_of_callback) -> Dict[str, Any]:
        return (await login.user()).to_dict()

    @app.get("/popup")
    async def popup(login: AsyncLogin = login_of_callback) -> Response:
        return to_response(login.popup("https://www.example.com", "done"))


async def own_page_at_its_path(request: Request, error: LoginError) -> Optional[Response]:
    """The site's own page for failures, at one of its callbacks."""
    own = PlainTextResponse(f"our page: {error.kind}", 418)
    return own if request.url.path == "/own" else None
