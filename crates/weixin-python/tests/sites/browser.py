"""A browser, as far as logins need one: it sends its headers and cookies, and stores those of the responses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Dict, List, Protocol, Tuple
from urllib.parse import urlsplit

from pytest_weixin_sim import WeixinSim

INSIDE_WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50"


@dataclass(frozen=True)
class Answer:
    """A response of a site."""

    status: int
    headers: List[Tuple[str, str]]
    body: str

    def values(self, name: str) -> List[str]:
        """The values of a header."""
        return [value for one, value in self.headers if one.lower() == name]

    def __getitem__(self, name: str) -> str:
        return ", ".join(self.values(name))

    @property
    def cookies(self) -> List[Cookie]:
        """The cookies that it sets."""
        return [Cookie.parse(value) for value in self.values("set-cookie")]


@dataclass(frozen=True)
class Cookie:
    """A cookie as a response sets it. The order of its attributes means nothing."""

    name: str
    value: str
    attributes: Dict[str, str]

    @classmethod
    def parse(cls, text: str) -> Cookie:
        """Parses a ``Set-Cookie`` header."""
        pair, *attributes = text.split("; ")
        name, value = pair.split("=", 1)
        pairs = (one.partition("=") for one in attributes)
        return cls(name, value, {key.lower(): value for key, _, value in pairs})


class Site(Protocol):
    """A site behind its framework's test client."""

    def send(self, method: str, target: str, headers: Dict[str, str]) -> Answer:
        """Sends one request, without cookies of the test client's own."""


@dataclass
class Browser:
    """A browser, with the headers that it sends."""

    site: Site
    headers: Dict[str, str] = field(default_factory=dict)
    cookies: Dict[str, str] = field(default_factory=dict)

    def open(self, url: str, method: str = "GET", **headers: str) -> Answer:
        """Opens a path of the site, or the path of a URL. It follows no redirect."""
        target = urlsplit(url)
        sent = {**self.headers, **headers}
        if self.cookies:
            sent["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.site.send(method, f"{target.path}?{target.query}" if target.query else target.path, sent)
        for cookie in answer.cookies:
            self.store(cookie)
        return answer

    def store(self, cookie: Cookie) -> None:
        """Stores a cookie, or removes it. One that is set again keeps its place."""
        if cookie.attributes.get("max-age") == "0":
            self.cookies.pop(cookie.name, None)
        else:
            self.cookies[cookie.name] = cookie.value

    def scan(self, sim: WeixinSim, path: str = "/login", user: str = "layla") -> str:
        """Starts a login and allows it on the phone; returns the callback's URL, not yet opened."""
        answer = self.open(path)
        return sim.scan(answer["location"] or str(json.loads(answer.body)["url"]), user)

    def login_cookies(self) -> List[str]:
        """The names of the cookies of logins."""
        return [name for name in self.cookies if "weixin" in name]


def exchanges(sim: WeixinSim) -> int:
    """The number of codes that WeChat has received."""
    return len(sim.requests("/sns/oauth2/access_token"))
