"""`docs/benchmarks.md` and `docs/zh/benchmarks.md`: the figures of one run, put into `page.en.md` and `page.zh.md`.

`report.py --check` fails if the two pages do not have the same figures.
"""

import re
import sys
from pathlib import Path

import gateway_report
from clients import BASE, PYTHON_BASE
from small_steps import STEPS

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PAGES = {"en": DOCS / "benchmarks.md", "zh": DOCS / "zh/benchmarks.md"}

# What the tables name in words. Names of programs are the same in both languages.
CHINESE = {
    "bare reqwest": "只用 reqwest",
    "bare hyper": "只用 hyper",
    "Node: fetch": "Node：fetch",
    "Node: wechat-oauth": "Node：wechat-oauth",
    "Python: requests.Session": "Python：requests.Session",
    "Python: requests.get": "Python：requests.get",
    "Python: wechatpy": "Python：wechatpy",
    "Python: python-weixin": "Python：python-weixin",
    "weixin-login, asyncio": "weixin-login，asyncio",
    "one `format!` with percent-encoding, parsed as a `Url`": "一次 `format!` 加百分号编码，再解析为 `Url`",
    "the same": "同上",
    "the same and 16 random bytes": "同上，加 16 个随机字节",
    "splitting the query into a map": "把查询字符串拆成 map",
    "base64, AES and one reading of JSON": "base64、AES 和一次 JSON 解析",
    "a locked map and the clock": "带锁的 map 和时钟",
    "at most 2": "最多 2",
    "at most 3": "最多 3",
    "login page": "登录页",
    "code to token": "用 code 换取 access_token",
    "profile": "用户信息",
    "default features": "默认特性",
    "no HTTP client": "不含 HTTP 客户端",
    " with changes": "（有未提交的修改）",
}
SAME_IN_CHINESE = {"weixin", PYTHON_BASE, "aiohttp", "httpx.Client", "httpx.AsyncClient", "requests.Session", "wechatpy", "python-weixin"}


def write(found, facts):
    """Writes both pages, with the picture of the gateway's section."""
    for language, page in PAGES.items():
        page.write_text(text(found, facts, language))
    gateway_report.draw(found["gateway"])


def write_gateway(found, facts):
    """Writes the gateway's section of both pages, and its picture."""
    gateway_report.write(found["gateway"], {language: words(facts, language) for language in PAGES})


def text(found, facts, language):
    def said(words):
        return words if language == "en" or words in SAME_IN_CHINESE else CHINESE[words]

    template = (HERE / f"page.{language}.md").read_text()
    tables = {
        "clients": costs(found["clients"], BASE),
        "python_clients": costs(found["python"], PYTHON_BASE),
        "distance": distance(found["distance"]),
        "small_steps": small_steps(found["small_steps"]["nanoseconds"]),
        "servers": servers(found["answers"]),
        "waiting": waiting(found["waiting"]),
        "build": build(found["build"]),
    }
    tables = {name: "\n".join(row(cells, said) for cells in rows) for name, rows in tables.items()}
    facts = words(facts, language)
    gateway = gateway_report.section(found["gateway"], facts, language)
    return template.format(**{**facts, **figures(found), **tables, "gateway": gateway})


def words(facts, language):
    """The facts of a run, in the words of a language."""
    listed = ", " if language == "en" else "、"
    packages = {name: listed.join(facts[name]) for name in ("node_packages", "python_packages")}
    changes = " with changes" if language == "en" else CHINESE[" with changes"]
    return {**facts, **packages, "with_changes": changes if facts["dirty"] else ""}


class Words(str):
    """A cell that is in words."""


def row(cells, said):
    return f"| {' | '.join(said(cell) if isinstance(cell, Words) else cell for cell in cells)} |"


def costs(found, base):
    return [
        [
            Words(name),
            f"{cost['processor_ratio']:.2f}",
            f"{cost['wall_ratio']:.2f}",
            f"{cost['memory_mb'] / found[base]['memory_mb']:.2f}",
            f"{cost['processor_us']:.0f} µs",
            f"{cost['wall_us']:.0f} µs",
            f"{cost['memory_mb']:.1f} MB",
        ]
        for name, cost in found.items()
    ]


def distance(found):
    rows = []
    for name, wait in found.items():
        client, distance = name.split(" at ")
        round_trip = float(distance.split()[0])
        rows.append(
            [
                Words(client),
                distance,
                f"{wait['first_ms'] / round_trip:.1f}",
                f"{wait['later_ms'] / round_trip:.1f}",
                f"{wait['first_ms']:.0f} ms",
                f"{wait['later_ms']:.0f} ms",
            ]
        )
    return rows


def small_steps(nanoseconds):
    return [
        [
            f"`{ours}`",
            Words(baseline_is),
            f"{nanoseconds[ours] / nanoseconds[baseline]:.2f}",
            Words(f"at most {most}"),
            f"{nanoseconds[ours]:.0f} ns",
            f"{nanoseconds[baseline]:.0f} ns",
        ]
        for ours, baseline, baseline_is, most in STEPS
    ]


def servers(found):
    sim, mock = found["weixin sim"], found["oauth2-mock-server"]
    return [
        [Words(call), f"{sim[call] / mock[call]:.2f}", f"{sim[call]:.0f} µs", f"{mock[call]:.0f} µs"]
        for call in sim
    ]


def waiting(found):
    return [
        [
            f"{int(browsers):,}".replace(",", " "),
            f"{wait['memory_mb'] - wait['empty_mb']:.1f} MB",
            f"{wait['told_ms']:.2f} ms",
            f"{wait['told_99_ms']:.2f} ms",
        ]
        for browsers, wait in found.items()
    ]


def build(found):
    rows = []
    for name in ["default features", "no HTTP client"]:
        ours, peer = found[f"weixin, {name}"], found[f"oauth2, {name}"]
        rows.append(
            [
                Words(name),
                f"{ours['crates']} / {peer['crates']}",
                f"{ours['seconds'] / peer['seconds']:.2f}",
                f"{ours['megabytes'] / peer['megabytes']:.2f}",
                f"{ours['seconds']:.0f} s / {peer['seconds']:.0f} s",
                f"{ours['megabytes']:.2f} MB / {peer['megabytes']:.2f} MB",
            ]
        )
    return rows


# What the benchmarks print themselves.
PRINTED = [
    r"logins: (?P<logins_per_second>\d+) a second .* on (?P<logins_cores>\d+) cores; "
    r".* took (?P<logins_us>\d+) us each, (?P<logins_alone>\d+) a second",
    r"logins: (?P<logins_far_ms>\d+) ms each with WeChat 30 ms away",
    r"user_tokens_memory: (?P<tokens_users>\d+) users in (?P<tokens_mb>\d+) MB",
]


def figures(found):
    """The figures in sentences."""
    steps, log = found["small_steps"], found["full_log"]
    nanoseconds = steps["nanoseconds"]
    ours, by_hand = nanoseconds["callback/weixin_axum"], nanoseconds["callback/hand_written"]
    printed = [re.match(pattern, line) for pattern, line in zip(PRINTED, steps["lines"], strict=True)]
    return {
        "callback_ratio": f"{ours / by_hand:.1f}",
        "callback_added": f"{(ours - by_hand) / 1000:.1f}",
        "userinfo_ratio": f"{nanoseconds['userinfo/bare_axum'] / nanoseconds['userinfo/sim']:.2f}",
        "full_log_ratio": f"{log['throughput_ratio']:.2f}",
        "full_log_logins": f"{log['logins_per_second']:.0f}",
        "full_log_memory_mb": f"{log['memory_mb']:.0f}",
        "full_log_mb": f"{log['log_mb']:.1f}",
        "full_log_read_ms": f"{log['log_read_ms']:.0f}",
        **{name: figure for match in printed for name, figure in match.groupdict().items()},
    }


def check():
    """The rows of both pages' tables have the same figures, and so does the line that names the run."""
    english, chinese = [[figures_of(line) for line in compared(page)] for page in PAGES.values()]
    if english != chinese:
        different = [pair for pair in zip(english, chinese) if pair[0] != pair[1]]
        sys.exit(f"docs/benchmarks.md and docs/zh/benchmarks.md differ: {(different or [(len(english), len(chinese))])[0]}")


def compared(page):
    lines = page.read_text().splitlines()
    return lines[4:5] + [line for line in lines if line.startswith("| ")]


def figures_of(line):
    return re.findall(r"\d[\d.]*", line)


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        sys.exit(__doc__)
    check()
