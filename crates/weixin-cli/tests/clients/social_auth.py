"""A website login with social-auth-core's backend: POST forms, and the repair of its nicknames."""

from simulator import report, scan
from social_core.backends.weixin import WeixinOAuth2
from social_core.exceptions import AuthProviderError
from social_core.strategy import BaseStrategy

SETTINGS = {"SOCIAL_AUTH_WEIXIN_KEY": "wx0123456789abcdef", "SOCIAL_AUTH_WEIXIN_SECRET": "s" * 32}
CALLBACK = "http://localhost:8080/complete/weixin/"


class Weixin(WeixinOAuth2):
    # The state would be kept in a database, which is not what this is about.
    STATE_PARAMETER = False


class Strategy(BaseStrategy):
    """As much of a web framework as a login needs."""

    def __init__(self):
        super().__init__(storage=None)
        self.session, self.data = {}, {}

    def get_setting(self, name):
        return SETTINGS[name]

    def request_data(self, merge=True):
        return self.data

    def request_host(self):
        return "localhost"

    def build_absolute_uri(self, path=None):
        return path

    def session_get(self, name, default=None):
        return self.session.get(name, default)

    def session_set(self, name, value):
        self.session[name] = value

    def session_pop(self, name):
        return self.session.pop(name, None)

    def redirect(self, url):
        return url


def login():
    """The token, the profile, and the backend that got them."""
    strategy = Strategy()
    backend = Weixin(strategy, redirect_uri=CALLBACK)
    code = scan(backend.auth_url())
    backend.data = {"code": code}
    token = backend.request_access_token(
        backend.ACCESS_TOKEN_URL,
        data=backend.auth_complete_params(backend.validate_state()),
        headers=backend.auth_headers(),
        method=backend.ACCESS_TOKEN_METHOD,
    )
    return token, backend.user_data(token["access_token"], response=token), backend


token, user, backend = login()
try:
    backend.process_error({"errcode": 40029, "errmsg": "invalid code"})
    refused = None
except AuthProviderError as error:
    refused = error.provider_code

report(
    "social-auth-core",
    {
        "token_keys": sorted(token),
        "nickname": user["nickname"],
        "same_person": user["openid"] == token["openid"],
        "details": sorted(backend.get_user_details(user)),
        "refused": refused,
    },
)
