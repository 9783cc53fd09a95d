"""What people write by hand with aiohttp: two GETs, on connections that are kept."""

import asyncio
import os
import ssl

import aiohttp

from logins import APP, ORIGIN, SECRET, run_async


async def log_in_all():
    trusted = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    timeout = aiohttp.ClientTimeout(total=10)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(ssl=trusted)) as session:

        async def get(path, **query):
            async with session.get(f"{ORIGIN}{path}", params=query) as response:
                # WeChat sends its JSON as text/plain.
                return await response.json(content_type=None, encoding="utf-8")

        async def nickname_of(code):
            token = await get(
                "/sns/oauth2/access_token", appid=APP, secret=SECRET, code=code, grant_type="authorization_code"
            )
            user = await get("/sns/userinfo", access_token=token["access_token"], openid=token["openid"])
            return user["nickname"]

        await run_async(nickname_of)


asyncio.run(log_in_all())
