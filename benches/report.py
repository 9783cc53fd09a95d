"""`docs/benchmarks.md`: what was measured, as ratios first."""

from clients import BASE, PYTHON_BASE
from small_steps import STEPS

HEAD = """# Benchmarks

{date}, commit `{commit}`{dirty}, by `./scripts/bench`: one run, which anyone can repeat. Machines differ and are noisy, so the *ratios* are the result; the
absolute figures are there to see what they are ratios of.

Machine: {machine}. {rust}, {node}, Python {python} with {python_packages}.

![Ratios of this run](benchmarks.svg)
"""


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def write(found, facts):
    parts = [
        HEAD.format(**facts),
        clients(found["clients"]),
        python_clients(found["python"]),
        distance(found["distance"]),
        small_steps(found["small_steps"]),
        servers(found["answers"], found["small_steps"]["nanoseconds"]),
        waiting(found["waiting"]),
        full_log(found["full_log"]),
        build(found["build"]),
        LEFT,
    ]
    return "\n".join(parts)


def cost_table(found, base):
    short = base.removeprefix("bare ")
    rows = [
        [
            name,
            f"{cost['processor_ratio']:.2f}",
            f"{cost['wall_ratio']:.2f}",
            f"{cost['memory_mb'] / found[base]['memory_mb']:.2f}",
            f"{cost['processor_us']:.0f} µs",
            f"{cost['wall_us']:.0f} µs",
            f"{cost['memory_mb']:.1f} MB",
        ]
        for name, cost in found.items()
    ]
    ratios = [f"{what} ÷ {short}" for what in ("processor", "time", "memory")]
    return table(["client", *ratios, "processor", "time", "memory"], rows)


def clients(found):
    return f"""## What a login costs the server that logs people in

Code to token to profile, one login after the other, WeChat (`weixin sim`) on the same machine. Each client is a process of its own and is measured from
outside: processor time of all its threads, and the most memory it ever held. Medians of 31 short rounds in which all of them take turns; the ratios are medians of each round's own.

{cost_table(found, BASE)}

`weixin` does what bare reqwest leaves out: time-outs, checks of every field, secrets wiped, events for the log. `requests.get`, python-weixin and wechatpy open new connections:
two in each login, or one. With TLS that costs them more than it does here.
"""


def python_clients(found):
    return f"""## What a login costs in Python

The same logins by `weixin-login`, the package for Python on this SDK, and by its peers: with threads, and with asyncio. One login after the other, in a process of its own.

{cost_table(found, PYTHON_BASE)}

python-weixin and wechatpy are used as a web server uses them, with an object for each login; httpx, aiohttp and `requests.Session` keep their connections, as `weixin-login` does.
"""


def distance(found):
    rows = []
    for name, wait in found.items():
        client, distance = name.split(" at ")
        round_trip = float(distance.split()[0])
        rows.append(
            [
                client,
                distance,
                f"{wait['first_ms'] / round_trip:.1f}",
                f"{wait['later_ms'] / round_trip:.1f}",
                f"{wait['first_ms']:.0f} ms",
                f"{wait['later_ms']:.0f} ms",
            ]
        )
    head = ["client", "WeChat away", "round trips, first", "round trips, later", "first", "later"]
    return f"""## How long a user waits when WeChat is far away

With TLS, through a forwarder that keeps each byte for half a round trip and stands for TCP's handshake too. *First* is the first login of a process, *later* is any other.
The floor is 4 round trips for the first (TCP, TLS 1.3, and two calls, of which the second needs the first's answer) and 2 for a later one.

{table(head, rows)}

A site that needs no more than the ids makes one call instead of two: the token's answer has them.
"""


def small_steps(found):
    nanoseconds = found["nanoseconds"]
    rows = [
        [
            f"`{ours}`",
            floor_is,
            f"{nanoseconds[ours] / nanoseconds[floor]:.2f}",
            f"at most {most}",
            f"{nanoseconds[ours]:.0f} ns",
            f"{nanoseconds[floor]:.0f} ns",
        ]
        for ours, floor, floor_is, most in STEPS
    ]
    layer = nanoseconds["callback/weixin_axum"] / nanoseconds["callback/hand_written"]
    added = (nanoseconds["callback/weixin_axum"] - nanoseconds["callback/hand_written"]) / 1000
    lines = "\n".join(f"- {line}" for line in found["lines"])
    head = ["step", "floor", "ratio", "claimed", "here", "floor's"]
    return f"""## The steps without a network

{table(head, rows)}

A whole callback through `weixin-axum` takes {layer:.1f} times that of a handler without any check (state, cookie, one exchange for a repeated callback), which is
{added:.1f} µs more.

{lines}
"""


def servers(found, nanoseconds):
    sim, mock = found["weixin sim"], found["oauth2-mock-server"]
    rows = [
        [call, f"{sim[call] / mock[call]:.2f}", f"{sim[call]:.0f} µs", f"{mock[call]:.0f} µs"]
        for call in sim
    ]
    throughput = nanoseconds["userinfo/bare_axum"] / nanoseconds["userinfo/sim"]
    head = ["call", "processor ÷ oauth2-mock-server", "weixin sim", "oauth2-mock-server"]
    return f"""## The simulator

For the calls that both have, processor time of the server per answer:

{table(head, rows)}

oauth2-mock-server signs a token with RSA where WeChat hands out random text: *code to token* compares the two protocols as much as the two servers.
Beside a bare axum handler that returns the same bytes, `/sns/userinfo` answers {throughput:.2f} times as many requests a second.
"""


def waiting(found):
    rows = [
        [
            f"{int(browsers):,}".replace(",", " "),
            f"{wait['memory_mb'] - wait['empty_mb']:.1f} MB",
            f"{wait['told_ms']:.2f} ms",
            f"{wait['told_99_ms']:.2f} ms",
        ]
        for browsers, wait in found.items()
    ]
    head = ["browsers in front of QR codes", "memory for them", "told after its scan (median)", "99th of 100"]
    return f"""Browsers that wait in front of a QR code are told of their scan at once, however many wait. At most 2000 of them are scanned; about half of the time is the measuring script's own:

{table(head, rows)}
"""


def full_log(found):
    return f"""With a full log, 20 requests that wait for an event, and states of 8 KB, it logs in {found['throughput_ratio']:.2f} times as many users a second as without them
({found['logins_per_second']:.0f} a second through one connection), with {found['memory_mb']:.0f} MB at most. Reading the whole log ({found['log_mb']:.1f} MB) takes {found['log_read_ms']:.0f} ms.
"""


def build(found):
    rows = []
    for name in ["default features", "no HTTP client"]:
        ours, peer = found[f"weixin, {name}"], found[f"oauth2, {name}"]
        rows.append(
            [
                name,
                f"{ours['crates']} / {peer['crates']}",
                f"{ours['seconds'] / peer['seconds']:.2f}",
                f"{ours['megabytes'] / peer['megabytes']:.2f}",
                f"{ours['seconds']:.0f} s / {peer['seconds']:.0f} s",
                f"{ours['megabytes']:.2f} MB / {peer['megabytes']:.2f} MB",
            ]
        )
    head = ["with", "crates", "build time ÷ oauth2", "size ÷ oauth2", "clean release build", "binary"]
    return f"""## What it costs your build

A program that logs a user in, with `weixin` and with the generic crate `oauth2` 5.0.0 (which cannot talk to WeChat, and is the nearest of its kind):

{table(head, rows)}
"""


LEFT = """## What is slow, and why

- Building it: two thirds of the time are the HTTP client and its TLS (reqwest, rustls, aws-lc). `default-features = false` with an HTTP client that you have anyway leaves them out.
- A mini program's payload beside bare AES: the JSON is read twice, once for its watermark, and each field is taken as WeChat may send it.
- A login beside bare hyper: reqwest's layers, which follow no redirect here, and the time-outs. A transport of one's own is possible (`examples/own_transport.rs`).
- `UserTokens` beside a locked map: the key is allocated, and the token is wiped on drop.
- Two calls where one would do, if the profile comes from elsewhere: WeChat has no call that gives both.
- Real WeChat was not measured: the tests do not call it.
"""
