"""A Flask site with "Log in with WeChat", at http://localhost:8000. WeChat is simulated on this machine:
pip install weixin-login weixin-cli flask; weixin sim & flask --app flask_site run --port 8000
"""

from os import environ, urandom

from flask import Flask, redirect, render_template_string, request, session
from flask.typing import ResponseReturnValue
from weixin_login import Client
from weixin_login.flask import Login, WeixinLogin

APP_ID, SECRET = environ.get("WEIXIN_APP_ID", "wx0123456789abcdef"), environ.get("WEIXIN_APP_SECRET", "s" * 32)
API_URL = environ.get("WEIXIN_API_URL", None if "WEIXIN_APP_ID" in environ else "http://127.0.0.1:9300")
SITE_URL = environ.get("SITE_URL", "http://localhost:8000")
PAGE = "<h1>{{ name }}</h1> {{ path }} <form method='post' action='/logout'><button>Log out</button></form>"
app = Flask(__name__)
app.config.update(SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_SECURE=SITE_URL.startswith("https:"))
app.secret_key = environ.get("SECRET_KEY") or urandom(32)  # in production: the same in all processes
weixin = WeixinLogin(Client(APP_ID, SECRET, redirect_uri=f"{SITE_URL}/callback", api_url=API_URL), app)


@app.get("/")
@app.get("/profile")
def page() -> ResponseReturnValue:
    if "user" not in session:
        return weixin.start(return_to=request.path)
    return render_template_string(PAGE, name=session["name"], path=request.path)


@app.get("/callback")
@weixin.callback
def callback(login: Login) -> ResponseReturnValue:
    session.clear()
    session.update(user=login.identities[0], name=login.user().nickname)
    return redirect(login.return_to or "/")


@app.post("/logout")
def logout() -> ResponseReturnValue:
    if "user" in session:  # a page of another site brings no session, and must not end it
        session.clear()
    return weixin.end_login("Logged out. <a href='/'>Log in</a>")
