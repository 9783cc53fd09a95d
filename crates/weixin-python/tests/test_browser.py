"""The examples in a real browser: Debian's Chromium logs in by the simulator's QR page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Iterator

import pytest
from pytest_weixin_sim import WeixinSim
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

SERVE = Path(__file__).parent / "sites" / "serve.py"
ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--lang=en-US",
]
TIMEOUT = 300
"""Seconds that a page may take. Only a failure waits that long."""


@pytest.fixture(params=["flask_site", "django_site", "fastapi_site"])
def site(request: pytest.FixtureRequest, weixin_sim: WeixinSim) -> Iterator[str]:
    """The URL of an example that is served."""
    app = weixin_sim.app()
    settings = {"WEIXIN_APP_ID": app["id"], "WEIXIN_APP_SECRET": app["secret"], "WEIXIN_API_URL": weixin_sim.url}
    command, pipe = [sys.executable, str(SERVE), request.param], subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env={**os.environ, **settings}) as server:
        assert server.stdin and server.stdout
        yield server.stdout.readline().strip()
        server.stdin.close()


@pytest.fixture
def window() -> Iterator[Window]:
    """A window of a new browser."""
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ARGUMENTS:
        options.add_argument(argument)
    driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
    try:
        yield Window(driver)
    finally:
        driver.quit()


class Window:
    """A window, with the actions of a user."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        """Opens a URL from the address bar."""
        self.driver.get(url)

    def press(self, selector: str) -> None:
        """Presses a link or a button."""
        self.driver.find_element(By.CSS_SELECTOR, selector).click()

    def expect(self, url: str, text: str) -> None:
        """Waits until the window shows a URL with a text."""
        wait = WebDriverWait(self.driver, TIMEOUT)
        wait.until(lambda driver: driver.current_url == url and text in self.text(), f"{url} with {text}")

    def expect_wechat(self, sim: WeixinSim) -> None:
        """Waits until the window shows WeChat's page."""
        WebDriverWait(self.driver, TIMEOUT).until(lambda driver: driver.current_url.startswith(f"{sim.url}/connect/"))

    def text(self) -> str:
        """The text of the page."""
        return str(self.driver.execute_script("return document.body ? document.body.innerText : ''"))

    def cookies(self) -> list[str]:
        """The beginnings of the names of this site's cookies."""
        return sorted(cookie["name"].split("-")[0] for cookie in self.driver.get_cookies())


def test_a_user_logs_in_by_the_qr_code_and_logs_out(site: str, window: Window, weixin_sim: WeixinSim) -> None:
    window.open(f"{site}/profile")
    window.expect_wechat(weixin_sim)
    callback = weixin_sim.scan(user="xiaoming")
    window.expect(f"{site}/profile", "小明🐼é")
    assert "weixin" in window.cookies()

    window.driver.back()
    window.expect_wechat(weixin_sim)
    window.driver.forward()
    window.expect(f"{site}/profile", "小明🐼é")
    window.open(callback)
    window.expect(f"{site}/profile", "小明🐼é")

    window.press("button")
    window.expect(f"{site}/logout", "Logged out")
    assert "weixin" not in window.cookies()
    window.open(callback)
    window.expect(f"{site}/callback?login_error=used&return_to=/profile", "This login has already been used")

    window.press("a")
    window.expect_wechat(weixin_sim)
    weixin_sim.scan(user="layla")
    window.expect(f"{site}/profile", "layla")
    window.open(site)
    window.expect(f"{site}/", "layla")
    assert len(weixin_sim.requests("/sns/oauth2/access_token")) == 2


def test_a_failed_login_is_a_page_in_the_browsers_language(site: str, window: Window, weixin_sim: WeixinSim) -> None:
    weixin_sim.fault({"errcode": 40125}, path="/sns/oauth2/access_token")
    window.open(site)
    window.expect_wechat(weixin_sim)
    weixin_sim.scan()
    window.expect(f"{site}/callback?login_error=configuration&return_to=/", "This site is misconfigured")
    assert "code=" not in window.driver.execute_script("return document.referrer + location.href")
