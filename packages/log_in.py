#!/usr/bin/env python3
"""Logs a user in through `weixin demo` of an installed package: packages/log_in.py PROGRAM [ARGUMENT…]

What a browser and a phone do, with Python's library alone: the button of the site, the QR page, Allow, the callback.
"""

import json
import re
import subprocess
import sys
from http.cookiejar import CookieJar
from urllib.parse import parse_qs, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener, urlopen


def read_json(stream):
    """The first JSON object of a stream, which stays open."""
    text = ""
    for line in stream:
        text += line
        if line.rstrip() == "}":
            return json.loads(text)
    raise SystemExit("the demo has not started")


def log_in(site, simulator):
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    start = browser.open(urljoin(site, "/login"))
    qr_page = start.read().decode()
    assert urlsplit(start.url).path == "/connect/qrconnect", start.url
    state = parse_qs(urlsplit(start.url).query)["state"][0]
    uuid = re.search(r'data-uuid="([^"]+)"', qr_page).group(1)
    allow = Request(f"{simulator}/_sim/api/logins/{uuid}/allow", b'{"user":"anna"}', method="POST")
    callback = json.load(urlopen(allow))["redirect_url"]
    assert parse_qs(urlsplit(callback).query)["state"] == [state], callback
    page = browser.open(callback).read().decode()
    assert "Anna" in page, page
    return urlsplit(callback).path


def main(command):
    demo = [*command, "--json", "demo", "--listen", "127.0.0.1:0", "--no-open"]
    with subprocess.Popen(demo, stdout=subprocess.PIPE, text=True) as program:
        try:
            urls = read_json(program.stdout)
            log_in(urls["site"], urls["simulator"])
        finally:
            program.terminate()
    print(f"{' '.join(command)}: anna logged in")


if __name__ == "__main__":
    main(sys.argv[1:] or sys.exit(__doc__))
