"""Fresh virtual environments, and the wheels that tests install in them.

The fixtures are :func:`wheels` and :func:`environment`; import them by name.
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Dict

import pytest
import weixin_login

OURS, THEIRS = "weixin-login-compat", "python-weixin"
SHIM = Path(__file__).parents[3] / "packages" / OURS


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Runs a program, and shows what it prints if it fails."""
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Dict[str, Path]:
    """The wheels of our distribution and of python-weixin, by their names: built or downloaded once."""
    found = {}
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--use-pep517"]
    for name, source in ((OURS, str(SHIM)), (THEIRS, f"{THEIRS}==0.5.0")):
        directory = tmp_path_factory.mktemp(name)
        run(*pip, "--wheel-dir", str(directory), source)
        [found[name]] = directory.glob("*.whl")
    return found


def text_in_wheel(wheel: Path, file: str) -> str:
    """The text of a file in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(file).decode()


class Environment:
    """A virtual environment that has weixin_login."""

    def __init__(self, directory: Path) -> None:
        run(sys.executable, "-m", "venv", "--without-pip", str(directory))
        programs = "Scripts" if sys.platform == "win32" else "bin"
        self.python = str(directory / programs / "python")
        self.site_packages = Path(self.evaluate("sysconfig.get_path('purelib')"))
        ours = Path(weixin_login.__file__).parents[1]
        (self.site_packages / "weixin_login_of_the_tests.pth").write_text(f"{ours}\n")

    def pip(self, command: str, *arguments: str) -> None:
        """Runs pip for this environment, quietly."""
        run(sys.executable, "-m", "pip", "--python", self.python, command, "--quiet", *arguments)

    def install(self, *what: object) -> None:
        """Installs without dependencies, and without a network unless something has to be built."""
        self.pip("install", "--no-deps", *map(str, what))

    def uninstall(self, *names: str) -> None:
        self.pip("uninstall", "--yes", *names)

    def evaluate(self, expression: str) -> str:
        """The value of an expression of Python's standard library."""
        return run(self.python, "-c", f"import sysconfig; print({expression})").stdout.strip()

    def run(self, program: str) -> str:
        """What a program prints; if it fails, the last line of its traceback."""
        result = subprocess.run([self.python, "-c", program], capture_output=True, text=True)
        return result.stdout.strip() if result.returncode == 0 else result.stderr.strip().splitlines()[-1]


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """A fresh virtual environment."""
    return Environment(tmp_path / "venv")
