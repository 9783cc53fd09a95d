"""Every way to log in, against the simulator."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
import weixin_login
from conftest import CALLBACK, MakeClient, code_of
from pytest_weixin_sim import WeixinSim
from weixin_login import Client, Consent, CsrfToken, QrPage, Store, UserTokens, verify_callback

KEY = b64encode(bytes(32)).decode()


def test_a_website_login_brings_tokens_and_a_profile(client: Client, weixin_sim: WeixinSim) -> None:
    token = client.exchange(code_of(weixin_sim, client, "layla"))
    user = client.user(token)
    assert (token.openid, token.scopes, token.expires_in) == (user.openid, ["snsapi_login"], 7200)
    assert token.identities == [f"union:{token.unionid}", f"open:{client.app_id}:{token.openid}"]
    assert user.to_dict() == {
        "openid": token.openid,
        "nickname": user.nickname,
        "sex": 0,
        "language": "",
        "city": "",
        "province": "",
        "country": "",
        "headimgurl": user.headimgurl,
        "privilege": [],
        "unionid": token.unionid,
    }
    assert weixin_login.User.from_json(json.dumps(user.to_dict())) == user
    assert client.check(token)
    again = client.refresh(token)
    assert again.openid == token.openid


def test_stored_parts_of_a_token_are_enough(client: Client, weixin_sim: WeixinSim) -> None:
    token = client.exchange(code_of(weixin_sim, client, "layla"))
    access_token, refresh_token = token.access_token.expose(), token.refresh_token.expose()
    assert client.user(access_token, token.openid) == client.user(token)
    assert client.check(access_token, token.openid)
    assert client.refresh(refresh_token).openid == token.openid
    with pytest.raises(TypeError, match="openid: needed beside an access token"):
        client.user(access_token)


def test_the_url_of_the_qr_page_has_its_options(client: Client) -> None:
    csrf = CsrfToken.from_state("state0123456789abcdefg")
    options = QrPage(language="en", text_color="white", lite_style=True, no_fast_login=True, callback_target="frame")
    assert client.authorize_url(csrf, qr_page=options) == (
        f"{weixin_sim_origin(client)}/connect/qrconnect?appid=wx0123456789abcdef"
        "&redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fcallback&response_type=code&scope=snsapi_login"
        "&state=state0123456789abcdefg&lang=en&self_redirect=true&style=white&stylelite=1&fast_login=0#wechat_redirect"
    )


def weixin_sim_origin(client: Client) -> str:
    url = client.authorize_url(CsrfToken())
    return url.split("/connect")[0]


def test_an_official_account_asks_inside_wechat_or_not_at_all(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    account = make_client("official_account")
    for consent, scopes in [(None, ["snsapi_userinfo"]), (Consent(silent=True), ["snsapi_base"])]:
        csrf = CsrfToken()
        callback = weixin_sim.open_in_wechat(account.authorize_url(csrf, consent=consent), "layla")
        token = account.exchange(verify_callback(callback.split("?", 1)[1], csrf))
        assert token.scopes == scopes


def test_a_mobile_app_brings_its_code(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    app = make_client("mobile_app")
    code = weixin_sim.control("POST", f"/apps/{app.app_id}/send-auth", user="layla")["code"]
    assert app.user(app.exchange(code)).openid


def test_a_mini_program_has_sessions_payloads_and_phone_numbers(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    app = make_client("mini_program")
    session = app.session(weixin_sim.js_code("layla"))
    assert session.identities == [f"union:{session.unionid}", f"open:{app.app_id}:{session.openid}"]
    key = session.session_key
    assert app.check_session(session.openid, key)
    payload = weixin_sim.control("POST", f"/apps/{app.app_id}/encrypted-data", user="layla", data="phone")
    phone = app.decrypt_phone(key, payload["encryptedData"], payload["iv"])
    code = weixin_sim.control("POST", f"/apps/{app.app_id}/phone-code", user="layla")["code"]
    bought = app.phone_number(code)
    assert phone.pure_phone_number == bought.pure_phone_number
    assert phone.encrypted_at is not None and bought.encrypted_at is None
    profile = weixin_sim.control("POST", f"/apps/{app.app_id}/encrypted-data", user="layla", data="user")
    assert app.decrypt_profile(key, profile["encryptedData"], profile["iv"]).nickname
    assert weixin_login.verify_signature(key, profile["rawData"], profile["signature"])
    assert not weixin_login.verify_signature(key, profile["rawData"] + " ", profile["signature"])
    with pytest.raises(weixin_login.PayloadError):
        app.decrypt_phone("AAAAAAAAAAAAAAAAAAAAAA==", payload["encryptedData"], payload["iv"])


def test_the_embedded_qr_code_has_its_urls(client: Client) -> None:
    embedded = client.embedded_qr(CsrfToken())
    origin = weixin_sim_origin(client)
    assert embedded.frame_origin == origin
    assert embedded.frame_url.startswith(f"{origin}/connect/qrconnect?")
    assert embedded.script_url.endswith("/wxLogin.js")
    assert '"id":"qr' in embedded.settings("qr")


def test_the_login_page_is_asked_before_users_see_it(make_client: MakeClient) -> None:
    make_client().probe()
    with pytest.raises(weixin_login.LoginPageError) as caught:
        make_client(app_id="wx00000000000000ff").probe()
    assert (caught.value.reason, caught.value.is_configuration) == ("app_id", True)


def test_user_tokens_are_refreshed_in_time(make_client: MakeClient, weixin_sim: WeixinSim, tmp_path: Any) -> None:
    client = make_client()
    store = Store(f"sqlite:{tmp_path / 'tokens.db'}", KEY)
    tokens = UserTokens(client, store)
    token = client.exchange(code_of(weixin_sim, client, "layla"))
    tokens.insert(token)
    assert tokens.get(token.openid).access_token == token.access_token
    # Another process: its memory is empty, the file is not.
    again = UserTokens(client, Store(f"sqlite:{tmp_path / 'tokens.db'}", KEY))
    assert again.user(token.openid) == client.user(token)
    assert again.renew(again.get(token.openid)).openid == token.openid
    again.remove(token.openid)
    with pytest.raises(weixin_login.LoginExpiredError) as caught:
        again.get(token.openid)
    assert caught.value.needs_login
    assert b"layla" not in (tmp_path / "tokens.db").read_bytes()
    assert token.access_token.expose().encode() not in (tmp_path / "tokens.db").read_bytes()


def test_app_tokens_are_fetched_once(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    app = make_client("mini_program")
    first, second = app.app_tokens.get(), app.app_tokens.get()
    assert first.access_token == second.access_token
    assert len(weixin_sim.requests("/cgi-bin/stable_token")) == 1
    with pytest.raises(TypeError, match="has no app tokens"):
        make_client().app_tokens


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("mini_program", lambda client: client.exchange("code")),
        ("mini_program", lambda client: client.authorize_url(CsrfToken())),
        ("mobile_app", lambda client: client.authorize_url(CsrfToken())),
        ("website", lambda client: client.session("code")),
        ("mobile_app", lambda client: client.probe()),
    ],
)
def test_a_call_of_another_kind_of_app_names_what_to_use(make_client: MakeClient, kind: str, call: Any) -> None:
    with pytest.raises(TypeError, match=rf"kind='{kind}' has no \w+\(\): use \w+\(\)"):
        call(make_client(kind))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"app_id": "wx 1"}, "not a valid app ID: expected "),
        ({"app_secret": "s\n"}, "not a valid app secret: expected "),
        ({"redirect_uri": "www.example.com/callback"}, "not a valid redirect URI: expected "),
        ({"api_url": "127.0.0.1"}, "not a valid origin: expected "),
        ({"kind": "web"}, "kind: expected 'website', 'official_account', 'mobile_app' or 'mini_program'"),
        ({"timeout": 0}, "timeout: expected seconds, more than 0 and at most 600"),
        ({"timeout": float("nan")}, "timeout: expected seconds, more than 0 and at most 600"),
        ({"connect_timeout": -1}, "connect_timeout: expected seconds, more than 0 and at most 600"),
        ({"open_url": "http://localhost:1"}, "open_url: needs api_url beside it"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], message: str) -> None:
    good = {"app_id": "wx0123456789abcdef", "app_secret": "s" * 32, "redirect_uri": CALLBACK}
    if "open_url" not in settings:
        good["api_url"] = "http://localhost:1"
    with pytest.raises(ValueError) as caught:
        Client(**{**good, **settings})
    assert str(caught.value).startswith(message)


def test_a_setting_of_another_type_is_named() -> None:
    with pytest.raises(TypeError, match=r"^app_id: expected str, got NoneType \(is the environment variable set\?\)$"):
        Client(None, "s" * 32)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^timeout: expected int or float, got str$"):
        Client("wx0123456789abcdef", "s" * 32, timeout="3")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="^query: expected the query string as it came"):
        verify_callback({"code": "071v"}, CsrfToken())  # type: ignore[arg-type]


def test_a_return_path_is_encoded_and_one_of_another_site_is_none() -> None:
    assert weixin_login.return_path("/订单 1?a=%20#x") == "/%E8%AE%A2%E5%8D%95%201?a=%20#x"
    for bad in [None, "", "https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "/" + "订" * 200]:
        assert weixin_login.return_path(bad) is None


def test_a_redirect_uri_that_wechat_rejects_is_named_before_anything_is_sent() -> None:
    client = Client("wx0123456789abcdef", "s" * 32)
    for uri in ["http://127.0.0.1/callback", "https://www.example.com:8443/callback", "https://localhost/callback"]:
        with pytest.raises(weixin_login.ParseError, match="redirect URI"):
            client.authorize_url(CsrfToken(), redirect_uri=uri)
    with pytest.raises(ValueError, match="redirect_uri: give it here, or to the client"):
        client.authorize_url(CsrfToken())
