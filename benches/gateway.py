"""The gateway beside the npm package oidc-provider: logins, userinfo, memory, and the processor time of each."""

import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from process import Process, Stopwatch
from simulator import Simulator

CLIENT, SECRET, CALLBACK = "bench", "0123456789abcdefghijABCDEFGHIJ_-", "https://rp.example/callback"
MODES = ["first", "session", "userinfo", "discovery"]
CONNECTIONS = 32
SECONDS = 6
ROUNDS = 3

CONFIG = """
[server]
listen = "127.0.0.1:{port}"
key_file = "{folder}/gateway.key"
[store]
url = "sqlite:{folder}/gateway.db"
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
id = "{client}-es256"
secret = "{secret}"
redirect_uris = ["{callback}"]
id_token_alg = "ES256"
"""


class Gateway(Process):
    """`weixin gateway serve` on a disk of this machine, with the simulator as WeChat."""

    def __init__(self, target, simulator, port):
        self.folder = tempfile.TemporaryDirectory(dir=target)
        folder = Path(self.folder.name)
        (folder / "gateway.key").write_text("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n")
        (folder / "gateway.key").chmod(0o600)
        names = {"client": CLIENT, "secret": SECRET, "callback": CALLBACK}
        config = CONFIG.format(port=port, folder=folder, simulator=simulator, **names)
        (folder / "gateway.toml").write_text(config)
        self.issuer = f"http://localhost:{port}"
        super().__init__([target / "release/weixin", "gateway", "serve", "--config", folder / "gateway.toml"])

    def __exit__(self, *error):
        super().__exit__(*error)
        self.folder.cleanup()


class OidcProvider(Process):
    """Its users are logged in without a question, and its data are in memory."""

    def __init__(self, tools):
        script = Path("benches/peers/oidc_provider.mjs").read_text()
        # Beside the packages, where Node looks for them.
        (tools.node / "oidc_provider.mjs").write_text(script)
        super().__init__(["node", tools.node / "oidc_provider.mjs", CLIENT, SECRET, CALLBACK])

    def __enter__(self):
        super().__enter__()
        self.issuer = self.line()
        return self


def free_port():
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def load(program, issuer, mode, seconds=SECONDS, client=CLIENT):
    command = [program, issuer, client, SECRET, CALLBACK, mode, str(CONNECTIONS), str(seconds)]
    return json.loads(subprocess.check_output([str(word) for word in command], text=True))


def wait_for(issuer, program):
    for _ in range(100):
        try:
            return load(program, issuer, "discovery", 0)
        except subprocess.CalledProcessError:
            time.sleep(0.1)
    raise RuntimeError(f"{issuer} does not respond")


def measured(provider, program, mode):
    with Stopwatch(provider) as watch:
        result = load(program, provider.issuer, mode)
    result["processor_us"] = watch.processor / max(result["count"], 1) * 1e6
    return result


def run(tools):
    build = ["cargo", "build", "--quiet", "--release", "--package", "weixin-gateway", "--example", "load"]
    subprocess.check_call(build)
    program = tools.target / "release/examples/load"
    with Simulator(tools.target) as simulator:
        with Gateway(tools.target, simulator.origin, free_port()) as ours, OidcProvider(tools) as theirs:
            providers = {"weixin gateway": ours, "oidc-provider": theirs}
            for provider in providers.values():
                wait_for(provider.issuer, program)
            found = {name: {"idle_mb": provider.memory_mb()} for name, provider in providers.items()}
            for mode in MODES:
                rounds = {name: [] for name in providers}
                for _ in range(ROUNDS):
                    for name, provider in providers.items():
                        rounds[name].append(measured(provider, program, mode))
                for name, results in rounds.items():
                    found[name][mode] = {key: statistics.median(one[key] for one in results) for key in results[0]}
            by_es256 = load(program, ours.issuer, "session", client=f"{CLIENT}-es256")
            found["weixin gateway"]["session_by_es256"] = by_es256
            # What no provider's logins can exceed on this machine.
            found["weixin gateway"]["signature"] = load(program, ours.issuer, "signature")
            for name, provider in providers.items():
                found[name]["most_mb"] = provider.memory_mb(most=True)
    return found
