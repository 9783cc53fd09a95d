"""A site with WeChat login, of Python's standard library. Its argument is `right`, or the rule that it breaks."""

import http.cookies
import json
import os
import secrets
import sys
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BREAKS = sys.argv[1]
APP = {"appid": os.environ["WEIXIN_APP_ID"]}
SECRET = {"secret": os.environ["WEIXIN_APP_SECRET"]}
used = set()


def call(path, parameters):
    query = urllib.parse.urlencode(parameters)
    return json.load(urllib.request.urlopen(f"https://api.weixin.qq.com{path}?{query}"))


class Site(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        self.login() if url.path == "/login" else self.callback(query)

    def login(self):
        state = {"state-missing": "", "state-repeated": "a-constant-is-no-secret"}.get(BREAKS, secrets.token_urlsafe())
        redirect_uri = f"http://localhost:{self.server.server_port}/callback"
        login = APP | {"redirect_uri": redirect_uri, "response_type": "code", "scope": "snsapi_login", "state": state}
        self.send_response(302)
        query = urllib.parse.urlencode(login)
        self.send_header("Location", f"https://open.weixin.qq.com/connect/qrconnect?{query}#wechat_redirect")
        self.send_header("Set-Cookie", f"state={state}; HttpOnly; SameSite=Lax")
        self.end_headers()

    def callback(self, query):
        cookie = http.cookies.SimpleCookie(self.headers["Cookie"]).get("state")
        if BREAKS != "state-missing" and (cookie is None or cookie.value != query.get("state")):
            return self.answer(403, "this login began in another browser")
        if query["code"] in used and BREAKS != "code-twice":
            return self.answer(410, "this login is complete")
        used.add(query["code"])
        token = call("/sns/oauth2/access_token", APP | SECRET | {"code": query["code"], "grant_type": "authorization_code"})
        if "errcode" in token:
            return self.answer(502, token["errmsg"])
        user = call("/sns/userinfo", {"access_token": token["access_token"], "openid": token["openid"]})
        self.answer(200, user["nickname"])

    def answer(self, status, text):
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


site = ThreadingHTTPServer(("127.0.0.1", 0), Site)
print(f"open http://localhost:{site.server_port}", flush=True)
site.serve_forever()
