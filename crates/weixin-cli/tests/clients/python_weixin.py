"""A website login with python-weixin."""

from simulator import report, scan
from weixin.client import WeixinAPI
from weixin.oauth2 import OAuth2AuthExchangeError


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

report(
    "python-weixin",
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
    },
)
