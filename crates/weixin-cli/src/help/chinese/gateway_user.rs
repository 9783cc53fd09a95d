//! `weixin gateway user`, `explain-login` and `revoke`.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[
    USER,
    FIND,
    DISABLE,
    ENABLE,
    MERGE,
    SPLIT,
    FORGET,
    USER_HELP,
    EXPLAIN_LOGIN,
    REVOKE,
];

const CONFIG: (&str, &str) = ("config", "配置文件");
const ID: (&str, &str) = ("id", "用户 ID");

const USER: Chinese = Chinese {
    command: "gateway user",
    about: "查找、停用、合并、拆分和删除用户",
    arguments: &[],
    after: "\
这些命令直接修改数据库，网关可以同时运行，改动在 5 秒内生效。每次修改都会写入审计记录。

示例：
  weixin gateway user find oAbCdEf
  weixin gateway user disable wsh7ijtk4dkcwkmfwi4rdu2u3m
  weixin gateway user merge KEPT_ID ABSORBED_ID",
};

const FIND: Chinese = Chinese {
    command: "gateway user find",
    about: "按用户 ID、sub、OpenID、UnionID 或昵称查找用户",
    arguments: &[("text", "要查找的内容"), CONFIG],
    after: "\
昵称只需输入一部分，其他内容必须完整。最多输出 50 个用户。

示例：
  weixin gateway user find 小明
  weixin gateway user find wsh7ijtk4dkcwkmfwi4rdu2u3m --json",
};

const DISABLE: Chinese = Chinese {
    command: "gateway user disable",
    about: "停用用户：会话和 Token 不再有效，登录会被拒绝",
    arguments: &[ID, CONFIG],
    after: "\
用 `weixin gateway user enable` 恢复，未过期的会话和 Token 随之恢复有效。\
要让它们永久失效，请再运行 `weixin gateway revoke --user`。

示例：
  weixin gateway user disable wsh7ijtk4dkcwkmfwi4rdu2u3m",
};

const ENABLE: Chinese = Chinese {
    command: "gateway user enable",
    about: "启用已停用的用户",
    arguments: &[ID, CONFIG],
    after: "\
示例：
  weixin gateway user enable wsh7ijtk4dkcwkmfwi4rdu2u3m",
};

const MERGE: Chinese = Chinese {
    command: "gateway user merge",
    about: "合并属于同一个人的两个用户",
    arguments: &[
        ("keep", "要保留的用户 ID"),
        ("absorb", "要合并进去的用户 ID"),
        CONFIG,
    ],
    after: "\
合并后，两个用户的登录都算作 KEEP 的登录。\
只得到过 ABSORB 的 sub 的客户端，仍得到这个 sub；两个都得到过的客户端，得到 KEEP 的 sub。已有的会话和 Token 仍然有效。\
用 `weixin gateway user split` 撤销。

只合并你确认属于同一个人的用户：昵称和头像不能作为依据。

示例：
  weixin gateway user merge wsh7ijtk4dkcwkmfwi4rdu2u3m 2gt5k3zqv6n4r7yexwpa4d2m3i",
};

const SPLIT: Chinese = Chinese {
    command: "gateway user split",
    about: "撤销用户的合并",
    arguments: &[("id", "被合并的用户 ID"), CONFIG],
    after: "\
两个用户的全部会话和授权都会结束，因为无法确定它们属于哪个用户，两个用户都要重新登录。\
合并之后微信返回的新 ID 留在保留的用户上。

如果合并是由微信的 UnionID 触发的，下次登录时会再次合并。

示例：
  weixin gateway user split 2gt5k3zqv6n4r7yexwpa4d2m3i",
};

const FORGET: Chinese = Chinese {
    command: "gateway user forget",
    about: "删除一个用户的所有数据",
    arguments: &[ID, ("yes", "不询问，直接删除"), CONFIG],
    after: "\
删除该用户和合并到它的用户：微信 ID、昵称、会话、授权、同意记录、客户端得到的 sub 和审计记录，\
只保留一条“已删除该用户”的审计记录。登记了 back-channel logout 的客户端仍会收到会话已结束的通知。\
此人下次登录时是新用户，sub 也是新的。备份中仍有该用户的数据。

示例：
  weixin gateway user forget wsh7ijtk4dkcwkmfwi4rdu2u3m
  weixin gateway user forget wsh7ijtk4dkcwkmfwi4rdu2u3m --yes",
};

const USER_HELP: Chinese = Chinese {
    command: "gateway user help",
    about: "显示本帮助或子命令的帮助",
    arguments: &[],
    after: "",
};

const EXPLAIN_LOGIN: Chinese = Chinese {
    command: "gateway explain-login",
    about: "按页面上的编号说明登录失败的原因",
    arguments: &[("reference", "编号：8 位字母和数字"), CONFIG],
    after: "\
输出审计记录中该编号的每个事件和处理办法。审计记录保留 90 天。

示例：
  weixin gateway explain-login k3zqv6n4",
};

const REVOKE: Chinese = Chinese {
    command: "gateway revoke",
    about: "结束会话和授权，其 Token 随之失效",
    arguments: &[
        ("all", "结束所有会话和授权"),
        ("user", "结束该用户的会话和授权"),
        ("client", "吊销该客户端的授权；会话不属于任何客户端"),
        CONFIG,
    ],
    after: "\
用户需要重新登录，客户端需要新的 Token。密钥泄露后，或恢复备份后，请使用 --all：恢复备份会使备份之后的吊销失效。

示例：
  weixin gateway revoke --all
  weixin gateway revoke --user wsh7ijtk4dkcwkmfwi4rdu2u3m
  weixin gateway revoke --client wiki",
};
