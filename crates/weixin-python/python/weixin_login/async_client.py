"""The client for programs with asyncio."""

from __future__ import annotations

from functools import cached_property
from typing import Optional, Union, cast

from . import _core
from ._core import PhoneNumber, Secret, Session, Store, Token, User, UserToken
from ._settings import BaseClient
from .tokens import AsyncAppTokens


class AsyncClient(BaseClient):
    __doc__ = (
        "An app of WeChat's, for asyncio. The methods are those of :class:`Client`. A canceled task ends its call.\n"
        + (BaseClient.__doc__ or "")
    )

    _asyncio = True

    async def probe(self, redirect_uri: Optional[str] = None) -> None:
        """As :meth:`Client.probe`: asks WeChat's login page whether it accepts the app ID and the redirect URI."""
        await self._app.probe(redirect_uri)

    async def exchange(self, code: Union[str, Secret]) -> Token:
        """As :meth:`Client.exchange`: exchanges the code of a callback for tokens. The code is sent once."""
        return cast(Token, await self._app.exchange(code))

    async def refresh(self, token: Union[Token, Secret, str]) -> Token:
        """As :meth:`Client.refresh`: gets a new access token for a refresh token, or extends the present one."""
        return cast(Token, await self._app.refresh(token))

    async def check(self, token: Union[Token, UserToken, Secret, str], openid: Optional[str] = None) -> bool:
        """As :meth:`Client.check`: asks WeChat whether an access token is valid for its user."""
        return cast(bool, await self._app.check(token, openid))

    async def user(self, token: Union[Token, UserToken, Secret, str], openid: Optional[str] = None) -> User:
        """As :meth:`Client.user`: reads a user's profile."""
        return cast(User, await self._app.user(token, openid))

    async def session(self, js_code: Union[str, Secret]) -> Session:
        """As :meth:`Client.session`: exchanges the code of ``wx.login`` for a session."""
        return cast(Session, await _core.session(self._app, js_code))

    async def phone_number(self, code: Union[str, Secret], tokens: Optional[AsyncAppTokens] = None) -> PhoneNumber:
        """As :meth:`Client.phone_number`: reads the phone number of a code of the phone number button."""
        return cast(PhoneNumber, await (tokens or self.app_tokens)._tokens.phone_number(code))

    async def check_session(
        self, openid: str, session_key: Union[str, Secret], tokens: Optional[AsyncAppTokens] = None
    ) -> bool:
        """As :meth:`Client.check_session`: asks WeChat whether a session key is the latest of its user."""
        return cast(bool, await (tokens or self.app_tokens)._tokens.check_session(openid, session_key))

    @cached_property
    def app_tokens(self) -> AsyncAppTokens:
        """As :attr:`Client.app_tokens`: the access token of this app, kept in this process's memory."""
        return AsyncAppTokens(self, Store("memory:"))
