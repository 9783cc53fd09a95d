"""The login of python-weixin, by weixin-login. The names are explained in :mod:`weixin_login.compat.python_weixin`."""

from __future__ import annotations

import base64
import hashlib
import os
from importlib.metadata import Distribution, PackagePath, distributions
from typing import NoReturn, Optional

OURS, THEIRS = "weixin-login-compat", "python-weixin"


def _check_installation(init: str) -> None:
    """Checks that the files of this package are its own: python-weixin installs its files over them.

    A package that is not installed from a wheel, such as one in a ZIP file, has no files to compare.

    :raises ImportError: the remedy.
    """
    if not (init.endswith(".py") and os.path.isfile(init)):
        return
    directory = os.path.dirname(os.path.dirname(os.path.abspath(init)))
    if _installed(THEIRS, directory):
        raise ImportError(
            f"{OURS} and {THEIRS} are both installed in {directory}, and have files of the same names. Keep one: "
            f"`pip uninstall {THEIRS} {OURS}`, then `pip install {OURS}` (or `pip install {THEIRS}`)"
        )
    ours = _installed(OURS, directory)
    for file in (ours and ours.files) or []:
        if file.parts[0] == "weixin" and file.hash and not _is_intact(file, directory):
            raise ImportError(
                f"{file} is not the file that {OURS} has installed: something has removed or replaced it. Remedy: "
                f"`pip install --force-reinstall --no-deps {OURS}`"
            )


def _installed(name: str, directory: str) -> Optional[Distribution]:
    """The distribution with this name in a directory; those in other directories of ``sys.path`` do no harm."""
    return next(iter(distributions(name=name, path=[directory])), None)


def _is_intact(file: PackagePath, directory: str) -> bool:
    """Whether a file has the hash of its entry in RECORD."""
    assert file.hash
    try:
        with open(os.path.join(directory, *file.parts), "rb") as opened:
            digest = hashlib.new(file.hash.mode, opened.read()).digest()
    except OSError:
        return False
    return base64.urlsafe_b64encode(digest).decode().rstrip("=") == file.hash.value


_check_installation(__file__)

from weixin_login.compat.python_weixin import (  # noqa: E402
    WXAPPAPI,
    WeixinAPI,
    WeixinAPIError,
    WeixinClientError,
    WeixinMpAPI,
    WxAppCloudAPI,
)

__all__ = ["WXAPPAPI", "WeixinAPI", "WeixinAPIError", "WeixinClientError", "WeixinMpAPI", "WxAppCloudAPI"]


def __getattr__(name: str) -> NoReturn:
    if name in ("WXReply", "WXResponse"):
        raise ImportError(f"weixin.{name} is not here: {OURS} has the login only. {THEIRS} has it")
    raise AttributeError(f"module 'weixin' has no attribute {name!r}")
