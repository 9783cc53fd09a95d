"""What people write by hand: `requests.get`, twice, each on a connection of its own."""

import requests

from logins import APP, ORIGIN, SECRET, run


def get(path, **query):
    answer = requests.get(f"{ORIGIN}{path}", params=query, timeout=10)
    # Without it, requests takes text without a charset for Latin-1.
    answer.encoding = "utf-8"
    return answer.json()


def nickname_of(code):
    token = get(
        "/sns/oauth2/access_token",
        appid=APP,
        secret=SECRET,
        code=code,
        grant_type="authorization_code",
    )
    user = get("/sns/userinfo", access_token=token["access_token"], openid=token["openid"])
    return user["nickname"]


run(nickname_of)
