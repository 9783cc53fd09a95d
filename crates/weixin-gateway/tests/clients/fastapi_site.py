"""A FastAPI site with fastapi-sso's generic provider."""

import asyncio

import httpx
import jwt
from client import (
    CLIENT_ID,
    PUBLIC_ID,
    REDIRECT_URI,
    SECRET,
    WRONG_SECRET,
    browse,
    claims,
    discover,
    failure,
    report,
)
from fastapi import FastAPI, Request
from fastapi_sso.sso.base import OpenID
from fastapi_sso.sso.generic import create_provider


def user(claims, session):
    return OpenID(id=claims["sub"], display_name=claims["name"], provider="weixin")


def site(method, secret):
    """The site, as its documentation writes one."""
    provider = create_provider(name="weixin", default_scope=["openid", "profile"],
                               discovery_document=discover(), response_convertor=user)  # fmt: skip
    provider.uses_pkce = True
    provider.use_basic_auth = method == "client_secret_basic"
    client_id = PUBLIC_ID if method == "none" else CLIENT_ID
    in_body = {"client_secret": secret} if method == "client_secret_post" else {}
    sso = provider(client_id, secret, REDIRECT_URI, allow_insecure_http=True)
    app = FastAPI()

    @app.get("/login")
    async def login():
        async with sso:
            return await sso.get_login_redirect()

    @app.get("/callback")
    async def callback(request: Request):
        async with sso:
            user = await sso.verify_and_process(request, params=in_body)
            return {"user": user, "id_token": sso.id_token}

    return app


def login(method="client_secret_basic", secret=SECRET, state=""):
    async def visit():
        app = httpx.ASGITransport(site(method, secret))
        async with httpx.AsyncClient(transport=app, base_url="https://rp.example") as visitor:
            start = await visitor.get("/login")
            callback = browse(start.headers["location"]).replace("state=", f"state={state}")
            response = await visitor.get(callback)
            if response.is_error:
                raise RuntimeError(response.json()["detail"])
            return response.json()

    response = asyncio.run(visit())
    # It reads userinfo, and hands on the ID token as it is.
    id_token = jwt.decode(response["id_token"], options={"verify_signature": False})
    user = response["user"]
    userinfo = {"sub": user["id"], "name": user["display_name"]}
    return {"id_token": claims(id_token), "userinfo": userinfo}


METHODS = ["client_secret_basic", "client_secret_post", "none"]
report(
    "fastapi-sso",
    [{"method": method, **login(method)} for method in METHODS],
    {
        "wrong secret, Basic": failure(login, secret=WRONG_SECRET),
        "wrong secret, POST": failure(login, secret=WRONG_SECRET, method="client_secret_post"),
        "wrong state": failure(login, state="x"),
    },
)
