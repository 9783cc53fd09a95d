"""The interface of python-weixin: what the comparison with the original does not show."""

from __future__ import annotations

import doctest
import logging
import pickle
import traceback
from functools import partial
from typing import Any, Callable, Dict, List, Optional
from urllib.parse import parse_qs, urlsplit

import pytest
import weixin_login
from parity_cases import CALLBACK, STATE, Prepared
from pytest_weixin_sim import WeixinSim
from weixin_login.compat import python_weixin
from weixin_login.compat.python_weixin import (
    WXAPPAPI,
    ConnectTimeoutError,
    OAuth2API,
    OAuth2AuthExchangeError,
    WeixinAPI,
    WeixinAPIError,
    WeixinClientError,
    WeixinMpAPI,
    oauth2,
)

APP_ID, SECRET = "wx0123456789abcdef", "s" * 32


def website(**changed: Any) -> WeixinAPI:
    return WeixinAPI(**{"appid": APP_ID, "app_secret": SECRET, "redirect_uri": CALLBACK, **changed})


def state_of(url: str) -> str:
    return parse_qs(urlsplit(url).query)["state"][0]


def test_the_arguments_have_the_order_of_the_original() -> None:
    api = WeixinMpAPI(
        "id", "secret", "token", "time", "nonce", "signature", "mp", "echo", "body", "<xml>", {}, "url", "grant"
    )
    assert vars(api) == {
        "appid": "id",
        "app_secret": "secret",
        "access_token": "token",
        "timestamp": "time",
        "nonce": "nonce",
        "signature": "signature",
        "mp_token": "mp",
        "echostr": "echo",
        "xml_body": "<xml>",
        "json_body": {},
        "form_body": None,
        "redirect_uri": "url",
        "grant_type": "grant",
        "format": "",
    }


def test_the_class_constants_are_those_of_the_original() -> None:
    names = ["host", "base_path", "protocol", "api_name", "access_token_field", "authorize_url", "access_token_url"]
    names += ["refresh_token_url", "client_credential_token_url"]
    api, open_ = "https://api.weixin.qq.com", "https://open.weixin.qq.com"
    sns = (f"{api}/sns/oauth2/access_token", f"{api}/sns/oauth2/refresh_token")
    login = ("open.weixin.qq.com", "", "https")
    found = {kind.__name__: tuple(getattr(kind, name) for name in names) for kind in (WeixinAPI, WeixinMpAPI, WXAPPAPI)}
    assert found == {
        "WeixinAPI": (*login, "Weixin", "access_token", f"{open_}/connect/qrconnect", *sns, None),
        "WeixinMpAPI": (
            *(*login, "WeixinMp", "access_token", f"{open_}/connect/oauth2/authorize"),
            *(*sns, f"{api}/cgi-bin/token"),
        ),
        "WXAPPAPI": (
            *("api.weixin.qq.com", "", "https", "WXAPP", "access_token", "", f"{api}/sns/jscode2session"),
            *("", f"{api}/cgi-bin/token"),
        ),
    }


def test_each_login_has_a_state_of_its_own_unless_one_is_given() -> None:
    made = {state_of(website().get_authorize_url()) for _ in range(8)}
    assert len(made) == 8
    assert {len(state) for state in made} == {22}
    assert state_of(website().get_authorize_url(state="a&b=ü c")) == "a&b=ü c"


def test_a_scope_is_a_text_or_several() -> None:
    urls = [
        website().get_authorize_url(scope, STATE)
        for scope in ("snsapi_login", ["snsapi_login"], ("snsapi_login",), None)
    ]
    assert len(set(urls)) == 1
    assert "&scope=snsapi_base&" in WeixinMpAPI(APP_ID, redirect_uri=CALLBACK).get_authorize_url()


@pytest.mark.parametrize("redirect_uri", [None, "", "www.example.com/callback", "/callback", "ftp://www.example.com/"])
def test_a_callback_without_a_scheme_is_rejected_before_a_user_sees_it(redirect_uri: Any) -> None:
    with pytest.raises(OAuth2AuthExchangeError) as raised:
        website(redirect_uri=redirect_uri).get_authorize_url()
    assert raised.value.code == "redirect_uri"


def test_an_app_id_that_is_missing_is_named() -> None:
    for call in (
        lambda: website(appid=None).get_authorize_url(),
        lambda: website(appid=None).exchange_code_for_access_token(code="071v"),
        lambda: website(appid=None).exchange_refresh_token_for_access_token(refresh_token="66_r"),
    ):
        with pytest.raises(OAuth2AuthExchangeError) as raised:
            call()
        assert (raised.value.code, raised.value.description) == (41002, "appid missing")


def test_a_secret_that_is_missing_is_named() -> None:
    with pytest.raises(OAuth2AuthExchangeError) as raised:
        website(app_secret=None).exchange_code_for_access_token(code="071v")
    assert (raised.value.code, raised.value.description) == (41004, "appsecret missing")


@pytest.mark.weixin_sim(auto_allow="layla")
def test_a_login_page_that_redirects_accepts_the_login(weixin_sim_hosts: WeixinSim) -> None:
    url = website().get_authorize_login_url(state=STATE)
    assert url == website().get_authorize_url(state=STATE)
    assert [request["status"] for request in weixin_sim_hosts.requests("/connect/qrconnect")] == [302]


def test_a_silent_login_inside_wechat_is_accepted(weixin_sim_hosts: WeixinSim) -> None:
    app = weixin_sim_hosts.app("official-account")
    api = WeixinMpAPI(app["id"], redirect_uri=CALLBACK)
    assert api.get_authorize_login_url("snsapi_base", STATE) == api.get_authorize_url("snsapi_base", STATE)


def test_the_login_page_is_asked_with_the_url_that_the_user_gets(weixin_sim_hosts: WeixinSim) -> None:
    url = website().get_authorize_login_url()
    [request] = weixin_sim_hosts.requests("/connect/qrconnect")
    assert dict(request["parameters"])["state"] == state_of(url)


def test_the_refresh_sends_no_secret(weixin_sim_hosts: WeixinSim) -> None:
    before = Prepared(weixin_sim_hosts)
    refresh_token = before.token().refresh_token
    website().exchange_refresh_token_for_access_token(refresh_token=refresh_token.expose())
    [request] = weixin_sim_hosts.requests("/sns/oauth2/refresh_token")
    assert [name for name, _ in request["parameters"]] == ["appid", "grant_type", "refresh_token"]


def test_bytes_and_secrets_are_taken_as_well(weixin_sim_hosts: WeixinSim) -> None:
    before = Prepared(weixin_sim_hosts)
    api = website(app_secret=weixin_login.Secret(SECRET))
    token = api.exchange_code_for_access_token(before.code().encode())
    user = WeixinAPI(access_token=weixin_login.Secret(token["access_token"])).user(token["openid"])
    assert user["openid"] == token["openid"]


def test_a_subclass_can_name_another_server(weixin_sim: WeixinSim) -> None:
    class Local(WeixinAPI):
        authorize_url = f"{weixin_sim.url}/connect/qrconnect"
        access_token_url = f"{weixin_sim.url}/sns/oauth2/access_token"

    api = Local(APP_ID, SECRET, redirect_uri=CALLBACK)
    callback = weixin_sim.scan(api.get_authorize_login_url(scope=("snsapi_login",)), "layla")
    token = api.exchange_code_for_access_token(parse_qs(urlsplit(callback).query)["code"][0])
    assert Local(access_token=token["access_token"]).validate_token(token["openid"]) == {"errcode": 0, "errmsg": "ok"}


def test_a_snapshot_user_is_marked_as_wechat_marks_it(weixin_sim_hosts: WeixinSim) -> None:
    client = Prepared(weixin_sim_hosts).client("official-account")
    csrf = weixin_login.CsrfToken()
    url = client.authorize_url(csrf, consent=weixin_login.Consent(force_snapshot=True))
    code = parse_qs(urlsplit(weixin_sim_hosts.open_in_wechat(url, "layla")).query)["code"][0]
    app = weixin_sim_hosts.app("official-account")
    assert WeixinMpAPI(app["id"], app["secret"]).exchange_code_for_access_token(code)["is_snapshotuser"] == 1


def test_a_response_that_is_late_is_a_timeout(weixin_sim_hosts: WeixinSim, monkeypatch: pytest.MonkeyPatch) -> None:
    code = Prepared(weixin_sim_hosts).code()
    weixin_sim_hosts.fault({"delay_ms": 60_000}, path="/sns/oauth2/access_token")
    monkeypatch.setattr(oauth2, "Client", partial(weixin_login.Client, timeout=0.5))
    with pytest.raises(ConnectTimeoutError, match="^timeout: .*the user must log in again$") as raised:
        website().exchange_code_for_access_token(code=code)
    assert isinstance(raised.value.__cause__, weixin_login.OutcomeUnknownError)


@pytest.mark.weixin_sim(accept=["code-twice"])
def test_an_exception_has_our_error_with_its_explanation_as_its_cause(weixin_sim_hosts: WeixinSim) -> None:
    with pytest.raises(OAuth2AuthExchangeError) as raised:
        website().exchange_code_for_access_token(code=Prepared(weixin_sim_hosts).used_code())
    cause = raised.value.__cause__
    assert isinstance(cause, weixin_login.ApiError)
    assert cause.needs_login and cause.explanation
    assert str(raised.value) == f"40163: code been used, rid: {cause.rid}"


def test_exceptions_are_pickled_for_other_processes() -> None:
    for error in (OAuth2AuthExchangeError(40029, "invalid code"), WeixinClientError("no JSON", 502)):
        copy = pickle.loads(pickle.dumps(error))
        assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
    assert str(WeixinAPIError(500, 40001, "invalid credential")) == "(500) 40001-invalid credential"


FAILURES: Dict[str, Callable[[Prepared], Any]] = {
    "unreachable": lambda before: website().exchange_code_for_access_token(before.code()),
    "malformed secret": lambda before: website(app_secret=f"{SECRET} 1").exchange_code_for_access_token(before.code()),
    "malformed code": lambda before: website().exchange_code_for_access_token(f"{CODE} 1"),
    "malformed refresh token": lambda before: website().exchange_refresh_token_for_access_token(f"{CODE} 1"),
    "wrong refresh token": lambda before: website().exchange_refresh_token_for_access_token(CODE),
    "no profile": lambda before: WeixinAPI(access_token=before.token().access_token).user("o A"),
    "no session": lambda before: WXAPPAPI(APP_ID, SECRET).exchange_code_for_session_key(CODE),
    "no app token": lambda before: WeixinMpAPI(APP_ID, SECRET).client_credential_for_access_token(),
}
CODE = "071vSECRETCODE"


@pytest.mark.parametrize("call", FAILURES.values(), ids=FAILURES.keys())
def test_no_secret_is_in_an_exception_a_traceback_or_a_log(
    call: Callable[[Prepared], Any], weixin_sim_hosts: WeixinSim, caplog: pytest.LogCaptureFixture
) -> None:
    before = Prepared(weixin_sim_hosts)
    for path in ("/sns/oauth2/access_token", "/sns/oauth2/refresh_token", "/sns/userinfo", "/sns/jscode2session"):
        weixin_sim_hosts.fault({"answer": {"body": f'{{"errcode":-7,"errmsg":"{SECRET} {CODE}"}}'}}, path=path, nth=2)
    with caplog.at_level(logging.DEBUG):
        shown = [*frames_with_locals(call, before), *(record.getMessage() for record in caplog.records)]
    assert not [text for text in shown if SECRET in text or CODE in text]


def frames_with_locals(call: Callable[[Prepared], Any], before: Prepared) -> List[str]:
    """Calls, and shows what is raised, with the variables of this package's functions."""
    try:
        return [str(call(before))]
    except Exception as error:
        shown: List[str] = []
        failed: Optional[BaseException] = error
        while failed:
            shown += [repr(failed), str(failed)]
            frames = [frame for frame, _ in traceback.walk_tb(failed.__traceback__)]
            ours = [frame for frame in frames if "weixin_login" in frame.f_code.co_filename]
            shown += [safe_repr(value) for frame in ours for value in frame.f_locals.values()]
            failed = failed.__cause__ or failed.__context__
        return shown


def safe_repr(value: object) -> str:
    """A variable as tools for errors show it: also that of a client whose settings were rejected."""
    try:
        return repr(value)
    except AttributeError:
        return object.__repr__(value)


def test_a_client_shows_its_app_id_only() -> None:
    assert repr(website(access_token=CODE)) == "WeixinAPI(appid='wx0123456789abcdef')"


NOT_HERE = [
    (WeixinMpAPI, "create_menu", "WeixinMpAPI.create_menu() is not here: weixin-login logs users in."),
    (WeixinMpAPI, "jsapi_ticket", "WeixinMpAPI.jsapi_ticket() is not here: weixin-login logs users in."),
    (WXAPPAPI, "send_template", "WXAPPAPI.send_template() is not here: weixin-login logs users in."),
    (WXAPPAPI, "get_authorize_url", "a mini program has no login page: it calls wx.login"),
    (WXAPPAPI, "get_authorize_login_url", "a mini program has no login page: it calls wx.login"),
    (WeixinAPI, "client_credential_for_access_token", "a website app has no access token of its own"),
]


@pytest.mark.parametrize(("kind", "method", "text"), NOT_HERE)
def test_what_is_not_a_login_says_so(kind: type[OAuth2API], method: str, text: str) -> None:
    with pytest.raises(NotImplementedError) as raised:
        getattr(kind(APP_ID, SECRET), method)()
    assert str(raised.value).startswith(text)


def test_calls_of_another_kind_of_app_name_the_one_to_use() -> None:
    with pytest.raises(NotImplementedError, match="use exchange_code_for_session_key"):
        WXAPPAPI(APP_ID, SECRET).exchange_code_for_access_token("code")
    with pytest.raises(NotImplementedError, match="it calls wx.login again"):
        WXAPPAPI(APP_ID, SECRET).exchange_refresh_token_for_access_token("66_r")
    with pytest.raises(NotImplementedError, match="use WXAPPAPI"):
        website().exchange_code_for_session_key("code")


def test_the_example_of_the_module_runs() -> None:
    assert doctest.testmod(python_weixin) == (0, 3)
