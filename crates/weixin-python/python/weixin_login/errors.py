"""What can go wrong, and what a program can do about it.

Every exception of this package is an :class:`Error`. Ask it what to do::

    try:
        user = client.user(token)
    except weixin_login.Error as error:
        if error.needs_login:
            return redirect("/login")
        if error.is_retryable:
            return "WeChat is busy, please try again", 503
        raise

No secret is in an exception's text, its ``repr`` or its causes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Dict, Literal, Mapping, Optional, Tuple, Type

from . import _core

Action = Literal["fix_configuration", "log_in", "refresh", "report", "retry"]
Responsible = Literal["developer", "user", "wechat"]
Language = Literal["en", "zh"]


class Text(Tuple[str, str]):
    """A text in English and Chinese. ``str`` gives the English one."""

    __slots__ = ()

    @property
    def en(self) -> str:
        """English."""
        return self[0]

    @property
    def zh(self) -> str:
        """Chinese as written in mainland China."""
        return self[1]

    def in_language(self, language: str) -> str:
        """The text for a language tag such as ``zh-CN``; English for all that are not Chinese."""
        return self.zh if language.startswith("zh") else self.en

    def __str__(self) -> str:
        return self.en


@dataclass(frozen=True)
class Explanation:
    """The meaning and the remedy of one of WeChat's error codes (``errcode``)."""

    code: int
    """The code, such as 40163."""
    message: str
    """WeChat's own text (``errmsg``)."""
    endpoints: str
    """The endpoints that return it."""
    cause: Text
    """What happened."""
    remedy: Text
    """What to do."""
    action: Action
    """What a program can do."""
    responsible: Optional[Responsible]
    """Who can fix it."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "cause", Text(self.cause))
        object.__setattr__(self, "remedy", Text(self.remedy))


class Error(Exception):
    """Anything that can fail in this package.

    ``needs_login``, ``needs_refresh``, ``is_retryable`` and ``is_configuration`` say what to do; at most one is true.
    """

    action: Action = "report"
    """What a program can do about it."""
    responsible: Optional[Responsible] = None
    """Who can fix it, unless WeChat's code is unknown."""
    code: Optional[int] = None
    """WeChat's error code (``errcode``), if there is one."""
    explanation: Optional[Explanation] = None
    """What the code means, if it is known."""

    def __init__(self, text: str, /, **facts: Any) -> None:
        super().__init__(text)
        self.__dict__.update(facts)

    def __reduce__(self) -> Tuple[Any, ...]:
        return _rebuilt, (type(self), str(self), self.__dict__)

    @property
    def needs_login(self) -> bool:
        """The user must log in again."""
        return self.action == "log_in"

    @property
    def needs_refresh(self) -> bool:
        """A refresh of the access token may help."""
        return self.action == "refresh"

    @property
    def is_retryable(self) -> bool:
        """The same call may succeed later."""
        return self.action == "retry"

    @property
    def is_configuration(self) -> bool:
        """A setting is wrong, such as the app ID, the secret, the scope or the callback domain."""
        return self.action == "fix_configuration"


def _rebuilt(kind: Type[Error], text: str, facts: Dict[str, Any]) -> Error:
    """A copy, such as one from another process."""
    return kind(text, **facts)


class ApiError(Error):
    """WeChat returned an error code. :attr:`explanation` says what it means."""

    code: int
    path: str
    """The path that was called, such as ``/sns/userinfo``."""
    message: str
    """WeChat's text (``errmsg``)."""
    rid: Optional[str] = None
    """WeChat's number of the request, for its support."""
    caller_ip: Optional[str] = None
    """With code 40164: the IP address to add to the app's whitelist."""


class CallbackError(Error):
    """The callback brings no code, or belongs to another login."""

    reason: Literal["csrf_mismatch", "declined", "malformed"]
    """``declined`` if the user said no."""


class DecodeError(Error):
    """The response is not the JSON that WeChat documents."""

    path: str
    """The path that was called."""
    field: str
    """The member, or ``body`` if the response is not JSON at all."""


class LoginExpiredError(Error):
    """No valid login of this user is stored: the user must log in."""


class LoginPageError(Error):
    """WeChat's login page rejects the URL: mostly a setting, which the error names."""

    reason: Literal["app_id", "code", "outside_wechat", "redirect_uri", "rejected", "scope", "unrecognized"]
    """The part that WeChat rejects."""


class OutcomeUnknownError(Error):
    """A code was sent, and the response was lost: the code may have been used, so the user must log in again."""

    path: str
    """The path that was called."""


class ParseError(Error, ValueError):
    """A text is not what it was given for, such as an app ID with a space. The text is not repeated."""

    what: str
    """The kind of text, such as ``app ID``."""
    rule: str
    """The rule that it breaks."""


class PayloadError(Error):
    """A mini program's payload cannot be decrypted. It does not say why: that would help an attacker."""


class SnapshotUserError(Error):
    """A snapshot user: WeChat's stand-in for a visitor who has not logged in (official accounts only)."""


class StatusError(Error):
    """An HTTP status other than 200, without an error code of WeChat's."""

    path: str
    """The path that was called."""
    status: int
    """The HTTP status."""


class StoreError(Error):
    """The store failed, or another server is renewing the token: retry."""


class TransportError(Error):
    """No response arrived: retry. The cause of a transport of your own is its exception."""

    reason: Literal["connect", "other", "timeout", "too_large"]
    """``connect`` if nothing was sent."""


class UnknownAppError(Error):
    """The app was not given to these user tokens."""


LoginErrorKind = Literal[
    "busy",
    "configuration",
    "csrf_mismatch",
    "declined",
    "expired",
    "in_frame",
    "malformed",
    "no_cookie",
    "restarted",
    "snapshot_user",
    "unreachable",
    "used",
    "user_rejected",
]


class LoginError(Error):
    """A login of a web site that failed. The integrations turn it into a response by themselves.

    ``__cause__`` is the error of the call to WeChat, if there was one.
    """

    kind: LoginErrorKind
    """What happened."""
    status: int
    """The HTTP status of the response."""
    title: Text
    """A title for the user."""
    text: Text
    """What the user can do."""
    is_page: bool
    """A page of your own may replace the response. Otherwise, return the response: it continues the login, or takes the
    code out of the address bar, after which the callback is called again."""
    return_to: Optional[str] = None
    """The return path. It is not verified: anyone can make the URL of a failure's page."""
    failed: Optional[_core.FailedLogin] = None

    def __init__(self, text: str, /, **facts: Any) -> None:
        facts["title"], facts["text"] = Text(facts["title"]), Text(facts["text"])
        super().__init__(text, **facts)

    def response(self) -> _core.Response:
        """The response: a page in the browser's language, a redirect, or JSON for programs. Logs the failure."""
        if self.failed is None:
            raise RuntimeError("the response of a failed login is made in the process of the login")
        return self.failed.response()

    def __reduce__(self) -> Tuple[Any, ...]:
        # The response stays in this process: it may contain the cookies of a browser.
        return _rebuilt, (type(self), str(self), {**self.__dict__, "failed": None})


@dataclass(frozen=True)
class Request:
    """A request to WeChat, as a transport of your own gets it. The URL contains secrets: do not log it."""

    method: str
    """``GET`` or ``POST``."""
    url: str
    """The whole URL."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = field(repr=False)
    """Empty, or JSON."""

    def __repr__(self) -> str:
        return f"Request({self.method} {self.url.split('?')[0]})"
