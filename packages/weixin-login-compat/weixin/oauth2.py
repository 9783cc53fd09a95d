"""The exceptions of python-weixin, by weixin-login, and the class that its clients share."""

from weixin_login.compat.python_weixin import (
    ConnectionError,
    ConnectTimeoutError,
    OAuth2API,
    OAuth2AuthExchangeError,
)

__all__ = ["ConnectTimeoutError", "ConnectionError", "OAuth2API", "OAuth2AuthExchangeError"]
