"""Access tokens that are refreshed in time: of users, and of apps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Sequence, Union, cast

from . import _core
from ._core import AppToken, Store, Token, User, UserToken
from ._settings import apps_of

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .client import Client

THIRTY_DAYS = 30 * 24 * 60 * 60


class UserTokens:
    """The access tokens of users, refreshed in time, once for all processes that share the store.

    :param clients: the client of the app, or those of several apps.
    :param store: where they are kept. By default the memory of this process, which a restart empties.
    :param login_lifetime: how long a login is valid, in seconds: 30 days, as WeChat documents it for websites and
        official accounts.

    See docs/wechat.md#lifetimes.
    """

    def __init__(
        self,
        clients: Union[Client, Sequence[Client]],
        store: Optional[Store] = None,
        *,
        login_lifetime: int = THIRTY_DAYS,
    ) -> None:
        store = store or Store("memory:")
        self._tokens = _core.UserTokens(apps_of(clients), store, login_lifetime=login_lifetime)

    def insert(self, token: Token) -> None:
        """Stores the token of a login, in place of the user's previous one."""
        self._tokens.insert(token)

    def get(self, openid: str, *, app_id: Optional[str] = None) -> UserToken:
        """An access token that is valid for at least minutes, refreshed if needed.

        :param app_id: needed if there are several apps.
        :raises LoginExpiredError: no valid login of this user is stored.
        """
        return cast(UserToken, self._tokens.get(openid, app_id))

    def renew(self, rejected: UserToken) -> UserToken:
        """Another access token in place of one that WeChat has rejected before it expired."""
        return cast(UserToken, self._tokens.renew(rejected))

    def user(self, openid: str, *, app_id: Optional[str] = None) -> User:
        """Reads a user's profile; if WeChat rejects the token, once more with a renewed one."""
        return cast(User, self._tokens.user(openid, app_id))

    def remove(self, openid: str, *, app_id: Optional[str] = None) -> None:
        """Removes the login of a user. A refresh in progress does not bring it back."""
        self._tokens.remove(openid, app_id)


class AsyncUserTokens:
    """:class:`UserTokens` for asyncio."""

    def __init__(
        self,
        clients: Union[AsyncClient, Sequence[AsyncClient]],
        store: Optional[Store] = None,
        *,
        login_lifetime: int = THIRTY_DAYS,
    ) -> None:
        store = store or Store("memory:")
        self._tokens = _core.UserTokens(apps_of(clients), store, login_lifetime=login_lifetime, asyncio=True)

    async def insert(self, token: Token) -> None:
        """As :meth:`UserTokens.insert`."""
        await self._tokens.insert(token)

    async def get(self, openid: str, *, app_id: Optional[str] = None) -> UserToken:
        """As :meth:`UserTokens.get`."""
        return cast(UserToken, await self._tokens.get(openid, app_id))

    async def renew(self, rejected: UserToken) -> UserToken:
        """As :meth:`UserTokens.renew`."""
        return cast(UserToken, await self._tokens.renew(rejected))

    async def user(self, openid: str, *, app_id: Optional[str] = None) -> User:
        """As :meth:`UserTokens.user`."""
        return cast(User, await self._tokens.user(openid, app_id))

    async def remove(self, openid: str, *, app_id: Optional[str] = None) -> None:
        """As :meth:`UserTokens.remove`."""
        await self._tokens.remove(openid, app_id)


class AppTokens:
    """The access token of an app itself (接口调用凭据), renewed in time, once for all processes that share the store.

    :param legacy_endpoint: uses ``/cgi-bin/token``, each call of which makes the previous token invalid, instead of
        ``/cgi-bin/stable_token``.

    See docs/wechat.md#app-tokens.
    """

    def __init__(self, client: Client, store: Store, *, legacy_endpoint: bool = False) -> None:
        self._tokens = _core.AppTokens(client._app, store, legacy_endpoint=legacy_endpoint)

    def get(self) -> AppToken:
        """An access token that is valid for at least minutes.

        :raises ApiError: ``is_configuration`` if app ID, secret or IP whitelist is wrong.
        """
        return cast(AppToken, self._tokens.get())

    def renew(self, rejected: AppToken) -> AppToken:
        """Another access token in place of one that WeChat has rejected before it expired (40001, 42001)."""
        return cast(AppToken, self._tokens.renew(rejected))


class AsyncAppTokens:
    """:class:`AppTokens` for asyncio."""

    def __init__(self, client: AsyncClient, store: Store, *, legacy_endpoint: bool = False) -> None:
        self._tokens = _core.AppTokens(client._app, store, legacy_endpoint=legacy_endpoint, asyncio=True)

    async def get(self) -> AppToken:
        """As :meth:`AppTokens.get`."""
        return cast(AppToken, await self._tokens.get())

    async def renew(self, rejected: AppToken) -> AppToken:
        """As :meth:`AppTokens.renew`."""
        return cast(AppToken, await self._tokens.renew(rejected))
