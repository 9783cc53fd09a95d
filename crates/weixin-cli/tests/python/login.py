"""A website login with python-weixin, unmodified but for the host names, against `weixin sim`."""

import json
import re
import sys
import urllib.request

from weixin import oauth2
from weixin.client import WeixinAPI
from weixin.oauth2 import OAuth2AuthExchangeError

simulator = sys.argv[1]

# The host names are constants of the library: point them at the simulator.
WeixinAPI.authorize_url = simulator + "/connect/qrconnect"
WeixinAPI.access_token_url = simulator + "/sns/oauth2/access_token"
WeixinAPI.refresh_token_url = simulator + "/sns/oauth2/refresh_token"
WeixinAPI.protocol = "http"
with_host = oauth2.OAuth2Request.__init__


def with_simulator(self, api):
    with_host(self, api)
    self.host = simulator.removeprefix("http://")


oauth2.OAuth2Request.__init__ = with_simulator


def open_url(url, data=None):
    with urllib.request.urlopen(url, data) as response:
        return response.read().decode()


def scan(login_url):
    """Plays browser and phone; returns the code of the callback."""
    uuid = re.search(r"/connect/qrcode/([^\"]+)", open_url(login_url)).group(1)
    answer = open_url(f"{simulator}/_sim/api/logins/{uuid}/allow", b"{}")
    return re.search(r"code=([^&]+)", json.loads(answer)["redirect_url"]).group(1)


def error_of(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except OAuth2AuthExchangeError as error:
        return error.code
    return None


app = WeixinAPI(
    appid="wx0123456789abcdef",
    app_secret="s" * 32,
    redirect_uri="http://localhost:8080/authorization",
)
login_url = app.get_authorize_login_url(scope=("snsapi_login",), state="s1")
code = scan(login_url)
token = app.exchange_code_for_access_token(code=code)
user_api = WeixinAPI(access_token=token["access_token"])
user = user_api.user(openid=token["openid"])
valid = user_api.validate_token(openid=token["openid"])

print(
    json.dumps(
        {
            "token_keys": sorted(token),
            "expires_in": token["expires_in"],
            "nickname": user["nickname"],
            "same_person": user["openid"] == token["openid"],
            "valid": valid,
            # The library sends its refresh to the wrong path, under a wrong name.
            "refresh": error_of(
                app.exchange_refresh_token_for_access_token, refresh_token=token["refresh_token"]
            ),
            "code_twice": error_of(app.exchange_code_for_access_token, code=code),
            "bogus_code": error_of(app.exchange_code_for_access_token, code="bogus"),
        }
    )
)
