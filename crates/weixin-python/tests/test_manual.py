"""The programs of the manual's page about Python run as they are, and its table is that of the parity test."""

from __future__ import annotations

import re
from base64 import b64encode
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from conftest import code_of
from pytest_weixin_sim import WeixinSim
from test_parity import manual_rows
from weixin_login import Client

EXAMPLES = Path(__file__).parents[1] / "examples"
DOCS = Path(__file__).parents[3] / "docs"
PAGES = [DOCS / "python.md", DOCS / "zh" / "python.md"]
LAYLA = "ليلى بنت أحمد (layla)"
SIMULATOR = "http://127.0.0.1:9300"

for_each_page = pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])


def programs(page: Path) -> dict[str, str]:
    """The programs of a page by their names."""
    return dict(re.findall(r"```python file=(\S+)\n(.*?)```", page.read_text(), re.DOTALL))


def run(page: Path, name: str, sim: WeixinSim) -> Any:
    """Runs a program with the test's simulator; returns its names."""
    names: dict[str, Any] = {"__name__": "__main__"}
    exec(compile(programs(page)[name].replace(SIMULATOR, sim.url), name, "exec"), names)
    return SimpleNamespace(**names)


@for_each_page
def test_the_sites_are_the_examples(page: Path) -> None:
    examples = {file.name: file.read_text() for file in EXAMPLES.glob("*.py")}
    assert {name: text for name, text in programs(page).items() if name in examples} == examples


@for_each_page
def test_each_program_has_a_test(page: Path) -> None:
    sites = {file.name for file in EXAMPLES.glob("*.py")}
    tested = {"sign_in.py", "by_hand.py", "errors.py", "stores.py", "test_site.py", *sites}
    assert len(re.findall(r"^```python", page.read_text(), re.MULTILINE)) == len(programs(page))
    assert programs(page).keys() == tested


@for_each_page
def test_the_page_with_a_qr_code_shows_it(page: Path, weixin_sim: WeixinSim) -> None:
    site = run(page, "flask_site.py", weixin_sim)
    exec(programs(page)["sign_in.py"], vars(site))
    response = site.app.test_client().get("/sign-in", base_url="http://localhost:8000")
    assert response.text.startswith(f'<iframe src="{weixin_sim.url}/connect/qrconnect?')
    assert response.headers["Content-Security-Policy"].startswith("script-src 'nonce-")
    assert response.headers["Set-Cookie"].startswith("weixin-")


@for_each_page
def test_the_program_without_a_framework_logs_in(page: Path, weixin_sim: WeixinSim) -> None:
    program, session = run(page, "by_hand.py", weixin_sim), dict[str, str]()
    callback = weixin_sim.scan(program.start(session), "layla")
    assert program.callback(session, callback.split("?", 1)[1]).nickname == LAYLA
    assert session == {}


@for_each_page
def test_the_program_for_errors_does_what_each_error_says(page: Path, client: Client, weixin_sim: WeixinSim) -> None:
    program = run(page, "errors.py", weixin_sim)
    token = client.exchange(code_of(weixin_sim, client, "layla"))
    weixin_sim.fault({"errcode": 42001}, path="/sns/userinfo")
    assert program.profile(client, token).nickname == LAYLA
    weixin_sim.fault({"errcode": 50001}, path="/sns/userinfo")
    assert program.profile(client, token) is None
    weixin_sim.fault({"errcode": -1}, path="/sns/userinfo", times=None)
    with pytest.raises(RuntimeError, match="WeChat is busy"):
        program.profile(client, token)


@for_each_page
def test_the_program_with_a_store_keeps_tokens(
    page: Path, weixin_sim: WeixinSim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEIXIN_STORE_KEY", b64encode(bytes(32)).decode())
    program = run(page, "stores.py", weixin_sim)
    token = program.client.exchange(code_of(weixin_sim, program.client, "layla"))
    program.tokens.insert(token)
    assert program.tokens.user(token.openid).nickname == LAYLA
    assert (tmp_path / "weixin.db").exists()


@for_each_page
def test_the_test_passes(page: Path, weixin_sim: WeixinSim) -> None:
    run(page, "test_site.py", weixin_sim).test_a_code_is_exchanged()


HEADS = {
    "en": "| call | python-weixin 0.5.0 | weixin-login | reason |",
    "zh": "| 调用 | python-weixin 0.5.0 | weixin-login | 原因 |",
}


def parity_table(language: Literal["en", "zh"]) -> str:
    """The manual's table of the calls that were compared."""
    return "\n".join([HEADS[language], "|---|---|---|---|", *[f"| {' | '.join(row)} |" for row in manual_rows(language)]])


@pytest.mark.parametrize(("page", "language"), [*zip(PAGES, ["en", "zh"])], ids=["en", "zh"])
def test_the_parity_table_is_that_of_the_comparison(page: Path, language: Literal["en", "zh"]) -> None:
    pattern = r"^\|[^\n]*python-weixin 0\.5\.0.*?(?=\n\n|\Z)"
    [table] = re.findall(pattern, page.read_text(), re.DOTALL | re.MULTILINE)
    assert table.rstrip() == parity_table(language)
