//! `weixin gateway keys` and its subcommands.

use super::{command::Chinese, gateway::CONFIG};

pub(super) const HELP: &[Chinese] = &[KEYS, LIST, ROTATE, RESEAL, KEYS_HELP];

const KEYS: Chinese = Chinese {
    command: "gateway keys",
    about: "查看和更换 ID Token 的签名密钥，网关可以同时运行",
    arguments: &[],
    after: "\
签名密钥每 90 天自动轮换。改动在 5 秒内对运行中的网关生效。

示例：
  weixin gateway keys list
  weixin gateway keys rotate --now --revoke",
};

const LIST: Chinese = Chinese {
    command: "gateway keys list",
    about: "列出签名密钥，以及各自需要密钥文件的哪一行",
    arguments: &[CONFIG],
    after: "\
示例：
  weixin gateway keys list
  weixin gateway keys list --json",
};

const ROTATE: Chinese = Chinese {
    command: "gateway keys rotate",
    about: "提前启用新的签名密钥",
    arguments: &[
        CONFIG,
        ("now", "不等到下一次轮换"),
        ("revoke", "从 JWKS 中移除旧密钥：它已经泄露"),
        ("alg", "更换哪种算法的密钥；默认更换所有算法的密钥"),
    ],
    after: "\
新密钥先出现在 JWKS 中，70 秒后才开始签名：所有节点在 10 秒内公布它，客户端缓存的 JWKS 最多再保留一分钟；使用 PostgreSQL 时各节点的时钟可能有差异，因此是 130 秒后。旧密钥在 JWKS 中再保留 91 天，客户端仍接受它签名的 ID Token。

如果旧密钥已经泄露，--revoke 立即把它从 JWKS 中移除，网关也不再接受它签名的 ID Token 作为 id_token_hint。\
此时新密钥立即签名：有多个节点时，其他节点最多 5 秒后才公布它，在此期间客户端可能拒绝新的 ID Token。有些客户端缓存 JWKS，遇到未知的密钥也不重新读取，\
它们在下次读取之前会拒绝新的 ID Token。

示例：
  weixin gateway keys rotate --now
  weixin gateway keys rotate --now --revoke
  weixin gateway keys rotate --now --alg ES256",
};

const RESEAL: Chinese = Chinese {
    command: "gateway keys reseal",
    about: "用密钥文件的第一行重新加密签名密钥",
    arguments: &[CONFIG],
    after: "\
从密钥文件中删除旧的行之前请先运行：缺少所需的行时，签名密钥无法解密，网关无法启动。

示例：
  weixin gateway keys reseal",
};

const KEYS_HELP: Chinese = Chinese {
    command: "gateway keys help",
    about: "显示本帮助或子命令的帮助",
    arguments: &[],
    after: "",
};
