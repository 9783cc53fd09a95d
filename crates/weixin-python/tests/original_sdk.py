"""python-weixin 0.5.0, in a process of its own: its import name is that of `weixin-login-compat`.

The fixture is :func:`original_sdk`; import it by name.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest
from weixin_calls import Call, Outcome

VERSION = "0.5.0"
PRINT_VERSION = "from importlib.metadata import version; print(version('python-weixin'))"


class OriginalSdk:
    """A Python that has python-weixin."""

    def __init__(self, python: str) -> None:
        program = Path(__file__).with_name("weixin_calls.py")
        command = [python, str(program), "weixin"]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def perform(self, call: Call) -> Outcome:
        """Performs a call in the environment that this process has now."""
        assert self._process.stdin and self._process.stdout
        request = {"environment": dict(os.environ), "call": call}
        print(json.dumps(request), file=self._process.stdin, flush=True)
        outcome: Outcome = json.loads(self._process.stdout.readline())
        return outcome

    def close(self) -> None:
        """Ends the process."""
        self._process.communicate()


def python_with_the_original() -> str:
    """The Python that WEIXIN_PYTHON_WEIXIN names."""
    python = os.environ.get("WEIXIN_PYTHON_WEIXIN")
    if not python:
        raise RuntimeError(
            f"WEIXIN_PYTHON_WEIXIN must be the Python of a virtual environment with python-weixin=={VERSION}: "
            f"python -m venv DIRECTORY; DIRECTORY/bin/pip install python-weixin=={VERSION}"
        )
    found = subprocess.run([python, "-c", PRINT_VERSION], capture_output=True, text=True)
    if found.stdout.strip() != VERSION:
        reason = found.stdout.strip() or found.stderr.strip().splitlines()[-1]
        raise RuntimeError(f"WEIXIN_PYTHON_WEIXIN: {python} does not have python-weixin=={VERSION}: {reason}")
    return python


@pytest.fixture(scope="module")
def original_sdk() -> Iterator[OriginalSdk]:
    """python-weixin 0.5.0."""
    sdk = OriginalSdk(python_with_the_original())
    yield sdk
    sdk.close()
