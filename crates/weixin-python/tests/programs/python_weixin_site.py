"""A site that was written for python-weixin: its imports and calls are those of the programs that log in with it."""

from flask import Flask, Markup, jsonify, redirect, request
from weixin.client import WeixinAPI
from weixin.oauth2 import OAuth2AuthExchangeError

APP_ID = "wx0123456789abcdef"
APP_SECRET = "ssssssssssssssssssssssssssssssss"
REDIRECT_URI = "http://localhost:5000/wechat/callback"

app = Flask(__name__)


def website_app():
    return WeixinAPI(appid=APP_ID, app_secret=APP_SECRET, redirect_uri=REDIRECT_URI)


@app.route("/")
def start():
    return Markup('<p><a href="{}">Log in with WeChat</a></p>').format("/wechat/login")


@app.route("/wechat/login")
def to_wechat():
    return redirect(website_app().get_authorize_login_url(scope=("snsapi_login",)))


@app.route("/wechat/callback")
def from_wechat():
    tokens = website_app().exchange_code_for_access_token(code=request.args.get("code"))
    profile = WeixinAPI(access_token=tokens["access_token"]).user(openid=tokens["openid"])
    return jsonify(profile)


@app.errorhandler(OAuth2AuthExchangeError)
def rejected(error):
    return jsonify(code=error.code, description=error.description), 401


if __name__ == "__main__":
    app.run()
