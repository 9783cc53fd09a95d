"""What only Flask has: factories, several apps, blueprints, methods, views that return anything."""

from __future__ import annotations

from typing import Any, Callable

import flask
import pytest
from flask.typing import ResponseReturnValue
from flask.views import MethodView
from pytest_weixin_sim import WeixinSim
from sites.browser import Browser
from sites.flask_site import Site
from weixin_login.flask import Login, LoginError, WeixinLogin

COMPLETED = ("no-store", "no-referrer")


class App(Site):
    """An app of a test, with a view that starts logins."""

    def __init__(self, app: flask.Flask, weixin: WeixinLogin) -> None:
        self.app = app
        app.add_url_rule("/login", "login", weixin.start)


def test_one_login_serves_the_apps_of_a_factory(make_client: Any, weixin_sim: WeixinSim) -> None:
    weixin = WeixinLogin()
    views = flask.Blueprint("views", __name__)

    @views.get("/<shop>/callback")
    @weixin.callback
    def callback(login: Login, shop: str) -> ResponseReturnValue:
        return f"{shop} {login.openid} {flask.current_app.name}"

    def create_app(name: str) -> Browser:
        app = flask.Flask(name)
        weixin.init_app(app, make_client(), redirect_uri=f"http://localhost/{name}/callback")
        app.register_blueprint(views)
        return Browser(App(app, weixin))

    one, two = create_app("one"), create_app("two")
    callbacks = [one.scan(weixin_sim), two.scan(weixin_sim)]
    assert [one.open(callbacks[0]).body, two.open(callbacks[1]).body] == [
        "one oQbeVYm3B6-k9lHSWtyyTcoyoIaC one",
        "two oQbeVYm3B6-k9lHSWtyyTcoyoIaC two",
    ]
    two.cookies.update(one.cookies)
    used = callbacks[0].replace("/one/", "/two/")
    assert two.open(used)["location"] == "/two/callback?login_error=csrf_mismatch"


def test_an_app_without_the_login_says_what_to_call(client: Any) -> None:
    weixin = WeixinLogin(client)
    app = flask.Flask(__name__)
    with app.test_request_context(), pytest.raises(RuntimeError, match=r"call its init_app\(app\)"):
        weixin.start()


def test_a_login_without_a_client_says_where_to_give_it() -> None:
    with pytest.raises(ValueError, match="give the client to WeixinLogin or to init_app"):
        WeixinLogin(app=flask.Flask(__name__))


def test_two_logins_of_one_app_have_callbacks_of_their_own(make_client: Any, weixin_sim: WeixinSim) -> None:
    app = flask.Flask(__name__)
    for name in ("users", "staff"):
        weixin = WeixinLogin(make_client(redirect_uri=f"http://localhost/{name}"), app)
        app.add_url_rule(f"/{name}/login", f"{name} login", weixin.start)
        app.add_url_rule(f"/{name}", name, weixin.callback(lambda login: flask.request.path))
    site = Site.__new__(Site)
    site.app = app
    browser = Browser(site)
    for name in ("users", "staff"):
        callback = browser.scan(weixin_sim, f"/{name}/login")
        assert browser.open(callback.replace("users", "x").replace("staff", "users").replace("x", "staff")).body == ""
        answer = browser.open(callback)
        assert (answer.body, len(answer.cookies)) == (f"/{name}", 1)


@pytest.mark.parametrize(
    ("respond", "status"),
    [
        (lambda: "text", 200),
        (lambda: ("text", 202), 202),
        (lambda: ({"a": 1}, 203, {"Cache-Control": "public, max-age=60"}), 203),
        (lambda: flask.Response("text", 206, {"Referrer-Policy": "origin"}), 206),
        (lambda: flask.redirect("/home"), 302),
        (lambda: flask.abort(409), 409),
        (lambda: 1 / 0, 500),
    ],
)
def test_every_response_of_a_callback_is_completed(
    client: Any, weixin_sim: WeixinSim, respond: Callable[[], Any], status: int
) -> None:
    app = flask.Flask(__name__)
    weixin = WeixinLogin(client, app)
    app.add_url_rule("/callback", "callback", weixin.callback(lambda login: respond()))
    browser = Browser(App(app, weixin))
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer.status, answer["cache-control"], answer["referrer-policy"]) == (status, *COMPLETED)
    assert [cookie.attributes["max-age"] for cookie in answer.cookies] == ["60"]


def test_a_response_before_the_view_is_completed_as_well(client: Any, weixin_sim: WeixinSim) -> None:
    app = flask.Flask(__name__)
    weixin = WeixinLogin(client, app)
    app.before_request(lambda: "closed for today" if flask.request.path == "/callback" else None)
    browser = Browser(App(app, weixin))
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer.body, answer["cache-control"], answer["referrer-policy"]) == ("closed for today", *COMPLETED)


def test_a_view_may_be_a_method(client: Any, weixin_sim: WeixinSim) -> None:
    app = flask.Flask(__name__)
    weixin = WeixinLogin(client, app)

    class Callback(MethodView):
        @weixin.callback
        def get(self, login: Login, page: str) -> ResponseReturnValue:
            return f"{type(self).__name__} {page} {login.openid}"

    app.add_url_rule("/<page>", view_func=Callback.as_view("callback"))
    browser = Browser(App(app, weixin))
    answer = browser.open(browser.scan(weixin_sim))
    assert answer.body == "Callback callback oQbeVYm3B6-k9lHSWtyyTcoyoIaC"


def test_a_view_may_be_async(client: Any, weixin_sim: WeixinSim) -> None:
    app = flask.Flask(__name__)
    weixin = WeixinLogin(client, app)

    @app.get("/callback")
    @weixin.callback
    async def callback(login: Login) -> ResponseReturnValue:
        return login.user().nickname

    browser = Browser(App(app, weixin))
    assert browser.open(browser.scan(weixin_sim)).body == "ليلى بنت أحمد (layla)"


def test_a_failed_start_may_have_a_page_of_the_apps_own(make_client: Any) -> None:
    app = flask.Flask(__name__)
    weixin = WeixinLogin(make_client("official_account"), app)

    @app.errorhandler(LoginError)
    def failed(error: LoginError) -> ResponseReturnValue:
        return f"our page: {error.kind}", error.status

    answer = Browser(App(app, weixin)).open("/login")
    assert (answer.status, answer.body) == (500, "our page: configuration")


def test_the_page_of_a_failure_may_be_left_to_the_login(client: Any) -> None:
    app = flask.Flask(__name__)
    weixin = WeixinLogin(client, app)
    asked = []

    @app.get("/callback")
    @weixin.callback(on_error=lambda error: asked.append(error.kind))
    def callback(login: Login) -> ResponseReturnValue:
        return ""

    answer = Browser(App(app, weixin)).open("/callback?login_error=busy")
    assert (answer.status, "网站繁忙" in answer.body, asked) == (503, True, ["busy"])


def test_a_session_beside_the_login_keeps_its_cookie(client: Any, weixin_sim: WeixinSim) -> None:
    app = flask.Flask(__name__)
    app.secret_key = "only for tests"
    weixin = WeixinLogin(client, app)

    @app.get("/callback")
    @weixin.callback
    def callback(login: Login) -> ResponseReturnValue:
        flask.session["user"] = login.identities[0]
        return flask.redirect(login.return_to or "/")

    @app.get("/")
    def home() -> ResponseReturnValue:
        return str(flask.session.get("user", "a visitor"))

    browser = Browser(App(app, weixin))
    assert browser.open("/").body == "a visitor"
    answer = browser.open(browser.scan(weixin_sim))
    assert (answer["location"], sorted(cookie.name[:6] for cookie in answer.cookies)) == ("/", ["sessio", "weixin"])
    assert browser.open("/").body == "union:o5ntXtCZQCkUJgNm1fqjuOD2_OUz"
