"""What a test can do with `weixin_sim`."""

import threading
from datetime import timedelta
from urllib.request import urlopen

import pytest
import requests
from conftest import login_url, official_account_url, parameters

from pytest_weixin_sim import SimulatorError


def profile(sim, token):
    query = {"access_token": token["access_token"], "openid": token["openid"]}
    response = requests.get(f"{sim.url}/sns/userinfo", params=query, timeout=10)
    response.encoding = "utf-8"
    return response.json()


def test_a_user_scans_and_logs_in(weixin_sim, exchange):
    callback = weixin_sim.scan(login_url(weixin_sim), "anna")
    assert callback.startswith("http://localhost:5000/callback?code=")
    assert parameters(callback)["state"] == "0123456789abcdef0123"
    assert profile(weixin_sim, exchange(weixin_sim, callback))["nickname"] == "Anna Weber"


def test_a_login_page_that_a_browser_opens_is_awaited(weixin_sim):
    browser = threading.Timer(0.1, urlopen, [login_url(weixin_sim)])
    browser.start()
    assert "code=" in weixin_sim.scan(user="layla")
    browser.join()


def test_a_refused_login_can_be_scanned_again(weixin_sim):
    weixin_sim.refuse(login_url(weixin_sim))
    [login] = weixin_sim.control("GET", "/logins")
    assert login["stage"] == "canceled"


def test_a_login_at_the_hosts_of_wechat_is_opened_in_the_world(weixin_sim):
    url = login_url(weixin_sim).replace(weixin_sim.url, "https://open.weixin.qq.com")
    assert "code=" in weixin_sim.scan(url)
    [request] = weixin_sim.requests("/connect/qrconnect")
    assert request["host"] == "open.weixin.qq.com"
    assert ["x-forwarded-proto", "https"] in request["request_headers"]


def test_the_silent_login_in_wechat_asks_nothing(weixin_sim, exchange):
    callback = weixin_sim.open_in_wechat(official_account_url(weixin_sim, "snsapi_base"), "layla")
    assert exchange(weixin_sim, callback, "official-account")["scope"] == "snsapi_base"


def test_the_login_in_wechat_is_allowed_by_the_user(weixin_sim, exchange):
    callback = weixin_sim.open_in_wechat(official_account_url(weixin_sim), "layla")
    token = exchange(weixin_sim, callback, "official-account")
    assert profile(weixin_sim, token)["nickname"] == "ليلى بنت أحمد (layla)"


def test_the_login_in_wechat_is_refused(weixin_sim):
    callback = weixin_sim.open_in_wechat(official_account_url(weixin_sim), allow=False)
    assert parameters(callback)["code"] == "authdeny"


def test_tokens_expire_when_the_clock_advances(weixin_sim, exchange):
    token = exchange(weixin_sim, weixin_sim.scan(login_url(weixin_sim)))
    weixin_sim.advance(timedelta(hours=2, seconds=1))
    assert profile(weixin_sim, token)["errcode"] == 42001


def test_a_fault_strikes_as_often_as_it_says(weixin_sim, exchange):
    token = exchange(weixin_sim, weixin_sim.scan(login_url(weixin_sim)))
    fault = weixin_sim.fault({"errcode": -1}, path="/sns/userinfo", times=1)
    assert profile(weixin_sim, token)["errcode"] == -1
    assert "nickname" in profile(weixin_sim, token)
    assert weixin_sim.control("GET", f"/faults/{fault['id']}")["struck"] == 1


def test_requests_are_logged_with_masked_secrets(weixin_sim, exchange):
    exchange(weixin_sim, weixin_sim.scan(login_url(weixin_sim)))
    [request] = weixin_sim.requests("/sns/oauth2/access_token")
    assert dict(request["parameters"])["secret"] == "***"
    assert len(weixin_sim.requests()) > 1


def test_findings_of_local_development_are_reported_and_do_not_fail(weixin_sim):
    weixin_sim.scan(login_url(weixin_sim))
    found = {finding["id"]: finding["fails"] for finding in weixin_sim.findings()}
    assert found == {"callback-host": False, "callback-port": False}
    assert "test_world.py::test_findings_of_local" in weixin_sim.findings()[0]["test"]


def test_an_app_is_registered_with_its_callback_domain(weixin_sim):
    app = weixin_sim.add_app("wx1111111111111111", secret="t" * 32, callback_domains=["www.example.com"])
    assert app["secret"] == "t" * 32
    url = login_url(weixin_sim, app["id"], redirect_uri="https://www.example.com/callback")
    assert weixin_sim.scan(url).startswith("https://www.example.com/callback?code=")


def test_a_mini_program_exchanges_its_code(weixin_sim):
    app = weixin_sim.app("mini-program")
    query = {
        "appid": app["id"],
        "secret": app["secret"],
        "js_code": weixin_sim.js_code("layla"),
        "grant_type": "authorization_code",
    }
    session = requests.get(f"{weixin_sim.url}/sns/jscode2session", params=query, timeout=10).json()
    assert "session_key" in session


@pytest.mark.weixin_sim(auto_allow="layla")
def test_auto_allow_needs_no_phone(weixin_sim):
    response = requests.get(login_url(weixin_sim), allow_redirects=False, timeout=10)
    assert "code=" in response.headers["Location"]
    with pytest.raises(SimulatorError, match="no phone is needed"):
        weixin_sim.scan(login_url(weixin_sim))


codes = []


@pytest.mark.parametrize("run", [1, 2])
@pytest.mark.weixin_sim(seed=1)
def test_a_seed_repeats_the_codes(weixin_sim, run):
    codes.append(weixin_sim.js_code())
    assert len(set(codes)) == 1


@pytest.mark.weixin_sim(accept=["scope"])
def test_errors_say_what_to_do(weixin_sim):
    with pytest.raises(SimulatorError, match="give the URL to which your site redirects"):
        weixin_sim.scan("http://localhost:5000/login")
    with pytest.raises(SimulatorError, match="rejects this login: Scope 参数错误"):
        weixin_sim.scan(login_url(weixin_sim, scope="snsapi_nonsense"))
    with pytest.raises(SimulatorError, match="POST /logins/.*unknown user: expected one of"):
        weixin_sim.scan(login_url(weixin_sim), "nobody")
    with pytest.raises(SimulatorError, match="(?i)no official-account app"):
        weixin_sim.control("DELETE", f"/apps/{weixin_sim.app('official-account')['id']}")
        weixin_sim.app("official-account")
