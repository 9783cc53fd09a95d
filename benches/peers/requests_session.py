"""The same with a `requests.Session`, which keeps its connection."""

import requests

from logins import APP, ORIGIN, SECRET, run

session = requests.Session()


def get(path, **query):
    answer = session.get(f"{ORIGIN}{path}", params=query, timeout=10)
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
