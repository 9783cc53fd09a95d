"""A function in Python as transport, for tests of programs and for HTTP clients of one's own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import requests
import responses
import weixin_login
from conftest import MakeAsyncClient, MakeClient, code_of
from pytest_weixin_sim import WeixinSim
from weixin_login import Request

OK = '{"access_token":"a","expires_in":7200,"refresh_token":"r","openid":"oAlice","scope":"snsapi_login"}'


def test_a_function_answers_instead_of_wechat(make_client: MakeClient) -> None:
    seen: list[Request] = []

    def wechat(request: Request) -> tuple[int, str]:
        seen.append(request)
        return 200, OK

    token = make_client(transport=wechat, api_url=None).exchange("071v")
    assert (token.openid, token.access_token.expose()) == ("oAlice", "a")
    [request] = seen
    assert request.url == (
        "https://api.weixin.qq.com/sns/oauth2/access_token?appid=wx0123456789abcdef"
        "&secret=ssssssssssssssssssssssssssssssss&code=071v&grant_type=authorization_code"
    )
    assert (request.method, request.body) == ("GET", b"")
    assert repr(request) == "Request(GET https://api.weixin.qq.com/sns/oauth2/access_token)"


def by_requests(request: Request) -> requests.Response:
    return requests.request(request.method, request.url, headers=dict(request.headers), data=request.body, timeout=10)


def test_requests_sends_and_its_mocks_answer(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    client = make_client(transport=by_requests)
    token = client.exchange(code_of(weixin_sim, client, "layla"))
    assert client.user(token).openid == token.openid
    with responses.RequestsMock() as mocked:
        mocked.get(f"{weixin_sim.url}/sns/userinfo", body='{"errcode":48001,"errmsg":"api unauthorized"}')
        with pytest.raises(weixin_login.ApiError) as caught:
            client.user(token)
    assert caught.value.code == 48001


def test_asyncio_waits_for_a_function_too(make_async_client: MakeAsyncClient) -> None:
    client = make_async_client(transport=lambda request: (200, OK.encode()))
    assert asyncio.run(client.exchange("071v")).openid == "oAlice"


def test_what_the_function_raises_is_named_without_the_queries_of_urls(make_client: MakeClient) -> None:
    def broken(request: Request) -> Any:
        raise LookupError(f"no route to {request.url}")

    with pytest.raises(weixin_login.TransportError) as caught:
        make_client(transport=broken, max_attempts=1, api_url=None).check("token-of-a-user", "openid")
    assert str(caught.value.__cause__) == "LookupError: no route to https://api.weixin.qq.com/sns/auth?…"
    assert caught.value.is_retryable


@pytest.mark.parametrize("answer", [None, "text", (200,), ("200", OK), (99, OK), (200, 5), (200, {"errcode": 0})])
def test_an_answer_of_another_shape_says_what_is_expected(make_client: MakeClient, answer: Any) -> None:
    client = make_client(transport=lambda request: answer)
    expected = pytest.raises(TypeError, match=r"^transport: expected it to return \(status, body\)")
    with expected:
        client.check("a", "b")
    with expected:
        client.exchange("071v")


def test_a_coroutine_function_is_rejected_when_the_client_is_made(make_client: MakeClient) -> None:
    async def coroutine(request: Request) -> Any:
        return 200, OK

    with pytest.raises(TypeError, match="transport: expected a plain function, not `async def`"):
        make_client(transport=coroutine)
    with pytest.raises(TypeError, match="transport: expected a function"):
        make_client(transport="https://proxy")


def test_a_response_of_more_than_a_mebibyte_is_rejected(make_client: MakeClient) -> None:
    with pytest.raises(weixin_login.TransportError) as caught:
        make_client(transport=lambda request: (200, b"x" * (2**20 + 1)), max_attempts=1).check("a", "b")
    assert caught.value.reason == "too_large"


def test_a_transport_may_use_another_client(make_client: MakeClient) -> None:
    inner = make_client(transport=lambda request: (200, '{"errcode":0,"errmsg":"ok"}'))

    def outer(request: Request) -> tuple[int, str]:
        return 200, '{"errcode":0,"errmsg":"ok"}' if inner.check("a", "b") else "{}"

    assert make_client(transport=outer).check("a", "b")
