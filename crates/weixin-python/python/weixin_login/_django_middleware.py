"""Django's middleware of the login, and requests and responses as the login has them."""

from __future__ import annotations

from typing import Any, Awaitable, Callable, Optional, TypeVar, Union, cast

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ._callback import CALLBACK_HEADERS, KEY, Completion
from ._core import Response
from .errors import LoginError
from .web import Headers

MIDDLEWARE = "weixin_login.django.LoginMiddleware"
AnyResponse = TypeVar("AnyResponse", bound=HttpResponseBase)


class LoginMiddleware:
    """Completes the responses of all logins of the site. It is the first of ``MIDDLEWARE``."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(cast(Any, self))

    def __call__(self, request: HttpRequest) -> Union[HttpResponseBase, Awaitable[HttpResponseBase]]:
        setattr(request, KEY, Completion(query_of(request)))
        if self._is_async:
            return self._respond(request)
        return complete(request, self._get_response(request))

    async def _respond(self, request: HttpRequest) -> HttpResponseBase:
        return complete(request, await self._get_response(request))

    def process_exception(self, request: HttpRequest, exception: Exception) -> Optional[HttpResponseBase]:
        """The response of a failed login: the site's own page, where there may be one."""
        if not isinstance(exception, LoginError):
            return None
        completion, response = completion_of(request), exception.response()
        on_error = completion.on_error if exception.is_page else None
        page: Optional[HttpResponseBase] = None if on_error is None else on_error(request, exception)
        if page is None:
            return to_response(response)
        completion.keep_cookies(response.headers)
        return page


def to_response(response: Response) -> HttpResponse:
    """A response of this package, such as that of :meth:`Login.popup`, as Django's."""
    made = with_headers(HttpResponse(response.body, status=response.status), response.headers)
    # Its pages say by `frame-ancestors` who may frame them, such as the callback in a frame of the site's own.
    setattr(made, "xframe_options_exempt", True)
    # Django's default would separate a pop-up, which comes from WeChat, from the page that opened it.
    made["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return made


def with_headers(response: AnyResponse, headers: Headers) -> AnyResponse:
    """Adds headers to a response."""
    for name, value in headers:
        if name == "set-cookie":
            response.cookies.load(value)
        else:
            response[name] = value
    return response


def complete(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Adds what the response needs, in place of what the view has set."""
    completion = completion_of(request)
    for cookie in completion.cookies:
        response.cookies.load(cookie)
    if completion.is_callback:
        with_headers(response, list(CALLBACK_HEADERS))
    return response


def completion_of(request: HttpRequest) -> Completion:
    """The parts that the response to a request needs."""
    completion = getattr(request, KEY, None)
    if not isinstance(completion, Completion):
        raise ImproperlyConfigured(f"add {MIDDLEWARE!r} to MIDDLEWARE, as the first one")
    return completion


def query_of(request: HttpRequest) -> str:
    """The query string of a request as it came."""
    return str(request.META.get("QUERY_STRING", ""))


def headers_of(request: HttpRequest) -> Headers:
    """The headers of a request."""
    scope = getattr(request, "scope", None)
    if scope is None:
        return list(request.headers.items())
    # Django joins the values of one name with commas, also those of `Cookie`, which HTTP/2 splits.
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]
