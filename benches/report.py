"""`docs/benchmarks.md`: what was measured, as ratios first."""

from clients import BASE, PYTHON_BASE
from small_steps import STEPS

HEAD = """# Benchmarks

[中文](zh/benchmarks.md)

{date}, commit `{commit}`{dirty}: the result of one run of `./scripts/bench`, which you can repeat. Machines differ and are
noisy, so the *ratios* are the result. The absolute figures show what they are ratios of.

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
    return f"""## Server resources per login

Each client exchanges a code and reads the profile, one login after the other. WeChat (`weixin sim`) runs on the same machine.
Each client is a separate process, measured from outside: the processor time of all its threads, and its peak memory. The
clients take turns in 31 short rounds. The table shows medians; the ratios are medians of the ratios in each round.

{cost_table(found, BASE)}

`weixin` does more than bare reqwest: it has time-outs, checks each field, wipes secrets, and writes log events. `requests.get`,
python-weixin and wechatpy open one or two new connections for each login. With TLS, this costs more than here.
"""


def python_clients(found):
    return f"""## Server resources per login in Python

The same logins by the package `weixin-login` and by its peers, blocking and with asyncio.

{cost_table(found, PYTHON_BASE)}

httpx, aiohttp and `requests.Session` keep their connections, as `weixin-login` does; python-weixin and wechatpy open new ones.
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
    return f"""## Latency when WeChat is far away

The clients use TLS through a forwarder that delays each byte, and the TCP handshake, by half a round trip. *First* is the first
login of a process, *later* is any other login. The minimum is 4 round trips for the first login (TCP, TLS 1.3, and two calls,
the second of which needs the response of the first) and 2 for a later login.

{table(head, rows)}

A site that only needs the user's IDs makes one call instead of two, because the response of the exchange contains them.
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
    head = ["step", "baseline", "ratio", "promised", "measured", "baseline, measured"]
    return f"""## Steps without a network

{table(head, rows)}

A whole callback through `weixin-axum` takes {layer:.1f} times as long as a handler without checks (state, cookie, one exchange
for a repeated callback), which is {added:.1f} µs more.

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

The processor time of the server per response, for the calls that both servers have:

{table(head, rows)}

oauth2-mock-server signs a token with RSA, but WeChat returns random text. The row *code to token* therefore compares the
protocols as much as the servers. Compared with a bare axum handler that returns the same bytes, `/sns/userinfo` serves
{throughput:.2f} times as many requests per second.
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
    head = ["browsers that show a QR code", "memory", "notified after its scan (median)", "99th percentile"]
    return f"""The simulator notifies a browser at once when its QR code is scanned, however many browsers wait. At most 2000 of them are
scanned. About half of the time is used by the measuring script itself:

{table(head, rows)}
"""


def full_log(found):
    return f"""With a full log, 20 requests that wait for an event, and states of 8 KB, the simulator logs in {found['throughput_ratio']:.2f} times as many users
per second as without them ({found['logins_per_second']:.0f} per second through one connection), and uses at most {found['memory_mb']:.0f} MB. Reading the whole log
({found['log_mb']:.1f} MB) takes {found['log_read_ms']:.0f} ms.
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
    return f"""## Build time and binary size

A program that logs a user in, with `weixin` and with the generic crate `oauth2` 5.0.0. `oauth2` does not work with WeChat, but
is the most similar crate:

{table(head, rows)}
"""


LEFT = """## What is slow, and why

- The build: the HTTP client and its TLS (reqwest, rustls, aws-lc) take two thirds of the time. If your program already has an
  HTTP client, `default-features = false` leaves them out.
- A mini program's payload, compared with bare AES: the JSON is parsed twice, once for its watermark, and each field is parsed
  in all forms that WeChat may send.
- A login, compared with bare hyper: reqwest's layers, which follow no redirects here, and the time-outs. You can use your own
  transport (`examples/own_transport.rs`).
- `UserTokens`, compared with a locked map: the key is allocated, and the token is wiped on drop.
- A login makes two calls, because WeChat has no call that returns both the tokens and the profile.
- The real WeChat was not measured, because the tests do not call it.
"""
