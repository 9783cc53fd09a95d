"""The programs of the READMEs and of the manual's page about fixtures run as they are."""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1]
DOCS = PACKAGE.parents[1] / "docs"


@pytest.mark.parametrize("page", [DOCS / "fixtures.md", DOCS / "zh" / "fixtures.md"], ids=["en", "zh"])
def test_the_programs_of_the_manual(pytester, page):
    [program] = re.findall(r"```python file=test_login.py\n(.*?)```", page.read_text(), re.DOTALL)
    pytester.makepyfile(test_login=program)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_programs_of_the_readme(pytester, name):
    site, client = re.findall(r"```python\n(.*?)```", (PACKAGE / name).read_text(), re.DOTALL)
    fixtures = """
from types import SimpleNamespace
from urllib.parse import urlencode
import pytest
import requests

@pytest.fixture
def settings():
    return SimpleNamespace()

@pytest.fixture
def client(settings):
    callback = "http://localhost:5000/callback"

    def get(url):
        query = {"appid": settings.WEIXIN_APP_ID, "redirect_uri": callback, "response_type": "code"}
        query.update(scope="snsapi_login", state="0123456789abcdef0123")
        if url == "/login":
            return SimpleNamespace(headers={"Location": f"{settings.WEIXIN_URL}/connect/qrconnect?{urlencode(query)}"})
        assert url.startswith(callback)
        return SimpleNamespace(text="Hello layla!")

    return SimpleNamespace(get=get)
"""
    pytester.makeconftest(fixtures)
    pytester.makepyfile(test_site=site, test_client=client)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)
