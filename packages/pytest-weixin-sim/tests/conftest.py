from urllib.parse import parse_qs, urlencode, urlsplit

import pytest


def login_url(sim, app_id="wx0123456789abcdef", path="/connect/qrconnect", **changes):
    """The URL to which a site redirects the browser."""
    query = {
        "appid": app_id,
        "redirect_uri": "http://localhost:5000/callback",
        "response_type": "code",
        "scope": "snsapi_login",
        "state": "0123456789abcdef0123",
        **changes,
    }
    return f"{sim.url}{path}?{urlencode(query)}#wechat_redirect"


def official_account_url(sim, scope="snsapi_userinfo"):
    return login_url(sim, sim.app("official-account")["id"], "/connect/oauth2/authorize", scope=scope)


def parameters(url):
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture
def exchange():
    """A client of the API: returns the token for a code."""
    import requests

    def call(sim, callback, kind="website"):
        app = sim.app(kind)
        query = {
            "appid": app["id"],
            "secret": app["secret"],
            "code": parameters(callback)["code"],
            "grant_type": "authorization_code",
        }
        return requests.get(f"{sim.url}/sns/oauth2/access_token", params=query, timeout=10).json()

    return call
