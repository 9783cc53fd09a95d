"""The client for asyncio."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import weixin_login
from conftest import MakeAsyncClient, code_of
from pytest_weixin_sim import WeixinSim
from test_processes import late_server
from weixin_login import AsyncClient, AsyncUserTokens

__all__ = ["late_server"]


def test_every_way_to_log_in_is_awaited(make_async_client: MakeAsyncClient, weixin_sim: WeixinSim) -> None:
    client, program = make_async_client(), make_async_client("mini_program")
    code, js_code = code_of(weixin_sim, client, "layla"), weixin_sim.js_code("layla")
    phone_code = weixin_sim.control("POST", f"/apps/{program.app_id}/phone-code", user="layla")["code"]

    async def log_in() -> None:
        await client.probe()
        token = await client.exchange(code)
        assert await client.check(token)
        assert (await client.refresh(token)).openid == token.openid
        user = await client.user(token)
        tokens = AsyncUserTokens(client)
        await tokens.insert(token)
        assert await tokens.user(token.openid) == user
        stored = await tokens.get(token.openid)
        assert (await tokens.renew(stored)).openid == token.openid
        await tokens.remove(token.openid)
        with pytest.raises(weixin_login.LoginExpiredError):
            await tokens.get(token.openid)
        session = await program.session(js_code)
        assert await program.check_session(session.openid, session.session_key)
        assert (await program.phone_number(phone_code)).country_code == "86"
        assert (await program.app_tokens.get()).expires_at > 0

    asyncio.run(log_in())


def test_gather_sends_at_the_same_time(late_server: Any) -> None:
    client = local(late_server)

    async def all_at_once() -> list[bool]:
        return await asyncio.gather(*[client.check("a", "b") for _ in range(8)])

    assert asyncio.run(all_at_once()) == [True] * 8


def local(server: Any) -> AsyncClient:
    url = f"http://127.0.0.1:{server.server_port}"
    return AsyncClient("wx0123456789abcdef", "s" * 32, api_url=url, timeout=600)


def test_a_canceled_task_ends_its_call_and_the_client_stays_usable(late_server: Any) -> None:
    client = local(late_server)

    async def cancel() -> None:
        task = asyncio.create_task(client.check("a", "b"))
        while late_server.barrier.n_waiting == 0:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(client.check("a", "b"), timeout=0.01)

    asyncio.run(cancel())
    # The connections of both have ended: their handlers are the only ones that wait.
    assert late_server.barrier.n_waiting <= 2


def test_a_loop_that_was_closed_takes_nothing_with_it(late_server: Any, capfd: pytest.CaptureFixture[str]) -> None:
    client = local(late_server)
    loop = asyncio.new_event_loop()

    async def start() -> Any:
        return client._app.check("a", "b")

    pending = loop.run_until_complete(start())
    while late_server.barrier.n_waiting == 0:
        pass
    loop.close()

    async def release() -> list[bool]:
        return await asyncio.gather(*[client.check("a", "b") for _ in range(7)])

    assert asyncio.run(release()) == [True] * 7
    assert not pending.done()
    assert capfd.readouterr().err == ""


def test_a_client_serves_one_loop_after_the_other(make_async_client: MakeAsyncClient) -> None:
    client = make_async_client()
    assert [asyncio.run(client.check("a", "b")) for _ in range(3)] == [False] * 3


def test_an_error_keeps_the_line_that_awaited(make_async_client: MakeAsyncClient) -> None:
    client = make_async_client()

    async def log_in() -> None:
        await client.exchange("wrong-code")

    with pytest.raises(weixin_login.ApiError) as caught:
        asyncio.run(log_in())
    assert caught.value.needs_login
    assert "log_in" in [entry.name for entry in caught.traceback]


def test_without_a_running_loop_there_is_a_clear_error(make_async_client: MakeAsyncClient) -> None:
    client = make_async_client()
    with pytest.raises(RuntimeError, match="no running event loop"):
        client._app.check("a", "b")
