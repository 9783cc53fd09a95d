"""Runs every benchmark, and writes `docs/benchmarks.md`, the same in Chinese, and the picture; named parts are only printed.

Started by `scripts/bench`, which installs the peers. Parts: clients, python, distance, answers, waiting, full_log, small_steps, gateway, build.
"""

import argparse
import datetime
import functools
import json
import os
import platform
import subprocess
from pathlib import Path

import build_cost
import clients
import distance
import full_log
import gateway
import picture
import report
import servers
import small_steps

PARTS = {
    "clients": clients.costs,
    "python": clients.python_costs,
    "distance": distance.waits,
    "answers": servers.answer_costs,
    "waiting": servers.waiting,
    "full_log": full_log.run,
    "small_steps": small_steps.run,
    "gateway": gateway.run,
    "build": lambda _: build_cost.costs(),
}


def said(*command):
    return subprocess.check_output(command, text=True).strip()


def built(*options):
    """The programs that `cargo bench` makes, by name."""
    build = ["cargo", "bench", "--no-run", "--message-format", "json", *options]
    lines = subprocess.check_output(build, text=True).splitlines()
    messages = [json.loads(line) for line in lines if line.startswith("{")]
    programs = [one for one in messages if one.get("executable")]
    return {one["target"]["name"]: Path(one["executable"]) for one in programs}


class Tools:
    """Where everything is that is measured."""

    def __init__(self, arguments):
        self.target = arguments.target
        self.python = arguments.peers / "python/bin/python"
        self.node = arguments.peers / "node"
        self.weixin_login = arguments.peers / "weixin_login"

    @functools.cached_property
    def programs(self):
        options = ["--package", "weixin", "--features", "tokens,mini-program"]
        return built(*options, "--bench", "login", "--bench", "user_tokens")

    @property
    def login(self):
        return self.programs["login"]

    @property
    def user_tokens(self):
        return self.programs["user_tokens"]


def processor():
    with open("/proc/cpuinfo") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return names[0] if names else platform.machine()


def memory_gib():
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def facts(peers):
    node, python = [(peers / name / "installed").read_text().split() for name in ("node", "python")]
    return {
        "date": datetime.date.today().isoformat(),
        "commit": said("git", "rev-parse", "--short=10", "HEAD"),
        "dirty": bool(said("git", "status", "--porcelain", "crates", "benches")),
        "processor": processor(),
        "cores": os.cpu_count(),
        "memory_gib": f"{memory_gib():.0f}",
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "rust": said("rustc", "--version").split()[1],
        "node": said("node", "--version")[1:],
        "node_packages": node,
        "postgres": said("psql", "--version").split()[2],
        "python": platform.python_version(),
        "python_packages": [one for one in python if "matplotlib" not in one],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART")
    parser.add_argument("--target", type=Path, required=True)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--publish", action="store_true", help="of the part gateway alone: write its section")
    parser.add_argument("--redraw", action="store_true", help="write the pages again from the last whole run")
    arguments = parser.parse_args()
    unknown = set(arguments.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if arguments.publish and arguments.parts != ["gateway"]:
        parser.error("--publish goes with the part gateway alone")
    kept = arguments.peers / ("last-gateway.json" if arguments.publish else "last-run.json")
    if arguments.redraw:
        run = json.loads(kept.read_text())
    else:
        tools = Tools(arguments)
        run = {"facts": facts(arguments.peers), "found": {}}
        for part in arguments.parts or PARTS:
            print(f"{part} …", flush=True)
            run["found"][part] = PARTS[part](tools)
            if arguments.parts:
                print(json.dumps(run["found"][part], indent=2, ensure_ascii=False), flush=True)
        if arguments.parts and not arguments.publish:
            return
        kept.write_text(json.dumps(run))
        # As it is read again: the keys are text.
        run = json.loads(kept.read_text())
    if arguments.publish:
        report.write_gateway(run["found"], run["facts"])
        print("written: the section on the gateway in docs/benchmarks.md and docs/zh/benchmarks.md, and its picture")
        return
    report.write(run["found"], run["facts"])
    Path("docs/benchmarks.svg").write_text(picture.draw(run["found"]))
    print("written: docs/benchmarks.md, docs/zh/benchmarks.md, docs/benchmarks.svg")


main()
