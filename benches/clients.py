"""What a login costs the program that logs people in: this library's, and its peers' as people run them."""

import statistics
from pathlib import Path

from process import Process, Stopwatch
from simulator import Simulator

PEERS = Path(__file__).parent / "peers"
ROUNDS = 7
# The quick ones need more of them, as Linux counts processor time in the background's ticks too.
LOGINS = {"rust": 2000, "node": 400, "python": 400}

# Name in the table, what runs it, its program, and what the program is told beside the origin.
CLIENTS = [
    ("weixin", "rust", "weixin", []),
    ("bare reqwest", "rust", "reqwest", []),
    ("bare hyper", "rust", "hyper", []),
    ("Node: fetch", "node", "fetch.mjs", []),
    ("Node: wechat-oauth", "node", "wechat_oauth.mjs", []),
    ("Python: requests.Session", "python", "requests_by_hand.py", ["session"]),
    ("Python: requests.get", "python", "requests_by_hand.py", ["get"]),
    ("Python: wechatpy", "python", "wechatpy_oauth.py", []),
    ("Python: python-weixin", "python", "python_weixin.py", []),
]


def start(client, tools, origin, certificate):
    """A client that waits for codes."""
    _, runs, program, more = client
    command = {
        "rust": [tools.login, program],
        "node": ["node", PEERS / program],
        "python": [tools.python, PEERS / program],
    }[runs]
    trust = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
    environment = {name: str(certificate) for name in trust}
    environment["NODE_PEERS"] = str(tools.node)
    environment["NODE_ENV"] = "test"  # wechat-oauth warns of its memory otherwise
    return Process([*command, origin, *more], environment)


def log_in(process, codes):
    answer = process.ask(" ".join(codes))
    assert answer == "done", answer


def costs(tools):
    """Processor microseconds, wall microseconds and megabytes of each client, WeChat on the same machine."""
    samples = {name: [] for name, *_ in CLIENTS}
    memory = {}
    with Simulator(tools.target) as simulator:
        # Each round goes through all of them, so that a slow minute is everybody's.
        for round_ in range(ROUNDS):
            for client in CLIENTS:
                logins = LOGINS[client[1]]
                with start(client, tools, simulator.origin, simulator.certificate) as process:
                    log_in(process, simulator.codes(logins // 4))
                    codes = simulator.codes(logins)
                    with Stopwatch(process) as took:
                        log_in(process, codes)
                    samples[client[0]].append((took.processor / logins, took.wall / logins))
                    memory[client[0]] = process.memory_mb(most=True)
            print(f"  logins by each client: round {round_ + 1} of {ROUNDS}", flush=True)

    def median(name, which):
        return statistics.median(sample[which] for sample in samples[name]) * 1e6

    return {
        name: {
            "processor_us": median(name, 0),
            "wall_us": median(name, 1),
            "memory_mb": memory[name],
        }
        for name in samples
    }
