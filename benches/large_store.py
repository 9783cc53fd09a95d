"""The gateway with a large store beside one with a new store: the same load, in turns."""

import concurrent.futures
import contextlib
import json
import resource
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

from process import Process, Stopwatch
from rows import Rows, fill_postgres, fill_sqlite
from simulator import Simulator

CLIENT, SECRET, CALLBACK = "bench", "0123456789abcdefghijABCDEFGHIJ_-", "https://rp.example/callback"
# A new store is not quite empty: the same load needs some sessions.
NEW_USERS = 100
MOST_RATIO = 1.5
MOST_MORE_MB = 16
# Events that expire at once.
OLD = 50_000

CONFIG = """
[server]
listen = "127.0.0.1:{port}"
key_file = "{folder}/gateway.key"
[store]
url = "{url}"
[app.website]
app_id = "wx0123456789abcdef"
app_secret = "ssssssssssssssssssssssssssssssss"
endpoint = "{simulator}"
[[issuer]]
url = "http://localhost:{port}"
apps = ["website"]
[limits]
logins_per_minute = 0
[[client]]
id = "{client}"
secret = "{secret}"
redirect_uris = ["{callback}"]
refresh = "session"
"""


class Store:
    """A gateway's folder, and its database: a file of SQLite, or a schema of PostgreSQL."""

    def __init__(self, name, options, simulator):
        self.name, self.options = name, options
        self.folder = options.folder / name
        self.filled = self.folder / "filled"
        self.folder.mkdir(exist_ok=True)
        self.known = json.loads(self.filled.read_text()) if self.filled.exists() else None
        # The cookies and the sessions belong to an issuer, whose URL has the port.
        self.port = self.known["port"] if self.known else free_port()
        self.issuer = f"http://localhost:{self.port}"
        self.url = f"sqlite:{self.folder}/gateway.db"
        if options.postgres:
            self.schema = f"scale_{name}"
            self.psql(f"create schema if not exists {self.schema}", options.postgres)
            self.url = f"{options.postgres}?options[search_path]={self.schema}"
        (self.folder / "gateway.key").write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        (self.folder / "gateway.key").chmod(0o600)
        names = {"client": CLIENT, "secret": SECRET, "callback": CALLBACK}
        config = CONFIG.format(port=self.port, folder=self.folder, url=self.url, simulator=simulator, **names)
        self.config = self.folder / "gateway.toml"
        self.config.write_text(config)
        self.cookies = self.folder / "cookies"

    def psql(self, sql, url=None):
        """The first row of PostgreSQL's response, as a list of texts."""
        command = ["psql", "-qAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", sql, url or self.psql_url()]
        return subprocess.check_output(command, text=True).strip().split("\t")

    def psql_url(self):
        """As libpq writes it."""
        return f"{self.options.postgres}?options=-csearch_path%3D{self.schema}"

    def row(self, sql):
        if self.options.postgres:
            return self.psql(sql)
        with contextlib.closing(sqlite3.connect(self.folder / "gateway.db")) as connection:
            return connection.execute(sql).fetchone()

    def change(self, sql):
        if self.options.postgres:
            return self.psql(sql)
        with contextlib.closing(sqlite3.connect(self.folder / "gateway.db", timeout=60)) as connection, connection:
            return connection.execute(sql)

    def serve(self):
        return Server(self.options.program, self)

    def command(self, *words):
        """Runs a command of the operator; returns its seconds, also those of the processor, and its output."""
        begin, processor = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        command = [self.options.program, "--lang", "en", "gateway", *words, "--config", self.config]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        seconds = time.perf_counter() - begin
        processor = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - processor
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout} {done.stderr}")
        return f"{seconds:.2f} s, {processor:.2f} s of the processor", done.stdout

    def fill(self, users, sessions, events):
        """Adds rows like those of a login that the gateway itself has stored, unless an earlier run has."""
        if self.known:
            return Rows(CLIENT, self.known["issuer"], "", **self.known["counts"])
        with self.serve():
            self.load("first", connections=1, seconds=0.1)
        [issuer] = self.row("select issuer from sessions limit 1")
        [claims] = self.row("select claims from grants limit 1")
        rows = Rows(CLIENT, issuer, claims, users, sessions, events)
        if self.options.postgres:
            fill_postgres(self.psql_url(), rows)
        else:
            fill_sqlite(self.folder / "gateway.db", rows)
        lines = (f"gateway-session-{issuer[:8]}={rows.cookie(number)}\n" for number in range(sessions))
        self.cookies.write_text("".join(lines))
        self.filled.write_text(json.dumps({"port": self.port, "issuer": issuer, "counts": rows.counts}))
        return rows

    def load(self, mode, connections=None, seconds=None):
        options = self.options
        if mode == "sessions":
            mode = f"sessions={self.cookies}"
        numbers = [connections or options.connections, seconds or options.seconds]
        command = [options.load, self.issuer, CLIENT, SECRET, CALLBACK, mode, *numbers]
        return json.loads(subprocess.check_output([str(word) for word in command], text=True).removeprefix("ready\n"))

    def remove(self):
        if self.options.postgres:
            self.psql(f"drop schema {self.schema} cascade", self.options.postgres)
        shutil.rmtree(self.folder)


class Server(Process):
    """`weixin gateway serve`; ready within the block."""

    def __init__(self, program, store):
        super().__init__([program, "gateway", "serve", "--config", store.config], {"RUST_LOG": "warn"})
        self.store = store

    def __enter__(self):
        begin = time.perf_counter()
        super().__enter__()
        while True:
            try:
                urllib.request.urlopen(f"{self.store.issuer}/readyz").close()
                break
            except OSError:
                if self.child.poll() is not None:
                    self.line()
                time.sleep(0.05)
        self.start_seconds = time.perf_counter() - begin
        return self


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def run(options):
    """Returns whether the large store is as fast as the new one, and needs no more memory."""
    options.program, options.load = options.target / "release/weixin", options.target / "release/examples/load"
    with contextlib.ExitStack() as stack:
        if options.keep:
            options.folder = options.keep
            options.folder.mkdir(exist_ok=True)
        else:
            options.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=options.target)))
        simulator = stack.enter_context(Simulator(options.target))
        new, large = Store("new", options, simulator.origin), Store("large", options, simulator.origin)
        try:
            new.fill(NEW_USERS, NEW_USERS, 0)
            print(f"filling a store: {options.users:,} users, {options.sessions:,} sessions, {options.events:,} events")
            rows = large.fill(options.users, options.sessions, options.events)
            with new.serve() as one, large.serve() as other:
                print(f"start: {one.start_seconds:.1f} s with a new store, {other.start_seconds:.1f} s with the large one")
                operate(large, rows)
                is_good = compare(options, {new: one, large: other})
                remove_old(large)
                if not options.keep:
                    end(large, rows)
                return is_good
        finally:
            if not options.keep:
                for store in (new, large):
                    store.remove()


def operate(store, rows):
    """The commands of an operator beside the server; each must find what it is asked for."""
    number = len(rows.ids) // 2
    user = rows.ids[number]
    [reference] = store.row(f"select reference from audit where user_id = '{user}' and reference is not null limit 1")
    finds = {
        "ID": user,
        "OpenID": rows.wechat_id("o", number),
        "UnionID": rows.wechat_id("u", number),
        "nickname": f"{rows.name(number)}",
    }
    for name, text in finds.items():
        seconds, output = store.command("user", "find", text)
        if user not in output:
            raise RuntimeError(f"user find {text} does not find {user}: {output}")
        print(f"user find, by {name}: {seconds}")
    seconds, output = store.command("explain-login", reference)
    if user not in output:
        raise RuntimeError(f"explain-login {reference} does not find {user}: {output}")
    print(f"explain-login: {seconds}")
    for words in (["keys", "list"], ["keys", "reseal"], ["keys", "rotate", "--now"], ["client", "list"]):
        print(f"{' '.join(words)}: {store.command(*words)[0]}")
    if not store.options.postgres:
        seconds, _ = store.command("backup", str(store.folder / "backup.db"))
        size = (store.folder / "backup.db").stat().st_size / 1e6
        (store.folder / "backup.db").unlink()
        print(f"backup: {seconds}, for {size:,.0f} MB")


def remove_old(store):
    """Logins while the server removes events that have expired: it begins within a minute, and goes in batches."""
    count = min(OLD, store.options.events)
    old = "select count(*) from audit where at < 1000"
    store.change(f"update audit set at = 1 where id in (select id from audit order by at limit {count})")
    while int(store.row(old)[0]) == count:
        time.sleep(0.2)
    begin, results = time.perf_counter(), []
    while (left := int(store.row(old)[0])) > 0 and time.perf_counter() - begin < 300:
        results.append(store.load("first", seconds=1))
    seconds = time.perf_counter() - begin
    if left:
        raise RuntimeError(f"{left} rows are left after {seconds:.0f} s")
    p50, p99 = (statistics.median(one[key] for one in results) for key in ("p50_ms", "p99_ms"))
    print(f"while {count:,} old events were removed, in {seconds:.0f} s: first logins p50 {p50:.1f} ms, p99 {p99:.1f} ms")


def end(store, rows):
    """What ends sessions and grants. Last, since another load needs them."""
    forget = ["user", "forget", "--yes", rows.ids[len(rows.ids) // 2]]
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for words in (["check"], forget):
            command, results = threads.submit(store.command, *words), []
            while not results or not command.done():
                results.append(store.load("first", seconds=1))
            p50, p99 = (statistics.median(one[key] for one in results) for key in ("p50_ms", "p99_ms"))
            print(f"{' '.join(words[:2])}: {command.result()[0]}; first logins meanwhile: p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    # Codes of logins that run meanwhile would be revoked, too.
    for words in (["revoke", "--client", CLIENT], ["revoke", "--all"]):
        print(f"{' '.join(words)}: {store.command(*words)[0]}")


def compare(options, servers):
    found = {}
    # The first round fills caches.
    for number in range(options.rounds + 1):
        for mode in options.modes:
            for store, server in servers.items():
                with Stopwatch(server) as watch:
                    result = store.load(mode)
                result["processor_us"] = watch.processor / max(result["count"], 1) * 1e6
                if number:
                    found.setdefault((mode, store.name), []).append(result)
        print(f"round {number} of {options.rounds}")
    is_good = True
    print(f"{'':10}{'':>14}{'new':>10}{'large':>10}{'ratio':>8}")
    for mode in options.modes:
        for key in ("per_second", "processor_us", "p50_ms", "p99_ms"):
            values = [statistics.median(one[key] for one in found[mode, name]) for name in ("new", "large")]
            ratio = values[1] / values[0]
            is_good &= key not in ("p50_ms", "p99_ms") or ratio <= MOST_RATIO
            print(f"{mode:10}{key:>14}{values[0]:10.2f}{values[1]:10.2f}{ratio:8.2f}")
    memory = [server.memory_mb(most=True) for server in servers.values()]
    is_good &= memory[1] - memory[0] <= MOST_MORE_MB
    print(f"memory at most: {memory[0]:.1f} MB with a new store, {memory[1]:.1f} MB with the large one")
    print(f"required: ratios of p50 and p99 up to {MOST_RATIO}, at most {MOST_MORE_MB} MB more")
    return is_good
