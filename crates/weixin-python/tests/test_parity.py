"""The same calls by python-weixin 0.5.0 and by this package, against one simulator.

What differs is listed in :data:`DIFFERENCES`, with the reason. :func:`manual_rows` is the manual's table.
"""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

import pytest
from original_sdk import OriginalSdk, original_sdk  # noqa: F401
from parity_cases import STATE, Case, Prepared, Text
from parity_table import CASES
from pytest_weixin_sim import WeixinSim
from weixin_calls import Outcome, perform, without_random_parts

OURS = "weixin_login.compat.python_weixin"

# What the original does, or the case is about.
pytestmark = pytest.mark.weixin_sim(accept=["callback-domain", "code-twice", "profile-with-base", "scope"])


class Difference(NamedTuple):
    """What this package does instead, and why."""

    ours: Text
    reason: Text
    outcome: Outcome


QR_PAGE = (
    "https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef"
    "&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcallback&response_type=code&scope=snsapi_login"
)
CONSENT_PAGE = (
    "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcde0"
    "&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcallback&response_type=code&scope=snsapi_userinfo"
)
LOST = "the response of /sns/oauth2/access_token was lost and the code may have been used: the user must log in again"
NOT_SENT = Text("WeChat would reject the call, so it is not sent.", "微信必定拒绝，因此不发送。")
REFRESH_PATH = Text("It calls the path of the refresh, without the secret.", "请求刷新接口，不发送 AppSecret。")


def raises(name: str, text: str, **facts: object) -> Outcome:
    """The outcome of a call that raises this exception."""
    return {"raised": name, "text": text, **facts}


def exchange_error(code: object, description: str) -> Outcome:
    """The outcome of a call that raises an OAuth2AuthExchangeError."""
    name = "OAuth2AuthExchangeError"
    return raises(name, f"{code}: {description}", code=code, description=description)


def both(text: str) -> Text:
    """A text that is the same in both languages."""
    return Text(text, text)


def fragment() -> Difference:
    """The URL has the fragment of WeChat's documentation."""
    return Difference(
        Text("the same URL, and `#wechat_redirect`", "同一网址，末尾加 `#wechat_redirect`"),
        Text("WeChat documents the fragment as required.", "微信文档要求带上它。"),
        {"returned": f"{QR_PAGE}&state={STATE}#wechat_redirect"},
    )


def rejected(code: object, description: str) -> Difference:
    """The login page shows an error."""
    shown = code if isinstance(code, int) else f"`{code}`"
    return Difference(
        both(f"`OAuth2AuthExchangeError` {shown}"),
        Text("The user would be sent to WeChat's error page.", "否则用户会跳转到微信的错误页。"),
        exchange_error(code, description),
    )


def unreadable(code: str) -> Difference:
    """The response to an exchange is not what WeChat documents."""
    return Difference(
        both(f"`OAuth2AuthExchangeError` `{code}`"),
        Text("A program catches it, and no token is in it.", "程序能捕获它，其中没有 access_token。"),
        exchange_error(code, LOST),
    )


def missing_code(description: str) -> Difference:
    """The exchange of no code."""
    return Difference(
        both("`OAuth2AuthExchangeError` 41008"),
        Text("It is what WeChat returns without a code.", "没有 code 时微信返回的就是它。"),
        exchange_error(41008, description),
    )


def not_sent(code: int, message: str) -> Difference:
    """A call on behalf of a user that lacks an argument."""
    ours = Text("the same, without a `rid`", "相同，但没有 `rid`")
    return Difference(ours, NOT_SENT, {"returned": {"errcode": code, "errmsg": message}})


REFRESHED = {"access_token": "…", "expires_in": 7200, "refresh_token": "…", "openid": "…", "scope": "snsapi_login"}

PROFILE = {
    "openid": "…",
    "nickname": "ليلى بنت أحمد (layla)\ufffd",
    "sex": 0,
    "language": "",
    "city": "",
    "province": "",
    "country": "",
    "headimgurl": "…",
    "privilege": [],
    "unionid": "…",
}

DIFFERENCES: Dict[str, Difference] = {
    "`WeixinAPI`: `get_authorize_url(scope, state)`": fragment(),
    "`get_authorize_url(scope)`": Difference(
        Text("the same URL with a random `state`", "同一网址，带随机的 `state`"),
        Text(
            "WeChat advises a state; compare one of your own to prevent login CSRF.",
            "微信建议带上它；防范登录 CSRF 要自己生成并比较。",
        ),
        {"returned": f"{QR_PAGE}&state=…#wechat_redirect"},
    ),
    "`get_authorize_url` with two scopes": Difference(
        Text("scopes joined by a comma", "scope 用逗号分隔"),
        Text("WeChat documents the comma.", "微信文档规定用逗号。"),
        {"returned": f"{QR_PAGE},snsapi_userinfo&state={STATE}#wechat_redirect"},
    ),
    "`get_authorize_url` with a callback without `https://`": rejected(
        "redirect_uri", "the redirect URI must be a whole URL: it begins with https:// or http://"
    ),
    "`WeixinMpAPI`: `get_authorize_url(scope, state)`": Difference(
        Text(
            "the same URL, `&connect_redirect=1` and `#wechat_redirect`",
            "同一网址，加上 `&connect_redirect=1#wechat_redirect`",
        ),
        Text("Without them, WeChat may call back twice.", "否则微信可能回调两次。"),
        {"returned": f"{CONSENT_PAGE}&state={STATE}&connect_redirect=1#wechat_redirect"},
    ),
    "`get_authorize_login_url(scope, state)`": fragment(),
    "`get_authorize_login_url` with a wrong app ID": rejected(
        40013, "WeChat's login page does not know the app ID (AppID 参数错误)"
    ),
    "`get_authorize_login_url` with a wrong callback": rejected(
        "redirect_uri",
        "WeChat's login page rejects the redirect URI: its host must be the registered callback domain, without a "
        "port, and not an IP address (redirect_uri 参数错误)",
    ),
    "`get_authorize_login_url` with a wrong scope": rejected(
        "scope",
        "WeChat's login page rejects the scope: the app ID must belong to an approved website app with login "
        "permission (Scope 参数错误或没有 Scope 权限)",
    ),
    "`WeixinMpAPI`: `get_authorize_login_url` with a wrong callback": rejected(
        10003, "redirect_uri域名与后台配置不一致"
    ),
    "`exchange_code_for_access_token` with a malformed app ID": Difference(
        Text("the same, with the rule as its description", "相同，说明里是格式要求"),
        NOT_SENT,
        exchange_error(40013, "not a valid app ID: expected 1 to 128 characters from [A-Za-z0-9_-]"),
    ),
    "`exchange_code_for_access_token` without a code: the user has declined": missing_code(
        "missing code: the callback brings none if the user has declined"
    ),
    "`exchange_code_for_access_token` while WeChat returns a web page": unreadable("http_status"),
    "`exchange_code_for_access_token` with half of a response": unreadable("unexpected_response"),
    "`exchange_code_for_access_token` while the connection breaks": Difference(
        Text("the same, with another description", "相同，说明不同"),
        Text(
            "The code may have been used: it says that the user must log in again.",
            "code 可能已被使用：说明里写了用户须重新登录。",
        ),
        raises("ConnectionError", f"conntect_error: {LOST}", code="conntect_error", description=LOST),
    ),
    "`exchange_refresh_token_for_access_token(refresh_token)`": Difference(
        Text("the members of an exchange, without `unionid`", "与换取时相同的字段，没有 `unionid`"),
        REFRESH_PATH,
        {"returned": REFRESHED},
    ),
    "`exchange_refresh_token_for_access_token` with a wrong refresh token": Difference(
        both("`OAuth2AuthExchangeError` 40030"), REFRESH_PATH, exchange_error(40030, "invalid refresh_token, rid: …")
    ),
    "`exchange_refresh_token_for_access_token` after 31 days": Difference(
        both("`OAuth2AuthExchangeError` 42002"), REFRESH_PATH, exchange_error(42002, "refresh_token expired, rid: …")
    ),
    "`user` without an OpenID": not_sent(41009, "missing openid"),
    "`user` without an access token": not_sent(41001, "access_token missing"),
    "`user` with too many arguments": Difference(
        both("`TypeError`"),
        Text(
            "The method has a signature, which editors and type checkers read.",
            "方法有明确的签名，编辑器和类型检查器都能识别。",
        ),
        raises("TypeError", "user() takes from 1 to 2 positional arguments but 3 were given"),
    ),
    "`user` while WeChat returns a web page": Difference(
        Text("`WeixinClientError`, with the status 502", "`WeixinClientError`，状态码 502"),
        Text("The tuple is a mistake.", "元组是笔误。"),
        raises("WeixinClientError", "(502) /sns/userinfo returned HTTP status 502"),
    ),
    "`user` with half an emoji in the nickname": Difference(
        Text("the nickname with `\ufffd`", "昵称里是 `\ufffd`"),
        Text("Half an emoji fits into no response and no database.", "半个 emoji 无法写入响应和数据库。"),
        {"returned": PROFILE},
    ),
    "`exchange_code_for_session_key` without a code": missing_code("missing code"),
    "`client_credential_for_access_token` without `grant_type`": Difference(
        Text("`access_token`, `expires_in`", "`access_token`、`expires_in`"),
        Text("There is only one value for it.", "它只有一个取值。"),
        {"returned": {"access_token": "…", "expires_in": 7200}},
    ),
    "`WeixinAPI`: `client_credential_for_access_token()`": Difference(
        both("`NotImplementedError`"),
        Text("Website apps have no access token of their own.", "网站应用没有自己的接口调用凭据。"),
        raises("NotImplementedError", "a website app has no access token of its own: use WeixinMpAPI or WXAPPAPI"),
    ),
    '`WeixinAPI(format="xml")`': Difference(
        both("`ValueError`"),
        Text("It is an `Exception` too, and names the argument.", "它也是 `Exception`，并指明了参数。"),
        raises("ValueError", "format: expected '' or 'json'"),
    ),
    "`WxAppCloudAPI()`": Difference(
        both("`NotImplementedError`"),
        Text("Cloud functions are not a login.", "云开发与登录无关。"),
        raises(
            "NotImplementedError",
            "WxAppCloudAPI is not here: weixin-login logs users in. python-weixin has it",
        ),
    ),
}

SAME = Text("the same", "相同")


def manual_rows(language: str) -> List[Tuple[str, str, str, str]]:
    """The manual's table: the call, python-weixin's result, this package's, and the reason for a difference."""
    column = 1 if language == "zh" else 0
    nothing = Difference(SAME, Text("", ""), {})
    rows = [(case.call, case.result, *DIFFERENCES.get(case.call.en, nothing)[:2]) for case in CASES]
    return [(call[column], theirs[column], ours[column], reason[column]) for call, theirs, ours, reason in rows]


def outcomes(case: Case, original: OriginalSdk, sim: WeixinSim) -> Tuple[Outcome, Outcome]:
    """The outcomes of a case: python-weixin's and ours, each with codes and tokens of its own."""
    before = Prepared(sim)
    theirs = original.perform(case.prepare(before))
    sim.control("DELETE", "/faults")
    ours = perform(OURS, case.prepare(before))
    assert before.secret not in str(ours)
    return without_random_parts(theirs), without_random_parts(ours)


def without_users(outcome: Outcome) -> Outcome:
    """An outcome without the parts of a user that are another in each world of the simulator."""
    returned = outcome.get("returned")
    if not isinstance(returned, dict):
        return outcome
    random = {"headimgurl", "openid", "unionid"}
    return {"returned": {name: "…" if name in random else value for name, value in returned.items()}}


EQUAL = [case for case in CASES if case.call.en not in DIFFERENCES]
DIFFERENT = [case for case in CASES if case.call.en in DIFFERENCES]


@pytest.mark.parametrize("case", EQUAL, ids=[case.call.en for case in EQUAL])
def test_a_call_has_the_results_of_the_original(
    case: Case,
    original_sdk: OriginalSdk,  # noqa: F811
    weixin_sim_hosts: WeixinSim,
) -> None:
    theirs, ours = outcomes(case, original_sdk, weixin_sim_hosts)
    assert ours == theirs


@pytest.mark.parametrize("case", DIFFERENT, ids=[case.call.en for case in DIFFERENT])
def test_a_difference_that_is_listed_occurs(
    case: Case,
    original_sdk: OriginalSdk,  # noqa: F811
    weixin_sim_hosts: WeixinSim,
) -> None:
    theirs, ours = outcomes(case, original_sdk, weixin_sim_hosts)
    assert ours != theirs, "remove it from DIFFERENCES"
    assert without_users(ours) == DIFFERENCES[case.call.en].outcome


def test_each_difference_is_one_of_a_call_that_is_compared() -> None:
    assert DIFFERENCES.keys() == {case.call.en for case in DIFFERENT}
    assert len({case.call.en for case in CASES}) == len(CASES)


def test_the_table_of_the_manual_has_each_call_in_both_languages() -> None:
    english, chinese = manual_rows("en"), manual_rows("zh")
    assert [row[0] for row in english] == [case.call.en for case in CASES]
    assert len(chinese) == len(english)
    for row in [*english, *chinese]:
        assert all(row[:3]) and "|" not in "".join(row), row
        assert bool(row[3]) == (row[2] not in SAME), row
