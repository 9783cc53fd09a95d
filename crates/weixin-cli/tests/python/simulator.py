"""WeChat's host names, pointed at `weixin sim`; and the phone in front of its login pages."""

import json
import re
import sys
import urllib.request

import requests

SIMULATOR = sys.argv[1]
HOSTS = re.compile(r"^https?://(open|api)\.weixin\.qq\.com")
WECHAT = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50"

# The libraries have the host names as constants, and all of them use requests.
ask_wechat = requests.Session.request


def ask_simulator(self, method, url, *args, **kwargs):
    return ask_wechat(self, method, HOSTS.sub(SIMULATOR, url), *args, **kwargs)


requests.Session.request = ask_simulator


def open_url(url, data=None):
    with urllib.request.urlopen(HOSTS.sub(SIMULATOR, url), data) as response:
        return response.read().decode()


def code_of(callback):
    return re.search(r"code=([^&]+)", callback).group(1)


def scan(login_url):
    """Plays browser and phone in front of a QR page; returns the code of the callback."""
    uuid = re.search(r"/connect/qrcode/([^\"]+)", open_url(login_url)).group(1)
    answer = open_url(f"{SIMULATOR}/_sim/api/logins/{uuid}/allow", b"{}")
    return code_of(json.loads(answer)["redirect_url"])


def open_inside_wechat(login_url):
    """Plays WeChat's own browser; returns the code of the callback."""
    answer = requests.get(login_url, headers={"User-Agent": WECHAT}, allow_redirects=False)
    return code_of(answer.headers["Location"])
