"""What scripts/scale does: the gateway with a large store beside one with an empty store, and an hour of load."""

import argparse
import os
import signal
import sys
from pathlib import Path

import hour
import large_store


def parsed():
    parser = argparse.ArgumentParser(prog="scripts/scale", description=__doc__)
    parser.add_argument("--target", type=Path, default=Path("target"), help=argparse.SUPPRESS)
    modes = parser.add_subparsers(dest="mode", required=True)
    style = argparse.ArgumentDefaultsHelpFormatter
    text = "a store with many rows beside a new one: the operator's commands, and the same load in turns"
    rows = modes.add_parser("rows", help=text, description=text, formatter_class=style)
    rows.add_argument("--users", type=int, default=1_000_000)
    rows.add_argument("--sessions", type=int, default=100_000)
    rows.add_argument("--events", type=int, default=10_000_000, help="rows of the audit log")
    rows.add_argument("--rounds", type=int, default=5)
    rows.add_argument("--seconds", type=float, default=6, help="of each load")
    rows.add_argument("--connections", type=int, default=4)
    modes_of_load = ["first", "session", "sessions", "userinfo"]
    rows.add_argument("--modes", nargs="+", default=modes_of_load, help="of the example `load`; sessions: each browser logs in once")
    rows.add_argument("--postgres", metavar="URL", help="in place of SQLite; inside scripts/with-services: $WEIXIN_TEST_POSTGRES")
    text = "make the stores in this folder and keep them; those of an earlier run are used again"
    rows.add_argument("--keep", metavar="FOLDER", type=Path, help=text)
    text = "load for an hour: memory, open files, SQLite's log and rows, once a minute"
    load = modes.add_parser("hour", help=text, description=text, formatter_class=style)
    load.add_argument("--minutes", type=int, default=60)
    load.add_argument("--rate", type=float, default=40, help="steps a second at most")
    load.add_argument("--csv", type=Path, default=Path("scale-hour.csv"), help="where the samples are written")
    return parser.parse_args()


def main():
    arguments = parsed()
    sys.stdout.reconfigure(line_buffering=True)
    # The servers and the stores end with this program.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Others use this machine too.
    os.nice(5)
    if arguments.mode == "rows":
        succeeded = large_store.run(arguments)
    else:
        succeeded = hour.run(arguments.target, arguments.minutes, arguments.rate, arguments.csv)
    sys.exit(not succeeded)


if __name__ == "__main__":
    main()
