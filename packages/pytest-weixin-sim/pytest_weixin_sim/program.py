"""The program `weixin`: a simulator, and a proxy for clients with hard-coded hosts."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from .connection import SimulatorError


def find() -> str:
    """Returns the path of the program."""
    named = os.environ.get("WEIXIN_BIN")
    # Not a program of the current directory, which an empty entry of PATH means.
    directories = [entry for entry in os.get_exec_path() if os.path.isabs(entry)]
    if found := shutil.which(named or "weixin", path=os.pathsep.join(directories)):
        return found
    missing = f"WEIXIN_BIN is {named}, which is not a program" if named else "there is no program `weixin` on PATH"
    raise SimulatorError(f"{missing}: `pip install weixin-cli` installs it; or set WEIXIN_BIN to its path")


class Program:
    """A running `weixin`. It ends with this process, even if that is killed, because its standard input ends then."""

    def __init__(self, arguments: list[str], cwd: Path | None = None) -> None:
        command, pipe = [find(), *arguments], subprocess.PIPE
        self._errors = tempfile.TemporaryFile()
        try:
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=self._errors, cwd=cwd)
        except OSError as error:
            self._errors.close()
            raise SimulatorError(f"{command[0]} does not start: {error.strerror}") from error
        limit = threading.Timer(30, self._process.kill)
        limit.start()
        try:
            self.ready = self._first_object()
        finally:
            limit.cancel()

    def _first_object(self) -> dict[str, Any]:
        """Waits for the JSON object that the program prints when it is ready."""
        text = b""
        for line in self._process.stdout or ():
            text += line
            try:
                ready = json.loads(text)
            except ValueError:
                continue
            if isinstance(ready, dict) and "error" not in ready:
                return ready
        self._process.wait()
        reason = " ".join(text.decode(errors="replace").split()) or self._messages() or "it prints nothing"
        self.close()
        raise SimulatorError(f"the WeChat simulator does not start (exit code {self._process.returncode}): {reason}")

    def check(self) -> None:
        """Raises an error if the program has ended."""
        if (code := self._process.poll()) is not None:
            raise SimulatorError(f"the WeChat simulator has ended with exit code {code}: {self._messages()}")

    def _messages(self) -> str:
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace")[-2000:]

    def close(self) -> None:
        """Ends the program, and waits until it has ended."""
        try:
            self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
