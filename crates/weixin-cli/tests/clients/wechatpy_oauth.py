"""A website login and a login inside WeChat with wechatpy; and its mini program's session."""

import json

from simulator import SIMULATOR, open_inside_wechat, open_url, report, scan
from wechatpy import WeChatClient
from wechatpy.client.api import WeChatWxa
from wechatpy.exceptions import WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

SECRET = "s" * 32
CALLBACK = "http://localhost:8080/callback"

website = WeChatOAuth("wx0123456789abcdef", SECRET, CALLBACK, state="s1")
code = scan(website.qrconnect_url)
token = website.fetch_access_token(code)
user = website.get_user_info()
refreshed = website.refresh_access_token(token["refresh_token"])
try:
    website.fetch_access_token(code)
    code_twice = None
except WeChatOAuthException as error:
    code_twice = error.errcode

account = WeChatOAuth("wx0123456789abcde0", SECRET, CALLBACK, state="s1")
silent = account.fetch_access_token(open_inside_wechat(account.authorize_url))

mini_program = "wx0123456789abcde2"
js_code = json.loads(open_url(f"{SIMULATOR}/_sim/api/apps/{mini_program}/wx-login", b"{}"))["code"]
session = WeChatClient(mini_program, SECRET).wxa.code_to_session(js_code)

report(
    "wechatpy",
    {
        "nickname": user["nickname"],
        "valid": website.check_access_token(),
        "same_token": refreshed["access_token"] == token["access_token"],
        "code_twice": code_twice,
        "silent_keys": sorted(silent),
        "session_keys": sorted(session),
        "same_union_id": session["unionid"] == token["unionid"],
    },
)
