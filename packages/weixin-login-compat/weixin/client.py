"""The clients of python-weixin, by weixin-login."""

from weixin_login.compat.python_weixin import (
    SUPPORTED_FORMATS,
    WXAPPAPI,
    WeixinAPI,
    WeixinAPIError,
    WeixinMpAPI,
    WxAppCloudAPI,
)

__all__ = ["SUPPORTED_FORMATS", "WXAPPAPI", "WeixinAPI", "WeixinAPIError", "WeixinMpAPI", "WxAppCloudAPI"]
