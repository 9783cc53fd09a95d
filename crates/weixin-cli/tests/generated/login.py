"""Logs a user in, moves the clock and reads the findings, with the client that openapi-python-client generated.

Arguments: the directory of the client, and the simulator's URL.
"""

import json
import sys
import urllib.parse
import urllib.request

directory, url = sys.argv[1:]
sys.path.insert(0, directory)

from sim_client import Client, models  # noqa: E402
from sim_client.api.clock import change_clock  # noqa: E402
from sim_client.api.faults import add_fault, get_fault  # noqa: E402
from sim_client.api.findings import list_findings  # noqa: E402
from sim_client.api.log import verify, wait_for  # noqa: E402
from sim_client.api.logins import act_on_login, list_logins  # noqa: E402

APP = "wx0123456789abcdef"
client = Client(base_url=url, raise_on_unexpected_status=True)


def get(path, **parameters):
    with urllib.request.urlopen(f"{url}{path}?{urllib.parse.urlencode(parameters)}") as response:
        return response.read()


get(
    "/connect/qrconnect",
    appid=APP,
    redirect_uri="http://localhost/cb",
    response_type="code",
    scope="snsapi_login",
    state="s",
)
step = wait_for.sync(
    client=client,
    body=models.WaitFor(login=models.LoginFilter(after=0, step=models.StepName.OPENED)),
)
login = list_logins.sync(client=client)[0]
allowed = act_on_login.sync(
    login.uuid,
    models.ActOnLoginAction.ALLOW,
    client=client,
    body=models.LoginAction(user="layla"),
)
code = urllib.parse.parse_qs(urllib.parse.urlsplit(allowed.redirect_url).query)["code"][0]
fault = add_fault.sync(
    client=client, body=models.Fault(effect=models.ErrcodeEffect(errcode=-1), path="/sns/oauth2/access_token")
)
exchange = dict(appid=APP, secret="s" * 32, code=code, grant_type="authorization_code")
answers = [json.loads(get("/sns/oauth2/access_token", **exchange)) for _ in range(2)]
token = answers[1]
clock = change_clock.sync(client=client, body=models.ClockChange(advance_seconds=7200))
expired = json.loads(get("/sns/auth", access_token=token["access_token"], openid=token["openid"]))
exchanges = models.RequestFilter(path="/sns/oauth2/access_token")
unknown = act_on_login.sync_detailed("none", models.ActOnLoginAction.SCAN, client=client, body=models.LoginAction())
print(
    json.dumps(
        {
            "opened": type(step).__name__,
            "first": answers[0]["errcode"],
            "struck": get_fault.sync(fault.id, client=client).struck,
            "moved": clock.now > step.step.at + 7199,
            "expired": expired["errcode"],
            "exchanges": verify.sync(client=client, body=models.Verify(request=exchanges, exactly=2)).ok,
            "once": verify.sync(client=client, body=models.Verify(request=exchanges, exactly=1)).error.rule,
            "findings": sorted({finding.id for finding in list_findings.sync(client=client)}),
            "unknown": [unknown.status_code, unknown.parsed.error.field],
        }
    )
)
