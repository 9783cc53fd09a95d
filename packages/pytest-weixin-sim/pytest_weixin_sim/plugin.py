"""The fixtures, the mark and the ini options."""

from __future__ import annotations

import sys
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, Literal

import pytest

from .connection import control
from .program import Program
from .world import WeixinSim

SIM = pytest.StashKey[WeixinSim]()
PRINT_ENVIRONMENT = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("weixin_sim_world", "`test`: a world for each test; `session`: one for all", default="test")
    parser.addini("weixin_sim_accept", "rules of findings that do not fail a test", "linelist")
    parser.addini("weixin_sim_options", "further options of `weixin sim`, such as --config sim.toml", "args")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "weixin_sim(accept=[rule, …], auto_allow=user, seed=number): for `weixin_sim`")
    if config.getini("weixin_sim_world") not in ("test", "session"):
        raise pytest.UsageError("weixin_sim_world must be `test` or `session`")


def scope(fixture_name: str, config: pytest.Config) -> Literal["session", "function"]:
    return "session" if config.getini("weixin_sim_world") == "session" else "function"


@pytest.fixture(scope="session")
def _weixin_sim_program(pytestconfig: pytest.Config) -> Iterator[Program]:
    options = ["--listen", "127.0.0.1:0", "--until-stdin-ends", *pytestconfig.getini("weixin_sim_options")]
    with closing(Program(["--json", "sim", *options], pytestconfig.rootpath)) as program:
        yield program


@pytest.fixture(scope=scope)
def _weixin_sim_world(_weixin_sim_program: Program) -> Iterator[dict[str, Any]]:
    _weixin_sim_program.check()
    url = _weixin_sim_program.ready["url"]
    world = control(url, "POST", "/worlds", {"idle_seconds": 86400})
    yield world
    _weixin_sim_program.check()
    control(url, "DELETE", f"/worlds/{world['id']}", {})


@pytest.fixture(scope=scope)
def weixin_sim_url(_weixin_sim_world: dict[str, Any]) -> str:
    """The URL of `weixin_sim`. With `weixin_sim_world = session`, session fixtures can use it, such as a server."""
    return _weixin_sim_world["url"]


@pytest.fixture
def weixin_sim(request: pytest.FixtureRequest, _weixin_sim_world: dict[str, Any]) -> WeixinSim:
    """WeChat, simulated for this test, which fails if it sends what WeChat would reject, or what is unsafe."""
    sim = WeixinSim(_weixin_sim_world["url"], _weixin_sim_world["id"])
    sim.control("POST", "/reset")
    sim.control("PUT", "/test", name=request.node.nodeid[-200:])
    accepted = [*request.config.getini("weixin_sim_accept")]
    for mark in reversed([*request.node.iter_markers("weixin_sim")]):
        accepted += apply(sim, *mark.args, **mark.kwargs)
    if accepted:
        sim.control("PUT", "/findings/accepted", rules=accepted)
    request.node.stash[SIM] = sim
    return sim


def apply(sim: WeixinSim, *, accept: list[str] = [], auto_allow: str = "", seed: int | None = None) -> list[str]:
    """Applies a mark; returns the rules that it accepts. The test's own mark is the last."""
    if auto_allow:
        sim.control("PUT", "/auto-allow", answer="allow", user=auto_allow)
    if seed is not None:
        sim.control("POST", "/seed", seed=seed)
    return accept


@pytest.fixture
def weixin_sim_hosts(
    weixin_sim: WeixinSim, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WeixinSim]:
    """`weixin_sim`, as https://open.weixin.qq.com and https://api.weixin.qq.com for this process and its children."""
    ca_dir = tmp_path_factory.getbasetemp() / "weixin-sim-ca"
    options = ["--sim", weixin_sim.url, "--world", weixin_sim.world, "--ca-dir", str(ca_dir)]
    with closing(Program(["sim", "exec", *options, "--", sys.executable, "-I", "-c", PRINT_ENVIRONMENT])) as proxy:
        for name in proxy.ready.keys() - {"PYTEST_CURRENT_TEST"}:
            monkeypatch.setenv(name, proxy.ready[name])
        # urlopen keeps the proxies and certificates of its first call.
        monkeypatch.setattr(urllib.request, "_opener", None)
        yield weixin_sim


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    try:
        result = yield
    except BaseException:
        item.add_report_section("call", "weixin_sim", report(item))
        raise
    if text := report(item):
        pytest.fail(text, pytrace=False)
    return result


def report(item: pytest.Item) -> str:
    """Says which findings fail the test, and what fixes them."""
    findings = item.stash[SIM].findings() if SIM in item.stash else []
    failing = [one for one in findings if one["fails"]]
    lines = [f"{one['id']} ({one['class']}): {one['remedy']['en']}\n    sent: {one['sent']}" for one in failing]
    if failing:
        lines.append(f'to accept a rule: @pytest.mark.weixin_sim(accept=["{failing[0]["id"]}"])')
    return "\n".join(lines)
