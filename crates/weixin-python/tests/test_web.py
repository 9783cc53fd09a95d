"""The web login without a framework."""

from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import sys

import pytest
from conftest import MakeClient
from pytest_weixin_sim import WeixinSim
from weixin_login import LoginError, WebLogin
from weixin_login.web import check_samesite


def test_a_site_that_is_opened_at_another_name_of_this_machine_says_which_url_to_open(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    login = WebLogin(make_client(redirect_uri="http://localhost:8011/callback"))
    for host in ["localhost:8011", "www.example.com", "127.0.0.1:8011", "127.0.0.1:8011"]:
        login.start([("Host", host)])
    assert [(record.name, record.levelno, record.getMessage()) for record in caplog.records] == [
        (
            "weixin_login",
            logging.WARNING,
            "the site is open at 127.0.0.1:8011, but redirect_uri is on http://localhost:8011: "
            "open http://localhost:8011, or users scan twice",
        )
    ]


def test_a_strict_session_cookie_is_reported_once(caplog: pytest.LogCaptureFixture) -> None:
    for value in ["Lax", None, False, "Strict", "Strict"]:
        check_samesite(value)
    assert [record.getMessage() for record in caplog.records] == [
        "SESSION_COOKIE_SAMESITE is Strict: browsers do not send it when they come back from WeChat; use Lax"
    ]


def test_a_decoded_path_of_a_framework_is_a_return_path(make_client: MakeClient) -> None:
    response = WebLogin(make_client()).start([], return_to="/订单 1")
    assert response.status == 303


def test_failures_are_logged_under_the_name_of_the_package(
    make_client: MakeClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    login = WebLogin(make_client())
    with pytest.raises(LoginError) as caught:
        login.callback("code=071v&state=another0123456789abcd", [])
    caught.value.response()
    assert [(record.name, record.levelno) for record in caplog.records] == [("weixin_login", logging.INFO)]


def test_a_failed_login_is_copied_without_its_response(make_client: MakeClient) -> None:
    with pytest.raises(LoginError) as caught:
        WebLogin(make_client()).callback("code=071v&state=another0123456789abcd", [])
    error, copied = caught.value, pickle.loads(pickle.dumps(caught.value))
    assert (copied.kind, copied.title, copied.status) == (error.kind, error.title, error.status)
    assert copy.copy(error).kind == error.kind
    assert error.response().status == error.response().status == 303
    with pytest.raises(RuntimeError, match="in the process of the login"):
        copied.response()


@pytest.mark.parametrize("count", [32_767, 32_769, 100_000])
def test_a_request_with_too_many_headers_is_no_panic(make_client: MakeClient, count: int) -> None:
    headers = [(f"h{number}", "v") for number in range(count)]
    assert WebLogin(make_client()).start(headers).status == 303


SLOW_HANDLER = """
import logging, sys, threading
from weixin_login import Client, Store, WebLogin
from pytest_weixin_sim import WeixinSim

release, waiting = threading.Event(), threading.Event()

class Slow(logging.Handler):
    def emit(self, record):
        waiting.set()
        release.wait()

logging.getLogger("weixin_login").addHandler(Slow())
sim = WeixinSim(sys.argv[1], sys.argv[2])
app = sim.app()
client = Client(app["id"], app["secret"], redirect_uri="http://localhost:8080/callback", api_url=sim.url)
login = WebLogin(client, store=Store("redis://127.0.0.1:1", "A" * 43 + "="))
start = dict(login.start([]).headers)
query = sim.scan(start["location"]).split("?", 1)[1]
cookie = start["set-cookie"].split(";")[0]
callback = threading.Thread(target=lambda: login.callback(query, [("cookie", cookie)]), daemon=True)
callback.start()
waiting.wait()
print(client.check("a", "b"), flush=True)
release.set()
callback.join()
"""


def test_a_handler_of_the_log_that_waits_holds_no_other_call(weixin_sim: WeixinSim) -> None:
    command = [sys.executable, "-c", SLOW_HANDLER, weixin_sim.url, weixin_sim.world]
    assert subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout == "False\n"


ENDING = """
import sys, threading, time
from weixin_login import Client

class Slow:
    def __del__(self):
        time.sleep(0.2)

def transport(request):
    time.sleep(0.5)
    return 200, '{"errcode":0,"errmsg":"ok"}'

slow = Slow()
client = Client("wx0123456789abcdef", "s" * 32, transport=transport)
for _ in range(4):
    threading.Thread(target=lambda: [client.check("a", "b") for _ in range(100)], daemon=True).start()
print("ending", flush=True)
"""


def test_the_interpreter_ends_while_calls_are_in_progress() -> None:
    ended = [subprocess.run([sys.executable, "-c", ENDING], capture_output=True, text=True) for _ in range(5)]
    assert {(one.returncode, one.stdout, "Fatal" in one.stderr) for one in ended} == {(0, "ending\n", False)}
