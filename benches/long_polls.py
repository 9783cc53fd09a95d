#!/usr/bin/env python3
"""Browsers that wait in front of QR codes: benches/long_polls.py [BROWSERS [target/release/weixin]]

The simulator's memory while all wait, and how long after its scan each browser is told. About one half of that time
goes to this script: it is an upper bound.
"""

import asyncio
import re
import resource
import statistics
import sys
import time
from urllib.parse import urlparse

from process import Process

LOGIN = (
    "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login"
    "&redirect_uri=http%3A%2F%2Flocalhost%2F&f=xml"
)
MOST_SCANS = 2_000


class Connection:
    """One HTTP connection that is kept."""

    async def open(self, host, port):
        self.reader, self.writer = await asyncio.open_connection(host, port)
        return self

    async def ask(self, method, path):
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        length = int(re.search(r"content-length: (\d+)", head, re.I).group(1))
        return (await self.reader.readexactly(length)).decode()


async def wait(browser, uuid):
    answer = await browser.ask("GET", f"/connect/l/qrconnect?uuid={uuid}")
    return answer, time.perf_counter()


async def scanned(process, browsers):
    """All browsers wait, one after the other is scanned."""
    address = urlparse(process.line().split()[-1])
    phone = await Connection().open(address.hostname, address.port)
    empty = process.memory_mb()
    uuids = []
    for _ in range(browsers):
        page = await phone.ask("GET", LOGIN)
        uuids.append(re.search("<uuid>(.*)</uuid>", page).group(1))
    polls = []
    for uuid in uuids:
        browser = await Connection().open(address.hostname, address.port)
        polls.append(asyncio.create_task(wait(browser, uuid)))
    await asyncio.sleep(2)
    memory = process.memory_mb()

    delays = []
    for uuid, poll in list(zip(uuids, polls))[:MOST_SCANS]:
        begin = time.perf_counter()
        await phone.ask("POST", f"/_sim/api/logins/{uuid}/scan")
        answer, told = await poll
        assert answer == "window.wx_errcode=404;window.wx_code='';", answer
        delays.append((told - begin) * 1000)
    for poll in polls:
        poll.cancel()
    delays.sort()
    return {
        "memory_mb": memory,
        "empty_mb": empty,
        "told_ms": statistics.median(delays),
        "told_99_ms": delays[len(delays) * 99 // 100],
    }


def measure(binary, browsers):
    # A connection takes a file on each side, and the default is often 1024.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Process([binary, "sim", "--listen", "127.0.0.1:0"]) as process:
        return asyncio.run(scanned(process, browsers))


if __name__ == "__main__":
    browsers = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    found = measure(sys.argv[2] if len(sys.argv) > 2 else "target/release/weixin", browsers)
    print(
        f"{browsers} browsers wait in {found['memory_mb']:.0f} MB; of the scanned, told after "
        f"{found['told_ms']:.2f} ms (median), {found['told_99_ms']:.2f} ms (99th of 100)"
    )
