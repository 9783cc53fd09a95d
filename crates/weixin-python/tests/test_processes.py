"""Forks, threads, signals and the network's environment."""

from __future__ import annotations

import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any, Iterator

import pytest
import weixin_login
from conftest import CALLBACK, MakeClient, code_of
from pytest_weixin_sim import WeixinSim
from weixin_login import Client


def in_child(work: Any) -> int:
    """Forks, works in the child, and returns its ID."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            work()
            status = 0
        finally:
            os._exit(status)
    return child


def test_eight_children_of_a_used_client_call_at_once(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    client = make_client()
    token = client.exchange(code_of(weixin_sim, client, "layla"))
    expected = client.user(token)

    def work() -> None:
        # By connections of its own: those of the parent would mix up the responses.
        assert all(client.user(token) == expected for _ in range(5))

    children = [in_child(work) for _ in range(8)]
    assert client.user(token) == expected
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 8
    assert client.user(token) == expected


def test_a_child_of_a_child_and_a_fork_during_calls(make_client: MakeClient, weixin_sim: WeixinSim) -> None:
    client = make_client()
    token = client.exchange(code_of(weixin_sim, client, "layla"))
    done = threading.Event()

    def keep_calling() -> None:
        while not done.is_set():
            client.user(token)

    def grandchild() -> None:
        client.user(token)
        assert os.waitpid(in_child(lambda: client.user(token)), 0)[1] == 0

    threads = [threading.Thread(target=keep_calling) for _ in range(4)]
    for thread in threads:
        thread.start()
    children = [in_child(grandchild) for _ in range(8)]
    statuses = [os.waitpid(child, 0)[1] for child in children]
    done.set()
    for thread in threads:
        thread.join()
    assert statuses == [0] * 8


PRELOADED = """
import json, weixin_login
client = weixin_login.Client({app_id!r}, {secret!r}, api_url={url!r})
print(client.check("token-of-the-parent", "openid"), flush=True)  # used before the fork

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([client.check("a", "b"), __import__("os").getpid()]).encode()]
"""


def test_gunicorn_with_preload_serves_from_each_worker(weixin_sim: WeixinSim, tmp_path: Path) -> None:
    app = weixin_sim.app()
    program = PRELOADED.format(app_id=app["id"], secret=app["secret"], url=weixin_sim.url)
    (tmp_path / "preloaded.py").write_text(program)
    listener = socket.create_server(("127.0.0.1", 0))
    os.set_inheritable(listener.fileno(), True)
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", f"--bind=fd://{listener.fileno()}", "preloaded"],
        cwd=tmp_path,
        pass_fds=[listener.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        workers: set[int] = set()
        while len(workers) < 2:
            valid, worker = json_of(listener.getsockname()[1])
            assert valid is False
            workers.add(worker)
        assert server.pid not in workers
    finally:
        server.terminate()
        out, err = server.communicate()
        listener.close()
    assert out == "False\n", err


def json_of(port: int) -> Any:
    import json
    import urllib.request

    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with closing(opener.open(f"http://127.0.0.1:{port}/")) as response:
        return json.load(response)


class Late(http.server.BaseHTTPRequestHandler):
    """A server whose responses wait for each other: it needs all callers at once."""

    def do_GET(self) -> None:
        self.server.barrier.wait()  # type: ignore[attr-defined]
        body = b'{"errcode":0,"errmsg":"ok"}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def late_server() -> Iterator[Any]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Late)
    server.barrier = threading.Barrier(8)  # type: ignore[attr-defined]
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    yield server
    server.barrier.abort()  # type: ignore[attr-defined]
    server.shutdown()
    serving.join()
    server.server_close()


def local(server: Any) -> Client:
    return Client("wx0123456789abcdef", "s" * 32, api_url=f"http://127.0.0.1:{server.server_port}", timeout=600)


def test_eight_threads_wait_at_the_same_time(late_server: Any) -> None:
    client, results = local(late_server), []
    threads = [threading.Thread(target=lambda: results.append(client.check("a", "b"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [True] * 8


INTERRUPTED = """
import sys, weixin_login
client = weixin_login.Client("wx0123456789abcdef", "s" * 32, api_url=sys.argv[1], timeout=600)
print("calling", flush=True)
try:
    client.check("a", "b")
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_call(late_server: Any) -> None:
    url = f"http://127.0.0.1:{late_server.server_port}"
    program = subprocess.Popen([sys.executable, "-c", INTERRUPTED, url], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    assert program.stdout.readline() == "calling\n"
    while late_server.barrier.n_waiting == 0:
        assert program.poll() is None
    program.send_signal(signal.SIGINT)
    assert program.communicate()[0] == "interrupted\n"
    assert program.returncode == 0


def test_the_proxy_and_the_certificates_of_the_environment_are_used(weixin_sim_hosts: WeixinSim) -> None:
    app = weixin_sim_hosts.app()
    client = Client(app["id"], app["secret"], redirect_uri="https://www.example.com/callback")
    weixin_sim_hosts.add_app(app["id"], secret=app["secret"], callback_domains=["www.example.com"])
    token = client.exchange(code_of(weixin_sim_hosts, client, "layla"))
    assert client.user(token).openid == token.openid
    assert {one["host"] for one in weixin_sim_hosts.requests("/sns/userinfo")} == {"api.weixin.qq.com"}


def test_without_the_certificates_a_server_is_not_trusted(
    weixin_sim_hosts: WeixinSim, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = weixin_sim_hosts.app()
    monkeypatch.delenv("SSL_CERT_FILE")
    client = Client(app["id"], app["secret"], redirect_uri=CALLBACK)
    with pytest.raises(weixin_login.TransportError) as caught:
        client.check("a", "b")
    assert caught.value.reason == "connect"
    assert weixin_sim_hosts.requests("/sns/auth") == []
