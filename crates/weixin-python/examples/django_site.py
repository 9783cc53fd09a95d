"""A Django site with "Log in with WeChat", at http://localhost:8000. WeChat is simulated on this machine:
pip install weixin-login weixin-cli django; weixin sim & django-admin runserver --pythonpath . --settings django_site
"""

from os import environ, urandom

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.urls import path
from django.utils.html import format_html
from django.views.decorators.http import require_POST
from weixin_login import Client
from weixin_login.django import Login, WeixinLogin

APP_ID, SECRET = environ.get("WEIXIN_APP_ID", "wx0123456789abcdef"), environ.get("WEIXIN_APP_SECRET", "s" * 32)
API_URL = environ.get("WEIXIN_API_URL", None if "WEIXIN_APP_ID" in environ else "http://127.0.0.1:9300")
CALLBACK = environ.get("SITE_URL", "http://localhost:8000") + "/callback"
FORM = "<form method='post' action='/logout'><input type='hidden' name='csrfmiddlewaretoken' value='{}'><button>Log out"
weixin = WeixinLogin(Client(APP_ID, SECRET, redirect_uri=CALLBACK, api_url=API_URL))

def page(request: HttpRequest) -> HttpResponse:
    if "user" not in request.session:
        return weixin.start(request, return_to=request.path)
    return HttpResponse(format_html("<h1>{}</h1> {}" + FORM, request.session["name"], request.path, get_token(request)))

@weixin.callback
def callback(request: HttpRequest, login: Login) -> HttpResponse:
    request.session.flush()
    request.session.update({"user": login.identities[0], "name": login.user().nickname})
    return redirect(login.return_to or "/")

@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return weixin.end_login(request, HttpResponse("Logged out. <a href='/'>Log in</a>"))

urlpatterns = [path("", page), path("profile", page), path("callback", callback), path("logout", logout)]
ROOT_URLCONF, ALLOWED_HOSTS = __name__, ["localhost"]
SECRET_KEY = environ.get("SECRET_KEY") or urandom(32).hex()  # in production: the same in all processes
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
MIDDLEWARE = ["weixin_login.django.LoginMiddleware", "django.contrib.sessions.middleware.SessionMiddleware"]
MIDDLEWARE += ["django.middleware.csrf.CsrfViewMiddleware"]
