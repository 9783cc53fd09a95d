"""What people write by hand with httpx: two GETs, on connections that are kept."""

import asyncio
import sys

import httpx

from logins import APP, ORIGIN, SECRET, run, run_async

CODE = "/sns/oauth2/access_token"
USER = "/sns/userinfo"


def code_query(code):
    return {"appid": APP, "secret": SECRET, "code": code, "grant_type": "authorization_code"}


def user_query(token):
    return {"access_token": token["access_token"], "openid": token["openid"]}


async def log_in_all():
    async with httpx.AsyncClient(base_url=ORIGIN, timeout=10) as client:

        async def nickname_of(code):
            token = (await client.get(CODE, params=code_query(code))).json()
            return (await client.get(USER, params=user_query(token))).json()["nickname"]

        await run_async(nickname_of)


if sys.argv[2] == "asyncio":
    asyncio.run(log_in_all())
else:
    client = httpx.Client(base_url=ORIGIN, timeout=10)

    def nickname_of(code):
        token = client.get(CODE, params=code_query(code)).json()
        return client.get(USER, params=user_query(token)).json()["nickname"]

    run(nickname_of)
