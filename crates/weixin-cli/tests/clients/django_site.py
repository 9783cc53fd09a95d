"""A website login with django-allauth: the whole flow through Django's test client."""

import os
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

settings.configure(
    ALLOWED_HOSTS=["localhost"],
    SECRET_KEY="a test",
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "allauth",
        "allauth.account",
        "allauth.socialaccount",
        "allauth.socialaccount.providers.weixin",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
        }
    ],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    ACCOUNT_EMAIL_VERIFICATION="none",
    LOGIN_REDIRECT_URL="/in/",
    SOCIALACCOUNT_PROVIDERS={
        "weixin": {
            "APP": {
                "client_id": os.environ["WEIXIN_APP_ID"],
                "secret": os.environ["WEIXIN_APP_SECRET"],
            }
        }
    },
)
django.setup()
urlpatterns = [path("accounts/", include("allauth.urls"))]
call_command("migrate", verbosity=0)

from allauth.socialaccount.models import SocialAccount  # noqa: E402
from django.test import Client  # noqa: E402
from simulator import callback_of, report  # noqa: E402

browser = Client(SERVER_NAME="localhost")
login = browser.post("/accounts/weixin/login/")
callback = urlsplit(callback_of(login.headers["Location"]))
done = browser.get(f"{callback.path}?{callback.query}")
signup = urlsplit(done.headers["Location"]).path
again = Client(SERVER_NAME="localhost").get(f"{callback.path}?{callback.query}")
account = SocialAccount.objects.first()

report(
    "django-allauth",
    {
        "login_page": urlsplit(login.headers["Location"]).path,
        "goes_on_to": signup,
        "nickname": account and account.extra_data["nickname"],
        "uid_is_open_id": account and account.uid == account.extra_data["openid"],
        "stranger": again.status_code,
    },
)
