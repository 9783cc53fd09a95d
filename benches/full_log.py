#!/usr/bin/env python3
"""A simulator with a full log and 20 waiting requests, beside an idle one: benches/full_log.py [LOGINS [PROGRAM]]

Each login sends a state of 8 KB. The log is filled by 64 MB of forms; the 20 requests wait for an event that never comes.
Fails if the throughput is below 0.8 of the idle simulator's, or if the memory exceeds 150 MB.
"""

import http.client
import json
import re
import statistics
import sys
import threading
import time
from urllib.parse import urlparse

from process import Process
from simulator import LOGIN

LOGINS = 10_000
ROUNDS = 10
WAITERS = 20
UPLOADS = 1_000
LEAST_THROUGHPUT = 0.8
MOST_MEMORY_MB = 150

EXCHANGE = (
    "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret=" + "s" * 32 + "&grant_type=authorization_code&code="
)


class Client:
    """One connection to a simulator."""

    def __init__(self, origin):
        self.connection = http.client.HTTPConnection(urlparse(origin).netloc)

    def ask(self, method, path, body=None, kind="application/json"):
        self.connection.request(method, path, body, {"Content-Type": kind} if body else {})
        answer = self.connection.getresponse()
        return answer, answer.read()

    def log_in(self, number):
        state = f"{number:08}" * 1024
        answer, _ = self.ask("GET", f"{LOGIN}&state={state}")
        code = re.search("code=([^&]+)", answer.headers["Location"]).group(1)
        _, token = self.ask("GET", EXCHANGE + code)
        assert b"access_token" in token, token


def simulator(binary):
    return Process([binary, "sim", "--listen", "127.0.0.1:0", "--auto-allow"])


def wait(origin):
    """Waits until the simulator ends."""
    body = json.dumps({"request": {"path": "/never"}, "timeout_ms": 60_000})
    try:
        while True:
            Client(origin).ask("POST", "/_sim/api/wait-for", body)
    except (OSError, http.client.HTTPException):
        pass


def fill(origin):
    client = Client(origin)
    form = "&".join(f"p{number}={'x' * 1000}" for number in range(64))
    for _ in range(UPLOADS):
        client.ask("POST", "/sns/auth", form, "application/x-www-form-urlencoded")


def seconds(client, logins):
    begin = time.perf_counter()
    for number in logins:
        client.log_in(number)
    return time.perf_counter() - begin


def measure(binary, logins=LOGINS):
    with simulator(binary) as idle, simulator(binary) as loaded:
        origins = [re.search(r"http\S+", process.line()).group() for process in (idle, loaded)]
        fill(origins[1])
        for _ in range(WAITERS):
            threading.Thread(target=wait, args=[origins[1]], daemon=True).start()
        clients = [Client(origin) for origin in origins]
        each = logins // ROUNDS
        for client in clients:
            seconds(client, range(logins, logins + min(each, 100)))
        # In turns, so that noise of the machine meets both.
        rounds = []
        for first in range(0, each * ROUNDS, each):
            rounds.append([seconds(client, range(first, first + each)) for client in clients])
        memory = loaded.memory_mb(most=True)
        begin = time.perf_counter()
        _, log = Client(origins[1]).ask("GET", "/_sim/api/requests")
        read = time.perf_counter() - begin
        return {
            "throughput_ratio": statistics.median(idle / loaded for idle, loaded in rounds),
            "logins_per_second": each / statistics.median(loaded for _, loaded in rounds),
            "memory_mb": memory,
            "log_mb": len(log) / 1e6,
            "log_read_ms": read * 1000,
            "memory_after_read_mb": loaded.memory_mb(most=True),
        }


def run(tools):
    return measure(tools.target / "release/weixin")


if __name__ == "__main__":
    logins = int(sys.argv[1]) if len(sys.argv) > 1 else LOGINS
    found = measure(sys.argv[2] if len(sys.argv) > 2 else "target/release/weixin", logins)
    print(json.dumps(found, indent=2))
    most = max(found["memory_mb"], found["memory_after_read_mb"])
    sys.exit(found["throughput_ratio"] < LEAST_THROUGHPUT or most > MOST_MEMORY_MB)
