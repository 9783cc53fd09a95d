//! Arguments that several commands share.

/// The texts of arguments that mean the same for every command, by their ID.
pub(crate) const SHARED: [&[(&str, &str)]; 2] = [COMMON, SIMULATOR];

const COMMON: &[(&str, &str)] = &[
    ("json", "以 JSON 格式输出结果和错误"),
    (
        "lang",
        "帮助、提示和错误的语言；默认取终端的语言（LC_ALL、LC_MESSAGES、LANG）",
    ),
    (
        "color",
        "彩色输出；auto 表示在终端中使用彩色，设置了 NO_COLOR 则不用",
    ),
    ("help", "显示帮助"),
    ("version", "显示版本号"),
    ("app_id", "AppID [使用 --sim 时可省略]"),
    (
        "app_secret_file",
        "存放 AppSecret 的文件；默认取环境变量 WEIXIN_APP_SECRET",
    ),
    (
        "sim",
        "使用模拟器及其 AppID 和 AppSecret；不写 URL 时取 WEIXIN_SIM_URL，未设置则为 http://127.0.0.1:9300",
    ),
    (
        "open_url",
        "登录页的服务器 URL；默认取 WEIXIN_OPEN_URL，未设置则为 https://open.weixin.qq.com",
    ),
    (
        "api_url",
        "接口的服务器 URL；默认取 WEIXIN_API_URL，未设置则为 https://api.weixin.qq.com",
    ),
    (
        "file",
        "`weixin --json exchange` 的输出保存成的文件；`-` 表示标准输入",
    ),
    ("openid", "用户的 OpenID；默认取 --token 文件中的 OpenID"),
    ("kind", "应用的类型"),
    (
        "redirect_uri",
        "登录后微信跳转回的地址：完整的 http 或 https URL",
    ),
    ("no_open", "不打开浏览器"),
];

/// The behavior of a simulator.
const SIMULATOR: &[(&str, &str)] = &[
    ("config", "配置文件，包含应用、用户、有效期和开关"),
    (
        "app_secret",
        "网站应用的 AppSecret；它不是真实的密钥，可以写在命令行中",
    ),
    (
        "allow_host",
        "也接受以该主机名访问的请求；默认接受本机地址和不含点的主机名",
    ),
    (
        "auto_allow",
        "登录页立即以第一个用户的身份跳转到回调地址，不需要扫码",
    ),
    (
        "strict_order",
        "公众号登录链接的参数顺序与文档不符时拒绝请求",
    ),
    ("quotas", "拒绝超出微信调用限额的请求；默认只报告，不拒绝"),
    (
        "desktop",
        "模拟该用户（ID 或昵称）已登录电脑版微信，不需要扫码",
    ),
    (
        "seed",
        "code、access_token 和各种 ID 的随机数种子，每次启动后生成的值相同",
    ),
    (
        "token_content_type",
        "换取和刷新 access_token 的接口返回的 Content-Type，供不接受微信的 text/plain 的客户端使用",
    ),
    (
        "fail_on_findings",
        "退出时列出微信会拒绝的请求和不安全的请求，如果有，退出码为 1",
    ),
    (
        "accept",
        "接受违反该规则的请求，不计入 --fail-on-findings，例如 state-short；可多次使用",
    ),
    (
        "log",
        "每个请求输出一行；加 --json 时，每个请求、登录步骤和问题输出一个 JSON 对象",
    ),
];
