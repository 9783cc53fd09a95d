"""The steps without a network, by criterion, each beside the least that it can cost."""

import json
import subprocess

# What is measured, its floor, what the floor is, and the most that we claim.
STEPS = [
    ("login_url/weixin", "login_url/format", "one `format!` with percent-encoding, parsed as a `Url`", 2),
    ("login_url/weixin_inside_wechat", "login_url/format", "the same", 2),
    (
        "login_url/weixin_with_a_new_state",
        "login_url/format_with_a_new_state",
        "the same and 16 random bytes",
        2,
    ),
    ("login_callback/weixin", "login_callback/form_urlencoded", "splitting the query into a map", 2),
    ("payload/weixin", "payload/aes_and_json", "base64, AES and one reading of JSON", 3),
    ("user_tokens_hit/weixin", "user_tokens_hit/locked_map", "a locked map and the clock", 3),
]


def run(tools):
    """Nanoseconds of each benchmark."""
    packages = ["--package", "weixin", "--package", "weixin-sim", "--package", "weixin-axum"]
    features = ["--features", "weixin/tokens,weixin/mini-program"]
    benches = ["login_url", "login_callback", "payload", "user_tokens", "userinfo", "callback", "logins"]
    names = [word for bench in benches for word in ("--bench", bench)]
    printed = subprocess.check_output(
        ["cargo", "bench", "--quiet", *packages, *features, *names], text=True
    )
    print(printed, flush=True)
    criterion = tools.target / "criterion"
    found = {
        name: median(criterion, name)
        for name in {name for step in STEPS for name in step[:2]}
        | {"userinfo/sim", "userinfo/bare_axum", "callback/weixin_axum", "callback/hand_written"}
    }
    lines = [line for line in printed.splitlines() if line.startswith("logins: ")]
    weigh = subprocess.check_output([tools.user_tokens, "weigh"], text=True).strip().splitlines()
    return {"nanoseconds": found, "lines": lines + weigh}


def median(criterion, name):
    with open(criterion / name / "new/estimates.json") as file:
        return json.load(file)["median"]["point_estimate"]
