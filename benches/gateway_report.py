"""The section on the gateway in both pages, and its picture in both languages: from the figures of `gateway.py`."""

from pathlib import Path

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PICTURES = {"en": DOCS / "benchmarks-gateway.svg", "zh": DOCS / "zh/benchmarks-gateway.svg"}

# The providers, in the order of the columns.
OURS = ["weixin gateway, SQLite", "weixin gateway, PostgreSQL"]
PROVIDERS = {
    "weixin gateway, SQLite": {"en": "gateway, SQLite", "zh": "网关，SQLite"},
    "weixin gateway, PostgreSQL": {"en": "gateway, PostgreSQL", "zh": "网关，PostgreSQL"},
    "oidc-provider": {"en": "oidc-provider", "zh": "oidc-provider"},
    "better-auth": {"en": "better-auth", "zh": "better-auth"},
}
# The loads, in the order of the rows.
LOADS = {
    "first": {"en": "first login of a browser", "zh": "浏览器首次登录"},
    "session": {"en": "login with a session", "zh": "已有会话时登录"},
    "refresh": {"en": "refresh, client with a secret", "zh": "刷新，有 secret 的客户端"},
    "refresh_public": {"en": "refresh, public client", "zh": "刷新，公开客户端"},
    "introspect": {"en": "introspection", "zh": "token 内省"},
    "userinfo": {"en": "userinfo, one token per connection", "zh": "UserInfo，每个连接一个 access_token"},
    "tokens": {"en": "userinfo, 10 000 tokens", "zh": "UserInfo，10 000 个 access_token"},
    "discovery": {"en": "discovery", "zh": "Discovery 文档"},
}
# What the design allows, in microseconds of processor time: for a signature by RS256, and for each load with its signature.
SIGNATURE_BUDGET = 216
BUDGET = {"first": 660, "session": 400, "refresh": 310, "userinfo": 15, "tokens": 45}


def section(found, facts, language):
    """The section of one page."""
    others, found = found["others"], found["providers"]
    ours = found[OURS[0]]
    tables = {
        "rates": rates(found, language),
        "times": times(found, language),
        "costs": costs(found, language),
        "budget": budget(ours, facts, language),
    }
    tables = {name: "\n".join(f"| {' | '.join(row)} |" for row in rows) for name, rows in tables.items()}
    template = (HERE / f"gateway.{language}.md").read_text()
    return template.format(
        **{**facts, **tables},
        others=f"{others * 100:.0f}",
        few_tokens=f"{found['better-auth']['tokens']['tokens']:.0f}",
        by_es256=f"{ours['session_by_es256']['per_second']:.0f}",
        signatures=f"{ours['signature']['per_second']:.0f}",
    ).rstrip("\n")


def rates(found, language):
    return [
        [words[language], *(f"{found[name][load]['per_second']:.0f}" for name in PROVIDERS)]
        for load, words in LOADS.items()
    ]


def times(found, language):
    def both(one):
        return f"{one['p50_ms']:.1f} / {one['p99_ms']:.1f} ms"

    return [[words[language], *(both(found[name][load]) for name in PROVIDERS)] for load, words in LOADS.items()]


def costs(found, language):
    def cost(one):
        database = one["database_us"]
        return f"{one['processor_us']:.0f}" + (f" + {database:.0f}" if database >= 0.5 else "") + " µs"

    rows = [[words[language], *(cost(found[name][load]) for name in PROVIDERS)] for load, words in LOADS.items()]
    for name, words in {
        "idle_mb": {"en": "memory, idle", "zh": "内存，空闲时"},
        "most_mb": {"en": "memory, at most", "zh": "内存，最多"},
    }.items():
        rows.append([words[language], *(f"{found[provider][name]:.0f} MB" for provider in PROVIDERS)])
    return rows


def budget(ours, facts, language):
    signature = facts["cores"] / ours["signature"]["per_second"] * 1e6
    words = {"en": "one signature by RS256", "zh": "一次 RS256 签名"}[language]
    rows = [[words, SIGNATURE_BUDGET, signature]]
    rows += [[LOADS[load][language], most, ours[load]["processor_us"]] for load, most in BUDGET.items()]
    return [[what, f"{most} µs", f"{measured:.0f} µs", f"{measured / most:.1f}"] for what, most, measured in rows]


def write(found, facts):
    """Puts the section into both pages in place of the one before, and draws the pictures. `facts` are by language."""
    for language, page in {"en": DOCS / "benchmarks.md", "zh": DOCS / "zh/benchmarks.md"}.items():
        heading = {"en": "## The gateway\n", "zh": "## 网关\n"}[language]
        before, _, rest = page.read_text().partition(heading)
        _, next_heading, after = rest.partition("\n## ")
        page.write_text(f"{before}{section(found, facts[language], language)}\n{next_heading}{after}")
    draw(found)


# The picture: a group of bars for each load, each with a scale of its own.

WIDTH, GROUP_HEIGHT, BAR, GAP, MARGIN = 440, 126, 16, 5, 20
LABELS, VALUES = 132, 60
TITLES = {"en": "Requests or logins per second; longer is better", "zh": "每秒请求数或登录数，越长越快"}
COLORS = {
    "weixin gateway, SQLite": ("#07a050", "#2fd27a"),
    "weixin gateway, PostgreSQL": ("#7cc79e", "#1c8f52"),
    "oidc-provider": ("#8c96a5", "#6e7a89"),
    "better-auth": ("#b9c0ca", "#4a5563"),
}


def draw(found):
    for language, file in PICTURES.items():
        file.write_text(picture(found["providers"], language))


def picture(found, language):
    style = ["text{font:12px sans-serif;fill:#1f2329}", ".head{font-size:13px;font-weight:600}", ".paper{fill:#fefefe}"]
    dark = ["text{fill:#e6edf3}", ".paper{fill:#161b22}"]
    for index, (light, darker) in enumerate(COLORS.values()):
        style.append(f".bar{index}{{fill:{light}}}")
        dark.append(f".bar{index}{{fill:{darker}}}")
    height = 2 * MARGIN + 24 + (len(LOADS) + 1) // 2 * GROUP_HEIGHT
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {height}">',
        f"<title>{TITLES[language]}</title>",
        f"<style>{''.join(style)}@media (prefers-color-scheme:dark){{{''.join(dark)}}}</style>",
        f'<rect class="paper" width="{2 * WIDTH}" height="{height}"/>',
        f'<text class="head" x="{MARGIN}" y="{MARGIN + 10}">{TITLES[language]}</text>',
    ]
    for index, load in enumerate(LOADS):
        left, top = index % 2 * WIDTH + MARGIN, MARGIN + 36 + index // 2 * GROUP_HEIGHT
        lines += group({name: found[name][load]["per_second"] for name in PROVIDERS}, load, left, top, language)
    return "\n".join([*lines, "</svg>", ""])


def group(values, load, left, top, language):
    most = max(values.values())
    room = WIDTH - 2 * MARGIN - LABELS - VALUES
    lines = [f'<text class="head" x="{left}" y="{top + 10}">{LOADS[load][language]}</text>']
    for index, (name, value) in enumerate(values.items()):
        y = top + 20 + index * (BAR + GAP)
        length = max(value / most * room, 1)
        middle = y + BAR - 4
        lines += [
            f'<text x="{left}" y="{middle}">{PROVIDERS[name][language]}</text>',
            f'<rect class="bar{index}" x="{left + LABELS}" y="{y}" width="{length:.1f}" height="{BAR}"/>',
            f'<text x="{left + LABELS + length + 6:.1f}" y="{middle}">{value:.0f}</text>',
        ]
    return lines
