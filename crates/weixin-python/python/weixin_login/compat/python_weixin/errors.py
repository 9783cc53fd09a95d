"""The exceptions of python-weixin, each with the error of this package as its ``__cause__``."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Dict, Iterator, Optional, Tuple, Union

from ... import errors

Code = Union[int, str]


class _CodeAndDescription(Exception):
    """An exception with a code and a description."""

    def __init__(self, code: Code, description: str) -> None:
        super().__init__(code, description)
        self.code = code
        self.description = description

    def __str__(self) -> str:
        return f"{self.code}: {self.description}"


class OAuth2AuthExchangeError(_CodeAndDescription):
    """WeChat rejects a login, or the program's settings.

    ``code`` is WeChat's error code, or the name of a setting for which WeChat has no code, such as ``redirect_uri``.
    ``description`` is WeChat's text. ``__cause__`` is the :class:`weixin_login.Error`, if WeChat was asked: its
    ``explanation`` says what the code means, and what to do.
    """


class ConnectTimeoutError(_CodeAndDescription):
    """WeChat has not responded in time. ``code`` is ``timeout``."""


class ConnectionError(_CodeAndDescription):
    """WeChat cannot be reached. ``code`` is ``conntect_error``, as python-weixin spells it."""


class WeixinClientError(Exception):
    """The response to a call on behalf of a user is not what WeChat documents."""

    def __init__(self, error_message: str, status_code: Optional[int] = None) -> None:
        super().__init__(error_message, status_code)
        self.error_message = error_message
        self.status_code = status_code

    def __str__(self) -> str:
        return f"({self.status_code}) {self.error_message}" if self.status_code else self.error_message


class WeixinAPIError(Exception):
    """For ``except`` clauses: this package raises it nowhere.

    The original raises it for an HTTP status other than 200, which is a :class:`WeixinClientError` here.
    """

    def __init__(self, status_code: int, error_type: Code, error_message: str, *args: object, **kwargs: object) -> None:
        super().__init__(status_code, error_type, error_message)
        self.status_code = status_code
        self.error_type = error_type
        self.error_message = error_message

    def __str__(self) -> str:
        return f"({self.status_code}) {self.error_type}-{self.error_message}"


APPID_MISSING = (41002, "appid missing")
ACCESS_TOKEN_MISSING = (41001, "access_token missing")
CODE_MISSING = (41008, "missing code: the callback brings none if the user has declined")
JS_CODE_MISSING = (41008, "missing code")
OPENID_MISSING = (41009, "missing openid")
REFRESH_TOKEN_MISSING = (41003, "missing refresh_token")
SECRET_MISSING = (41004, "appsecret missing")

_CODES_OF_MALFORMED_TEXTS: Dict[str, Code] = {
    "OpenID": 40003,
    "access token": 40001,
    "app ID": 40013,
    "app secret": 40125,
    "code": 40029,
    "code of wx.login": 40029,
    "refresh token": 40030,
}
"""The codes by which WeChat rejects texts that this package does not send."""

_INVALID_APPID = 40013


@contextmanager
def login_errors() -> Iterator[None]:
    """Turns the errors of a login into those of python-weixin."""
    try:
        yield
    except errors.Error as error:
        raise _network_error(error) or OAuth2AuthExchangeError(*_code_and_description(error)) from error


@contextmanager
def user_errors() -> Iterator[None]:
    """Turns the errors of a call on behalf of a user into those of python-weixin."""
    try:
        yield
    except errors.Error as error:
        status = getattr(error, "status", None)
        raise _network_error(error) or WeixinClientError(str(error), status) from error


def errcode_and_errmsg(error: Union[errors.ApiError, errors.ParseError]) -> Dict[str, Code]:
    """An error of WeChat's as a result, which it is for calls on behalf of a user."""
    return as_json(_code_and_description(error))


def as_json(error: Tuple[Code, str]) -> Dict[str, Code]:
    """A code and its text under the names of WeChat's JSON."""
    return {"errcode": error[0], "errmsg": error[1]}


def _network_error(error: errors.Error) -> Optional[Exception]:
    """The exception for a response that has not arrived; ``None`` for all other errors."""
    failed = error.__cause__ if isinstance(error, errors.OutcomeUnknownError) else error
    if not isinstance(failed, errors.TransportError):
        return None
    if failed.reason == "timeout":
        return ConnectTimeoutError("timeout", str(error))
    return ConnectionError("conntect_error", str(error))


def _code_and_description(error: errors.Error) -> Tuple[Code, str]:
    cause = error.__cause__ if isinstance(error, errors.OutcomeUnknownError) else error
    if isinstance(cause, errors.ApiError):
        return cause.code, f"{cause.message}, rid: {cause.rid}" if cause.rid else cause.message
    # The pages of official accounts show a code, whose text is known.
    known = error.explanation
    return _code_of(cause), known.message if known else str(error)


def _code_of(error: Optional[BaseException]) -> Code:
    if isinstance(error, errors.LoginPageError):
        return error.code or (_INVALID_APPID if error.reason == "app_id" else error.reason)
    if isinstance(error, errors.ParseError):
        return _CODES_OF_MALFORMED_TEXTS.get(error.what, error.what)
    if isinstance(error, errors.StatusError):
        return "http_status"
    return "unexpected_response"
