// wechat-oauth, its addresses turned to the simulator.

import { createRequire } from "node:module";
import { promisify } from "node:util";
import { APP, ORIGIN, run, SECRET } from "./logins.mjs";

// Installed beside, not above, this file.
const require = createRequire(`${process.env.NODE_PEERS}/`);
const OAuth = require("wechat-oauth");

const { request } = OAuth.prototype;
OAuth.prototype.request = function (url, ...rest) {
  return request.call(this, url.replace("https://api.weixin.qq.com", ORIGIN), ...rest);
};
const oauth = new OAuth(APP, SECRET);
const exchange = promisify(oauth.getAccessToken.bind(oauth));
const profile = promisify(oauth.getUser.bind(oauth));

await run(async (code) => {
  const token = await exchange(code);
  const user = await profile({ openid: token.data.openid, lang: "zh_CN" });
  return user.nickname;
});
