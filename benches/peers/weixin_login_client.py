"""weixin-login's client, one for all logins as a web server has it; or with asyncio, one login after the other."""

import asyncio
import sys

import weixin_login

from logins import APP, ORIGIN, SECRET, run, run_async

if sys.argv[2] == "asyncio":
    client = weixin_login.AsyncClient(APP, SECRET, api_url=ORIGIN)

    async def nickname_of(code):
        return (await client.user(await client.exchange(code))).nickname

    asyncio.run(run_async(nickname_of))
else:
    client = weixin_login.Client(APP, SECRET, api_url=ORIGIN)
    run(lambda code: client.user(client.exchange(code)).nickname)
