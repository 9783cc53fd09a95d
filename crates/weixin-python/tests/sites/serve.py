"""Serves an example by its framework's usual server, on a free port, until the standard input ends.

``python serve.py flask_site`` prints the URL. The example reads it from ``SITE_URL``.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import socket
import sys
import threading
from pathlib import Path
from typing import Any, Callable, Dict

EXAMPLES = Path(__file__).parents[2] / "examples"


def serve_flask(listener: socket.socket) -> None:
    """Werkzeug's server."""
    from werkzeug.serving import make_server

    app = importlib.import_module("flask_site").app
    make_server("127.0.0.1", 0, app, threaded=True, fd=listener.fileno()).serve_forever()


def serve_django(listener: socket.socket) -> None:
    """The server of Python's library."""
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    os.environ["DJANGO_SETTINGS_MODULE"] = "django_site"
    from django.core.wsgi import get_wsgi_application

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

    server = Server(listener.getsockname(), WSGIRequestHandler, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = "localhost", listener.getsockname()[1]
    server.setup_environ()
    server.set_app(get_wsgi_application())
    server.serve_forever()


def serve_fastapi(listener: socket.socket) -> None:
    """uvicorn."""
    import uvicorn

    app = importlib.import_module("fastapi_site").app
    asyncio.run(uvicorn.Server(uvicorn.Config(app, lifespan="off")).serve([listener]))


SERVERS: Dict[str, Callable[[socket.socket], Any]] = {
    "flask_site": serve_flask,
    "django_site": serve_django,
    "fastapi_site": serve_fastapi,
}


def main(example: str) -> None:
    """Serves an example."""
    sys.path.insert(0, str(EXAMPLES))
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://localhost:{listener.getsockname()[1]}"
    os.environ["SITE_URL"] = url
    threading.Thread(target=end_with_input, daemon=True).start()
    # Connections wait in the listener until the server accepts them.
    print(url, flush=True)
    SERVERS[example](listener)


def end_with_input() -> None:
    """Ends the process when its standard input does, also if the tests are killed."""
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1])
