//! `weixin gateway client set`, `disable` and `enable`.

use super::{command::Chinese, gateway::CONFIG, gateway_client::ID};

pub(super) const HELP: &[Chinese] = &[SET, DISABLE, ENABLE];

const SET: Chinese = Chinese {
    command: "gateway client set",
    about: "修改客户端的设置，例如 redirect_uri",
    arguments: &[
        CONFIG,
        ID,
        (
            "redirect_uri",
            "客户端的 redirect_uri，替换原有的全部；可多次使用",
        ),
        ("name", "页面上显示给用户的名称"),
        ("set", "其他设置；可多次使用"),
    ],
    after: "\
未写的设置保持不变。--redirect-uri 替换全部 redirect_uri。--set 可以写 [[client]] 的任何设置（id、issuer 和 client_secret 除外），\
值为 JSON 或文本，null 表示移除。

示例：
  weixin gateway client set wiki --redirect-uri https://wiki.example.com/oidc/callback
  weixin gateway client set wiki --set require_pkce=true --set home=null
  weixin gateway client set wiki --set 'claims={\"email\": \"{sub}@wechat.example.com\"}'",
};

const DISABLE: Chinese = Chinese {
    command: "gateway client disable",
    about: "停用客户端：拒绝它的所有请求和 Token，直到重新启用",
    arguments: &[CONFIG, ID],
    after: "\
用户在网关的登录不受影响。执行 `weixin gateway client enable` 后，未过期的 Token 恢复有效；\
如需让它们失效，使用 `weixin gateway revoke --client`。

示例：
  weixin gateway client disable wiki",
};

const ENABLE: Chinese = Chinese {
    command: "gateway client enable",
    about: "重新启用已停用的客户端",
    arguments: &[CONFIG, ID],
    after: "\
示例：
  weixin gateway client enable wiki",
};
