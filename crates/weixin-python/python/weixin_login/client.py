"""The client for programs with threads."""

from __future__ import annotations

from functools import cached_property
from typing import Optional, Union, cast

from . import _core
from ._core import PhoneNumber, Secret, Session, Store, Token, User, UserToken
from ._settings import BaseClient
from .tokens import AppTokens


class Client(BaseClient):
    __doc__ = "An app of WeChat's. Calls block the calling thread, without the GIL.\n" + (BaseClient.__doc__ or "")

    def probe(self, redirect_uri: Optional[str] = None) -> None:
        """Asks WeChat's login page whether it accepts the app ID and the redirect URI. Reads its page; needs no user.

        :raises LoginPageError: it does not; the error names the part.
        :raises TransportError: the page could not be read.

        See docs/wechat.md#login-page-errors.
        """
        self._app.probe(redirect_uri)

    def exchange(self, code: Union[str, Secret]) -> Token:
        """Exchanges the code of a callback for tokens (``/sns/oauth2/access_token``). The code is sent once.

        :raises ApiError: ``needs_login`` for a wrong, used or expired code (40029, 40163, 42003); ``is_configuration``
            for a wrong app ID or secret (40013, 40125).
        :raises OutcomeUnknownError: the response was lost: the user must log in again.
        :raises SnapshotUserError: a visitor who has not logged in (official accounts).

        See docs/wechat.md#the-exchange.
        """
        return cast(Token, self._app.exchange(code))

    def refresh(self, token: Union[Token, Secret, str]) -> Token:
        """Gets a new access token for a refresh token, or extends the present one (``/sns/oauth2/refresh_token``).

        :param token: the token, or its refresh token. The secret of the app is not sent.
        :raises ApiError: ``needs_login`` if it is wrong or older than 30 days (40030, 42002).

        See docs/wechat.md#the-refresh.
        """
        return cast(Token, self._app.refresh(token))

    def check(self, token: Union[Token, UserToken, Secret, str], openid: Optional[str] = None) -> bool:
        """Asks WeChat whether an access token is valid for its user (``/sns/auth``). An invalid one is ``False``.

        :param openid: the user, beside an access token that is a text or a :class:`Secret`.
        :raises Error: WeChat could not be asked.

        See docs/wechat.md#the-check.
        """
        return cast(bool, self._app.check(token, openid))

    def user(self, token: Union[Token, UserToken, Secret, str], openid: Optional[str] = None) -> User:
        """Reads a user's profile (``/sns/userinfo``).

        :param openid: the user, beside an access token that is a text or a :class:`Secret`.
        :raises ApiError: ``needs_refresh`` if the token has expired (40014, 42001); ``needs_login`` if the user has
            withdrawn (50001); ``is_configuration`` if the scope does not allow it (48001).

        See docs/wechat.md#the-profile.
        """
        return cast(User, self._app.user(token, openid))

    def session(self, js_code: Union[str, Secret]) -> Session:
        """Exchanges the code of ``wx.login`` for a session (``/sns/jscode2session``; ``kind="mini_program"``).

        :raises ApiError: ``needs_login`` (call ``wx.login`` again) for a wrong, used or expired code.
        :raises OutcomeUnknownError: the response was lost: call ``wx.login`` again.

        See docs/wechat.md#the-session.
        """
        return cast(Session, _core.session(self._app, js_code))

    def phone_number(self, code: Union[str, Secret], tokens: Optional[AppTokens] = None) -> PhoneNumber:
        """Reads the phone number of a code of the phone number button (``kind="mini_program"``).

        The code is single-use.

        :param tokens: the app's access tokens; by default :attr:`app_tokens`.
        :raises ApiError: ``needs_login`` (let the user press the button again) for a wrong or used code.

        See docs/wechat.md#phone-numbers.
        """
        return cast(PhoneNumber, (tokens or self.app_tokens)._tokens.phone_number(code))

    def check_session(
        self, openid: str, session_key: Union[str, Secret], tokens: Optional[AppTokens] = None
    ) -> bool:
        """Asks WeChat whether a session key is the latest of its user (``/wxa/checksession``).

        For ``kind="mini_program"``.
        """
        return cast(bool, (tokens or self.app_tokens)._tokens.check_session(openid, session_key))

    @cached_property
    def app_tokens(self) -> AppTokens:
        """The access token of this app, kept in this process's memory. WeChat's stable endpoint gives all processes the
        same one. Not for ``kind="website"``."""
        return AppTokens(self, Store("memory:"))
