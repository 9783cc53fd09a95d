"""The site in Flask."""

from __future__ import annotations

from typing import Any, Dict

import flask
from flask.typing import ResponseReturnValue
from weixin_login import ParseError
from weixin_login.flask import Login, LoginError, WeixinLogin, to_response

from .browser import Answer
from .views import embed_options, facts, start_options


class Site:
    """The site, and its test client."""

    is_async = False

    def __init__(self, clients: Any, **options: Any) -> None:
        self.app = flask.Flask(__name__)
        self.weixin = WeixinLogin(clients, self.app, **options)
        add_views(self.app, self.weixin)

    def send(self, method: str, target: str, headers: Dict[str, str]) -> Answer:
        """Sends one request."""
        answer = self.app.test_client(use_cookies=False).open(target, method=method, headers=headers)
        return Answer(answer.status_code, list(answer.headers.items()), answer.text)


def add_views(app: flask.Flask, weixin: WeixinLogin) -> None:
    """Adds the views."""
    add_starts(app, weixin)
    add_callbacks(app, weixin)

    @app.post("/logout")
    def logout() -> ResponseReturnValue:
        return weixin.end_login(("", 204))

    @app.get("/public")
    def public() -> ResponseReturnValue:
        return "public", {"Cache-Control": "public"}


def add_starts(app: flask.Flask, weixin: WeixinLogin) -> None:
    """Adds the views that start logins."""

    @app.get("/login")
    def login() -> ResponseReturnValue:
        try:
            return weixin.start(**start_options(flask.request.args))
        except ParseError as error:
            return str(error), 400

    @app.get("/silent")
    def silent() -> ResponseReturnValue:
        return weixin.start_silently(return_to="/cart") or "not here"

    @app.get("/embedded")
    def embedded() -> ResponseReturnValue:
        qr = weixin.embed(**embed_options(flask.request.args))
        return qr.iframe, {"Content-Security-Policy": qr.content_security_policy}


def add_callbacks(app: flask.Flask, weixin: WeixinLogin) -> None:
    """Adds the views that get a login."""

    @app.get("/callback")
    @weixin.callback
    def callback(login: Login) -> ResponseReturnValue:
        return {"nickname": login.user().nickname, **facts(login)}

    @app.get("/ids")
    @weixin.callback
    def ids(login: Login) -> ResponseReturnValue:
        headers = {"Cache-Control": "public", "Referrer-Policy": "unsafe-url", "Set-Cookie": "own=1; Path=/"}
        return facts(login), 201, headers

    @app.get("/fails")
    @weixin.callback
    def fails(login: Login) -> ResponseReturnValue:
        raise RuntimeError("the database is down")

    @app.get("/own")
    @weixin.callback(on_error=own_page)
    def own(login: Login) -> ResponseReturnValue:
        return login.user().to_dict()

    @app.get("/popup")
    @weixin.callback
    def popup(login: Login) -> ResponseReturnValue:
        return to_response(login.popup("https://www.example.com", "done"))


def own_page(error: LoginError) -> ResponseReturnValue:
    """The site's own page for failures."""
    return f"our page: {error.kind}", 418
