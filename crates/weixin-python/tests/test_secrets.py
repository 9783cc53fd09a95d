"""Secrets, and the places in which they must not appear."""

from __future__ import annotations

import copy
import logging
import pickle
import traceback
from typing import Any, Callable

import pytest
import weixin_login
from conftest import MakeClient, code_of
from pytest_weixin_sim import WeixinSim
from weixin_login import Client, CsrfToken, Secret, Store


def test_a_secret_shows_itself_only_when_it_is_exposed() -> None:
    secret = Secret("top-secret")
    texts = [repr(secret), str(secret), f"{secret}", "%s" % secret, repr([secret])]
    assert texts == ["Secret(…)"] * 4 + ["[Secret(…)]"]
    assert secret.expose() == "top-secret"
    assert secret == Secret("top-secret") and secret != Secret("another") and secret != "top-secret"
    assert copy.deepcopy({"key": secret})["key"] is secret
    attempts: list[Callable[[], object]] = [lambda: pickle.dumps(secret), lambda: hash(secret)]
    attempts.append(lambda: secret < secret)  # type: ignore[operator]
    for attempt in attempts:
        with pytest.raises(TypeError):
            attempt()
    with pytest.raises(ValueError) as caught:
        Secret("top secret")
    assert "top" not in str(caught.value)


def test_no_value_is_pickled_with_its_secrets(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    client, program = make_client(), make_client("mini_program")
    token = client.exchange(code_of(weixin_sim, client))
    session = program.session(weixin_sim.js_code())
    for value in [token, session, token.access_token, CsrfToken(), program.app_tokens.get(), client]:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            with pytest.raises(TypeError):
                pickle.dumps(value, protocol)


def test_no_secret_is_in_any_text(
    make_client: MakeClient, weixin_sim: WeixinSim, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = weixin_sim.app()["secret"]
    client = make_client(max_attempts=1)
    code = code_of(weixin_sim, client)
    csrf = CsrfToken()
    token = client.exchange(code)
    texts = [repr(value) for value in (client, client._app, token, csrf, Store("redis://:hunter2@localhost", KEY))]
    for effect in ["cut", "reset", {"html": 500}, {"errcode": -1}, {"errcode": 40125}]:
        weixin_sim.fault(effect, path="/sns/oauth2/access_token")
        texts.append(failure(lambda: client.exchange("code-071v")))
        weixin_sim.fault(effect, path="/sns/userinfo")
        texts.append(failure(lambda: client.user(token)))
    texts.append(failure(lambda: make_client(api_url="http://127.0.0.1:1").exchange("code-071v")))
    texts.append(failure(lambda: make_client(transport=failing).exchange("code-071v")))
    texts += [caplog.text, "".join(capfd.readouterr())]
    secrets = [secret, code.expose(), "code-071v", token.access_token.expose(), token.refresh_token.expose(), "hunter2"]
    secrets += [csrf.expose(), csrf.state]
    assert [one for one in secrets for text in texts if one in text] == []


KEY = "A" * 43 + "="


def failing(request: weixin_login.Request) -> None:
    """Fails as HTTP clients do: with the URL in the message."""
    print(repr(request))
    raise ConnectionError(f"Max retries exceeded with url: {request.url}")


def failure(call: Any) -> str:
    """The whole traceback, with causes."""
    try:
        call()
    except weixin_login.Error as error:
        whole = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        # The line of this test that calls is not the library's.
        return "".join(line for line in whole.splitlines(True) if "lambda" not in line and "call()" not in line)
    raise AssertionError("the call should have failed")


def test_a_client_takes_a_secret_as_well_as_a_text(weixin_sim: WeixinSim) -> None:
    app = weixin_sim.app()
    client = Client(app["id"], Secret(app["secret"]), api_url=weixin_sim.url)
    assert client.check("a", "b") is False
    with pytest.raises(TypeError, match="app_secret: expected str or Secret, got int"):
        Client(app["id"], 1, api_url=weixin_sim.url)  # type: ignore[arg-type]
