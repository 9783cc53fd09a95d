"""A browser and a client of the gateway, for a load that lasts: it is paced, so that its own speed does not matter."""

import base64
import http.client
import http.cookies
import json
import re
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


class Failed(Exception):
    """A response that is not the expected one."""


class Connections:
    """Connections that stay open, one for each host."""

    def __init__(self):
        self.open = {}

    def send(self, method, url, body=None, headers=None):
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        for attempt in range(2):
            connection = self.open.get(parts.netloc)
            is_new = connection is None
            if is_new:
                connection = self.open[parts.netloc] = http.client.HTTPConnection(parts.netloc, timeout=30)
            try:
                connection.request(method, path, body, headers or {})
                response = connection.getresponse()
                return response, response.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                del self.open[parts.netloc]
                # A server closes a connection that was idle for long.
                if is_new or attempt:
                    raise
        raise AssertionError("unreachable")


class Browser:
    """The cookies of one person, at an address of the internet as the gateway's proxy would report it."""

    def __init__(self, connections, address):
        self.connections, self.address = connections, address
        self.jars = {}

    def get(self, url):
        host = urlsplit(url).netloc
        jar = self.jars.setdefault(host, {})
        headers = {"Accept": "text/html", "X-Forwarded-For": self.address}
        if jar:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        response, body = self.connections.send("GET", url, headers=headers)
        for header in response.headers.get_all("Set-Cookie", []):
            for name, morsel in http.cookies.SimpleCookie(header).items():
                if morsel.value and morsel["max-age"] != "0":
                    jar[name] = morsel.value
                else:
                    jar.pop(name, None)
        return response, body

    def follow(self, url, until):
        """Follows redirects to a URL with this beginning, which is not loaded; or to a page."""
        for _ in range(12):
            response, body = self.get(url)
            location = response.headers.get("Location")
            if location is None:
                return None, response, body
            url = urljoin(url, location)
            if url.startswith(until):
                return url, response, body
        raise Failed(f"too many redirects: {url}")


class RelyingParty:
    """A client of the gateway, with a secret or without one."""

    def __init__(self, issuer, client, secret, callback):
        self.issuer, self.client, self.secret, self.callback = issuer, client, secret, callback
        self.headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if secret:
            credentials = base64.b64encode(f"{client}:{secret}".encode()).decode()
            self.headers["Authorization"] = f"Basic {credentials}"

    def authorize_url(self):
        query = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.callback,
            "scope": "openid profile",
            "state": "a-state-of-22-letters.",
            "nonce": "a-nonce-of-22-letters.",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        return f"{self.issuer}/authorize?{urlencode(query)}"

    def token(self, connections, **form):
        if not self.secret:
            form["client_id"] = self.client
        response, body = connections.send("POST", f"{self.issuer}/token", urlencode(form), self.headers)
        if response.status != 200:
            raise Failed(f"/token: {response.status} {body[:200]}")
        return json.loads(body)

    def redeem(self, connections, url):
        code = parse_qs(urlsplit(url).query).get("code")
        if not code:
            raise Failed(f"no code: {url}")
        form = {"redirect_uri": self.callback, "code_verifier": VERIFIER}
        return self.token(connections, grant_type="authorization_code", code=code[0], **form)

    def refresh(self, connections, tokens):
        return self.token(connections, grant_type="refresh_token", refresh_token=tokens["refresh_token"])

    def userinfo(self, connections, tokens):
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        response, body = connections.send("GET", f"{self.issuer}/userinfo", headers=headers)
        if response.status != 200:
            raise Failed(f"/userinfo: {response.status} {body[:200]}")

    def log_out(self, browser, tokens):
        query = urlencode({"id_token_hint": tokens["id_token"], "client_id": self.client})
        response, body = browser.get(f"{self.issuer}/end_session?{query}")
        if response.status != 200:
            raise Failed(f"/end_session: {response.status} {body[:200]}")


class Person:
    """A WeChat user of the simulator, who scans QR codes."""

    def __init__(self, simulator, name):
        self.simulator, self.name = simulator, name

    def register(self, connections):
        body = json.dumps({"nickname": self.name})
        self.ask(connections, "PUT", f"/_sim/api/users/{self.name}", body)

    def unregister(self, connections):
        self.ask(connections, "DELETE", f"/_sim/api/users/{self.name}", None)

    def scan(self, connections, page):
        """The callback URL after the user of the phone has allowed the login of a page."""
        uuid = re.search(rb'data-uuid="([^"]+)"', page)
        if not uuid:
            raise Failed(f"no QR code: {page[:200]}")
        body = json.dumps({"user": self.name})
        path = f"/_sim/api/logins/{uuid.group(1).decode()}/allow"
        return self.ask(connections, "POST", path, body)["redirect_url"]

    def ask(self, connections, method, path, body):
        headers = {"Content-Type": "application/json"}
        response, answer = connections.send(method, self.simulator + path, body, headers)
        if response.status != 200:
            raise Failed(f"{path}: {response.status} {answer[:200]}")
        return json.loads(answer)
