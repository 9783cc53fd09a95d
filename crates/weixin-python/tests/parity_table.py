"""The table of the calls that are compared. Its order is that of the manual."""

from __future__ import annotations

from parity_cases import (
    DAY,
    STATE,
    Case,
    Prepared,
    Text,
    for_user,
    mini,
    official,
    old_refresh_token,
    refresh_token,
    signed,
    website,
    with_expired_code,
    with_fault,
)
from weixin_calls import Call

LOGIN = ["snsapi_login"]
USERINFO = ["snsapi_userinfo"]
UNKNOWN_APP = "wx0000000000000000"
ELSEWHERE = "https://www.example.net/callback"
WRONG_CODE = "0" * 32
WRONG_SECRET = "w" * 32
EXCHANGE = "/sns/oauth2/access_token"

URLS = [
    Case(
        Text("`WeixinAPI`: `get_authorize_url(scope, state)`", "`WeixinAPI`：`get_authorize_url(scope, state)`"),
        Text("the URL of the QR page", "扫码页网址"),
        website("get_authorize_url", scope=LOGIN, state=STATE),
    ),
    Case(
        Text("`get_authorize_url(scope)`", "`get_authorize_url(scope)`"),
        Text("a URL without `state`", "网址中没有 `state`"),
        website("get_authorize_url", scope=LOGIN),
    ),
    Case(
        Text("`get_authorize_url` with two scopes", "`get_authorize_url`，两个 scope"),
        Text("scopes joined by a space", "scope 用空格分隔"),
        website("get_authorize_url", scope=[*LOGIN, *USERINFO], state=STATE),
    ),
    Case(
        Text("`get_authorize_url` with a callback without `https://`", "`get_authorize_url`，回调地址缺少 `https://`"),
        Text("the URL of an error page", "错误页的网址"),
        website("get_authorize_url", scope=LOGIN, state=STATE, redirect_uri="www.example.com/callback"),
    ),
    Case(
        Text("`WeixinMpAPI`: `get_authorize_url(scope, state)`", "`WeixinMpAPI`：`get_authorize_url(scope, state)`"),
        Text("the URL of the consent page", "网页授权网址"),
        official("get_authorize_url", scope=USERINFO, state=STATE),
    ),
    Case(
        Text("`get_authorize_login_url(scope, state)`", "`get_authorize_login_url(scope, state)`"),
        Text("the URL of the QR page", "扫码页网址"),
        website("get_authorize_login_url", scope=LOGIN, state=STATE),
    ),
    Case(
        Text("`get_authorize_login_url` with a wrong app ID", "`get_authorize_login_url`，AppID 错误"),
        Text("the URL of an error page", "错误页的网址"),
        website("get_authorize_login_url", scope=LOGIN, state=STATE, appid=UNKNOWN_APP),
    ),
    Case(
        Text("`get_authorize_login_url` with a wrong callback", "`get_authorize_login_url`，回调域名错误"),
        Text("the URL of an error page", "错误页的网址"),
        website("get_authorize_login_url", scope=LOGIN, state=STATE, redirect_uri=ELSEWHERE),
    ),
    Case(
        Text("`get_authorize_login_url` with a wrong scope", "`get_authorize_login_url`，scope 错误"),
        Text("the URL of an error page", "错误页的网址"),
        website("get_authorize_login_url", scope=USERINFO, state=STATE),
    ),
    Case(
        Text(
            "`WeixinMpAPI`: `get_authorize_login_url` with a wrong callback",
            "`WeixinMpAPI`：`get_authorize_login_url`，回调域名错误",
        ),
        Text("the URL of an error page", "错误页的网址"),
        official("get_authorize_login_url", scope=USERINFO, state=STATE, redirect_uri=ELSEWHERE),
    ),
]

EXCHANGES = [
    Case(
        Text(
            "`WeixinAPI`: `exchange_code_for_access_token(code)`", "`WeixinAPI`：`exchange_code_for_access_token(code)`"
        ),
        Text(
            "`access_token`, `expires_in`, `refresh_token`, `openid`, `scope`, `unionid`",
            "`access_token`、`expires_in`、`refresh_token`、`openid`、`scope`、`unionid`",
        ),
        website("exchange_code_for_access_token", code=Prepared.code),
    ),
    Case(
        Text(
            "`WeixinMpAPI`: `exchange_code_for_access_token(code)`",
            "`WeixinMpAPI`：`exchange_code_for_access_token(code)`",
        ),
        Text("the same members", "相同的字段"),
        official("exchange_code_for_access_token", code=lambda before: before.code("official-account")),
    ),
    Case(
        Text("`exchange_code_for_access_token` with a used code", "`exchange_code_for_access_token`，code 已使用"),
        Text("`OAuth2AuthExchangeError` 40163", "`OAuth2AuthExchangeError` 40163"),
        website("exchange_code_for_access_token", code=Prepared.used_code),
    ),
    Case(
        Text("`exchange_code_for_access_token` with a wrong code", "`exchange_code_for_access_token`，code 错误"),
        Text("`OAuth2AuthExchangeError` 40029", "`OAuth2AuthExchangeError` 40029"),
        website("exchange_code_for_access_token", code=WRONG_CODE),
    ),
    Case(
        Text("`exchange_code_for_access_token` with an expired code", "`exchange_code_for_access_token`，code 已过期"),
        Text("`OAuth2AuthExchangeError` 40029", "`OAuth2AuthExchangeError` 40029"),
        with_expired_code,
    ),
    Case(
        Text(
            "`exchange_code_for_access_token` with a wrong secret", "`exchange_code_for_access_token`，AppSecret 错误"
        ),
        Text("`OAuth2AuthExchangeError` 40125", "`OAuth2AuthExchangeError` 40125"),
        website("exchange_code_for_access_token", code=Prepared.code, app_secret=WRONG_SECRET),
    ),
    Case(
        Text("`exchange_code_for_access_token` with a wrong app ID", "`exchange_code_for_access_token`，AppID 错误"),
        Text("`OAuth2AuthExchangeError` 40013", "`OAuth2AuthExchangeError` 40013"),
        website("exchange_code_for_access_token", code=Prepared.code, appid=UNKNOWN_APP),
    ),
    Case(
        Text(
            "`exchange_code_for_access_token` with a malformed app ID",
            "`exchange_code_for_access_token`，AppID 格式错误",
        ),
        Text("`OAuth2AuthExchangeError` 40013", "`OAuth2AuthExchangeError` 40013"),
        website("exchange_code_for_access_token", code=Prepared.code, appid="your app id"),
    ),
    Case(
        Text(
            "`exchange_code_for_access_token` without a code: the user has declined",
            "`exchange_code_for_access_token`，没有 code：用户拒绝了登录",
        ),
        Text("`MissingSchema`, with the secret in its text", "`MissingSchema`，异常信息里有 AppSecret"),
        website("exchange_code_for_access_token", code=None),
    ),
    Case(
        Text("`exchange_code_for_access_token` while WeChat is busy", "`exchange_code_for_access_token`，微信系统繁忙"),
        Text("`OAuth2AuthExchangeError` -1", "`OAuth2AuthExchangeError` -1"),
        with_fault({"errcode": -1}, EXCHANGE, website("exchange_code_for_access_token", code=Prepared.code)),
    ),
    Case(
        Text(
            "`exchange_code_for_access_token` while WeChat returns a web page",
            "`exchange_code_for_access_token`，微信返回网页",
        ),
        Text("`JSONDecodeError`", "`JSONDecodeError`"),
        with_fault({"html": 502}, EXCHANGE, website("exchange_code_for_access_token", code=Prepared.code)),
    ),
    Case(
        Text(
            "`exchange_code_for_access_token` with half of a response",
            "`exchange_code_for_access_token`，只收到一半响应",
        ),
        Text(
            "`JSONDecodeError`, with the tokens in its attribute `doc`",
            "`JSONDecodeError`，属性 `doc` 里有 access_token",
        ),
        with_fault("cut", EXCHANGE, website("exchange_code_for_access_token", code=Prepared.code)),
    ),
    Case(
        Text(
            "`exchange_code_for_access_token` while the connection breaks", "`exchange_code_for_access_token`，连接中断"
        ),
        Text("`ConnectionError`", "`ConnectionError`"),
        with_fault("reset", EXCHANGE, website("exchange_code_for_access_token", code=Prepared.code)),
    ),
]

REFRESHES = [
    Case(
        Text(
            "`exchange_refresh_token_for_access_token(refresh_token)`",
            "`exchange_refresh_token_for_access_token(refresh_token)`",
        ),
        Text(
            "`OAuth2AuthExchangeError` 41008: it calls the wrong path, with the secret",
            "`OAuth2AuthExchangeError` 41008：请求的路径是错的，而且发送了 AppSecret",
        ),
        website("exchange_refresh_token_for_access_token", refresh_token=refresh_token),
    ),
    Case(
        Text(
            "`exchange_refresh_token_for_access_token` with a wrong refresh token",
            "`exchange_refresh_token_for_access_token`，refresh_token 错误",
        ),
        Text("`OAuth2AuthExchangeError` 41008", "`OAuth2AuthExchangeError` 41008"),
        website("exchange_refresh_token_for_access_token", refresh_token="66_wrong"),
    ),
    Case(
        Text(
            "`exchange_refresh_token_for_access_token` after 31 days",
            "`exchange_refresh_token_for_access_token`，31 天之后",
        ),
        Text("`OAuth2AuthExchangeError` 41008", "`OAuth2AuthExchangeError` 41008"),
        website("exchange_refresh_token_for_access_token", refresh_token=old_refresh_token),
    ),
]

USERS = [
    Case(
        Text("`WeixinAPI`: `user(openid)`", "`WeixinAPI`：`user(openid)`"),
        Text("the profile", "用户信息"),
        for_user("user"),
    ),
    Case(
        Text("`WeixinMpAPI`: `user(openid)`", "`WeixinMpAPI`：`user(openid)`"),
        Text("the profile", "用户信息"),
        for_user("user", "WeixinMpAPI", kind="official-account"),
    ),
    Case(
        Text("`user` with an expired access token", "`user`，access_token 已过期"),
        Text("a result with `errcode` 42001", "返回值中的 `errcode` 为 42001"),
        for_user("user", then=lambda before: before.sim.advance(DAY)),
    ),
    Case(
        Text("`user` with a wrong access token", "`user`，access_token 错误"),
        Text("a result with `errcode` 40001", "返回值中的 `errcode` 为 40001"),
        for_user("user", access_token="66_wrong"),
    ),
    Case(
        Text("`user` with the scope `snsapi_base`", "`user`，scope 为 `snsapi_base`"),
        Text("a result with `errcode` 48001", "返回值中的 `errcode` 为 48001"),
        for_user("user", "WeixinMpAPI", kind="official-account", silent=True),
    ),
    Case(
        Text("`user` without an OpenID", "`user`，没有 OpenID"),
        Text("a result with `errcode` 41009", "返回值中的 `errcode` 为 41009"),
        for_user("user", openid=None),
    ),
    Case(
        Text("`user` without an access token", "`user`，没有 access_token"),
        Text("a result with `errcode` 41001", "返回值中的 `errcode` 为 41001"),
        lambda _: Call("WeixinAPI", {}, "user", ["oA"]),
    ),
    Case(
        Text("`user` with too many arguments", "`user`，参数过多"),
        Text("`WeixinClientError`", "`WeixinClientError`"),
        lambda _: Call("WeixinAPI", {"access_token": "66_a"}, "user", ["oA", "en"]),
    ),
    Case(
        Text("`user` while WeChat returns a web page", "`user`，微信返回网页"),
        Text("`WeixinClientError`, with the status 502 in a tuple", "`WeixinClientError`，状态码 502 在元组里"),
        for_user("user", then=lambda before: before.fault({"html": 502}, "/sns/userinfo")),
    ),
    Case(
        Text("`user` with half an emoji in the nickname", "`user`，昵称里有半个 emoji"),
        Text("a text that cannot be encoded", "无法编码的文本"),
        for_user("user", then=lambda before: before.fault("lone_surrogate", "/sns/userinfo")),
    ),
    Case(
        Text("`WeixinAPI`: `validate_token(openid)`", "`WeixinAPI`：`validate_token(openid)`"),
        Text("a result with `errcode` 0", "返回值中的 `errcode` 为 0"),
        for_user("validate_token"),
    ),
    Case(
        Text("`WeixinMpAPI`: `validate_user(openid)`", "`WeixinMpAPI`：`validate_user(openid)`"),
        Text("a result with `errcode` 0", "返回值中的 `errcode` 为 0"),
        for_user("validate_user", "WeixinMpAPI", kind="official-account"),
    ),
    Case(
        Text("`validate_token` with an expired access token", "`validate_token`，access_token 已过期"),
        Text("a result with `errcode` 42001", "返回值中的 `errcode` 为 42001"),
        for_user("validate_token", then=lambda before: before.sim.advance(DAY)),
    ),
]

MINI_PROGRAMS = [
    Case(
        Text("`WXAPPAPI`: `exchange_code_for_session_key(code)`", "`WXAPPAPI`：`exchange_code_for_session_key(code)`"),
        Text("`session_key`, `openid`, `unionid`", "`session_key`、`openid`、`unionid`"),
        mini("exchange_code_for_session_key", code=lambda before: before.sim.js_code("layla")),
    ),
    Case(
        Text("`exchange_code_for_session_key` with a wrong code", "`exchange_code_for_session_key`，code 错误"),
        Text("`OAuth2AuthExchangeError` 40029", "`OAuth2AuthExchangeError` 40029"),
        mini("exchange_code_for_session_key", code=WRONG_CODE),
    ),
    Case(
        Text("`exchange_code_for_session_key` with a wrong secret", "`exchange_code_for_session_key`，AppSecret 错误"),
        Text("`OAuth2AuthExchangeError` 40125", "`OAuth2AuthExchangeError` 40125"),
        mini("exchange_code_for_session_key", code=lambda before: before.sim.js_code("layla"), app_secret=WRONG_SECRET),
    ),
    Case(
        Text("`exchange_code_for_session_key` without a code", "`exchange_code_for_session_key`，没有 code"),
        Text("`TypeError`", "`TypeError`"),
        mini("exchange_code_for_session_key", code=""),
    ),
]

OTHERS = [
    Case(
        Text(
            "`WeixinMpAPI`: `client_credential_for_access_token()`",
            "`WeixinMpAPI`：`client_credential_for_access_token()`",
        ),
        Text("`access_token`, `expires_in`", "`access_token`、`expires_in`"),
        official("client_credential_for_access_token", grant_type="client_credential"),
    ),
    Case(
        Text(
            "`client_credential_for_access_token` without `grant_type`",
            "`client_credential_for_access_token`，没有 `grant_type`",
        ),
        Text("`OAuth2AuthExchangeError` 40002", "`OAuth2AuthExchangeError` 40002"),
        official("client_credential_for_access_token"),
    ),
    Case(
        Text(
            "`WeixinAPI`: `client_credential_for_access_token()`", "`WeixinAPI`：`client_credential_for_access_token()`"
        ),
        Text("`MissingSchema`, with the secret in its text", "`MissingSchema`，异常信息里有 AppSecret"),
        website("client_credential_for_access_token"),
    ),
    Case(
        Text("`validate_signature()`", "`validate_signature()`"),
        Text("`True`", "`True`"),
        signed("token"),
    ),
    Case(
        Text("`validate_signature` with another token", "`validate_signature`，token 不同"),
        Text("`False`", "`False`"),
        signed("other"),
    ),
    Case(
        Text('`WeixinAPI(format="xml")`', '`WeixinAPI(format="xml")`'),
        Text("`Exception`", "`Exception`"),
        lambda _: Call("WeixinAPI", {"format": "xml"}),
    ),
    Case(
        Text("`WxAppCloudAPI()`", "`WxAppCloudAPI()`"),
        Text("a client", "客户端对象"),
        lambda _: Call("WxAppCloudAPI"),
    ),
]

CASES = [*URLS, *EXCHANGES, *REFRESHES, *USERS, *MINI_PROGRAMS, *OTHERS]
