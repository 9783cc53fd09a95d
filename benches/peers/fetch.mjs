// What people write by hand: `fetch`, twice.

import { APP, ORIGIN, run, SECRET } from "./logins.mjs";

async function get(path, query) {
  const answer = await fetch(`${ORIGIN}${path}?${new URLSearchParams(query)}`);
  return answer.json();
}

await run(async (code) => {
  const token = await get("/sns/oauth2/access_token", {
    appid: APP,
    secret: SECRET,
    code,
    grant_type: "authorization_code",
  });
  const user = await get("/sns/userinfo", {
    access_token: token.access_token,
    openid: token.openid,
  });
  return user.nickname;
});
