//! `weixin gateway` and its subcommands.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[
    GATEWAY,
    DEMO,
    INIT,
    SERVE,
    RELOAD,
    CHECK,
    BACKUP,
    COPY_STORE,
    MIGRATE,
    GATEWAY_HELP,
];

pub(super) const CONFIG: (&str, &str) = ("config", "配置文件");
const DEMO_ARGUMENTS: &[(&str, &str)] = &[
    (
        "listen",
        "演示的监听地址，只能是本机地址；端口 0 表示任意空闲端口",
    ),
    (
        "redirect_uri",
        "你自己的客户端的 redirect_uri，它可以使用演示的 client_id 和 client_secret；可多次使用",
    ),
    ("config", "演示不接受配置文件"),
];

const GATEWAY: Chinese = Chinese {
    command: "gateway",
    about: "让任何支持 OpenID Connect 的程序使用微信登录",
    arguments: DEMO_ARGUMENTS,
    after: "\
网关是一个 OpenID Provider：支持 OpenID Connect 的程序让用户跳转到网关，用户用微信登录，程序得到 ID Token。\
不写子命令时运行演示，即 `weixin gateway demo`。

示例：
  weixin gateway                查看一次完整的登录，包括每个请求和 Token
  weixin gateway init --issuer https://login.example.com
  weixin gateway check          检查配置
  weixin gateway serve",
};

const DEMO: Chinese = Chinese {
    command: "gateway demo",
    about: "体验一次完整的登录：在本机运行网关、客户端和微信模拟器，页面显示每个请求和 Token",
    arguments: DEMO_ARGUMENTS,
    after: "\
数据库、密钥和 client_secret 都是临时的。演示只监听本机地址；有正式网关的配置时，演示不会启动。

示例：
  weixin gateway demo
  weixin gateway demo --listen 127.0.0.1:0 --no-open

让你自己的客户端使用演示输出的 client_id 和 client_secret：
  weixin gateway demo --redirect-uri http://localhost:3000/callback",
};

const INIT: Chinese = Chinese {
    command: "gateway init",
    about: "写入配置文件 gateway.toml 和密钥文件 gateway.key",
    arguments: &[("issuer", "issuer：客户端配置中填写的 URL")],
    after: "\
两个文件写入当前目录。已有的文件保留不变，只写入缺少的文件。issuer 为 http://localhost:8080 这样的 URL 时，网关监听该端口。

示例：
  weixin gateway init --issuer https://login.example.com",
};

const SERVE: Chinese = Chinese {
    command: "gateway serve",
    about: "按配置文件运行网关",
    arguments: &[CONFIG, ("listen", "监听地址；默认取配置文件中的 listen")],
    after: "\
日志为 JSON，写到标准错误，每个请求一行，不含查询串和密钥；用 RUST_LOG 修改日志级别。\
收到 SIGTERM 或按 Ctrl-C 后，`/readyz` 立即返回失败，5 秒（`stop_delay`）内仍接受连接，之后正在处理的请求最多还有 20 秒。\
收到 SIGHUP 或配置文件改动后，重新载入配置文件。

示例：
  weixin gateway serve
  weixin gateway serve --config /etc/weixin/gateway.toml --listen 127.0.0.1:8081",
};

const RELOAD: Chinese = Chinese {
    command: "gateway reload",
    about: "检查改动后的配置文件；运行中的网关会在 10 秒内载入",
    arguments: &[CONFIG],
    after: "\
运行中的网关每 5 秒读取一次配置文件、密钥文件和各 secret 文件，有改动且连续两次读到的内容相同时载入，\
因此不会载入尚未写完的文件；收到 SIGHUP 时立即载入。文件有错误时什么都不会改变。\
日志会写明载入、拒绝了什么，哪些客户端已不在文件中，以及哪些改动（监听地址、数据库）需要重新启动。

退出码：0 文件可以载入；5 设置有误。

示例：
  weixin gateway reload
  weixin gateway reload --config /etc/weixin/gateway.toml",
};

const CHECK: Chinese = Chinese {
    command: "gateway check",
    about: "检查配置文件、数据库和微信应用，并列出每个客户端需要的设置",
    arguments: &[CONFIG],
    after: "\
读取配置文件，检查数据库，并向微信登录页查询它是否接受每个回调地址。它不修改任何内容，网关可以同时运行。

退出码：0 没有失败的项目；4 无法访问微信；5 设置有误。

示例：
  weixin gateway check
  weixin gateway check --config /etc/weixin/gateway.toml --json",
};

const BACKUP: Chinese = Chinese {
    command: "gateway backup",
    about: "把数据库复制到新文件，网关可以同时运行",
    arguments: &[CONFIG, ("to", "新文件；不会覆盖已有的文件")],
    after: "\
只有文件所有者可以读取副本。副本不含密钥文件，没有密钥文件就无法使用副本。

示例：
  weixin gateway backup \"gateway-$(date +%F).db\"",
};

const COPY_STORE: Chinese = Chinese {
    command: "gateway copy-store",
    about: "在 SQLite 和 PostgreSQL 之间复制数据库；网关不能同时运行",
    arguments: &[
        CONFIG,
        (
            "to",
            "新数据库：`postgres://USER@HOST/DATABASE` 或 `sqlite:FILE`",
        ),
    ],
    after: "\
用户的 `sub`、会话和 refresh_token 以及签名密钥都保持不变。要么全部复制，要么什么都不复制：命令失败时新数据库没有内容，\
可以重新运行。旧数据库不会改变。

请先停止所有节点上的网关。新数据库必须是空的，表由命令创建。完成后修改 `store.url`，保留密钥文件，再启动网关。\
PostgreSQL 的密码请放在 `PGPASSFILE` 指定的文件或环境变量 `PGPASSWORD` 中：本机的其他用户能看到程序的参数。

示例：
  weixin gateway copy-store --to \"postgres://gateway@db.example.com/gateway?sslmode=verify-full\"
  weixin gateway copy-store --to sqlite:/var/lib/weixin-gateway/gateway.db",
};

const MIGRATE: Chinese = Chinese {
    command: "gateway migrate",
    about: "创建或更新数据库的表，用于设置了 `migrate = false` 的配置",
    arguments: &[CONFIG],
    after: "\
默认由 `serve` 在启动时完成。使用 PostgreSQL 时，上一版本的网关可以继续运行：新版本只增加表和列。\
SQLite 文件不能正在使用。

示例：
  weixin gateway migrate --config /etc/weixin/gateway.toml",
};

const GATEWAY_HELP: Chinese = Chinese {
    command: "gateway help",
    about: "显示本帮助或子命令的帮助",
    arguments: &[],
    after: "",
};
