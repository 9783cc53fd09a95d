//! `weixin` itself, and the commands that need no account.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[ROOT, DEMO, SCAN];

const ROOT: Chinese = Chinese {
    command: "",
    about: "在命令行完成微信登录，在本机模拟微信",
    arguments: &[],
    after: "\
第一步：
  weixin demo                  在本机的浏览器中体验微信登录
  weixin sim                   微信模拟器，供任何语言的程序使用
  weixin login --sim           在终端完成一次登录，配合 `weixin sim`
  weixin gateway               让支持 OpenID Connect 的程序使用微信登录",
};

const DEMO: Chinese = Chinese {
    command: "demo",
    about: "运行示例网站和微信模拟器，在本机体验完整的登录流程",
    arguments: &[("listen", "示例网站的监听地址；端口 0 表示任意空闲端口")],
    after: "\
示例：
  weixin demo
  weixin demo --listen 127.0.0.1:0 --no-open",
};

const SCAN: Chinese = Chinese {
    command: "scan",
    about: "扫描模拟器登录页的二维码，输出回调的 URL",
    arguments: &[
        ("login_url", "网站跳转到的登录页 URL"),
        (
            "sim",
            "用该模拟器代替 URL 中的微信服务器；不写 URL 时取 WEIXIN_SIM_URL，未设置则为 http://127.0.0.1:9300",
        ),
        ("person", "扫码用户的 ID 或昵称；默认为第一个用户"),
        ("cancel", "拒绝登录"),
    ],
    after: "\
示例：
  weixin scan \"$(weixin login-url --sim \\
    --redirect-uri http://localhost:8080/callback)\"
  weixin scan LOGIN_URL --as layla
  weixin scan LOGIN_URL --cancel

用 `weixin sim exec --listen 127.0.0.1:9300` 运行的网站：
  weixin scan --sim \\
    \"$(curl -s -o page -w '%{redirect_url}' http://localhost:8000/login)\"",
};
