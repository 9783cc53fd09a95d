"""Clients with WeChat's hosts in their source, unmodified: `weixin_sim_hosts`."""

import os
import subprocess
import sys
from urllib.request import urlopen

import pytest
import requests
from conftest import parameters
from wechatpy import WeChatClient
from wechatpy.oauth import WeChatOAuth
from weixin.client import WeixinAPI
from weixin.oauth2 import OAuth2AuthExchangeError

CALLBACK = "http://localhost:5000/callback"
STATE = "0123456789abcdef"


def hosts_of(sim):
    return {request["host"] for request in sim.requests()}


def test_python_weixin_logs_in(weixin_sim_hosts):
    app = weixin_sim_hosts.app()
    api = WeixinAPI(appid=app["id"], app_secret=app["secret"], redirect_uri=CALLBACK)
    callback = weixin_sim_hosts.scan(api.get_authorize_login_url(scope=("snsapi_login",), state=STATE), "anna")
    token = api.exchange_code_for_access_token(code=parameters(callback)["code"])
    user = WeixinAPI(access_token=token["access_token"]).user(openid=token["openid"])
    assert user["nickname"] == "Anna Weber"
    assert hosts_of(weixin_sim_hosts) == {"open.weixin.qq.com", "api.weixin.qq.com"}


@pytest.mark.weixin_sim(accept=["code-twice"])
def test_python_weixin_reports_a_used_code(weixin_sim_hosts):
    app = weixin_sim_hosts.app()
    api = WeixinAPI(appid=app["id"], app_secret=app["secret"], redirect_uri=CALLBACK)
    code = parameters(weixin_sim_hosts.scan(api.get_authorize_login_url(scope=("snsapi_login",), state=STATE)))["code"]
    api.exchange_code_for_access_token(code=code)
    with pytest.raises(OAuth2AuthExchangeError) as error:
        api.exchange_code_for_access_token(code=code)
    assert error.value.code == 40163


def test_wechatpy_logs_in_on_a_website(weixin_sim_hosts):
    app = weixin_sim_hosts.app()
    oauth = WeChatOAuth(app["id"], app["secret"], CALLBACK, state=STATE)
    callback = weixin_sim_hosts.scan(oauth.qrconnect_url, "layla")
    oauth.fetch_access_token(parameters(callback)["code"])
    assert oauth.get_user_info()["nickname"] == "ليلى بنت أحمد (layla)"


def test_wechatpy_logs_in_inside_wechat(weixin_sim_hosts):
    app = weixin_sim_hosts.app("official-account")
    oauth = WeChatOAuth(app["id"], app["secret"], CALLBACK, scope="snsapi_userinfo", state=STATE)
    callback = weixin_sim_hosts.open_in_wechat(oauth.authorize_url, "anna")
    oauth.fetch_access_token(parameters(callback)["code"])
    assert oauth.get_user_info()["nickname"] == "Anna Weber"


def test_wechatpy_exchanges_the_code_of_a_mini_program(weixin_sim_hosts):
    app = weixin_sim_hosts.app("mini-program")
    session = WeChatClient(app["id"], app["secret"]).wxa.code_to_session(weixin_sim_hosts.js_code())
    assert "session_key" in session


@pytest.mark.parametrize("run", [1, 2])
def test_urlopen_uses_the_world_of_each_test(weixin_sim_hosts, run):
    urlopen("https://api.weixin.qq.com/sns/auth?access_token=a&openid=b", timeout=10).close()
    assert len(weixin_sim_hosts.requests("/sns/auth")) == 1


def test_child_processes_use_the_world(weixin_sim_hosts):
    program = "import urllib.request as u; u.urlopen('https://api.weixin.qq.com/sns/auth?access_token=a&openid=b')"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert len(weixin_sim_hosts.requests("/sns/auth")) == 1


def test_servers_on_this_machine_are_reached_directly(weixin_sim_hosts):
    assert requests.get(f"{weixin_sim_hosts.url}/_sim/api/health", timeout=10).ok


def test_the_environment_is_restored_after_a_test():
    assert "WEIXIN_OPEN_URL" not in os.environ
