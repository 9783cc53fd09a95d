"""A browser and a phone for the site that the arguments start: two users log in.

As browsers do, it opens each page of WeChat twice (a reload), and each callback twice (the back button).
"""

import os
import re
import subprocess
import sys
import urllib.error
import urllib.request

SIMULATOR = os.environ["WEIXIN_SIM_URL"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    def __init__(self):
        self.cookies = {}
        self.opener = urllib.request.build_opener(NoRedirect)

    def get(self, url):
        """Returns status, location and text."""
        request = urllib.request.Request(url)
        if url.startswith("http://localhost:"):
            request.add_header("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        try:
            response = self.opener.open(request)
        except urllib.error.HTTPError as error:
            response = error
        for cookie in response.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
        return response.status, response.headers["Location"], response.read().decode()

    def log_in(self, site):
        _, login_page, _ = self.get(f"{site}/login")
        for _ in range(2):
            _, _, page = self.get(login_page)
        uuid = re.search(r"/connect/qrcode/([^\"]+)", page).group(1)
        allow = urllib.request.urlopen(f"{SIMULATOR}/_sim/api/logins/{uuid}/allow", b"{}")
        callback = re.search(r'"redirect_url":"([^"]+)"', allow.read().decode()).group(1)
        first = self.get(callback)
        assert first[0] == 200 and "小明🐼é" in first[2], first
        self.get(callback)


with subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, text=True, env={**os.environ, "PORT": "0"}) as site:
    try:
        url = next(line for line in site.stdout if line.startswith("open "))[len("open ") :].strip()
        for _ in range(2):
            Browser().log_in(url)
    finally:
        site.terminate()
