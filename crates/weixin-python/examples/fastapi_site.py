"""A FastAPI site with "Log in with WeChat", at http://localhost:8000. WeChat is simulated on this machine:
pip install weixin-login weixin-cli fastapi uvicorn itsdangerous; weixin sim & uvicorn fastapi_site:app
"""

from html import escape
from os import environ, urandom
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.middleware.sessions import SessionMiddleware
from weixin_login import AsyncClient
from weixin_login.fastapi import AsyncLogin, WeixinLogin

APP_ID, SECRET = environ.get("WEIXIN_APP_ID", "wx0123456789abcdef"), environ.get("WEIXIN_APP_SECRET", "s" * 32)
API_URL = environ.get("WEIXIN_API_URL", None if "WEIXIN_APP_ID" in environ else "http://127.0.0.1:9300")
SITE_URL = environ.get("SITE_URL", "http://localhost:8000")
weixin = WeixinLogin(AsyncClient(APP_ID, SECRET, redirect_uri=f"{SITE_URL}/callback", api_url=API_URL))
app = FastAPI()
SECRET_KEY = environ.get("SECRET_KEY") or urandom(32).hex()  # in production: the same in all processes
app.add_middleware(SessionMiddleware, secret_key=SECRET_KEY)
weixin.install(app)

@app.get("/")
@app.get("/profile")
async def page(request: Request) -> Response:
    if "user" not in request.session:
        return await weixin.start(request, return_to=request.url.path)
    name, form = escape(request.session["name"]), "<form method='post' action='/logout'><button>Log out</button></form>"
    return HTMLResponse(f"<h1>{name}</h1> {request.url.path} {form}")

@app.get("/callback")
async def callback(request: Request, login: Annotated[AsyncLogin, Depends(weixin.login)]) -> Response:
    request.session.clear()
    request.session.update(user=login.identities[0], name=(await login.user()).nickname)
    return RedirectResponse(login.return_to or "/", 303)

@app.post("/logout")
async def logout(request: Request) -> Response:
    request.session.clear()
    return await weixin.end_login(request, HTMLResponse("Logged out. <a href='/'>Log in</a>"))
