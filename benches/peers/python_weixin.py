"""python-weixin, its addresses turned to the simulator."""

from weixin.client import WeixinAPI
from weixin.oauth2 import OAuth2Request

from logins import APP, ORIGIN, SECRET, run

WeixinAPI.protocol, HOST = ORIGIN.split("://")
WeixinAPI.access_token_url = f"{ORIGIN}/sns/oauth2/access_token"
made = OAuth2Request.__init__


def at_the_simulator(self, *arguments):
    made(self, *arguments)
    self.host = HOST


OAuth2Request.__init__ = at_the_simulator
app = WeixinAPI(appid=APP, app_secret=SECRET, redirect_uri="http://localhost/")


def nickname_of(code):
    token = app.exchange_code_for_access_token(code=code)
    user = WeixinAPI(access_token=token["access_token"])
    return user.user(openid=token["openid"])["nickname"]


run(nickname_of)
