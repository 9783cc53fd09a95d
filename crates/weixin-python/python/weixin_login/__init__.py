"""Log in with WeChat.

>>> import weixin_login
>>> client = weixin_login.Client("wx0123456789abcdef", "s" * 32, redirect_uri="https://www.example.com/callback")
>>> csrf = weixin_login.CsrfToken()
>>> client.authorize_url(csrf).split("?")[0]
'https://open.weixin.qq.com/connect/qrconnect'

Web sites use the integrations, which keep the state and answer every callback: :mod:`weixin_login.flask`,
:mod:`weixin_login.django`, :mod:`weixin_login.fastapi`.
"""

from . import _interpreter  # noqa: F401  (first: it says where the package does not run)
from ._core import (
    VERSION as __version__,
    AppToken,
    CsrfToken,
    EmbeddedLogin,
    EmbeddedQr,
    PhoneNumber,
    Profile,
    Response,
    Secret,
    Session,
    Store,
    Token,
    User,
    UserToken,
    explain,
    return_path,
    verify_callback,
    verify_signature,
)
from .async_client import AsyncClient
from .client import Client
from .errors import (
    ApiError,
    CallbackError,
    DecodeError,
    Error,
    Explanation,
    LoginError,
    LoginExpiredError,
    LoginPageError,
    OutcomeUnknownError,
    ParseError,
    PayloadError,
    Request,
    SnapshotUserError,
    StatusError,
    StoreError,
    TransportError,
    UnknownAppError,
)
from .options import Consent, QrPage
from .tokens import AppTokens, AsyncAppTokens, AsyncUserTokens, UserTokens
from .web import AsyncLogin, AsyncWebLogin, Login, WebLogin

__all__ = [
    "ApiError",
    "AppToken",
    "AppTokens",
    "AsyncAppTokens",
    "AsyncClient",
    "AsyncLogin",
    "AsyncUserTokens",
    "AsyncWebLogin",
    "CallbackError",
    "Client",
    "Consent",
    "CsrfToken",
    "DecodeError",
    "EmbeddedLogin",
    "EmbeddedQr",
    "Error",
    "Explanation",
    "Login",
    "LoginError",
    "LoginExpiredError",
    "LoginPageError",
    "OutcomeUnknownError",
    "ParseError",
    "PayloadError",
    "PhoneNumber",
    "Profile",
    "QrPage",
    "Request",
    "Response",
    "Secret",
    "Session",
    "SnapshotUserError",
    "StatusError",
    "Store",
    "StoreError",
    "Token",
    "TransportError",
    "UnknownAppError",
    "User",
    "UserToken",
    "UserTokens",
    "WebLogin",
    "__version__",
    "explain",
    "return_path",
    "verify_callback",
    "verify_signature",
]
