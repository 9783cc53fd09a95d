"""What pytest reports, for tests written with the plugin."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SHORT_STATE = """
    import pytest
    from urllib.request import urlopen

    def open_with_short_state(sim):
        query = "appid=wx0123456789abcdef&redirect_uri=http%3A%2F%2Flocalhost%2Fc&response_type=code&scope=snsapi_login"
        urlopen(f"{sim.url}/connect/qrconnect?{query}&state=s1")
"""


def run(pytester, *tests_and_arguments):
    """Runs tests, which may be in several parts, with arguments for pytest."""
    arguments = [one for one in tests_and_arguments if one.startswith("-")]
    pytester.makepyfile("\n".join(textwrap.dedent(one) for one in tests_and_arguments if one not in arguments))
    return pytester.runpytest("-p", "no:cacheprovider", *arguments)


def test_a_finding_fails_its_test_by_name_with_the_remedy(pytester):
    tests = """
    def test_unsafe(weixin_sim):
        open_with_short_state(weixin_sim)

    def test_correct(weixin_sim):
        pass
    """
    result = run(pytester, SHORT_STATE, tests)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(
        [
            "*test_unsafe*",
            "state-short (unsafe): use at least 16 random characters: a short state can be guessed",
            "    sent: state=s1",
            'to accept a rule: @pytest.mark.weixin_sim(accept=[[]"state-short"])',
            "FAILED *::test_unsafe*",
        ]
    )


def test_a_test_that_fails_anyway_shows_its_findings(pytester):
    tests = """
    def test_unsafe(weixin_sim):
        open_with_short_state(weixin_sim)
        assert 1 == 2
    """
    result = run(pytester, SHORT_STATE, tests)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*assert 1 == 2", "*weixin_sim call*", "state-short (unsafe): *"])


def test_marks_of_test_and_class_accept_rules(pytester):
    tests = """
    @pytest.mark.weixin_sim(accept=["state-short"])
    class TestSite:
        @pytest.mark.weixin_sim(accept=["state-repeated"])
        def test_unsafe(self, weixin_sim):
            open_with_short_state(weixin_sim)
            assert weixin_sim.control("GET", "/findings/accepted") == {"rules": ["state-short", "state-repeated"]}
    """
    run(pytester, SHORT_STATE, tests).assert_outcomes(passed=1)


def test_the_ini_file_accepts_rules(pytester):
    pytester.makeini("[pytest]\nweixin_sim_accept =\n    state-short\n    post")
    tests = """
    def test_unsafe(weixin_sim):
        open_with_short_state(weixin_sim)
    """
    run(pytester, SHORT_STATE, tests).assert_outcomes(passed=1)


def test_an_unknown_rule_is_an_error_that_lists_all(pytester):
    tests = """
    import pytest

    @pytest.mark.weixin_sim(accept=["state-shrot"])
    def test_site(weixin_sim):
        pass
    """
    result = run(pytester, tests)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*SimulatorError: *state-short*"])


def test_an_unknown_argument_of_the_mark_is_an_error(pytester):
    tests = """
    import pytest

    @pytest.mark.weixin_sim(acept=["state-short"])
    def test_site(weixin_sim):
        pass
    """
    result = run(pytester, tests)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*unexpected keyword argument 'acept'*"])


def test_another_kind_of_world_is_an_error(pytester):
    pytester.makeini("[pytest]\nweixin_sim_world = module")
    result = run(pytester, "def test_nothing(): pass")
    result.stderr.fnmatch_lines(["*weixin_sim_world must be `test` or `session`*"])


def test_options_reach_the_simulator(pytester):
    pytester.makeini("[pytest]\nweixin_sim_options = --app-id wx2222222222222222")
    tests = """
    def test_site(weixin_sim):
        assert weixin_sim.app()["id"] == "wx2222222222222222"
    """
    run(pytester, tests).assert_outcomes(passed=1)


def test_a_missing_program_says_how_to_install_it(pytester, monkeypatch):
    monkeypatch.delenv("WEIXIN_BIN", raising=False)
    monkeypatch.setenv("PATH", str(pytester.path))
    result = run(pytester, "def test_site(weixin_sim): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*no program `weixin` on PATH: `pip install weixin-cli` installs it*"])


def test_a_wrong_path_of_the_program_is_named(pytester, monkeypatch):
    monkeypatch.setenv("WEIXIN_BIN", "/nowhere/weixin")
    result = run(pytester, "def test_site(weixin_sim): pass")
    result.stdout.fnmatch_lines(["*WEIXIN_BIN is /nowhere/weixin, which is not a program*"])


def test_tests_without_the_fixture_need_no_program(pytester, monkeypatch):
    monkeypatch.setenv("WEIXIN_BIN", "/nowhere/weixin")
    run(pytester, "def test_nothing(): pass").assert_outcomes(passed=1)


def test_a_simulator_that_does_not_start_says_why(pytester):
    pytester.makeini("[pytest]\nweixin_sim_options = --config missing.toml")
    result = run(pytester, "def test_site(weixin_sim): pass")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*the WeChat simulator does not start*missing.toml*"])


def test_another_program_is_no_simulator(pytester, monkeypatch):
    program = pytester.path / "weixin"
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    monkeypatch.setenv("WEIXIN_BIN", str(program))
    result = run(pytester, "def test_site(weixin_sim): pass")
    result.stdout.fnmatch_lines(["*the WeChat simulator does not start*hello*"])


def test_a_simulator_that_dies_fails_its_test(pytester):
    tests = """
    def test_site(weixin_sim, _weixin_sim_program):
        _weixin_sim_program._process.kill()
        _weixin_sim_program._process.wait()

    def test_next(weixin_sim):
        pass
    """
    result = run(pytester, tests)
    result.assert_outcomes(failed=1, errors=2)
    result.stdout.fnmatch_lines(["*does not respond: has it ended?*"])
    ended = "*the WeChat simulator has ended with exit code -9*"
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_site*", ended, "*ERROR at setup of test_next*", ended])


def test_parallel_tests_have_clocks_of_their_own(pytester):
    tests = """
    import time
    import pytest

    @pytest.mark.parametrize("hours", range(8))
    def test_clock(weixin_sim, hours):
        weixin_sim.advance(hours * 3600)
        time.sleep(0.05)
        moved = weixin_sim.control("GET", "/clock")["now"] - time.time()
        assert abs(moved - hours * 3600) < 60
    """
    run(pytester, tests, "-n2").assert_outcomes(passed=8)


def test_the_worlds_of_one_process_are_apart(pytester):
    tests = """
    import time
    import pytest
    from threading import Barrier, Thread
    from pytest_weixin_sim import WeixinSim

    def test_clocks(weixin_sim):
        worlds = [weixin_sim.control("POST", "/worlds") for _ in range(2)]
        sims = [WeixinSim(world["url"], world["id"]) for world in worlds]
        threads = [Thread(target=sim.advance, args=[hours * 3600]) for hours, sim in enumerate(sims)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        clocks = [sim.control("GET", "/clock")["now"] for sim in sims]
        assert 3600 <= clocks[1] - clocks[0] < 3660
    """
    run(pytester, tests).assert_outcomes(passed=1)


def test_a_world_ends_with_its_test(pytester):
    tests = """
    import pytest

    @pytest.mark.parametrize("run", [1, 2])
    def test_site(weixin_sim, run):
        assert [world["id"] for world in weixin_sim.control("GET", "/worlds")] == [weixin_sim.world]
    """
    run(pytester, tests).assert_outcomes(passed=2)


SHARED = """
    import pytest

    @pytest.fixture(scope="session")
    def server(weixin_sim_url):
        return weixin_sim_url

    def test_first(server, weixin_sim):
        assert weixin_sim.url == server
        weixin_sim.add_app("wx1111111111111111")
        weixin_sim.advance(3600)

    def test_second(server, weixin_sim):
        assert weixin_sim.url == server
        assert "wx1111111111111111" not in [app["id"] for app in weixin_sim.control("GET", "/apps")]
"""


def test_a_world_of_the_session_is_reset_before_each_test(pytester):
    pytester.makeini("[pytest]\nweixin_sim_world = session")
    run(pytester, SHARED).assert_outcomes(passed=2)


def test_a_session_fixture_needs_a_world_of_the_session(pytester):
    result = run(pytester, SHARED)
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*ScopeMismatch*weixin_sim_url*"])


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_the_simulator_ends_when_pytest_is_killed(pytester):
    pytester.makepyfile(
        """
        import os, signal

        def test_site(weixin_sim, _weixin_sim_program):
            with open("pid", "w") as file:
                file.write(str(_weixin_sim_program._process.pid))
            os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    killed = subprocess.run([sys.executable, "-m", "pytest"], cwd=pytester.path, capture_output=True, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert ended(int(Path("pid").read_text()))


def ended(pid):
    """Waits for the end of a process of which this one is not the parent."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        subprocess.run(["sleep", "0.1"], check=True)
    return False
