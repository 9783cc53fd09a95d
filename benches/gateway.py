"""The gateway with SQLite and with PostgreSQL, beside the npm packages oidc-provider and better-auth.

Logins, refreshes, introspection, userinfo, memory, and the processor time of each. The PostgreSQL is that of
`scripts/with-services`, with `fsync`.
"""

import contextlib
import json
import os
import resource
import socket
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote, urlparse

from process import Process, Stopwatch
from simulator import Simulator

CLIENT, SECRET, CALLBACK = "bench", "0123456789abcdefghijABCDEFGHIJ_-", "https://rp.example/callback"
# What is measured: the mode of the load, its client, and that client's secret.
LOADS = {
    "first": ("first", CLIENT, SECRET),
    "session": ("session", CLIENT, SECRET),
    "refresh": ("refresh", f"{CLIENT}-refresh", SECRET),
    "refresh_public": ("refresh", f"{CLIENT}-public", ""),
    "introspect": ("introspect", CLIENT, SECRET),
    "userinfo": ("userinfo", CLIENT, SECRET),
    "discovery": ("discovery", CLIENT, SECRET),
}
CONNECTIONS = 32
SECONDS = 4
ROUNDS = 3

CONFIG = """
[server]
listen = "127.0.0.1:{port}"
key_file = "{folder}/gateway.key"
[store]
url = "{store}"
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
[[client]]
id = "{client}-refresh"
secret = "{secret}"
redirect_uris = ["{callback}"]
[[client]]
id = "{client}-public"
public = true
redirect_uris = ["{callback}"]
[[client]]
id = "{client}-es256"
secret = "{secret}"
redirect_uris = ["{callback}"]
id_token_alg = "ES256"
"""


class Database:
    """A database of the PostgreSQL server that `scripts/with-services` has started."""

    def __init__(self, name):
        server = os.environ["WEIXIN_TEST_POSTGRES"]
        self.folder = Path(unquote(urlparse(server).netloc.rpartition("@")[2]))
        self.name = name
        self.url = f"{server.rpartition('/')[0]}/{name}"
        subprocess.check_call(["psql", "--quiet", server, "--command", f"create database {name}"])

    def processor_seconds(self):
        """Of the server, with the connections that have ended."""
        server = int((self.folder / "postmaster.pid").read_text().split()[0])
        ticks = 0
        for status in Path("/proc").glob("[0-9]*/stat"):
            # One that has ended in between is gone.
            with contextlib.suppress(OSError):
                fields = status.read_text().rpartition(")")[2].split()
                if int(status.parent.name) == server:
                    ticks += sum(int(field) for field in fields[11:15])
                elif int(fields[1]) == server:
                    ticks += sum(int(field) for field in fields[11:13])
        return ticks / os.sysconf("SC_CLK_TCK")


class Gateway(Process):
    """`weixin gateway serve` on a disk of this machine, with the simulator as WeChat."""

    def __init__(self, target, simulator, database=None):
        self.folder = tempfile.TemporaryDirectory(dir=target)
        self.database = database
        folder, port = Path(self.folder.name), free_port()
        (folder / "gateway.key").write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        (folder / "gateway.key").chmod(0o600)
        store = database.url if database else f"sqlite:{folder}/gateway.db"
        names = {"client": CLIENT, "secret": SECRET, "callback": CALLBACK}
        config = CONFIG.format(port=port, folder=folder, simulator=simulator, store=store, **names)
        (folder / "gateway.toml").write_text(config)
        self.issuer = f"http://localhost:{port}"
        super().__init__([target / "release/weixin", "gateway", "serve", "--config", folder / "gateway.toml"])

    def __exit__(self, *error):
        super().__exit__(*error)
        self.folder.cleanup()


class Peer(Process):
    """A program for Node whose users are logged in without a question; its first line is its issuer."""

    def __init__(self, tools, name, *arguments, database=None):
        # Beside the packages, where Node looks for them.
        script = tools.node / name
        script.write_text((Path("benches/peers") / name).read_text())
        self.database = database
        super().__init__(["node", script, CLIENT, SECRET, CALLBACK, *arguments], {"NODE_ENV": "production"})

    def __enter__(self):
        super().__enter__()
        self.issuer = self.line()
        return self


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def load(program, provider, mode, client=CLIENT, secret=SECRET, connections=CONNECTIONS, seconds=SECONDS):
    """What one load has measured, with the processor time of each of its requests."""
    command = [program, provider.issuer, client, secret, CALLBACK, mode, connections, seconds]
    with Process(command) as loader:
        assert loader.line() == "ready"
        database = -provider.database.processor_seconds() if provider.database else 0
        with Stopwatch(provider) as watch:
            result = json.loads(loader.line())
        database += provider.database.processor_seconds() if provider.database else 0
    count = max(result["count"], 1)
    return {**result, "processor_us": watch.processor / count * 1e6, "database_us": database / count * 1e6}


def wait_for(provider, program):
    for _ in range(100):
        with contextlib.suppress(RuntimeError):
            # One login alone: better-auth makes its key at the first one, and many keys at many first ones.
            return load(program, provider, "session", connections=1, seconds=0.1)
        time.sleep(0.1)
    raise RuntimeError(f"{provider.issuer} does not respond")


def busy_seconds():
    """Of all processors, since the start of the machine."""
    user, nice, system, _, _, irq, softirq = [int(word) for word in Path("/proc/stat").read_text().split()[1:8]]
    return (user + nice + system + irq + softirq) / os.sysconf("SC_CLK_TCK")


class OtherPrograms:
    """How much of the processors the programs use that are not measured; the loads have ended when it is asked."""

    def __init__(self, *measured):
        self.measured = measured
        self.began, self.before = time.perf_counter(), self.seconds()

    def seconds(self):
        ours = sum(one.processor_seconds() for one in self.measured)
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
            used = resource.getrusage(who)
            ours += used.ru_utime + used.ru_stime
        return busy_seconds() - ours

    def share(self):
        elapsed = time.perf_counter() - self.began
        return max(self.seconds() - self.before, 0) / elapsed / os.cpu_count()


def median(results):
    return {key: statistics.median(one[key] for one in results) for key in results[0]}


def measured(providers, program):
    for provider in providers.values():
        wait_for(provider, program)
    found = {name: {"idle_mb": provider.memory_mb()} for name, provider in providers.items()}
    for what, (mode, client, secret) in LOADS.items():
        rounds = {name: [] for name in providers}
        for _ in range(ROUNDS):
            for name, provider in providers.items():
                rounds[name].append(load(program, provider, mode, client, secret))
        for name, results in rounds.items():
            found[name][what] = median(results)
    for name, provider in providers.items():
        # The logins before it take longer than the measurement: one round.
        found[name]["tokens"] = load(program, provider, "tokens")
        found[name]["most_mb"] = provider.memory_mb(most=True)
    ours = providers["weixin gateway, SQLite"]
    by_es256 = load(program, ours, "session", client=f"{CLIENT}-es256")
    # What no provider's logins can exceed on this machine.
    signature = load(program, ours, "signature")
    found["weixin gateway, SQLite"] |= {"session_by_es256": by_es256, "signature": signature}
    return found


def run(tools):
    build = ["cargo", "build", "--quiet", "--release", "--package", "weixin-gateway", "--example", "load"]
    subprocess.check_call(build)
    for_better_auth = Database("better_auth")
    better_auth = ["better_auth.mjs", for_better_auth.folder, for_better_auth.name]
    with (
        Simulator(tools.target) as simulator,
        Gateway(tools.target, simulator.origin) as sqlite,
        Gateway(tools.target, simulator.origin, Database("gateway")) as postgres,
        Peer(tools, "oidc_provider.mjs") as oidc_provider,
        Peer(tools, *better_auth, database=for_better_auth) as better_auth,
    ):
        providers = {
            "weixin gateway, SQLite": sqlite,
            "weixin gateway, PostgreSQL": postgres,
            "oidc-provider": oidc_provider,
            "better-auth": better_auth,
        }
        others = OtherPrograms(simulator, *providers.values(), for_better_auth)
        found = measured(providers, tools.target / "release/examples/load")
        return {"providers": found, "others": others.share()}
