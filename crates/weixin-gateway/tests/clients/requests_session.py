"""requests-oauthlib, with PyJWT for the ID token, which it hands on as it is."""

import jwt
from client import (
    CLIENT_ID,
    ISSUER,
    PUBLIC_ID,
    REDIRECT_URI,
    SECRET,
    WRONG_ISSUER,
    WRONG_SECRET,
    browse,
    claims,
    discover,
    failure,
    report,
)
from requests_oauthlib import OAuth2Session


def login(method="client_secret_basic", secret=SECRET, state=None, issuer=ISSUER):
    server = discover()
    client_id = PUBLIC_ID if method == "none" else CLIENT_ID
    session = OAuth2Session(client_id, redirect_uri=REDIRECT_URI, scope=["openid", "profile"], pkce="S256")
    url, _ = session.authorization_url(server["authorization_endpoint"], nonce="a nonce")
    callback = browse(url)
    if state:
        callback = callback.replace("state=", f"state={state}")
    session.fetch_token(
        server["token_endpoint"],
        authorization_response=callback,
        client_secret=None if method == "none" else secret,
        # Without it, the client sends Basic, also without a secret.
        include_client_id=True if method == "client_secret_post" else None,
    )
    id_token = session.token["id_token"]
    key = jwt.PyJWKClient(server["jwks_uri"]).get_signing_key_from_jwt(id_token)
    id_token = jwt.decode(
        id_token,
        key,
        algorithms=server["id_token_signing_alg_values_supported"],
        audience=client_id,
        issuer=issuer,
    )
    assert id_token["nonce"] == "a nonce"
    userinfo = session.get(server["userinfo_endpoint"]).json()
    return {"id_token": claims(id_token), "userinfo": claims(userinfo)}


METHODS = ["client_secret_basic", "client_secret_post", "none"]
report(
    "requests-oauthlib",
    [{"method": method, **login(method)} for method in METHODS],
    {
        "wrong secret, Basic": failure(login, secret=WRONG_SECRET),
        "wrong secret, POST": failure(login, secret=WRONG_SECRET, method="client_secret_post"),
        "wrong state": failure(login, state="x"),
        "wrong issuer": failure(login, issuer=WRONG_ISSUER),
    },
)
