//! `weixin sim` and its subcommands.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[SIM, INIT, EXEC, FINDINGS, HEALTH, PHONE, COMPARE, SIM_HELP];

/// The simulator's app, unlike the app of other commands.
const APP_ID: (&str, &str) = (
    "app_id",
    "网站应用的 AppID；wx0123456789abcde0、…1、…2 分别是公众号、移动应用和小程序",
);

const SIM: Chinese = Chinese {
    command: "sim",
    about: "在本机模拟微信，供任何语言的程序使用",
    arguments: &[
        APP_ID,
        ("listen", "监听地址；端口 0 表示任意空闲端口"),
        ("tls", "同时提供 TLS，证书包含微信的所有域名"),
        (
            "proxy",
            "同时提供代理（`HTTPS_PROXY`），只代理微信的域名",
        ),
        (
            "ca_dir",
            "--tls 和 --proxy 使用的 CA 目录；程序必须信任其中的 ca.pem",
        ),
        (
            "i_know_this_is_not_wechat",
            "监听其他机器可以访问的地址：它们可以用任何用户登录",
        ),
        (
            "poll_port",
            "用另一个地址处理二维码页的轮询，浏览器才能同时打开六个以上的二维码页",
        ),
        (
            "world_ports",
            "其他 world 的端口范围，例如 9400-9450；默认为任意空闲端口",
        ),
        (
            "public_url",
            "浏览器和手机访问模拟器的 URL，与监听地址不同时使用",
        ),
        (
            "until_stdin_ends",
            "标准输入结束时退出，随启动它的程序一起结束",
        ),
    ],
    after: "\
在程序中用模拟器的 URL 代替 https://open.weixin.qq.com 和 https://api.weixin.qq.com。模拟器提供二维码页、\
模拟手机和登录接口，/_sim/api 下是控制接口。如果微信的 URL 写死在程序里，请用 `weixin sim exec`。

示例：
  weixin sim
  weixin sim --app-id wx1 --app-secret s3cret --listen 127.0.0.1:0
  weixin sim --auto-allow           用于脚本：登录页立即跳转到回调地址
  weixin sim init                   把所有设置写入 sim.toml
  weixin sim --config sim.toml      使用其中的应用、授权回调域和用户
  weixin sim exec -- python app.py  不改程序，让它使用模拟器",
};

const INIT: Chinese = Chinese {
    command: "sim init",
    about: "写出包含所有设置的配置文件，带中英文注释",
    arguments: &[("file", "配置文件；已存在时不会覆盖")],
    after: "",
};

const EXEC: Chinese = Chinese {
    command: "sim exec",
    about: "不改程序直接运行，用模拟器代替微信",
    arguments: &[
        APP_ID,
        ("listen", "模拟器的监听地址；端口 0 表示任意空闲端口"),
        (
            "world",
            "使用已运行的模拟器（--sim）的这个 world，不存在时自动创建",
        ),
        ("sim", "--world 所在模拟器的 URL"),
        ("hosts", "用单独的 /etc/hosts 代替代理（Linux，需要 root）"),
        ("only_wechat", "拒绝访问微信以外的域名；默认直接连接"),
        ("ca_dir", "CA 证书的目录；默认为临时目录"),
        (
            "browser",
            "用临时的用户目录打开 Chromium、Chrome 或 Edge，其中的微信是模拟器",
        ),
        ("command", "程序及其参数"),
    ],
    after: "\
程序通过 HTTPS_PROXY 访问微信的域名，通过 SSL_CERT_FILE、REQUESTS_CA_BUNDLE、\
CURL_CA_BUNDLE 和 NODE_EXTRA_CA_CERTS 信任证书。代理直接连接其他域名，或者使用原来设置的代理。

测试和脚本可以使用 WEIXIN_SIM_URL、WEIXIN_APP_ID、WEIXIN_APP_SECRET，以及 WEIXIN_SIM_CHROMIUM_ARGS（JSON）：\
Chromium 加上这些参数后，访问的微信就是模拟器。

退出码是程序的退出码；如果为 0，由 --fail-on-findings 决定。

示例：
  weixin sim exec -- python app.py
  weixin sim exec --fail-on-findings -- pytest

同时打开使用模拟器的浏览器：
  weixin sim exec --browser http://localhost:8000 -- python app.py

使用已运行的模拟器（`weixin sim`）中单独的 world：
  weixin sim exec --world tests-1 -- pytest

程序不支持代理（Linux）：
  sudo weixin sim exec --hosts -- node app.js",
};

const FINDINGS: Chinese = Chinese {
    command: "sim findings",
    about: "列出运行中的模拟器发现的问题：微信会拒绝的请求和不安全的请求",
    arguments: &[("sim", "模拟器的 URL")],
    after: "\
有计入 --fail-on-findings 的问题时，退出码为 1。

示例：
  weixin sim findings
  weixin --json sim findings --sim http://127.0.0.1:9400",
};

const HEALTH: Chinese = Chinese {
    command: "sim health",
    about: "检查模拟器是否有响应：有则退出码为 0",
    arguments: &[("sim", "模拟器的 URL")],
    after: "\
示例：
  weixin sim health
  weixin sim health --sim http://127.0.0.1:9400",
};

const PHONE: Chinese = Chinese {
    command: "sim phone",
    about: "打开模拟微信内置浏览器的窗口：相同的 User-Agent，手机尺寸，独立的 cookie",
    arguments: &[
        ("url", "要打开的 URL；默认打开模拟手机"),
        ("sim", "模拟器的 URL"),
    ],
    after: "\
使用 Chromium、Chrome 或 Edge，用户目录是临时的。

`weixin sim` 的模拟手机：
  weixin sim phone

以微信内用户的身份查看你的网站：
  weixin sim phone http://localhost:8080/",
};

const COMPARE: Chinese = Chinese {
    command: "sim compare",
    about: "与真实的微信比较，列出不同之处",
    arguments: &[
        (
            "app_id",
            "测试号的 AppID；不写则只发送不需要应用的请求。不读取 `WEIXIN_APP_ID`",
        ),
        ("only", "只发送名称包含该文字的请求"),
        ("dry_run", "只列出请求，不发送"),
        ("pace", "两个请求之间的秒数；0 只用于本机的模拟器"),
        ("timeout", "等待响应的最长时间，单位为秒"),
    ],
    after: "\
把模拟器 golden 文件中的请求发送到真实的微信，每秒最多一个：只发送不需要 AppSecret 的请求，\
或者只需要测试号 AppSecret 的请求（测试号是免费的）。不登录任何用户，请求中的 code 和 access_token 都是虚构的。

比较状态码、Content-Type、字节和文字，不比较 rid、hint、access_token、ticket 和 expires_in 的值。报告为英文，\
隐藏 AppID、AppSecret、access_token 和 IP 地址：如有不同，请附上报告提交 issue。按 Ctrl-C 结束比较，输出已完成的部分。

退出码：0 收到的响应全部相同；1 有不同；2 没有可以发送的请求；4 有服务器无法连接，或比较被中断。

示例：
  weixin sim compare > report.txt
  weixin sim compare --only 'no app id' --only refresh_token:

只列出请求：
  weixin sim compare --dry-run

使用测试号：
  WEIXIN_APP_SECRET=… weixin sim compare --app-id wx…

与 `weixin sim` 比较，结果应全部相同：
  weixin sim compare --sim --pace 0",
};

const SIM_HELP: Chinese = Chinese {
    command: "sim help",
    about: "显示本帮助或子命令的帮助",
    arguments: &[],
    after: "",
};
