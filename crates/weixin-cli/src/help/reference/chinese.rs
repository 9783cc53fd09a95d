//! The Chinese texts of calls and metrics. Their English ones are in the OpenAPI document and in the SDK.

/// The groups of calls, by their tag.
pub(super) const TAGS: [(&str, &str); 9] = [
    ("apps", "应用"),
    ("clock", "时钟"),
    ("faults", "故障"),
    ("findings", "问题：微信会拒绝的请求和不安全的请求"),
    ("log", "日志：请求和登录的步骤"),
    ("logins", "手机及其回应"),
    ("simulator", "模拟器"),
    ("users", "测试用户"),
    ("worlds", "其他 world，以及 world 的快照"),
];

/// The calls, by their `operationId`.
pub(super) const CALLS: [(&str, &str); 43] = [
    ("listApps", "返回所有应用"),
    ("putApp", "注册应用，或修改已注册应用的部分字段"),
    ("deleteApp", "删除应用"),
    ("actOnApp", "触发应用的事件，相当于手机或应用所有者的操作"),
    ("getAutoAllow", "返回自动允许的设置"),
    (
        "setAutoAllow",
        "设置自动允许，对所有应用或一个应用有效：登录不需要手机确认",
    ),
    ("getClock", "返回模拟器的时间"),
    ("changeClock", "把时间向前调，停止时钟，或让时钟继续走"),
    ("getDesktop", "返回电脑版微信的状态"),
    ("startDesktop", "启动电脑版微信，并登录一个用户"),
    ("stopDesktop", "退出电脑版微信"),
    (
        "listFaults",
        "返回所有故障（包括次数已用完的），以及各自已生效的次数",
    ),
    ("addFault", "添加故障，返回故障及其 ID"),
    ("deleteFaults", "删除所有故障"),
    ("getFault", "返回一个故障，以及已生效的次数"),
    ("deleteFault", "删除故障，返回删除前的内容"),
    (
        "listFindings",
        "返回上次重置以来的问题：微信会拒绝的请求、不安全的请求，以及仅限本地开发的请求",
    ),
    ("getAcceptedRules", "返回已忽略的规则"),
    (
        "acceptRules",
        "替换已忽略的规则：照常列出违反这些规则的问题，但不会使测试失败",
    ),
    ("getHealth", "模拟器可用时返回 200"),
    ("listLogins", "返回等待扫描的二维码，最新的在最后"),
    (
        "actOnLogin",
        "扫描二维码，允许或取消登录，或让二维码过期；允许后返回回调 URL",
    ),
    ("getOpenapi", "返回 OpenAPI 文档"),
    (
        "listRequests",
        "返回最近发往微信各路径的请求，最多 1000 个、共 4 MiB，密钥已遮盖",
    ),
    (
        "reset",
        "恢复启动时的状态：应用、用户和时钟恢复初始值，日志清空",
    ),
    (
        "setSeed",
        "重新设置随机数种子，此后的 code、access_token 和 ID 由种子决定",
    ),
    ("listSnapshots", "返回这个 world 的快照，最早的在最前"),
    ("takeSnapshot", "保存 world 及其时钟的快照"),
    ("deleteSnapshot", "删除快照，不存在时也返回成功"),
    (
        "restoreSnapshot",
        "恢复 world 及其时钟。快照中没有的登录，轮询时返回二维码已过期；其间发现的问题仍计入启动以来的问题",
    ),
    ("getTest", "返回当前测试的名称"),
    (
        "setTest",
        "设置当前测试的名称，此后的问题会注明由哪个测试引起",
    ),
    ("listTimeline", "返回每次登录的步骤，最新的登录在最前"),
    ("listUsers", "返回所有测试用户，第一个是默认用户"),
    ("putUser", "添加测试用户，或修改已有用户的部分字段"),
    ("deleteUser", "删除测试用户"),
    ("actOnUser", "触发账号事件"),
    (
        "verify",
        "统计日志中的请求或登录的步骤，数量与预期不符时返回 409",
    ),
    ("waitFor", "等到符合条件的事件发生后返回"),
    ("listWorlds", "返回所有 world，不包括模拟器的第一个 world"),
    (
        "openWorld",
        "打开一个 world：独立的微信，有自己的时钟、应用、用户、故障、日志和问题，使用自己的端口，初始状态与模拟器启动时相同",
    ),
    ("getWorld", "返回一个 world"),
    (
        "deleteWorld",
        "结束一个 world，不存在时也返回成功；其中的问题会保留",
    ),
];

/// The metrics, by their name.
pub(super) const METRICS: [(&str, &str); 3] = [
    (
        "weixin_call_seconds",
        "每次调用的耗时，按 `path` 区分，包括所有重试和重试之间的等待",
    ),
    (
        "weixin_calls_total",
        "调用次数，按 `path` 区分；重试不重复计数",
    ),
    (
        "weixin_errors_total",
        "失败的调用次数，按 `path` 和 `error` 区分；`error` 是微信的错误码，或失败的类型，例如 `timeout`",
    ),
];

pub(super) const GATEWAY_METRICS: [(&str, &str); 20] = [
    (
        "weixin_gateway_clock_difference_seconds",
        "本机时钟比 PostgreSQL 快的秒数；使用 SQLite 时没有此指标",
    ),
    (
        "weixin_gateway_codes_total",
        "发给客户端的 code 数，按 `client` 区分，包括用户已登录、没有再到微信登录的情况",
    ),
    (
        "weixin_gateway_commit_seconds",
        "数据库事务的耗时，按 `durability` 区分：`durable` 等待数据写入磁盘，`relaxed` 不等待",
    ),
    (
        "weixin_gateway_committed_writes_total",
        "这些事务中的写入次数：SQLite 一次提交多个写入",
    ),
    (
        "weixin_gateway_config_hash",
        "当前配置文件的哈希（数字）：各节点的配置文件不同时，此值不同",
    ),
    (
        "weixin_gateway_config_loaded_timestamp_seconds",
        "当前配置的加载时间（Unix 时间）",
    ),
    (
        "weixin_gateway_logins_total",
        "微信登录次数，按 `client`、`app` 和 `outcome` 区分；`outcome` 为 `ok`、`created`、`merged`、`conflict`、`disabled`、`failed`，或登录未完成的原因，例如 `declined`。应用未知时 `app` 为空",
    ),
    (
        "weixin_gateway_not_logged_total",
        "未写入日志的错误响应数：同一地址引起的错误过多",
    ),
    (
        "weixin_gateway_not_recorded_total",
        "未写入审计日志的失败登录次数：同一地址失败的登录过多",
    ),
    (
        "weixin_gateway_pending_logouts",
        "尚未送达客户端的 Back-Channel Logout 通知数",
    ),
    (
        "weixin_gateway_read_seconds",
        "一次读取的耗时，按 `operation`（读取的内容，例如 `session`、`grant`、`request`）分类",
    ),
    (
        "weixin_gateway_reload_failures_total",
        "启动以来，配置文件改动后无法使用的次数",
    ),
    (
        "weixin_gateway_request_seconds",
        "HTTP 请求的耗时，按 `endpoint` 区分",
    ),
    (
        "weixin_gateway_requests_total",
        "HTTP 请求数，按 `endpoint` 和 `status` 区分",
    ),
    (
        "weixin_gateway_sign_seconds",
        "签名一个 Token 的耗时，按 `alg` 区分",
    ),
    (
        "weixin_gateway_sqlite_log_bytes",
        "SQLite 日志（以 -wal 结尾的文件）的大小",
    ),
    (
        "weixin_gateway_turned_away_total",
        "因达到上限而拒绝的请求数，按 `limit` 区分：`logins`、`failures`、`waiting_requests`，未发送完的表单过多时为 `forms`，同时处理的请求过多时为 `requests`，等待的写入过多时为 `store`；`connections` 是关闭的连接数",
    ),
    (
        "weixin_gateway_waiting_requests",
        "等待登录的和预先推送的授权请求数",
    ),
    ("weixin_gateway_waiting_writes", "等待中的写入数"),
    (
        "weixin_gateway_write_seconds",
        "一次写入从开始到提交的耗时，包括等待",
    ),
];
