//! `weixin gateway client` and its subcommands.

use super::{command::Chinese, gateway::CONFIG};

pub(super) const HELP: &[Chinese] = &[CLIENT, ADD, LIST, SHOW, SECRET, REMOVE, CLIENT_HELP];

pub(super) const ID: (&str, &str) = ("id", "客户端的 client_id");

const CLIENT: Chinese = Chinese {
    command: "gateway client",
    about: "添加、修改和移除数据库中的客户端，网关可以同时运行",
    arguments: &[],
    after: "\
改动在 5 秒内对运行中的网关生效。\
配置文件中的客户端请在配置文件中修改；同一个 client_id 只能在配置文件或数据库中的一处。

示例：
  weixin gateway client add wiki --redirect-uri https://wiki.example.com/callback
  weixin gateway client list",
};

const ADD: Chinese = Chinese {
    command: "gateway client add",
    about: "添加客户端，并输出它的 client_secret（只显示一次）",
    arguments: &[
        CONFIG,
        ("id", "client_id，在所有 issuer 中唯一"),
        ("redirect_uri", "客户端的 redirect_uri；可多次使用"),
        ("issuer", "客户端使用的 issuer；有多个 issuer 时必填"),
        ("name", "页面上显示给用户的名称"),
        ("public", "没有 client_secret 的客户端：用户设备上或浏览器中的程序"),
        ("set", "其他设置；可多次使用"),
    ],
    after: "\
数据库只存 client_secret 的哈希，请立即复制到客户端。--set 可以写 [[client]] 的任何其他设置，值为 JSON 或文本。

示例：
  weixin gateway client add wiki --redirect-uri https://wiki.example.com/callback
  weixin gateway client add app --public --redirect-uri http://127.0.0.1/callback
  weixin gateway client add wiki --redirect-uri https://wiki.example.com/callback --set require_pkce=true --set 'claims={\"email\": \"{sub}@wechat.example.com\"}'",
};

const LIST: Chinese = Chinese {
    command: "gateway client list",
    about: "列出配置文件和数据库中的客户端",
    arguments: &[CONFIG],
    after: "\
示例：
  weixin gateway client list
  weixin gateway client list --json",
};

const SHOW: Chinese = Chinese {
    command: "gateway client show",
    about: "输出一个客户端的设置，不含 client_secret",
    arguments: &[CONFIG, ID],
    after: "\
示例：
  weixin gateway client show wiki",
};

const SECRET: Chinese = Chinese {
    command: "gateway client secret",
    about: "为客户端生成第二个 client_secret 并输出，或移除旧的",
    arguments: &[
        CONFIG,
        ID,
        ("remove_old", "移除两个 client_secret 中旧的一个"),
    ],
    after: "\
不中断服务地更换 client_secret：先生成第二个，复制到客户端，再移除旧的。在此之前两个都有效。

示例：
  weixin gateway client secret wiki
  weixin gateway client secret wiki --remove-old",
};

const REMOVE: Chinese = Chinese {
    command: "gateway client remove",
    about: "移除客户端，它的 Token 随之失效",
    arguments: &[CONFIG, ID],
    after: "\
以后再添加同一个 client_id 时，用户的 `sub` 不变。

示例：
  weixin gateway client remove wiki",
};

const CLIENT_HELP: Chinese = Chinese {
    command: "gateway client help",
    about: "显示本帮助或子命令的帮助",
    arguments: &[],
    after: "",
};
