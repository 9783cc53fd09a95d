"""The login of python-weixin 0.5.0: its names, arguments and results, on this package's core.

>>> from weixin_login.compat.python_weixin import WeixinAPI
>>> api = WeixinAPI(appid="wx0123456789abcdef", app_secret="s" * 32, redirect_uri="https://www.example.com/callback")
>>> api.get_authorize_url(scope=("snsapi_login",)).split("?")[0]
'https://open.weixin.qq.com/connect/qrconnect'

The distribution ``weixin-login-compat`` gives these names to programs that import ``weixin.client`` and
``weixin.oauth2``.

What differs from the original is what was wrong in it: the refresh works; ``get_authorize_login_url`` notices a wrong
app ID, scope or callback; scopes are joined by commas; there is always a ``state``; connections are kept; secrets and
tokens are in no exception and no ``repr``. Calls have the time-outs of :class:`weixin_login.Client`: 3 seconds to
connect, 10 seconds in all.

A new program uses :class:`weixin_login.Client`, or an integration for its framework: this interface has no call that
compares the ``state`` of a callback with that of the browser's login.
"""

from .client import WXAPPAPI, WeixinAPI, WeixinMpAPI, WxAppCloudAPI
from .errors import (
    ConnectionError,
    ConnectTimeoutError,
    OAuth2AuthExchangeError,
    WeixinAPIError,
    WeixinClientError,
)
from .oauth2 import SUPPORTED_FORMATS, OAuth2API

__all__ = [
    "SUPPORTED_FORMATS",
    "WXAPPAPI",
    "ConnectTimeoutError",
    "ConnectionError",
    "OAuth2API",
    "OAuth2AuthExchangeError",
    "WeixinAPI",
    "WeixinAPIError",
    "WeixinClientError",
    "WeixinMpAPI",
    "WxAppCloudAPI",
]
