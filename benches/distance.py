"""A login when WeChat is far away: first and later ones, with TLS, and how many round trips that was.

The distance is a forwarder on this machine that keeps each byte for half a round trip, and the first of a connection
for one more: that one stands for the handshake of TCP, which loopback has done at once.
"""

import asyncio
import contextlib
import statistics
import threading
import time

from clients import CLIENTS, log_in, start
from simulator import Simulator

PROCESSES = 5
LATER = 3
ROUND_TRIPS_MS = [30, 100]
# Those whose way to WeChat differs; the others have the same as one of these.
NAMES = ["weixin", "bare reqwest", "Node: fetch", "Python: requests.Session", "Python: requests.get"]


class Forwarder:
    """To `port` of this machine, `round_trip_ms` away; listens on a port of its own in a thread of its own."""

    def __init__(self, port, round_trip_ms):
        self.to = port
        self.half = round_trip_ms / 2000
        self.loop = asyncio.new_event_loop()

    def __enter__(self):
        listening = threading.Event()
        self.thread = threading.Thread(target=self.run, args=[listening], daemon=True)
        self.thread.start()
        listening.wait()
        return self

    def __exit__(self, *_):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    def run(self, listening):
        asyncio.set_event_loop(self.loop)
        server = self.loop.run_until_complete(asyncio.start_server(self.connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        self.loop.run_forever()
        open_ones = asyncio.all_tasks(self.loop)
        for task in open_ones:
            task.cancel()
        self.loop.run_until_complete(asyncio.gather(*open_ones, return_exceptions=True))

    async def connected(self, reader, writer):
        handshaken = self.loop.time() + 2 * self.half
        back_reader, back_writer = await asyncio.open_connection("127.0.0.1", self.to)
        # Its end is cancelled with the forwarder's.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(
                self.carry(reader, back_writer, handshaken), self.carry(back_reader, writer, 0)
            )

    async def carry(self, reader, writer, not_before):
        """Each piece arrives half a round trip after it came, however many are under way."""
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                self.loop.call_at(self.arrival(not_before), writer.write, data)
        self.loop.call_at(self.arrival(not_before), writer.close)

    def arrival(self, not_before):
        return max(self.loop.time(), not_before) + self.half


def waits(tools):
    """Milliseconds of the first login of a process and of a later one, by round trip and client."""
    found = {}
    with Simulator(tools.target) as simulator:
        for round_trip in ROUND_TRIPS_MS:
            with Forwarder(simulator.tls_port, round_trip) as forwarder:
                origin = f"https://localhost:{forwarder.port}"
                for client in CLIENTS:
                    if client[0] in NAMES:
                        found[f"{client[0]} at {round_trip} ms"] = wait(client, tools, origin, simulator)
            print(f"  logins with WeChat {round_trip} ms away: done", flush=True)
    return found


def wait(client, tools, origin, simulator):
    first, later = [], []
    for _ in range(PROCESSES):
        with start(client, tools, origin, simulator.certificate) as process:
            # Whatever starts slowly has started.
            process.ask("")
            times = [timed(process, code) for code in simulator.codes(1 + LATER)]
            first.append(times[0])
            later.extend(times[1:])
    return {"first_ms": statistics.median(first), "later_ms": statistics.median(later)}


def timed(process, code):
    """Milliseconds of one login."""
    begin = time.perf_counter()
    log_in(process, [code])
    return (time.perf_counter() - begin) * 1000
