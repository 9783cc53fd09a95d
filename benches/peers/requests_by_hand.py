"""What people write by hand: two GETs, by `requests.get` on a connection each, or by a `Session` that keeps its own."""

import sys

import requests

from logins import APP, ORIGIN, SECRET, run

open_url = requests.Session().get if sys.argv[2] == "session" else requests.get


def get(path, **query):
    answer = open_url(f"{ORIGIN}{path}", params=query, timeout=10)
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
