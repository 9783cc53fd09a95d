//! The commands that call WeChat's API.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[
    EXCHANGE,
    REFRESH,
    CHECK,
    USER,
    SESSION,
    PHONE_NUMBER,
    APP_TOKEN,
];

const EXCHANGE: Chinese = Chinese {
    command: "exchange",
    about: "用回调中的 code 换取用户的 access_token",
    arguments: &[("code", "回调中的 code")],
    after: "\
code 只能使用一次，几分钟内有效。文字输出隐藏 access_token 和 refresh_token，--json 输出它们：
  weixin --json exchange CODE > token.json
  weixin user --token token.json",
};

const REFRESH: Chinese = Chinese {
    command: "refresh",
    about: "用 refresh_token 刷新用户的 access_token",
    arguments: &[],
    after: "\
不需要 AppSecret。请保存输出的 refresh_token，它可能已经更换。

示例：
  weixin --json refresh --token token.json > new.json && mv new.json token.json
  WEIXIN_REFRESH_TOKEN=… weixin refresh",
};

const CHECK: Chinese = Chinese {
    command: "check",
    about: "检查用户的 access_token 是否有效",
    arguments: &[],
    after: "\
access_token 无效时退出码为 3。

示例：
  weixin check --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin check --openid oKsc…",
};

const USER: Chinese = Chinese {
    command: "user",
    about: "显示用户的个人信息",
    arguments: &[],
    after: "\
示例：
  weixin user --token token.json
  WEIXIN_ACCESS_TOKEN=… weixin --json user --openid oKsc…",
};

const SESSION: Chinese = Chinese {
    command: "session",
    about: "用小程序 `wx.login` 的 code 换取 OpenID 和 session_key",
    arguments: &[("code", "`wx.login` 返回的 code")],
    after: "\
code 只能使用一次，五分钟内有效。文字输出隐藏 session_key，--json 输出它。

示例：
  weixin session 0a1b… --app-id wx0123456789abcde2 \\
    --app-secret-file secret.txt
  weixin --json session --sim 0a1b…",
};

const PHONE_NUMBER: Chinese = Chinese {
    command: "phone-number",
    about: "用小程序手机号按钮的 code 换取手机号",
    arguments: &[("code", "手机号按钮返回的 code")],
    after: "\
它不是 `wx.login` 的 code，只能使用一次，五分钟内有效。该接口需要接口调用凭据，\
所以本机的出口 IP 必须在应用的 IP 白名单中。

示例：
  weixin phone-number --sim 0a1b…",
};

const APP_TOKEN: Chinese = Chinese {
    command: "app-token",
    about: "获取公众号、移动应用或小程序的接口调用凭据",
    arguments: &[(
        "legacy",
        "改用 /cgi-bin/token，每次调用都会生成新的 access_token，之前的约 5 分钟后失效",
    )],
    after: "\
接口调用凭据不是用户的 access_token。文字输出隐藏它，--json 输出它。稳定版接口调用凭据在过期之前保持不变，\
所有调用方获取的都相同。本机的出口 IP 必须在应用的 IP 白名单中。

示例：
  weixin --json app-token --app-id wx0123456789abcde2 \\
    --app-secret-file secret.txt
  weixin app-token --sim --kind official-account",
};
