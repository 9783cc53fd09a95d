"""What the tests share: apps of the simulator, and clients that call it."""

from __future__ import annotations

from typing import Any, Callable

import pytest
import weixin_login
from pytest_weixin_sim import WeixinSim

CALLBACK = "http://localhost:8080/callback"
KINDS = {
    "website": "website",
    "official_account": "official-account",
    "mobile_app": "mobile-app",
    "mini_program": "mini-program",
}

MakeClient = Callable[..., weixin_login.Client]
MakeAsyncClient = Callable[..., weixin_login.AsyncClient]


def settings(sim: WeixinSim, kind: str, more: dict[str, Any]) -> dict[str, Any]:
    """The settings of a client of an app of the simulator."""
    app = sim.app(KINDS[kind])
    own = {"app_id": app["id"], "app_secret": app["secret"], "redirect_uri": CALLBACK, "api_url": sim.url}
    return {**own, "kind": kind, **more}


@pytest.fixture
def make_client(weixin_sim: WeixinSim) -> MakeClient:
    """Makes clients of the simulator's apps."""
    return lambda kind="website", **more: weixin_login.Client(**settings(weixin_sim, kind, more))


@pytest.fixture
def make_async_client(weixin_sim: WeixinSim) -> MakeAsyncClient:
    """Makes clients of the simulator's apps, for asyncio."""
    return lambda kind="website", **more: weixin_login.AsyncClient(**settings(weixin_sim, kind, more))


@pytest.fixture
def client(make_client: MakeClient) -> weixin_login.Client:
    """The website app."""
    return make_client()


def code_of(sim: WeixinSim, client: Any, user: str | None = None) -> weixin_login.Secret:
    """A code: the QR page, and a user who scans and allows."""
    csrf = weixin_login.CsrfToken()
    callback = sim.scan(client.authorize_url(csrf), user)
    return weixin_login.verify_callback(callback.split("?", 1)[1], csrf)
