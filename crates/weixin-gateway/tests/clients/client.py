"""What the programs in Python share: the issuer, the browser, and the report."""

import importlib.metadata
import json
import os

import requests

ISSUER = os.environ["ISSUER"]
WRONG_ISSUER = os.environ["WRONG_ISSUER"]
CLIENT_ID = os.environ["CLIENT_ID"]
PUBLIC_ID = os.environ["PUBLIC_ID"]
SECRET = os.environ["CLIENT_SECRET"]
WRONG_SECRET = os.environ["WRONG_SECRET"]
REDIRECT_URI = os.environ["REDIRECT_URI"]
# Both clients accept plain HTTP with this only.
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"


def browse(url):
    """Opens a URL in a new browser: the URL at which it arrives."""
    return requests.get(os.environ["BROWSER"], params={"url": url}).text


def discover():
    return requests.get(f"{ISSUER}/.well-known/openid-configuration").json()


def failure(attempt, **wrong):
    try:
        attempt(**wrong)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return None


def claims(of):
    return {"sub": of["sub"], "name": of["name"]}


def report(client, logins, failures):
    version = importlib.metadata.version(client)
    print(json.dumps({"client": client, "version": version, "logins": logins, "failures": failures}))
