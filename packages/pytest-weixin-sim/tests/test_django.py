"""A Django site with django-allauth, unmodified."""

from urllib.parse import urlsplit

import django
import pytest
from conftest import parameters
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

urlpatterns = []


@pytest.fixture(scope="module")
def site():
    """Django's test client of a site whose database is in memory."""
    allauth = ["allauth", "allauth.account", "allauth.socialaccount", "allauth.socialaccount.providers.weixin"]
    settings.configure(
        ALLOWED_HOSTS=["localhost"],
        SECRET_KEY="a test",
        ROOT_URLCONF=__name__,
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[
            *(f"django.contrib.{app}" for app in ("auth", "contenttypes", "messages", "sessions")),
            *allauth,
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "allauth.account.middleware.AccountMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        ACCOUNT_EMAIL_VERIFICATION="none",
        LOGIN_REDIRECT_URL="/in/",
        SOCIALACCOUNT_PROVIDERS={"weixin": {"APP": {"client_id": "wx0123456789abcdef", "secret": "s" * 32}}},
    )
    django.setup()
    urlpatterns.append(path("accounts/", include("allauth.urls")))
    call_command("migrate", verbosity=0)
    from django.test import Client

    return lambda: Client(SERVER_NAME="localhost")


def test_a_visitor_of_an_allauth_site_logs_in(weixin_sim_hosts, site):
    from allauth.socialaccount.models import SocialAccount

    browser = site()
    login = browser.post("/accounts/weixin/login/")
    callback = urlsplit(weixin_sim_hosts.scan(login.headers["Location"], "anna"))
    done = browser.get(f"{callback.path}?{callback.query}")
    assert done.headers["Location"].startswith("/")
    assert [account.extra_data["nickname"] for account in SocialAccount.objects.all()] == ["Anna Weber"]


def test_an_allauth_site_rejects_the_callback_of_another_browser(weixin_sim_hosts, site):
    login = site().post("/accounts/weixin/login/")
    assert parameters(login.headers["Location"])["scope"] == "snsapi_login"
    callback = urlsplit(weixin_sim_hosts.scan(login.headers["Location"]))
    answer = site().get(f"{callback.path}?{callback.query}")
    assert answer.status_code in (401, 403)
    assert weixin_sim_hosts.requests("/sns/oauth2/access_token") == []
