"""An hour of load at a moderate pace: memory, open files, SQLite's log and the rows of each table, once a minute."""

import collections
import csv
import http.server
import os
import random
import sqlite3
import statistics
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from process import Process
from relying_party import Browser, Connections, Person, RelyingParty
from simulator import Simulator

SECRET = "0123456789abcdefghijABCDEFGHIJ_-"
CALLBACK = "https://rp.example/callback"
TABLES = ["users", "identities", "subjects", "requests", "sessions", "grants", "logouts", "audit"]
WORKERS = 4
# Browsers that each worker comes back with, and people of its; the oldest ones are forgotten.
BROWSERS = 500
PEOPLE = 200
# What a worker does next, by its part in a hundred.
MIX = {"new": 10, "known": 10, "session": 30, "refresh": 20, "userinfo": 25, "logout": 5}
# The limits of the design: the log of SQLite, and what counts as flat.
MOST_LOG_MB = 64
MOST_SLOPE_MB_PER_HOUR = 6

# Short lifetimes, so that rows expire within the hour. Requests come from many addresses, as behind a proxy.
CONFIG = """
[server]
listen = "127.0.0.1:{port}"
key_file = "{folder}/gateway.key"
trusted_proxies = ["127.0.0.1/32"]
[store]
url = "{store}"
[lifetimes]
session = "10m"
session_idle = "10m"
access_token = "5m"
refresh_token_idle = "1h"
[app.website]
app_id = "wx0123456789abcdef"
app_secret = "ssssssssssssssssssssssssssssssss"
endpoint = "{simulator}"
[[issuer]]
url = "http://localhost:{port}"
apps = ["website"]
[[client]]
id = "server"
secret = "{secret}"
redirect_uris = ["{callback}"]
refresh = "session"
backchannel_logout_uri = "{receiver}"
allow_private = true
[[client]]
id = "page"
public = true
redirect_uris = ["{callback}"]
refresh = "session"
"""


class Receiver(http.server.BaseHTTPRequestHandler):
    """A client's URL for logout tokens."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(Process):
    """The gateway. Its log has a line for each request, which goes nowhere."""

    def __init__(self, program, config):
        super().__init__([program, "gateway", "serve", "--config", config])

    def __enter__(self):
        nowhere = subprocess.DEVNULL
        self.child = subprocess.Popen(self.command, stdin=nowhere, stdout=nowhere, stderr=nowhere, env=self.environment)
        return self

    def open_files(self):
        return len(os.listdir(f"/proc/{self.child.pid}/fd"))


class Load:
    """What all workers share: counts, and people who are there already."""

    def __init__(self, issuer, simulator, rate):
        self.issuer, self.simulator = issuer, simulator
        self.pause = WORKERS / rate
        self.done, self.failed = collections.Counter(), collections.Counter()
        self.end = threading.Event()

    def fail(self, failure):
        self.failed[failure] += 1
        if self.failed.total() <= 20:
            print(f"failed: {failure}")

    def run(self, number):
        worker = Worker(self, number)
        due = time.monotonic()
        while not self.end.is_set():
            worker.step()
            # Late steps are not made up for: the pace is an upper limit.
            due = max(due + self.pause, time.monotonic())
            self.end.wait(due - time.monotonic())


class Worker:
    """One connection, and the browsers that it has logged in."""

    def __init__(self, load, number):
        self.load, self.number = load, number
        self.random = random.Random(number)
        self.connections = Connections()
        self.people, self.visits = [], collections.deque(maxlen=BROWSERS)
        self.count = 0
        self.clients = [
            RelyingParty(load.issuer, "server", SECRET, CALLBACK),
            RelyingParty(load.issuer, "page", None, CALLBACK),
        ]

    def step(self):
        name = self.random.choices(list(MIX), list(MIX.values()))[0]
        if name not in ("new", "known") and not self.visits:
            name = "new"
        if name == "known" and not self.people:
            name = "new"
        try:
            getattr(self, name)()
            self.load.done[name] += 1
        except Exception as error:
            self.load.fail(f"{name}: {type(error).__name__} {str(error)[:300]}")

    def new(self):
        self.count += 1
        person = Person(self.load.simulator, f"person-{self.number}-{self.count}")
        person.register(self.connections)
        self.people.append(person)
        self.first_login(person)
        # The simulator has a limited number of users.
        if len(self.people) > PEOPLE:
            gone = self.people.pop(0)
            gone.unregister(self.connections)
            visits = (visit for visit in self.visits if visit.person is not gone)
            self.visits = collections.deque(visits, BROWSERS)

    def known(self):
        self.first_login(self.random.choice(self.people))

    def first_login(self, person):
        address = ".".join(str(self.random.randrange(1, 255)) for _ in range(4))
        browser = Browser(self.connections, address)
        client = self.random.choice(self.clients)
        # The page of the simulator has no redirect.
        _, _, page = browser.follow(client.authorize_url(), CALLBACK)
        callback = person.scan(self.connections, page)
        url, response, body = browser.follow(callback, CALLBACK)
        if url is None:
            raise RuntimeError(f"/callback: {response.status} {body[:200]}")
        tokens = client.redeem(self.connections, url)
        client.userinfo(self.connections, tokens)
        self.visits.append(Visit(browser, person, client, tokens))

    def visit(self):
        """A browser whose tokens are still valid."""
        recent = [visit for visit in self.visits if visit.is_valid()]
        return self.random.choice(recent) if recent else None

    def session(self):
        visit = self.random.choice(self.visits)
        url, _, page = visit.browser.follow(visit.client.authorize_url(), CALLBACK)
        if url is None:
            # The session has expired, and the user scans again.
            callback = visit.person.scan(self.connections, page)
            url, response, body = visit.browser.follow(callback, CALLBACK)
            if url is None:
                raise RuntimeError(f"/callback: {response.status} {body[:200]}")
            visit.began = time.monotonic()
        visit.receive(visit.client.redeem(self.connections, url))

    def refresh(self):
        if visit := self.visit():
            visit.receive(visit.client.refresh(self.connections, visit.tokens))

    def userinfo(self):
        if visit := self.visit():
            visit.client.userinfo(self.connections, visit.tokens)

    def logout(self):
        visit = self.random.choice(self.visits)
        visit.client.log_out(visit.browser, visit.tokens)
        self.visits.remove(visit)


class Visit:
    """A browser that has logged in to a client."""

    def __init__(self, browser, person, client, tokens):
        self.browser, self.person, self.client = browser, person, client
        self.began = time.monotonic()
        self.receive(tokens)

    def receive(self, tokens):
        self.tokens, self.issued = tokens, time.monotonic()

    def is_valid(self):
        """A little less than the lifetimes of the configuration."""
        now = time.monotonic()
        return now - self.issued < 270 and now - self.began < 570


class Samples:
    """A line for each minute, in a CSV file as well."""

    FIELDS = ["minute", "rss_mb", "open_files", "log_mb", "file_mb", "steps", "failed", *TABLES]

    def __init__(self, server, database, load, path):
        self.server, self.database, self.load = server, database, load
        self.rows, self.most_log = [], 0
        self.file = open(path, "w", newline="")
        self.writer = csv.DictWriter(self.file, self.FIELDS)
        self.writer.writeheader()

    def look(self):
        """The log grows and shrinks within a second: this is called more often than once a minute."""
        self.most_log = max(self.most_log, size_mb(f"{self.database}-wal"))

    def take(self, minute):
        row = {
            "minute": minute,
            "rss_mb": self.server.memory_mb(),
            "open_files": self.server.open_files(),
            "log_mb": self.most_log,
            "file_mb": size_mb(self.database),
            "steps": self.load.done.total(),
            "failed": self.load.failed.total(),
            **self.tables(),
        }
        self.most_log = 0
        self.rows.append(row)
        self.writer.writerow(row)
        self.file.flush()
        print("  ".join(f"{name} {value:.1f}" if isinstance(value, float) else f"{name} {value}" for name, value in row.items()))

    def tables(self):
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=30)
        try:
            return {name: connection.execute(f"select count(*) from {name}").fetchone()[0] for name in TABLES}
        finally:
            connection.close()

    def report(self):
        """Prints the first, the last and the greatest values; returns whether memory is flat."""
        for name in ["rss_mb", "open_files", "log_mb", "file_mb", *TABLES]:
            values = [row[name] for row in self.rows]
            print(f"{name}: {values[0]:.1f} at first, {values[-1]:.1f} at the end, {max(values):.1f} at most")
        # The end of an hour: before it, pages are cached, and rows come that none has replaced yet.
        half = self.rows[-(len(self.rows) // 2 + 1) :]
        slope = statistics.linear_regression([row["minute"] for row in half], [row["rss_mb"] for row in half]).slope * 60
        most_log = max(row["log_mb"] for row in self.rows)
        print(f"memory in the last {len(half) - 1} minutes: {slope:+.2f} MB an hour (at most {MOST_SLOPE_MB_PER_HOUR:+})")
        print(f"SQLite's log: {most_log:.1f} MB (at most {MOST_LOG_MB})")
        return slope <= MOST_SLOPE_MB_PER_HOUR and most_log < MOST_LOG_MB


def size_mb(path):
    return os.path.getsize(path) / 1e6 if os.path.exists(path) else 0.0


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(target, minutes, rate, path):
    """Returns whether memory is flat, the log stays small, and nothing failed."""
    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(dir=target) as folder, Simulator(target) as simulator:
        port, folder = free_port(), Path(folder)
        database = folder / "gateway.db"
        (folder / "gateway.key").write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        (folder / "gateway.key").chmod(0o600)
        config = CONFIG.format(
            port=port,
            folder=folder,
            store=f"sqlite:{database}",
            simulator=simulator.origin,
            secret=SECRET,
            callback=CALLBACK,
            receiver=f"http://127.0.0.1:{receiver.server_port}/",
        )
        (folder / "gateway.toml").write_text(config)
        simulator.ask_phones()
        with Server(target / "release/weixin", folder / "gateway.toml") as server:
            load = Load(f"http://localhost:{port}", simulator.origin, rate)
            wait_for(load.issuer, server)
            workers = [threading.Thread(target=load.run, args=[number]) for number in range(WORKERS)]
            for worker in workers:
                worker.start()
            try:
                samples = measure(server, database, load, path, minutes)
            finally:
                load.end.set()
                for worker in workers:
                    worker.join()
    print(f"done: {dict(load.done)}")
    for failure, count in load.failed.most_common(10):
        print(f"failed {count} times: {failure}")
    return samples.report() and not load.failed


def measure(server, database, load, path, minutes):
    samples = Samples(server, database, load, path)
    begin = time.monotonic()
    for minute in range(minutes + 1):
        while time.monotonic() < begin + 60 * minute:
            samples.look()
            time.sleep(0.2)
        samples.take(minute)
    return samples


def wait_for(issuer, server):
    for _ in range(100):
        try:
            response, _ = Connections().send("GET", f"{issuer}/readyz")
            if response.status == 200:
                return
        except OSError:
            pass
        if server.child.poll() is not None:
            break
        time.sleep(0.1)
    raise RuntimeError("the gateway does not respond")
