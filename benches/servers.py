"""What an answer costs the simulator, beside oauth2-mock-server, for the calls that both have; and browsers that wait."""

import http.client
import json
import re
import statistics
from urllib.parse import urlencode, urlparse

import long_polls
from process import Process, Stopwatch
from simulator import LOGIN, Simulator

ROUNDS = 5
LOGINS = 400
CALLS = ["login page", "code to token", "profile"]


class Weixin:
    """The three calls of a login as WeChat has them."""

    def __init__(self, tools):
        self.process = Simulator(tools.target)

    def origin(self):
        return self.process.origin

    def page(self):
        return "GET", LOGIN, None, {}

    def token(self, code):
        query = {"appid": "wx0123456789abcdef", "secret": "s" * 32, "code": code}
        query["grant_type"] = "authorization_code"
        return "GET", f"/sns/oauth2/access_token?{urlencode(query)}", None, {}

    def profile(self, token):
        query = {"access_token": token["access_token"], "openid": token["openid"]}
        return "GET", f"/sns/userinfo?{urlencode(query)}", None, {}


class MockServer:
    """The three calls of a login as OpenID Connect has them."""

    FORM = {"Content-Type": "application/x-www-form-urlencoded"}

    def __init__(self, tools):
        server = tools.node / "node_modules/.bin/oauth2-mock-server"
        self.process = Process(["node", server, "-a", "127.0.0.1", "-p", "0"])

    def origin(self):
        while True:
            found = re.search(r"listening on (\S+)", self.process.line())
            if found:
                return found.group(1)

    def page(self):
        query = {"client_id": "a", "redirect_uri": "http://localhost/", "response_type": "code"}
        return "GET", f"/authorize?{urlencode({**query, 'scope': 'openid', 'state': 's'})}", None, {}

    def token(self, code):
        form = {"grant_type": "authorization_code", "code": code, "client_id": "a"}
        form["redirect_uri"] = "http://localhost/"
        return "POST", "/token", urlencode(form), self.FORM

    def profile(self, token):
        return "GET", "/userinfo", None, {"Authorization": f"Bearer {token['access_token']}"}


def answer_costs(tools):
    """Processor microseconds of each server for each call."""
    samples = {"weixin sim": [[], [], []], "oauth2-mock-server": [[], [], []]}
    for round_ in range(ROUNDS):
        for name, kind in [("weixin sim", Weixin), ("oauth2-mock-server", MockServer)]:
            server = kind(tools)
            with server.process:
                round_of_logins(server, samples[name])
        print(f"  answers of each server: round {round_ + 1} of {ROUNDS}", flush=True)
    return {
        name: {call: statistics.median(costs) for call, costs in zip(CALLS, three)}
        for name, three in samples.items()
    }


def round_of_logins(server, samples):
    connection = http.client.HTTPConnection(urlparse(server.origin()).netloc)

    def ask(request):
        method, path, body, headers = request
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status in (200, 302), (path, answer.status, text)
        return answer.headers, text

    def step(requests, keep):
        with Stopwatch(server.process) as took:
            answers = [ask(request) for request in requests]
        if keep is not None:
            keep.append(took.processor / len(requests) * 1e6)
        return answers

    # The first round warms up.
    for keep in ([None] * 3, samples):
        pages = step([server.page()] * LOGINS, keep[0])
        codes = [re.search("code=([^&]+)", head["Location"]).group(1) for head, _ in pages]
        tokens = step([server.token(code) for code in codes], keep[1])
        step([server.profile(json.loads(text)) for _, text in tokens], keep[2])
    connection.close()


def waiting(tools):
    """Memory and delay with 1, 100 and 10 000 browsers in front of QR codes."""
    found = {}
    for browsers in [1, 100, 10_000]:
        found[browsers] = long_polls.measure(tools.target / "release/weixin", browsers)
        print(f"  {browsers} waiting browsers: done", flush=True)
    return found
