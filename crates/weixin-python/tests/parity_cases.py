"""The calls that python-weixin 0.5.0 and this package are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable, Dict, NamedTuple

import weixin_login
from pytest_weixin_sim import WeixinSim
from weixin_calls import Call

CALLBACK = "http://localhost:8080/callback"
STATE = "0123456789abcdef0123"
DAY = 24 * 60 * 60


class Prepared:
    """A world of the simulator, and what a program has before its call."""

    def __init__(self, sim: WeixinSim) -> None:
        self.sim = sim
        self.secret = sim.app()["secret"]

    def app(self, kind: str) -> Dict[str, Any]:
        """The settings of a client of the simulator's app of this kind."""
        app = self.sim.app(kind)
        return {"appid": app["id"], "app_secret": app["secret"], "redirect_uri": CALLBACK}

    def client(self, kind: str = "website") -> weixin_login.Client:
        """A client of our own, which prepares the call."""
        app = self.sim.app(kind)
        options: Any = {"kind": kind.replace("-", "_"), "redirect_uri": CALLBACK, "api_url": self.sim.url}
        return weixin_login.Client(app["id"], app["secret"], **options)

    def code(self, kind: str = "website", *, silent: bool = False) -> str:
        """The code of a login of layla's."""
        csrf = weixin_login.CsrfToken()
        if kind == "website":
            callback = self.sim.scan(self.client(kind).authorize_url(csrf), "layla")
        else:
            consent = weixin_login.Consent(silent=silent)
            callback = self.sim.open_in_wechat(self.client(kind).authorize_url(csrf, consent=consent), "layla")
        return weixin_login.verify_callback(callback.split("?", 1)[1], csrf).expose()

    def used_code(self) -> str:
        """A code that was exchanged."""
        code = self.code()
        self.client().exchange(code)
        return code

    def token(self, kind: str = "website", *, silent: bool = False) -> weixin_login.Token:
        """The tokens of a login of layla's."""
        return self.client(kind).exchange(self.code(kind, silent=silent))

    def fault(self, effect: Any, path: str) -> None:
        """A fault of all calls of a path."""
        self.sim.fault(effect, path=path, times=None)


class Text(NamedTuple):
    """A text of the manual in English and Chinese."""

    en: str
    zh: str


@dataclass(frozen=True)
class Case:
    """A call, and the result that python-weixin has for it."""

    call: Text
    result: Text
    prepare: Callable[[Prepared], Call]


def website(method: str, **keywords: Any) -> Callable[[Prepared], Call]:
    """A call of a website app; functions among the arguments prepare them."""
    return of_app("WeixinAPI", "website", method, **keywords)


def official(method: str, **keywords: Any) -> Callable[[Prepared], Call]:
    """A call of an official account."""
    return of_app("WeixinMpAPI", "official-account", method, **keywords)


def mini(method: str, **keywords: Any) -> Callable[[Prepared], Call]:
    """A call of a mini program."""
    return of_app("WXAPPAPI", "mini-program", method, **keywords)


def of_app(client: str, kind: str, method: str, **keywords: Any) -> Callable[[Prepared], Call]:
    """A call of an app, whose settings may be among the keywords."""

    def prepare(before: Prepared) -> Call:
        given = {name: value(before) if callable(value) else value for name, value in keywords.items()}
        changed = {name: given.pop(name) for name in SETTINGS & given.keys()}
        return Call(client, {**before.app(kind), **changed}, method, [], given)

    return prepare


SETTINGS = {"appid", "app_secret", "redirect_uri", "grant_type"}


def for_user(
    method: str,
    client: str = "WeixinAPI",
    *,
    kind: str = "website",
    silent: bool = False,
    then: Callable[[Prepared], None] = lambda _: None,
    **changed: Any,
) -> Callable[[Prepared], Call]:
    """A call on behalf of a user, after something else has happened."""

    def prepare(before: Prepared) -> Call:
        token = before.token(kind, silent=silent)
        then(before)
        given = {"access_token": token.access_token.expose(), "openid": token.openid, **changed}
        settings = {"access_token": given.pop("access_token")}
        return Call(client, settings, method, [], given)

    return prepare


def with_expired_code(before: Prepared) -> Call:
    call = website("exchange_code_for_access_token", code=Prepared.code)(before)
    before.sim.advance(DAY)
    return call


def with_fault(effect: Any, path: str, prepare: Callable[[Prepared], Call]) -> Callable[[Prepared], Call]:
    """A call that WeChat does not answer as it should."""

    def prepare_and_fail(before: Prepared) -> Call:
        call = prepare(before)
        before.fault(effect, path)
        return call

    return prepare_and_fail


def refresh_token(before: Prepared) -> str:
    return before.token().refresh_token.expose()


def old_refresh_token(before: Prepared) -> str:
    token = refresh_token(before)
    before.sim.advance(31 * DAY)
    return token


def signed(token: str) -> Callable[[Prepared], Call]:
    """A message of WeChat's, which is signed with the token ``token``."""
    signature = "7b168527e6c8e8e22b5d3ad62002daf6ebc5c284"
    sent = {"timestamp": "1700000000", "nonce": "42", "signature": signature, "mp_token": token}
    return lambda _: Call("WeixinMpAPI", sent, "validate_signature")
