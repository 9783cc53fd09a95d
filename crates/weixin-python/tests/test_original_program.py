"""Programs of python-weixin run on this package without a change: one of ours, and the one that
``WEIXIN_ORIGINAL_PROGRAM`` names."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, List
from urllib.parse import urlsplit

import pytest
from flask import Flask, jsonify
from flask.testing import FlaskClient
from pytest_weixin_sim import WeixinSim
from virtual_environment import SHIM
from werkzeug.test import TestResponse

PROGRAMS = [str(Path(__file__).parent / "programs" / "python_weixin_site.py")]
if named := os.environ.get("WEIXIN_ORIGINAL_PROGRAM"):
    PROGRAMS.append(named)

MODULES = ["weixin", "weixin.client", "weixin.oauth2"]


class Site:
    """A program, and a browser of its site."""

    def __init__(self, program: Any, sim: WeixinSim) -> None:
        self.program, self.sim = program, sim
        self.app: Flask = program.app
        self.app.testing = True
        self.callback = urlsplit(program.REDIRECT_URI)
        self.browser: FlaskClient = self.app.test_client()
        self.register(program.APP_SECRET)

    def register(self, secret: str) -> None:
        """Registers the program's app with WeChat."""
        self.sim.add_app(self.program.APP_ID, secret=secret, callback_domains=[self.callback.hostname])

    def show_rejections(self) -> None:
        """Lets the site answer with what python-weixin's exception says."""
        from weixin.oauth2 import OAuth2AuthExchangeError

        def show(error: OAuth2AuthExchangeError) -> Any:
            return jsonify(code=error.code, description=error.description, text=str(error)), 401

        self.app.register_error_handler(OAuth2AuthExchangeError, show)

    def log_in(self) -> TestResponse:
        """Follows the link of the first page."""
        [link] = re.findall(r'href="([^"]+)"', self.browser.get("/").text)
        return self.browser.get(link)

    def login_url(self) -> str:
        """The URL to which the link of the first page redirects."""
        response = self.log_in()
        assert response.status_code == 302
        return str(response.headers["Location"])

    def come_back(self, query: str) -> Any:
        """Opens the callback: the JSON of the site."""
        return self.browser.get(f"{self.callback.path}?{query}").get_json()


@pytest.fixture(params=PROGRAMS, ids=[Path(program).name for program in PROGRAMS])
def site(
    request: pytest.FixtureRequest,
    weixin_sim_hosts: WeixinSim,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Site]:
    """A program, imported as it is, with `weixin` of this repository."""
    program = Path(request.param)
    if not program.is_file():
        pytest.fail(f"WEIXIN_ORIGINAL_PROGRAM is {program}, which is not a file", pytrace=False)
    # The program's directory stays as it is.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(SHIM)
    for module in MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)
    yield Site(loaded(program), weixin_sim_hosts)


def loaded(program: Path) -> ModuleType:
    """A program as a module, which does not start its server."""
    spec = importlib.util.spec_from_file_location("program", program)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_user_logs_in(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\nruns {site.program.__file__}")
    callback = site.sim.scan(site.login_url(), "layla")
    user = site.come_back(urlsplit(callback).query)
    assert user == {
        "openid": user["openid"],
        "nickname": "ليلى بنت أحمد (layla)",
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": user["headimgurl"],
        "privilege": [],
        "unionid": user["unionid"],
    }
    assert hosts(site.sim) == {"open.weixin.qq.com", "api.weixin.qq.com"}


@pytest.mark.weixin_sim(auto_allow="layla")
def test_a_user_logs_in_without_a_scan(site: Site) -> None:
    opened = site.sim._open(site.login_url(), {})[0]
    assert opened is not None
    assert site.come_back(urlsplit(opened).query)["nickname"] == "ليلى بنت أحمد (layla)"


def test_a_user_who_declines_brings_no_code(site: Site) -> None:
    site.show_rejections()
    site.sim.refuse(site.login_url())
    assert site.come_back("state=0123456789abcdef0123") == {
        "code": 41008,
        "description": "missing code: the callback brings none if the user has declined",
        "text": "41008: missing code: the callback brings none if the user has declined",
    }


@pytest.mark.weixin_sim(accept=["code-twice"])
def test_a_code_that_was_used_needs_a_new_login(site: Site) -> None:
    site.show_rejections()
    query = urlsplit(site.sim.scan(site.login_url(), "layla")).query
    site.come_back(query)
    assert rejection(site, query) == (40163, "code been used")


def test_a_wrong_code_needs_a_new_login(site: Site) -> None:
    site.show_rejections()
    assert rejection(site, f"code={'0' * 32}") == (40029, "invalid code")


def test_a_wrong_secret_is_named_and_not_shown(site: Site) -> None:
    site.show_rejections()
    query = urlsplit(site.sim.scan(site.login_url(), "layla")).query
    site.register("w" * 32)
    assert rejection(site, query) == (40125, "invalid appsecret")


@pytest.mark.weixin_sim(accept=["callback-domain"])
def test_a_wrong_callback_domain_is_noticed_before_the_user_is_sent_away(site: Site) -> None:
    site.show_rejections()
    site.program.REDIRECT_URI = "https://www.example.net/callback"
    response = site.log_in()
    assert response.status_code == 401
    assert response.get_json()["text"].startswith(
        "redirect_uri: WeChat's login page rejects the redirect URI: its host"
    )


def test_without_wechat_no_user_is_sent_away(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from weixin.oauth2 import ConnectionError

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(ConnectionError, match="conntect_error: "):
            site.log_in()


def test_without_wechats_api_a_login_fails_and_says_so(site: Site) -> None:
    from weixin.oauth2 import ConnectionError

    query = urlsplit(site.sim.scan(site.login_url(), "layla")).query
    site.sim.fault("reset", path="/sns/oauth2/access_token", times=None)
    with pytest.raises(ConnectionError, match="conntect_error: .*the user must log in again") as raised:
        site.come_back(query)
    assert site.program.APP_SECRET not in str(raised.getrepr(showlocals=True, style="long"))


def rejection(site: Site, query: str) -> Any:
    """The code and the description of a login that WeChat rejects, without the number of the request."""
    shown = site.come_back(query)
    description = re.sub(", rid: [0-9a-f-]+$", "", shown["description"])
    assert shown["text"] == f"{shown['code']}: {shown['description']}"
    return shown["code"], description


def hosts(sim: WeixinSim) -> set[str]:
    """The hosts that were called."""
    called: List[str] = [request["host"] for request in sim.requests()]
    return set(called)
