"""wechatpy's `WeChatOAuth`, one for each login as a web server would have it."""

from wechatpy.oauth import WeChatOAuth

from logins import APP, ORIGIN, SECRET, run

WeChatOAuth.API_BASE_URL = f"{ORIGIN}/"


def nickname_of(code):
    oauth = WeChatOAuth(APP, SECRET, "http://localhost/")
    oauth.fetch_access_token(code)
    return oauth.get_user_info()["nickname"]


run(nickname_of)
