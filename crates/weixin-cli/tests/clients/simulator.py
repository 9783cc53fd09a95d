"""The browser and the phone for WeChat's login pages, for programs run by `weixin sim exec`."""

import importlib.metadata
import json
import os
import re
import urllib.request

import requests

SIMULATOR = os.environ["WEIXIN_SIM_URL"]
WECHAT = "Mozilla/5.0 (iPhone) MicroMessenger/8.0.50"


def open_url(url, data=None):
    with urllib.request.urlopen(url, data) as response:
        return response.read().decode()


def code_of(callback):
    return re.search(r"code=([^&]+)", callback).group(1)


def callback_of(login_url):
    """Acts as browser and phone for a QR page; returns the URL of the callback."""
    uuid = re.search(r"/connect/qrcode/([^\"]+)", open_url(login_url)).group(1)
    response = open_url(f"{SIMULATOR}/_sim/api/logins/{uuid}/allow", b"{}")
    return json.loads(response)["redirect_url"]


def scan(login_url):
    """Acts as browser and phone for a QR page; returns the code of the callback."""
    return code_of(callback_of(login_url))


def open_inside_wechat(login_url):
    """Plays WeChat's own browser; returns the code of the callback."""
    response = requests.get(login_url, headers={"User-Agent": WECHAT}, allow_redirects=False)
    return code_of(response.headers["Location"])


def report(client, seen):
    """Says what was seen of which version."""
    version = importlib.metadata.version(client)
    print(json.dumps({"client": client, "version": version, "seen": seen}))
