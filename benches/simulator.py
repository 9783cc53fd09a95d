"""WeChat, as `weixin sim` has it, and codes by the handful."""

import http.client
import json
import re
import tempfile
from pathlib import Path
from urllib.parse import urlparse

from process import Process

LOGIN = (
    "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F"
)


class Simulator(Process):
    """Allows every login by itself; speaks TLS too, with the authority `certificate`."""

    def __init__(self, target, *options):
        self.directory = tempfile.TemporaryDirectory()
        self.certificate = Path(self.directory.name) / "ca.pem"
        tls = ["--tls", "127.0.0.1:0", "--ca-dir", self.directory.name]
        super().__init__(
            [target / "release/weixin", "--lang", "en", "sim", "--listen", "127.0.0.1:0", "--auto-allow", *tls, *options]
        )

    def __enter__(self):
        super().__enter__()
        self.origin = self.printed(r"listening on (\S+)")
        self.tls_port = int(self.printed(r"TLS .*:(\d+)"))
        return self

    def __exit__(self, *error):
        super().__exit__(*error)
        self.directory.cleanup()

    def printed(self, pattern):
        while True:
            found = re.search(pattern, self.line())
            if found:
                return found.group(1)

    def ask_phones(self):
        """From now on, a login waits for a phone that scans it."""
        connection = http.client.HTTPConnection(urlparse(self.origin).netloc)
        body = json.dumps({"answer": "off"})
        connection.request("PUT", "/_sim/api/auto-allow", body, {"Content-Type": "application/json"})
        if connection.getresponse().status != 200:
            raise RuntimeError("the simulator does not stop to allow logins")
        connection.close()

    def codes(self, count):
        connection = http.client.HTTPConnection(urlparse(self.origin).netloc)
        codes = []
        for _ in range(count):
            connection.request("GET", LOGIN)
            answer = connection.getresponse()
            answer.read()
            codes.append(re.search("code=([^&]+)", answer.headers["Location"]).group(1))
        connection.close()
        return codes
