"""What a login costs the program that logs people in: this library's, and its peers' as people run them."""

import contextlib
import statistics
from pathlib import Path

from process import Process, Stopwatch
from simulator import Simulator

PEERS = Path(__file__).parent / "peers"
ROUNDS = 31
# Short rounds, in which all take turns: a slow second of the machine affects all of them.
LOGINS = {"rust": 200, "node": 40, "python": 40}
BASE = "bare reqwest"
PYTHON_BASE = "weixin-login"

# Name in the table, what runs it, its program, and what the program is told beside the origin.
CLIENTS = [
    ("weixin", "rust", "weixin", ()),
    ("bare reqwest", "rust", "reqwest", ()),
    ("bare hyper", "rust", "hyper", ()),
    ("Node: fetch", "node", "fetch.mjs", ()),
    ("Node: wechat-oauth", "node", "wechat_oauth.mjs", ()),
    ("Python: requests.Session", "python", "requests_by_hand.py", ("session",)),
    ("Python: requests.get", "python", "requests_by_hand.py", ("get",)),
    ("Python: wechatpy", "python", "wechatpy_oauth.py", ()),
    ("Python: python-weixin", "python", "python_weixin.py", ()),
]

# The same for Python, beside weixin-login.
PYTHON_CLIENTS = [
    (PYTHON_BASE, "python", "weixin_login_client.py", ("threads",)),
    ("weixin-login, asyncio", "python", "weixin_login_client.py", ("asyncio",)),
    ("aiohttp", "python", "aiohttp_by_hand.py", ()),
    ("httpx.Client", "python", "httpx_by_hand.py", ("threads",)),
    ("httpx.AsyncClient", "python", "httpx_by_hand.py", ("asyncio",)),
    ("requests.Session", "python", "requests_by_hand.py", ("session",)),
    ("wechatpy", "python", "wechatpy_oauth.py", ()),
    ("python-weixin", "python", "python_weixin.py", ()),
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
    environment["PYTHONPATH"] = str(tools.weixin_login)
    environment["NODE_PEERS"] = str(tools.node)
    environment["NODE_ENV"] = "test"  # wechat-oauth warns of its memory otherwise
    return Process([*command, origin, *more], environment)


def log_in(process, codes):
    answer = process.ask(" ".join(codes))
    assert answer == "done", answer


def costs(tools):
    """What a login costs clients in Rust, Node and Python, as ratios to BASE's."""
    return measured(tools, CLIENTS, BASE)


def python_costs(tools):
    """What a login costs clients in Python, as ratios to weixin-login's."""
    return measured(tools, PYTHON_CLIENTS, PYTHON_BASE)


def measured(tools, clients, base):
    """Each client's processor microseconds, wall microseconds and megabytes; and the first two as ratios to the base's.

    The ratios are medians of each round's own, as a machine is often slower for a while.
    """
    with contextlib.ExitStack() as running:
        simulator = running.enter_context(Simulator(tools.target))
        processes = {
            client: running.enter_context(start(client, tools, simulator.origin, simulator.certificate))
            for client in clients
        }
        for client, process in processes.items():
            log_in(process, simulator.codes(LOGINS[client[1]]))
        rounds = []
        for number in range(ROUNDS):
            rounds.append({c[0]: cost(c, process, simulator) for c, process in processes.items()})
            if number % 10 == 0:
                print(f"  logins by each client: round {number + 1} of {ROUNDS}", flush=True)
        memory = {client[0]: process.memory_mb(most=True) for client, process in processes.items()}
    return {name: summary(name, base, rounds, memory[name]) for name, *_ in clients}


def cost(client, process, simulator):
    """Processor and wall microseconds of a login."""
    logins = LOGINS[client[1]]
    codes = simulator.codes(logins)
    with Stopwatch(process) as took:
        log_in(process, codes)
    return took.processor / logins * 1e6, took.wall / logins * 1e6


def summary(name, base, rounds, memory_mb):
    def median(of):
        return statistics.median(of(one) for one in rounds)

    return {
        "processor_us": median(lambda one: one[name][0]),
        "wall_us": median(lambda one: one[name][1]),
        "processor_ratio": median(lambda one: one[name][0] / one[base][0]),
        "wall_ratio": median(lambda one: one[name][1] / one[base][1]),
        "memory_mb": memory_mb,
    }
