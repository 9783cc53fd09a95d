// oauth4webapi.
import * as oauth from "oauth4webapi";
import {
  CLIENT_ID, CLIENT_SECRET, ISSUER, PUBLIC_ID, REDIRECT_URI, WRONG_ISSUER, WRONG_SECRET, browse, claims, failure, report,
} from "./client.mjs";

const http = { [oauth.allowInsecureRequests]: true };

async function login({ issuer = ISSUER, method = "client_secret_basic", ...wrong } = {}) {
  const url = new URL(issuer);
  const server = await oauth.processDiscoveryResponse(url, await oauth.discoveryRequest(url, http));
  const client = { client_id: method === "none" ? PUBLIC_ID : CLIENT_ID };
  const secret = wrong.secret ?? CLIENT_SECRET;
  const auth = {
    client_secret_basic: oauth.ClientSecretBasic(secret),
    client_secret_post: oauth.ClientSecretPost(secret),
    none: oauth.None(),
  }[method];
  const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
  const verifier = oauth.generateRandomCodeVerifier();
  const query = new URLSearchParams({
    response_type: "code",
    ...client,
    redirect_uri: REDIRECT_URI,
    scope: "openid profile offline_access",
    state,
    nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
  });
  const callback = await browse(`${server.authorization_endpoint}?${query}`);
  if (wrong.iss) callback.searchParams.set("iss", wrong.iss);
  const params = oauth.validateAuthResponse(server, client, callback, wrong.state ?? state);
  const response = await oauth.authorizationCodeGrantRequest(server, client, auth, params, REDIRECT_URI, verifier, http);
  const expected = { expectedNonce: wrong.nonce ?? nonce, requireIdToken: true };
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, expected);
  await oauth.validateApplicationLevelSignature(server, response, http);
  const idToken = oauth.getValidatedIdTokenClaims(tokens);
  const again = await refresh(server, client, auth, tokens, idToken);
  const user = await oauth.userInfoRequest(server, client, again.access_token, http);
  const userinfo = await oauth.processUserInfoResponse(server, client, idToken.sub, user);
  await revoke(server, client, auth, again, method !== "none");
  return { id_token: claims(idToken), userinfo: claims(userinfo) };
}

async function refresh(server, client, auth, tokens, idToken) {
  const response = await oauth.refreshTokenGrantRequest(server, client, auth, tokens.refresh_token, http);
  const again = await oauth.processRefreshTokenResponse(server, client, response);
  await oauth.validateApplicationLevelSignature(server, response, http);
  const { sub, auth_time } = oauth.getValidatedIdTokenClaims(again);
  if (sub !== idToken.sub || auth_time !== idToken.auth_time) throw new Error("another user or login after the refresh");
  if (!again.refresh_token) throw new Error("no refresh token after the refresh");
  return again;
}

// Revokes the grant, and asks before and after, if this client may ask, whether it is active.
async function revoke(server, client, auth, { access_token, refresh_token }, mayAsk) {
  const isActive = async () => {
    const response = await oauth.introspectionRequest(server, client, auth, access_token, http);
    return (await oauth.processIntrospectionResponse(server, client, response)).active;
  };
  if (mayAsk && !(await isActive())) throw new Error("not active");
  await oauth.processRevocationResponse(await oauth.revocationRequest(server, client, auth, refresh_token, http));
  if (mayAsk && (await isActive())) throw new Error("active after the revocation");
}

const logins = [];
for (const method of ["client_secret_basic", "client_secret_post", "none"]) {
  logins.push({ method, ...(await login({ method })) });
}

report("oauth4webapi", logins, {
  "wrong secret, Basic": await failure(() => login({ secret: WRONG_SECRET })),
  "wrong secret, POST": await failure(() => login({ secret: WRONG_SECRET, method: "client_secret_post" })),
  "wrong state": await failure(() => login({ state: "x" })),
  "wrong nonce": await failure(() => login({ nonce: "x" })),
  "iss of another": await failure(() => login({ iss: `${ISSUER}/other` })),
  "wrong issuer": await failure(() => login({ issuer: WRONG_ISSUER })),
});
