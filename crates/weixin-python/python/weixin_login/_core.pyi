"""The core, in Rust. Import the names from ``weixin_login``."""

from typing import Any, Callable, List, Optional, Sequence, Tuple, Union, final

from .errors import Explanation

_Headers = List[Tuple[str, str]]

VERSION: str

@final
class Secret:
    """A secret: ``repr`` and ``str`` do not show it, and it cannot be pickled."""

    def __new__(cls, value: str) -> Secret: ...
    def expose(self) -> str:
        """The secret itself. Search for this name to review every use."""
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...
    def __copy__(self) -> Secret: ...
    def __deepcopy__(self, _memo: Any) -> Secret: ...

@final
class CsrfToken:
    """The secret that binds a login to a browser.

    Without it, an attacker could log your user in to the attacker's account (login CSRF). Keep it where only this
    browser has it, such as its session: ``session["weixin"] = csrf.expose()``. WeChat gets a hash of it only.
    """

    def __new__(cls, stored: Union[str, Secret, None] = None) -> CsrfToken: ...
    @staticmethod
    def from_state(state: str) -> CsrfToken:
        """A token whose state is this text, as it is: for a state of your own."""
    def expose(self) -> str:
        """The secret, to keep it."""
    @property
    def state(self) -> str:
        """The parameter ``state`` that WeChat gets and returns."""

@final
class Token:
    """The tokens of a user, from a code or a refresh token. It is not pickled and not JSON."""

    @property
    def app_id(self) -> str:
        """The app that the user has logged in to."""
    @property
    def openid(self) -> str:
        """The OpenID: the user in this app."""
    @property
    def unionid(self) -> Optional[str]:
        """The UnionID: the user in all apps of one Open Platform account. A refresh brings none."""
    @property
    def identities(self) -> List[str]:
        """The keys to look accounts up by, such as ``union:…`` and ``open:APPID:…``; none for a snapshot user."""
    @property
    def access_token(self) -> Secret:
        """Reads the user's profile."""
    @property
    def refresh_token(self) -> Secret:
        """Gets new access tokens for about 30 days. Store the latest one, encrypted."""
    @property
    def expires_in(self) -> int:
        """The lifetime of the access token in seconds, from the response on (WeChat: 7200)."""
    @property
    def scopes(self) -> List[str]:
        """The scopes that the user has granted."""
    @property
    def is_snapshot_user(self) -> bool:
        """WeChat's stand-in for a visitor who has not logged in. Do not create an account for it."""

@final
class User:
    """The profile of a user (``/sns/userinfo``). WeChat sends no sex and no region since 2021."""

    @staticmethod
    def from_json(text: str) -> User:
        """The profile in WeChat's JSON, such as one that was stored."""
    def to_dict(self) -> dict[str, Any]:
        """The profile under WeChat's names, for JSON."""
    @property
    def openid(self) -> str:
        """The OpenID."""
    @property
    def unionid(self) -> Optional[str]:
        """The UnionID, if the app belongs to an Open Platform account."""
    @property
    def nickname(self) -> str:
        """The name: any text. Escape it where you show it."""
    @property
    def real_nickname(self) -> Optional[str]:
        """The name, or ``None`` if WeChat withholds it (``微信用户``)."""
    @property
    def headimgurl(self) -> Optional[str]:
        """The URL of the avatar. It expires when the user changes the avatar: copy the picture."""
    @property
    def has_placeholder_avatar(self) -> bool:
        """The avatar is the gray picture of all users whose avatar WeChat withholds."""
    @property
    def sex(self) -> int:
        """1 male, 2 female, 0 unknown (always, since 2021)."""
    @property
    def language(self) -> str:
        """A language such as ``zh_CN``, or empty."""
    @property
    def city(self) -> str:
        """Empty since 2021."""
    @property
    def province(self) -> str:
        """Empty since 2021."""
    @property
    def country(self) -> str:
        """Empty since 2021."""
    @property
    def privilege(self) -> List[str]:
        """Privileges such as ``chinaunicom``."""
    def __eq__(self, value: object, /) -> bool: ...
    def __ne__(self, value: object, /) -> bool: ...

@final
class Session:
    """The session of a mini program's user. It is not pickled."""

    @property
    def app_id(self) -> str:
        """The mini program."""
    @property
    def identities(self) -> List[str]:
        """The keys to look accounts up by, the best one first: ``union:…``, ``open:APPID:…``."""
    @property
    def openid(self) -> str:
        """The OpenID."""
    @property
    def unionid(self) -> Optional[str]:
        """The UnionID, if the mini program belongs to an Open Platform account."""
    @property
    def session_key(self) -> Secret:
        """Decrypts payloads. It stays on the server."""

@final
class PhoneNumber:
    """A phone number."""

    @property
    def phone_number(self) -> str:
        """With the country code if it is not Chinese."""
    @property
    def pure_phone_number(self) -> str:
        """Without the country code."""
    @property
    def country_code(self) -> str:
        """Such as ``86``."""
    @property
    def encrypted_at(self) -> Optional[float]:
        """Of a payload: when WeChat encrypted it, in seconds since 1970. Reject old ones."""

@final
class Profile:
    """The profile in a payload."""

    @property
    def nickname(self) -> str:
        """The name; ``微信用户`` in versions published after November 8, 2022."""
    @property
    def avatar_url(self) -> Optional[str]:
        """The URL of the avatar."""
    @property
    def encrypted_at(self) -> float:
        """When WeChat encrypted it, in seconds since 1970."""

@final
class EmbeddedQr:
    """A QR code inside a page that is written by hand."""

    @property
    def frame_url(self) -> str:
        """The URL for an ``iframe``."""
    @property
    def frame_origin(self) -> str:
        """The origin for a ``Content-Security-Policy``."""
    @property
    def script_url(self) -> str:
        """The URL of ``wxLogin.js``."""
    def settings(self, container: str) -> str:
        """The argument of ``new WxLogin(…)``, escaped for HTML."""

@final
class EmbeddedLogin:
    """A login by a QR code inside a page of the site."""

    @property
    def iframe(self) -> str:
        """An ``iframe`` element: HTML, without a script of WeChat's in the page."""
    def script(self, container: str) -> str:
        """HTML with WeChat's ``wxLogin.js``, for the element with the ID ``container`` before it."""
    @property
    def nonce(self) -> str:
        """The nonce of the page's scripts, for others of your own."""
    @property
    def content_security_policy(self) -> str:
        """A ``Content-Security-Policy`` that allows both ways."""
    @property
    def headers(self) -> _Headers:
        """Headers of the page's response: cookies."""

@final
class Response:
    """A response for any framework."""

    @property
    def status(self) -> int:
        """The HTTP status."""
    @property
    def headers(self) -> _Headers:
        """The headers; ``set-cookie`` may come several times."""
    @property
    def body(self) -> str:
        """The body."""

@final
class Store:
    """Where tokens and used logins are kept: this process's memory, SQLite or Redis.

    Programs of several processes (gunicorn, uvicorn ``--workers``) share ``sqlite:PATH`` on one machine, or
    ``redis://HOST`` on several. Values are encrypted (AES-256-GCM) with the first key; all keys decrypt.

    Fork before a store is in use, as gunicorn does: a child of a process that is using a SQLite store at that moment may
    find it locked.
    """

    def __new__(cls, url: str, *keys: Union[str, Secret]) -> Store: ...

@final
class UserToken:
    """A stored access token of a user. It is not pickled."""

    @property
    def app_id(self) -> str:
        """The app."""
    @property
    def openid(self) -> str:
        """The OpenID."""
    @property
    def unionid(self) -> Optional[str]:
        """The UnionID."""
    @property
    def access_token(self) -> Secret:
        """The access token."""
    @property
    def expires_at(self) -> float:
        """When it expires, in seconds since 1970."""
    @property
    def login_expires_at(self) -> float:
        """When the user must log in again, in seconds since 1970."""

@final
class AppToken:
    """The access token of an app (接口调用凭据). It is not pickled."""

    @property
    def access_token(self) -> Secret:
        """The access token."""
    @property
    def expires_at(self) -> float:
        """When it expires, in seconds since 1970."""

@final
class FailedLogin:
    """The response of a failed login."""

    def response(self) -> Response: ...

@final
class App:
    def __new__(
        cls,
        app_id: str,
        app_secret: Union[str, Secret],
        *,
        kind: str,
        redirect_uri: Optional[str],
        api_url: Optional[str],
        open_url: Optional[str],
        connect_timeout: float,
        timeout: float,
        max_attempts: int,
        transport: Optional[Callable[[Any], Any]],
        sandbox: bool,
        allow_snapshot_users: bool,
        asyncio: bool = False,
    ) -> App: ...
    @property
    def app_id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def redirect_uri(self) -> Optional[str]: ...
    def authorize_url(
        self,
        csrf: CsrfToken,
        *,
        redirect_uri: Optional[str] = None,
        qr_page: Optional[dict[str, Any]] = None,
        consent: Optional[dict[str, Any]] = None,
    ) -> str: ...
    def embedded_qr(
        self, csrf: CsrfToken, *, redirect_uri: Optional[str] = None, qr_page: Optional[dict[str, Any]] = None
    ) -> EmbeddedQr: ...
    def probe(self, redirect_uri: Optional[str] = None) -> Any: ...
    def probe_url(self, url: str) -> Any: ...
    def exchange(self, code: Union[str, Secret]) -> Any: ...
    def refresh(self, token: Union[Token, Secret, str]) -> Any: ...
    def check(self, token: Union[Token, UserToken, Secret, str], openid: Optional[str] = None) -> Any: ...
    def check_error(self, token: Union[Token, UserToken, Secret, str], openid: Optional[str] = None) -> Any: ...
    def user(self, token: Union[Token, UserToken, Secret, str], openid: Optional[str] = None) -> Any: ...

@final
class UserTokens:
    def __new__(
        cls, apps: Sequence[App], store: Store, *, login_lifetime: int, asyncio: bool = False
    ) -> UserTokens: ...
    def insert(self, token: Token) -> Any: ...
    def get(self, openid: str, app_id: Optional[str] = None) -> Any: ...
    def renew(self, rejected: UserToken) -> Any: ...
    def user(self, openid: str, app_id: Optional[str] = None) -> Any: ...
    def remove(self, openid: str, app_id: Optional[str] = None) -> Any: ...

@final
class AppTokens:
    def __new__(
        cls, app: App, store: Store, *, legacy_endpoint: bool = False, asyncio: bool = False
    ) -> AppTokens: ...
    def get(self) -> Any: ...
    def renew(self, rejected: AppToken) -> Any: ...
    def phone_number(self, code: Union[str, Secret]) -> Any: ...
    def check_session(self, openid: str, session_key: Union[str, Secret]) -> Any: ...

@final
class Login:
    @property
    def app_id(self) -> str: ...
    @property
    def openid(self) -> str: ...
    @property
    def unionid(self) -> Optional[str]: ...
    @property
    def identities(self) -> List[str]: ...
    @property
    def token(self) -> Token: ...
    @property
    def return_to(self) -> Optional[str]: ...
    @property
    def is_repeat(self) -> bool: ...
    @property
    def headers(self) -> _Headers: ...
    def user(self) -> Any: ...
    def popup(self, opener: str, message: str) -> Response: ...

@final
class WebLogin:
    def __new__(
        cls,
        apps: Sequence[App],
        *,
        redirect_uri: Optional[str] = None,
        login_path: Optional[str] = None,
        pages: Optional[Callable[..., str]] = None,
        store: Optional[Store] = None,
        asyncio: bool = False,
    ) -> WebLogin: ...
    def start(
        self,
        headers: _Headers,
        *,
        return_to: Optional[str] = None,
        force_dialog: bool = False,
        qr_page: Optional[dict[str, Any]] = None,
        consent: Optional[dict[str, Any]] = None,
    ) -> Response: ...
    def start_silently(self, headers: _Headers, *, return_to: Optional[str] = None) -> Optional[Response]: ...
    def embed(
        self,
        headers: _Headers,
        *,
        return_to: Optional[str] = None,
        callback_target: Optional[str] = None,
        qr_page: Optional[dict[str, Any]] = None,
    ) -> EmbeddedLogin: ...
    def callback(self, query: str, headers: _Headers) -> Any: ...
    def end_login(self, headers: _Headers) -> Any: ...

def verify_callback(query: str, csrf: CsrfToken) -> Secret:
    """Compares a callback with the login that this browser has started, and returns its code.

    ``query`` is the callback's query string as it came, without ``?``. Nothing is sent.

    :raises CallbackError: the user declined, or the callback belongs to another login.
    """

def explain(code: int) -> Optional[Explanation]:
    """The meaning and the remedy of one of WeChat's error codes, or ``None`` if it is unknown."""

def verify_signature(session_key: Union[str, Secret], raw_data: str, signature: str) -> bool:
    """Whether a mini program's ``rawData`` has this signature. Compares in constant time."""

def return_path(text: Optional[str]) -> Optional[str]:
    """A path on this site, for ``return_to``: encoded, or ``None`` for anything else, such as a URL of another site.

    Use it for what a visitor can make up: ``weixin.start(return_to=return_path(request.args.get("next")))``.
    """

def session(app: App, js_code: Union[str, Secret]) -> Any: ...
def decrypt_phone(app: App, session_key: Union[str, Secret], encrypted_data: str, iv: str) -> PhoneNumber: ...
def decrypt_profile(app: App, session_key: Union[str, Secret], encrypted_data: str, iv: str) -> Profile: ...
