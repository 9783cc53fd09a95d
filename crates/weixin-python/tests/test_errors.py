"""What goes wrong, and what the exception says about it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import weixin_login
from conftest import CALLBACK, MakeClient, code_of
from pytest_weixin_sim import WeixinSim
from weixin_login import Client, CsrfToken, verify_callback


def questions(error: weixin_login.Error) -> dict[str, bool]:
    names = ["needs_login", "needs_refresh", "is_retryable", "is_configuration"]
    return {name: getattr(error, name) for name in names if getattr(error, name)}


@pytest.mark.weixin_sim(accept=["code-twice"])
def test_a_used_code_needs_a_new_login_and_is_explained_in_two_languages(
    client: Client, weixin_sim: WeixinSim
) -> None:
    code = code_of(weixin_sim, client)
    client.exchange(code)
    with pytest.raises(weixin_login.ApiError) as caught:
        client.exchange(code)
    error = caught.value
    assert str(error).startswith("/sns/oauth2/access_token returned 40163 (code been used")
    assert (error.code, error.path, questions(error)) == (40163, "/sns/oauth2/access_token", {"needs_login": True})
    assert error.explanation is not None
    assert error.explanation.cause.en == "The code has been exchanged before: a code works once."
    assert error.explanation.cause.zh == "这个 code 已被使用；每个 code 只能使用一次。"
    assert error.explanation.remedy.in_language("zh-CN") == error.explanation.remedy.zh
    assert str(error.explanation.remedy) == error.explanation.remedy.en
    assert weixin_login.explain(40163) == error.explanation
    assert weixin_login.explain(123456) is None


@pytest.mark.parametrize(
    ("effect", "name", "answers"),
    [
        ({"errcode": 42001}, "ApiError", {"needs_refresh": True}),
        ({"errcode": 50001}, "ApiError", {"needs_login": True}),
        ({"errcode": 48001}, "ApiError", {"is_configuration": True}),
        ({"errcode": -1}, "ApiError", {"is_retryable": True}),
        ({"answer": {"body": '{"errcode":99999,"errmsg":"new"}'}}, "ApiError", {}),
        ({"html": 502}, "StatusError", {"is_retryable": True}),
        ({"html": 404}, "StatusError", {}),
        ("cut", "DecodeError", {}),
        ("reset", "TransportError", {"is_retryable": True}),
    ],
)
def test_each_failure_of_a_profile_has_its_class_and_its_answers(
    make_client: MakeClient, weixin_sim: WeixinSim, effect: Any, name: str, answers: dict[str, bool]
) -> None:
    client = make_client(max_attempts=1)
    token = client.exchange(code_of(weixin_sim, client))
    weixin_sim.fault(effect, path="/sns/userinfo")
    with pytest.raises(weixin_login.Error) as caught:
        client.user(token)
    assert (type(caught.value).__name__, questions(caught.value)) == (name, answers)


def test_a_lost_response_of_an_exchange_needs_a_new_login_and_keeps_its_cause(
    client: Client, weixin_sim: WeixinSim
) -> None:
    code = code_of(weixin_sim, client)
    weixin_sim.fault("reset_after", path="/sns/oauth2/access_token")
    with pytest.raises(weixin_login.OutcomeUnknownError) as caught:
        client.exchange(code)
    assert questions(caught.value) == {"needs_login": True}
    assert isinstance(caught.value.__cause__, weixin_login.TransportError)
    assert len(weixin_sim.requests("/sns/oauth2/access_token")) == 1


def test_a_server_that_is_not_there_was_sent_nothing() -> None:
    client = Client("wx0123456789abcdef", "s" * 32, api_url="http://127.0.0.1:1")
    with pytest.raises(weixin_login.TransportError) as caught:
        client.exchange("code")
    assert (caught.value.reason, questions(caught.value)) == ("connect", {"is_retryable": True})
    assert caught.value.__cause__ is not None and "code" not in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("query", "reason", "needs_login"),
    [
        ("state=STATE", "declined", True),
        ("code=071v&state=another0123456789abcd", "csrf_mismatch", True),
        ("code=071v", "csrf_mismatch", True),
        ("", "malformed", False),
        ("code=071v&code=071w&state=STATE", "malformed", False),
    ],
)
def test_a_callback_of_another_login_brings_no_code(query: str, reason: str, needs_login: bool) -> None:
    csrf = CsrfToken()
    with pytest.raises(weixin_login.CallbackError) as caught:
        verify_callback(query.replace("STATE", csrf.state), csrf)
    assert (caught.value.reason, caught.value.needs_login) == (reason, needs_login)


def test_a_callback_is_compared_with_the_token_that_was_kept() -> None:
    csrf = CsrfToken()
    kept = csrf.expose()
    assert csrf.state != kept
    assert verify_callback(f"code=071v&state={csrf.state}", CsrfToken(kept)).expose() == "071v"
    with pytest.raises(weixin_login.CallbackError):
        # The callback's URL does not give the token away.
        verify_callback(f"code=071v&state={csrf.state}", CsrfToken(csrf.state))


def test_errors_are_exceptions_of_python_with_pickle_and_repr(client: Client) -> None:
    import pickle

    with pytest.raises(weixin_login.ParseError) as caught:
        client.exchange("a code")
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (str(copied), copied.__dict__) == (str(caught.value), caught.value.__dict__)
    assert isinstance(copied, ValueError) and CALLBACK


def test_a_store_that_cannot_be_opened_says_why(client: Client, weixin_sim: WeixinSim, tmp_path: Path) -> None:
    token = client.exchange(code_of(weixin_sim, client))
    tokens = weixin_login.UserTokens(client, weixin_login.Store(f"sqlite:{tmp_path / 'missing' / 'x.db'}", "A" * 43 + "="))
    with pytest.raises(weixin_login.StoreError, match="^the store failed: .*unable to open database file"):
        tokens.insert(token)
