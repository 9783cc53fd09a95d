"""`docs/benchmarks.svg`: the ratios of a run, readable on light and on dark pages."""

import io

import matplotlib

from clients import BASE

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

# Stand-ins that the picture's own style sheet turns into the colours of the page's scheme.
PAPER, INK, OURS, PEER = "#fefefe", "#1f2329", "#07a050", "#8c96a5"
DARK = {PAPER: "#161b22", INK: "#e6edf3", OURS: "#2fd27a", PEER: "#6e7a89"}


def draw(found):
    matplotlib.rcParams.update(
        {
            "svg.fonttype": "none",
            # The same picture for the same figures.
            "svg.hashsalt": "weixin",
            "font.family": "sans-serif",
            "text.color": INK,
            "axes.labelcolor": INK,
            "axes.edgecolor": PEER,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )
    figure, ((cost, memory), (wait, build)) = pyplot.subplots(
        2, 2, figsize=(11, 7.6), facecolor=PAPER, layout="constrained"
    )
    clients = found["clients"]
    base = clients[BASE]
    bars(
        cost,
        "Processor time of a login ÷ bare reqwest",
        {name: one["processor_ratio"] for name, one in clients.items()},
    )
    bars(
        memory,
        "Memory ÷ bare reqwest",
        {name: one["memory_mb"] / base["memory_mb"] for name, one in clients.items()},
    )
    far = {
        name.split(" at ")[0]: one["first_ms"] / 100
        for name, one in found["distance"].items()
        if name.endswith("at 100 ms")
    }
    bars(wait, "Round trips of a first login (floor: 4)", far, floor=4)
    steps = found["small_steps"]["nanoseconds"]
    servers = found["answers"]
    ratios = {
        "login URL ÷ format!": steps["login_url/weixin"] / steps["login_url/format"],
        "callback ÷ map of the query": steps["login_callback/weixin"]
        / steps["login_callback/form_urlencoded"],
        "payload ÷ AES and JSON": steps["payload/weixin"] / steps["payload/aes_and_json"],
        "user tokens ÷ locked map": steps["user_tokens_hit/weixin"]
        / steps["user_tokens_hit/locked_map"],
        "simulator's profile ÷ oauth2-mock-server's": servers["weixin sim"]["profile"]
        / servers["oauth2-mock-server"]["profile"],
        "clean build ÷ oauth2's": found["build"]["weixin, default features"]["seconds"]
        / found["build"]["oauth2, default features"]["seconds"],
    }
    bars(build, "Ours ÷ the floor's or the peer's", ratios, floor=1, ours=True)
    text = io.StringIO()
    figure.savefig(text, format="svg", facecolor=PAPER, metadata={"Date": None})
    return with_schemes(text.getvalue())


def bars(axes, title, values, floor=None, ours=False):
    axes.set_facecolor(PAPER)
    axes.set_title(title, loc="left", fontsize=11)
    colours = [OURS if ours or name.startswith("weixin") else PEER for name in values]
    drawn = axes.barh(list(values), list(values.values()), color=colours, height=0.62)
    axes.bar_label(drawn, fmt="%.2f", padding=4, color=INK, fontsize=9)
    axes.invert_yaxis()
    axes.margins(x=0.14)
    axes.tick_params(axis="x", labelsize=8)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)
    if floor is not None:
        axes.axvline(floor, color=INK, linewidth=1, linestyle=":")


def with_schemes(svg):
    """Matplotlib writes colours into `style` attributes, which a style sheet can match."""
    rules = "".join(
        f'[style*="fill: {light}"]{{fill:{dark}!important}}'
        f'[style*="stroke: {light}"]{{stroke:{dark}!important}}'
        for light, dark in DARK.items()
    )
    style = f"<style>@media (prefers-color-scheme: dark){{{rules}}}</style>"
    head, tag, rest = svg.partition("<defs>")
    svg = f"{head}{style}{tag}{rest}"
    # Fonts that are there, and no trailing blanks.
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"
