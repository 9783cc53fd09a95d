"""Results as the dicts of WeChat's JSON, which python-weixin returns."""

from __future__ import annotations

from typing import Any, Dict, Optional, Tuple

from ..._core import AppToken, Session, Token, User


def of_token(token: Token) -> Dict[str, Any]:
    """The response to an exchange or a refresh."""
    result: Dict[str, Any] = {
        "access_token": token.access_token.expose(),
        "expires_in": token.expires_in,
        "refresh_token": token.refresh_token.expose(),
        "openid": token.openid,
        "scope": ",".join(token.scopes),
    }
    if token.unionid:
        result["unionid"] = token.unionid
    if token.is_snapshot_user:
        result["is_snapshotuser"] = 1
    return result


def of_user(user: User) -> Dict[str, Any]:
    """The response to a call of ``/sns/userinfo``."""
    profile = user.to_dict()
    profile["headimgurl"] = profile["headimgurl"] or ""
    if profile["unionid"] is None:
        del profile["unionid"]
    return profile


def of_session(session: Session) -> Dict[str, Any]:
    """The response to the exchange of a mini program's code."""
    result = {"session_key": session.session_key.expose(), "openid": session.openid}
    if session.unionid:
        result["unionid"] = session.unionid
    return result


def of_app_token(token: AppToken, asked_at: float) -> Dict[str, Any]:
    """The response to a call for an app's own access token, which was made at this time."""
    # The core counts in whole seconds, and a second may have begun since.
    lifetime = min(int(token.expires_at) - int(asked_at), _TWO_HOURS)
    return {"access_token": token.access_token.expose(), "expires_in": lifetime}


_TWO_HOURS = 7200


def of_check(error: Optional[Tuple[int, str, Optional[str]]]) -> Dict[str, Any]:
    """The response to a call of ``/sns/auth``: that of a valid token, or its error."""
    code, message, rid = error or (0, "ok", None)
    return {"errcode": code, "errmsg": f"{message}, rid: {rid}" if rid else message}
