"""The distribution that has the import names of python-weixin, installed by pip in every order."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Dict

import pytest
from virtual_environment import OURS, SHIM, THEIRS, Environment, environment, run, text_in_wheel, wheels  # noqa: F401

# ruff: noqa: F811
IMPORTS = "from weixin.client import WeixinAPI; from weixin.oauth2 import OAuth2AuthExchangeError"
PROGRAM = f"{IMPORTS}; print(WeixinAPI.__module__)"
WORKS = "weixin_login.compat.python_weixin.client"
MODULES = ["__init__.py", "client.py", "oauth2.py"]

Wheels = Dict[str, Path]


def both_installed(environment: Environment) -> str:
    """The error that has the remedy."""
    return (
        f"ImportError: weixin-login-compat and python-weixin are both installed in {environment.site_packages}, and "
        "have files of the same names. Keep one: `pip uninstall python-weixin weixin-login-compat`, then "
        "`pip install weixin-login-compat` (or `pip install python-weixin`)"
    )


def not_ours(file: str) -> str:
    """The error for a file that is not the one that was installed."""
    return (
        f"ImportError: weixin/{file} is not the file that weixin-login-compat has installed: something has removed or "
        "replaced it. Remedy: `pip install --force-reinstall --no-deps weixin-login-compat`"
    )


def test_programs_import_the_names_of_python_weixin(environment: Environment, wheels: Wheels) -> None:
    environment.install(wheels[OURS])
    assert environment.run(PROGRAM) == WORKS
    names = "from weixin import WXAPPAPI, WeixinAPI, WeixinAPIError, WeixinClientError, WeixinMpAPI, WxAppCloudAPI"
    assert environment.run(names) == ""
    assert environment.run("from weixin.client import SUPPORTED_FORMATS, WeixinAPIError") == ""
    assert environment.run("from weixin.oauth2 import ConnectTimeoutError, ConnectionError, OAuth2API") == ""


def test_a_name_that_is_not_a_login_says_where_it_is(environment: Environment, wheels: Wheels) -> None:
    environment.install(wheels[OURS])
    expected = "ImportError: weixin.WXReply is not here: weixin-login-compat has the login only. python-weixin has it"
    assert environment.run("from weixin import WXReply") == expected
    assert environment.run("import weixin; print(hasattr(weixin, 'pay'))") == "False"


def test_python_weixin_installed_before_is_an_error_with_the_remedy(environment: Environment, wheels: Wheels) -> None:
    environment.install(wheels[THEIRS])
    environment.install(wheels[OURS])
    assert environment.run(PROGRAM) == both_installed(environment)
    environment.uninstall(THEIRS, OURS)
    environment.install(wheels[OURS])
    assert environment.run(PROGRAM) == WORKS


def test_python_weixin_installed_later_is_what_programs_import(environment: Environment, wheels: Wheels) -> None:
    environment.install(wheels[OURS])
    environment.install(wheels[THEIRS])
    installed = {file: (environment.site_packages / "weixin" / file).read_text() for file in MODULES}
    assert installed == {file: text_in_wheel(wheels[THEIRS], f"weixin/{file}") for file in MODULES}
    environment.uninstall(THEIRS, OURS)
    environment.install(wheels[OURS])
    assert environment.run(PROGRAM) == WORKS


@pytest.mark.parametrize("uninstalled", [OURS, THEIRS])
@pytest.mark.parametrize("order", [(OURS, THEIRS), (THEIRS, OURS)])
def test_after_the_removal_of_either_nothing_is_imported_that_is_half_there(
    environment: Environment, wheels: Wheels, order: tuple[str, str], uninstalled: str
) -> None:
    for name in order:
        environment.install(wheels[name])
    environment.uninstall(uninstalled)
    assert environment.run(PROGRAM) == "ModuleNotFoundError: No module named 'weixin.client'"
    for name in {OURS, THEIRS} - {uninstalled}:
        environment.uninstall(name)
    environment.install(wheels[OURS])
    assert environment.run(PROGRAM) == WORKS


@pytest.mark.parametrize("file", MODULES[1:])
def test_a_file_that_is_missing_is_an_error_with_the_remedy(
    environment: Environment, wheels: Wheels, file: str
) -> None:
    environment.install(wheels[OURS])
    (environment.site_packages / "weixin" / file).unlink()
    assert environment.run("import weixin") == not_ours(file)
    environment.install("--force-reinstall", wheels[OURS])
    assert environment.run(PROGRAM) == WORKS


@pytest.mark.parametrize("file", MODULES)
def test_a_file_that_was_replaced_is_an_error_with_the_remedy(
    environment: Environment, wheels: Wheels, file: str
) -> None:
    environment.install(wheels[OURS])
    with (environment.site_packages / "weixin" / file).open("a") as opened:
        opened.write("\n")
    assert environment.run("import weixin") == not_ours(file)


def test_an_editable_installation_is_imported(environment: Environment) -> None:
    environment.install("--editable", SHIM)
    assert environment.run(PROGRAM) == WORKS


def test_a_zip_file_is_imported(environment: Environment, wheels: Wheels) -> None:
    (environment.site_packages / "vendored.pth").write_text(f"{wheels[OURS]}\n")
    assert environment.run(PROGRAM) == WORKS


def test_an_installation_without_sources_is_imported(environment: Environment, wheels: Wheels) -> None:
    environment.install(wheels[OURS])
    package = environment.site_packages / "weixin"
    run(environment.python, "-m", "compileall", "-q", "-b", str(package))
    for file in MODULES:
        (package / file).unlink()
    assert environment.run(PROGRAM) == WORKS


def test_a_copy_without_metadata_is_imported(environment: Environment) -> None:
    shutil.copytree(SHIM / "weixin", environment.site_packages / "weixin")
    assert environment.run(PROGRAM) == WORKS


def test_an_installation_without_a_record_is_imported(environment: Environment, wheels: Wheels) -> None:
    environment.install(wheels[OURS])
    [record] = environment.site_packages.glob("weixin_login_compat-*/RECORD")
    record.unlink()
    assert environment.run(PROGRAM) == WORKS


def test_python_weixin_in_another_directory_does_no_harm(
    environment: Environment, wheels: Wheels, tmp_path: Path
) -> None:
    environment.install(wheels[OURS])
    environment.install("--target", tmp_path / "other", wheels[THEIRS])
    (environment.site_packages / "other.pth").write_text(f"{tmp_path / 'other'}\n")
    assert environment.run(PROGRAM) == WORKS
    assert environment.run("from importlib.metadata import version; print(version('python-weixin'))") == "0.5.0"
