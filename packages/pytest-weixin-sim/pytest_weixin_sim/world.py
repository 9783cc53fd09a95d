"""A world of the simulator, as a test uses it."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode, urlsplit

from .connection import SimulatorError, control, send

WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 MicroMessenger/8.0.50 NetType/WIFI"


class WeixinSim:
    """WeChat for one test, with a clock, apps, users, faults, a log and findings of its own.

    Programs use `url` instead of https://open.weixin.qq.com and https://api.weixin.qq.com.
    """

    def __init__(self, url: str, world: str) -> None:
        self.url, self.world = url, world

    def control(self, method: str, path: str, /, **members: Any) -> Any:
        """Calls the control API below /_sim/api, such as `control("POST", "/users/layla/change-password")`."""
        return control(self.url, method, path, members)

    def app(self, kind: str = "website") -> dict[str, Any]:
        """Returns the first app of a kind: website, official-account, mobile-app or mini-program."""
        for app in self.control("GET", "/apps?secrets=true"):
            if app["kind"] == kind:
                return app
        raise SimulatorError(f"the simulator has no {kind} app: register one with add_app")

    def add_app(self, app_id: str, *, kind: str = "website", **members: Any) -> dict[str, Any]:
        """Registers an app, with `secret`, `callback_domains`, `ip_whitelist`, `bound` and others; returns it."""
        return self.control("PUT", f"/apps/{app_id}", kind=kind, **members)

    def scan(self, login_url: str | None = None, user: str | None = None) -> str:
        """Scans the QR code and allows the login, as the user with this ID or nickname; returns the callback's URL.

        `login_url` is the URL to which the site redirects the browser. Without it, a browser opens the page: its QR
        code is awaited.
        """
        return self.control("POST", f"/logins/{self._qr_code(login_url)}/allow", user=user)["redirect_url"]

    def refuse(self, login_url: str | None = None) -> None:
        """Scans the QR code and cancels. The browser stays on the login page, where the code can be scanned again."""
        self.control("POST", f"/logins/{self._qr_code(login_url)}/cancel")

    def open_in_wechat(self, login_url: str, user: str | None = None, *, allow: bool = True) -> str:
        """Opens an official account's login inside WeChat, and allows or cancels it; returns the callback's URL."""
        person = {"user": user} if user else {}
        cookie = {"Cookie": f"weixin-sim-user={user}"} if user else {}
        callback, page = self._open(login_url, {"User-Agent": WECHAT, **cookie})
        if question := re.search(r'action="(/_sim/phone/[^"?]+)"', page):
            form = urlencode({"action": "allow" if allow else "cancel", **person})
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            _, headers, page = send(self.url, "POST", question[1], form, kind)
            callback = headers["Location"]
        return callback or rejected(page)

    def js_code(self, user: str | None = None, app_id: str | None = None) -> str:
        """Opens a mini program; returns the code of its `wx.login`."""
        app = app_id or self.app("mini-program")["id"]
        return self.control("POST", f"/apps/{app}/wx-login", user=user)["code"]

    def advance(self, by: int | timedelta) -> None:
        """Moves the clock forward, by seconds or a `timedelta`."""
        seconds = int(by.total_seconds()) if isinstance(by, timedelta) else by
        self.control("POST", "/clock", advance_seconds=seconds)

    def fault(self, effect: Any, **members: Any) -> dict[str, Any]:
        """Adds a fault, such as `fault({"errcode": -1}, path="/sns/userinfo", times=2)`; returns it with its ID."""
        return self.control("POST", "/faults", effect=effect, **members)

    def requests(self, path: str | None = None) -> list[dict[str, Any]]:
        """Returns the requests so far, with masked secrets; those to one path, if it is given."""
        return [one for one in self.control("GET", "/requests") if path in (None, one["path"])]

    def findings(self) -> list[dict[str, Any]]:
        """Returns the findings so far. Those with `fails` fail the test."""
        return self.control("GET", "/findings")

    def _qr_code(self, login_url: str | None) -> str:
        if login_url is None:
            return self.control("POST", "/wait-for", login={"step": "opened"})["login"]["uuid"]
        callback, page = self._open(login_url, {})
        if callback:
            raise SimulatorError(f"no phone is needed: the login page has redirected to {callback}")
        found = re.search(r'/connect/qrcode/([^"]+)', page)
        return found[1] if found else rejected(page)

    def _open(self, login_url: str, headers: dict[str, str]) -> tuple[str | None, str]:
        """Opens a login page in this world, also if the URL is WeChat's own; returns its redirect and the page."""
        url = urlsplit(login_url)
        if url.netloc.endswith(".qq.com"):
            headers = {**headers, "Host": url.netloc, "X-Forwarded-Proto": url.scheme}
        elif url.netloc != urlsplit(self.url).netloc:
            raise SimulatorError(f"{login_url} is no login page of WeChat: give the URL to which your site redirects")
        _, answer, page = send(self.url, "GET", f"{url.path}?{url.query}", None, headers)
        return answer["Location"], page


def rejected(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    raise SimulatorError(f"WeChat's page rejects this login: {unescape(found[1] if found else page).strip()}")
