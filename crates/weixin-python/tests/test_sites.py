"""What every integration does: one list of cases, in Flask, in Django with and without ``async``, and in FastAPI."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple, get_args
from urllib.parse import parse_qs, urlsplit

import pytest
from pytest_weixin_sim import WeixinSim
from sites import django_site, fastapi_site, flask_site
from sites.browser import INSIDE_WECHAT, Answer, Browser, exchanges
from weixin_login import Store
from weixin_login.errors import LoginErrorKind

SITES = {
    "flask": flask_site.Site,
    "django": django_site.Site,
    "django-async": django_site.AsyncSite,
    "fastapi": fastapi_site.Site,
}
LAYLA = {
    "nickname": "ليلى بنت أحمد (layla)",
    "identities": ["union:o5ntXtCZQCkUJgNm1fqjuOD2_OUz", "open:wx0123456789abcdef:oQbeVYm3B6-k9lHSWtyyTcoyoIaC"],
    "return_to": None,
    "is_repeat": False,
}
HTTP, HTTPS = "http://localhost", "https://www.example.com"
COMPLETED = {"cache-control": "no-store", "referrer-policy": "no-referrer"}

MakeBrowser = Callable[..., Browser]


@pytest.fixture(params=SITES)
def make_browser(
    request: pytest.FixtureRequest, weixin_sim: WeixinSim, make_client: Any, make_async_client: Any
) -> MakeBrowser:
    """Makes browsers, each of a site of its own in the framework of this case."""
    site: Any = SITES[request.param]
    make_one = make_async_client if site.is_async else make_client
    weixin_sim.add_app("wx0123456789abcdef", callback_domains=["localhost", "www.example.com"])

    def make(path: str = "/callback", origin: str = HTTP, **options: Any) -> Browser:
        kinds, settings = options.pop("kinds", ["website"]), options.pop("client", {})
        clients = [make_one(kind, redirect_uri=origin + path, **settings) for kind in kinds]
        return Browser(site(clients, **options))

    return make


def completed(answer: Answer) -> Dict[str, str]:
    """The headers of a response to a callback."""
    return {name: answer[name] for name in COMPLETED}


def login_cookies(answer: Answer) -> List[Tuple[str, str]]:
    """The login cookies that a response sets: name and lifetime."""
    return [(one.name, one.attributes["max-age"]) for one in answer.cookies if "weixin" in one.name]


def state_of(url: str) -> str:
    """The state in the URL of WeChat's page or of a callback."""
    return parse_qs(urlsplit(url).query)["state"][0]


def redirect_uri_of(url: str) -> str:
    """The URL of the callback, in the URL of WeChat's page."""
    return parse_qs(urlsplit(url).query)["redirect_uri"][0]


def test_a_login_reads_the_profile_and_ends_where_it_began(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser()
    answer = browser.open("/login?next=/cart")
    assert (answer.status, answer.body, answer["cache-control"]) == (303, "", "no-store")
    assert answer["location"].startswith(f"{weixin_sim.url}/connect/qrconnect?appid=wx0123456789abcdef&")
    assert redirect_uri_of(answer["location"]) == "http://localhost/callback?return_to=%2Fcart"
    answer = browser.open(weixin_sim.scan(answer["location"], "layla"))
    assert (answer.status, completed(answer)) == (200, COMPLETED)
    assert json.loads(answer.body) == {**LAYLA, "return_to": "/cart"}
    assert [one["path"] for one in weixin_sim.requests() if one["path"].startswith("/sns")] == [
        "/sns/oauth2/access_token",
        "/sns/userinfo",
    ]


def test_the_cookie_is_kept_from_scripts_and_other_sites(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    common = {"httponly": "", "samesite": "Lax", "path": "/"}
    for origin, prefix, more in [(HTTP, "weixin-", {}), (HTTPS, "__Host-weixin-", {"secure": ""})]:
        browser = make_browser("/ids", origin)
        answer = browser.open("/login")
        [cookie] = answer.cookies
        state = state_of(answer["location"])
        assert re.fullmatch(f"{prefix}[a-z2-7]{{4}}-{state}", cookie.name)
        assert re.fullmatch("[A-Za-z0-9]{22}", cookie.value) and cookie.value not in answer["location"]
        assert cookie.attributes == {**common, **more, "max-age": "7200"}
        answer = browser.open(weixin_sim.scan(answer["location"]))
        [same] = [one for one in answer.cookies if one.name == cookie.name]
        assert (same.value, same.attributes) == (cookie.value, {**common, **more, "max-age": "60"})


def test_a_cookie_that_a_sub_domain_may_set_is_not_accepted(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser(origin=HTTPS)
    callback = browser.scan(weixin_sim)
    [(name, value)] = browser.cookies.items()
    for tossed in [name[len("__Host-") :], name.replace("_", "%5F"), f" {name}".replace(" ", "\xa0"), f'"{name}"']:
        victim = Browser(browser.site, cookies={tossed: value})
        answer = victim.open(callback)
        assert answer.status == 303 and "login_restarted=1" in redirect_uri_of(answer["location"])
    assert exchanges(weixin_sim) == 0
    assert browser.open(callback).status == 200


def test_a_browser_has_at_most_five_logins_in_progress(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/ids")
    callbacks = [browser.scan(weixin_sim) for _ in range(5)]
    oldest = browser.login_cookies()[0]
    answer = browser.open("/login")
    newest = answer.cookies[-1].name
    assert login_cookies(answer) == [(oldest, "0"), (newest, "7200")]
    assert len(browser.login_cookies()) == 5 and oldest not in browser.login_cookies()
    assert browser.open(callbacks[0])["location"] == "/ids?login_error=csrf_mismatch"
    assert [browser.open(callback).status for callback in callbacks[1:]] == [201] * 4


def test_a_callback_of_another_browser_logs_no_one_in(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    attacker = make_browser()
    victim = Browser(attacker.site)
    callback = attacker.scan(weixin_sim)
    victim.open("/login")
    answer = victim.open(callback)
    assert (answer.status, answer["location"]) == (303, "/callback?login_error=csrf_mismatch")
    assert completed(answer) == COMPLETED and login_cookies(answer) == []
    assert exchanges(weixin_sim) == 0


def test_a_repeated_callback_gets_the_same_login_from_one_exchange(
    make_browser: MakeBrowser, weixin_sim: WeixinSim
) -> None:
    browser = make_browser("/ids")
    callback = browser.scan(weixin_sim)
    first, second = json.loads(browser.open(callback).body), json.loads(browser.open(callback).body)
    assert first == {name: fact for name, fact in LAYLA.items() if name != "nickname"}
    assert second == {**first, "is_repeat": True}
    assert exchanges(weixin_sim) == 1


def test_a_lost_cookie_restarts_the_login_once(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser()
    callback = browser.scan(weixin_sim, "/login?next=/cart")
    browser.cookies.clear()
    answer = browser.open(callback)
    assert (answer.status, completed(answer)) == (303, COMPLETED)
    assert redirect_uri_of(answer["location"]) == "http://localhost/callback?login_restarted=1&return_to=%2Fcart"
    callback = weixin_sim.scan(answer["location"])
    browser.cookies.clear()
    answer = browser.open(callback)
    assert (answer.status, answer["location"]) == (303, "/callback?login_error=no_cookie&return_to=/cart")
    answer = browser.open(answer["location"], **{"accept-language": "en"})
    assert answer.status == 400 and "This browser did not send its cookie" in answer.body
    assert 'href="/callback?login_again=1&#38;return_to=/cart"' in answer.body
    assert exchanges(weixin_sim) == 0


def test_the_link_of_a_failures_page_starts_a_new_login(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser()
    answer = browser.open("/callback?login_again=1&return_to=/cart", **{"sec-fetch-site": "same-origin"})
    assert answer.status == 303
    answer = browser.open(weixin_sim.scan(answer["location"], "layla"))
    assert json.loads(answer.body) == {**LAYLA, "return_to": "/cart"}
    answer = browser.open("/callback?login_again=1", **{"sec-fetch-site": "cross-site"})
    assert (answer.status, answer["location"], answer.cookies) == (403, "", [])


def test_a_user_who_declines_reads_so(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser(kinds=["website", "official_account"])
    browser.headers["user-agent"] = INSIDE_WECHAT
    answer = browser.open("/login")
    assert "/connect/oauth2/authorize" in answer["location"]
    callback = weixin_sim.open_in_wechat(answer["location"], "layla", allow=False)
    answer = browser.open(callback)
    assert (answer.status, answer["location"]) == (303, "/callback?login_error=declined")
    assert [lifetime for _, lifetime in login_cookies(answer)] == ["0"] and browser.login_cookies() == []
    answer = browser.open(answer["location"])
    assert answer.status == 403 and "您已取消登录" in answer.body


@pytest.mark.parametrize(
    ("fault", "kind", "status"),
    [
        ({"effect": "reset", "times": None}, "unreachable", 503),
        ({"effect": {"html": 502}, "times": None}, "unreachable", 503),
        ({"effect": "reset_after"}, "unreachable", 503),
        ({"effect": {"errcode": 40163}}, "used", 410),
        ({"effect": {"errcode": 42003}}, "expired", 410),
        ({"effect": {"errcode": 50002}}, "user_rejected", 403),
    ],
)
def test_a_failed_exchange_is_a_page_at_a_url_without_the_code(
    make_browser: MakeBrowser, weixin_sim: WeixinSim, fault: Dict[str, Any], kind: str, status: int
) -> None:
    browser = make_browser(client={"max_attempts": 1})
    callback = browser.scan(weixin_sim)
    weixin_sim.fault(path="/sns/oauth2/access_token", **fault)
    answer = browser.open(callback)
    assert (answer.status, answer["location"]) == (303, f"/callback?login_error={kind}")
    assert completed(answer) == COMPLETED
    assert browser.open(answer["location"]).status == status


def test_a_wrong_secret_is_in_the_log_and_not_on_the_page(
    make_browser: MakeBrowser, weixin_sim: WeixinSim, caplog: pytest.LogCaptureFixture
) -> None:
    browser = make_browser(client={"app_secret": "f" * 32})
    callback = browser.scan(weixin_sim)
    with caplog.at_level(logging.INFO):
        answer = browser.open(callback)
    assert answer["location"] == "/callback?login_error=configuration"
    page = browser.open(answer["location"])
    assert page.status == 500 and "40125" not in page.body and "网站配置有误" in page.body
    code = parse_qs(urlsplit(callback).query)["code"][0]
    logged = "\n".join(one.getMessage() for one in caplog.records if one.name.startswith("weixin"))
    assert "40125" in logged and code not in logged and "f" * 32 not in logged


@pytest.mark.parametrize("kind", [one for one in get_args(LoginErrorKind) if one not in ("in_frame", "restarted")])
def test_each_failure_has_a_page_in_both_languages(make_browser: MakeBrowser, kind: str) -> None:
    browser = make_browser()
    for language, again in [("en-US", "Log in again"), ("zh-CN", "重新登录")]:
        answer = browser.open(f"/callback?login_error={kind}", **{"accept-language": language})
        assert answer.status >= 400 and answer["content-type"] == "text/html; charset=utf-8"
        assert answer["content-security-policy"].endswith("frame-ancestors 'none'")
        assert f'lang="{language[:2]}' in answer.body
        assert (again in answer.body) == (kind != "configuration")


def test_a_program_gets_json(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser()
    browser.headers = {"accept": "application/json", "accept-language": "en"}
    answer = browser.open("/login")
    assert (answer.status, answer["content-type"], len(answer.cookies)) == (200, "application/json", 1)
    assert answer.body.startswith(f'{{"hint":null,"url":"{weixin_sim.url}/connect/qrconnect?')
    answer = browser.open("/callback?code=0123&state=0123")
    assert (answer.status, answer["content-type"], completed(answer)) == (403, "application/json", COMPLETED)
    assert answer.body == (
        '{"again":"/callback?login_again=1","error":"csrf_mismatch","message":'
        '"It belongs to another browser or to another login. Please log in again."}'
    )


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "/%5Cevil.example", "javascript:alert(1)"])
def test_a_return_path_on_another_site_is_a_clear_error(make_browser: MakeBrowser, url: str) -> None:
    answer = make_browser().open(f"/login?next={url}")
    assert answer.status == 400 and answer.body.startswith("not a valid return path: expected a path on this site")
    assert answer.cookies == []


def test_a_return_path_that_was_changed_in_the_url_fails(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/ids")
    callback = browser.scan(weixin_sim, "/login?next=/cart%3Fitem%3D1")
    assert "return_to=L2NhcnQ_aXRlbT0x" in callback
    for changed in ["return_to=/admin", "return_to=/cart", "x=1"]:
        answer = browser.open(callback.replace("return_to=L2NhcnQ_aXRlbT0x", changed))
        assert answer["location"].startswith("/ids?login_error=csrf_mismatch")
    assert exchanges(weixin_sim) == 0
    assert "/cart?item=1" in browser.open(callback).body


def test_a_login_ends_in_the_browser_also_if_the_view_raises(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/fails")
    callback = browser.scan(weixin_sim)
    answer = browser.open(callback)
    assert (answer.status, completed(answer)) == (500, COMPLETED)
    assert login_cookies(answer) == [(browser.login_cookies()[0], "60")]


def test_a_profile_that_fails_leaves_the_url_with_the_code(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser()
    callback = browser.scan(weixin_sim, "/login?next=/cart")
    weixin_sim.fault({"errcode": 48001}, path="/sns/userinfo")
    answer = browser.open(callback)
    assert (answer.status, completed(answer)) == (303, COMPLETED)
    assert answer["location"] == "/callback?login_error=configuration&return_to=/cart"
    assert login_cookies(answer) == [(browser.login_cookies()[0], "60")]


def test_a_page_of_the_sites_own_is_shown_where_a_page_may_be(
    make_browser: MakeBrowser, weixin_sim: WeixinSim
) -> None:
    browser = make_browser("/own")
    callback = browser.scan(weixin_sim)
    weixin_sim.fault({"errcode": 48001}, path="/sns/userinfo")
    answer = browser.open(callback)
    assert (answer.status, answer["location"]) == (303, "/own?login_error=configuration")
    answer = browser.open(answer["location"])
    assert (answer.status, answer.body) == (418, "our page: configuration")
    browser.headers["accept"] = "application/json"
    state = state_of(browser.scan(weixin_sim))
    answer = browser.open(f"/own?state={state}")
    assert (answer.status, answer.body, completed(answer)) == (418, "our page: declined", COMPLETED)
    assert [lifetime for _, lifetime in login_cookies(answer)] == ["0"]


def test_headers_of_the_view_are_replaced_and_its_cookies_kept(
    make_browser: MakeBrowser, weixin_sim: WeixinSim
) -> None:
    browser = make_browser("/ids")
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer.status, completed(answer)) == (201, COMPLETED)
    assert sorted(one.name for one in answer.cookies) == sorted(["own", browser.login_cookies()[0]])


def test_a_callback_by_post_uses_no_code(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/ids")
    callback = browser.scan(weixin_sim)
    answer = browser.open(callback, "POST")
    assert answer.status in (403, 405) and completed(answer) == COMPLETED
    assert exchanges(weixin_sim) == 0
    assert browser.open(callback).status == 201


def test_other_pages_stay_as_they_are_unless_their_url_has_a_code_of_a_login(make_browser: MakeBrowser) -> None:
    browser = make_browser()
    for target in ["/public", "/public?code=1", "/public?state=1"]:
        assert browser.open(target)["cache-control"] == "public"
        assert browser.open(target)["referrer-policy"] != "no-referrer"
    for target, status in [("/public?code=1&state=1", 200), ("/nowhere?c%6Fde=1&state", 404)]:
        answer = browser.open(target)
        assert (answer.status, completed(answer)) == (status, COMPLETED)


def test_a_callback_after_the_log_out_does_not_log_in(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/ids")
    callback = browser.scan(weixin_sim)
    assert browser.open(callback).status == 201
    [name] = browser.login_cookies()
    copied = dict(browser.cookies)
    answer = browser.open("/logout", "POST")
    assert (answer.status, login_cookies(answer)) == (204, [(name, "0")])
    browser.cookies = copied
    assert browser.open(callback)["location"] == "/ids?login_error=used"


def test_the_qr_code_inside_a_page_logs_in(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/ids")
    answer = browser.open("/embedded")
    assert (answer.status, [lifetime for _, lifetime in login_cookies(answer)]) == (200, ["7200"])
    assert f"frame-src 'self' {weixin_sim.url};" in answer["content-security-policy"]
    [frame] = re.findall('src="([^"]+)"', answer.body)
    answer = browser.open(weixin_sim.scan(frame.replace("&amp;", "&")))
    assert (answer.status, "/cart" in answer.body) == (201, True)


def test_a_site_without_an_app_for_the_browser_says_so(make_browser: MakeBrowser) -> None:
    browser = make_browser(kinds=["official_account"])
    for path in ["/login", "/embedded"]:
        answer = browser.open(path)
        assert (answer.status, answer.cookies) == (500, [])
        assert "网站配置有误" in answer.body


def test_inside_wechat_a_login_may_ask_nothing(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/ids", kinds=["website", "official_account"])
    assert browser.open("/silent").body == "not here"
    browser.headers = {"user-agent": INSIDE_WECHAT, "sec-fetch-dest": "document"}
    answer = browser.open("/silent")
    assert answer.status == 303 and "scope=snsapi_base" in answer["location"]
    answer = browser.open(weixin_sim.open_in_wechat(answer["location"], "layla"))
    assert (answer.status, "/cart" in answer.body) == (201, True)


def test_a_login_may_ask_although_wechat_would_not(make_browser: MakeBrowser) -> None:
    browser = make_browser()
    assert "fast_login=0" not in browser.open("/login")["location"]
    assert "fast_login=0" in browser.open("/login?force=true")["location"]


def test_wechats_pages_have_the_options_of_a_login(make_browser: MakeBrowser) -> None:
    browser = make_browser(kinds=["website", "official_account"])
    assert "stylelite=1" in browser.open("/login?styled=1")["location"]
    frame = browser.open("/embedded?styled=1").body
    assert "style=white" in frame and "self_redirect=true" in frame
    browser.headers["user-agent"] = INSIDE_WECHAT
    assert "forceSnapShot=true" in browser.open("/login?styled=1")["location"]


def test_servers_that_share_a_store_share_their_logins(
    make_browser: MakeBrowser, weixin_sim: WeixinSim, tmp_path: Path
) -> None:
    store = Store(f"sqlite:{tmp_path}/logins.db", b64encode(bytes(32)).decode())
    one, two = make_browser("/ids", store=store), make_browser("/ids", store=store)
    callback = one.scan(weixin_sim)
    two.cookies = one.cookies
    first = json.loads(one.open(callback).body)
    assert json.loads(two.open(callback).body) == {**first, "is_repeat": True}
    assert exchanges(weixin_sim) == 1


def test_a_login_in_a_popup_ends_with_a_message_to_its_opener(
    make_browser: MakeBrowser, weixin_sim: WeixinSim
) -> None:
    browser = make_browser("/popup")
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer.status, completed(answer)) == (200, COMPLETED)
    assert "postMessage" in answer.body and "https://www.example.com" in answer.body


def test_a_callback_in_a_frame_continues_in_the_whole_window(make_browser: MakeBrowser, weixin_sim: WeixinSim) -> None:
    browser = make_browser("/ids")
    callback = browser.scan(weixin_sim)
    answer = browser.open(callback, **{"sec-fetch-dest": "iframe"})
    assert (answer.status, completed(answer), answer["x-frame-options"]) == (200, COMPLETED, "")
    assert answer["content-security-policy"].endswith("frame-ancestors 'self'")
    assert exchanges(weixin_sim) == 0
    assert browser.open(callback, **{"sec-fetch-dest": "document"}).status == 201


def test_pages_are_rendered_in_the_sites_style(make_browser: MakeBrowser) -> None:
    def render(language: str, title: str, text: str, link: Any) -> str:
        return f"{language}|{title}|{link}"

    browser = make_browser(pages=render, login_path="/welcome")
    answer = browser.open("/callback?login_error=used", **{"accept-language": "en"})
    assert answer.body == "en|This login has already been used|('/welcome', 'Log in again')"


def test_a_cookie_with_a_name_in_another_alphabet_hides_no_other(
    make_browser: MakeBrowser, weixin_sim: WeixinSim
) -> None:
    browser = make_browser("/ids")
    browser.cookies["小明".encode().decode("latin-1")] = "é".encode().decode("latin-1")
    assert browser.open(browser.scan(weixin_sim)).status == 201


@pytest.mark.parametrize("framework", ["flask", "django", "fastapi"])
def test_a_missing_framework_is_an_error_with_the_command(framework: str) -> None:
    missing = "starlette" if framework == "fastapi" else framework
    program = f"""
import sys
from base64 import b64encode
from pathlib import Path
import weixin_login
assert not {{"flask", "django", "fastapi", "starlette"}} & set(sys.modules)
sys.modules[{missing!r}] = None
try:
    import weixin_login.{framework}
except ImportError as error:
    print(error)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert re.fullmatch(f"weixin_login.{framework} needs .+: pip install {framework}\n", run.stdout)
