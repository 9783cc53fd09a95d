//! The commands for a login with the real WeChat.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[LOGIN, LOGIN_URL, AUTHORIZE_URL];

const LOGIN: Chinese = Chinese {
    command: "login",
    about: "在终端完成登录：打开二维码页，等待回调，显示用户",
    arguments: &[
        (
            "redirect_uri",
            "登录后微信跳转回的地址；默认为 127.0.0.1 的空闲端口",
        ),
        ("listen", "等待回调的监听地址；默认为回调地址的主机和端口"),
    ],
    after: "\
微信只接受后台填写的授权回调域，端口只能是 80 或 443，不接受 IP 地址和 localhost。要在本机登录，\
请在 hosts 文件中把该域名指向本机，并监听 80 端口：
  echo '127.0.0.1 www.example.com' | sudo tee -a /etc/hosts
  sudo --preserve-env=WEIXIN_APP_ID,WEIXIN_APP_SECRET weixin login \\
    --redirect-uri http://www.example.com/callback

使用 `weixin sim`：
  weixin login --sim

由内网穿透工具或代理处理 TLS：
  weixin login --redirect-uri https://www.example.com/callback \\
    --listen 127.0.0.1:8080",
};

const LOGIN_URL: Chinese = Chinese {
    command: "login-url",
    about: "输出微信二维码登录页的 URL",
    arguments: &[
        ("page_lang", "登录页的语言；默认由微信决定"),
        ("white", "文字为白色，用于深色背景"),
        ("stylesheet", "登录页样式表的 URL"),
        (
            "lite_style",
            "使用较新的精简登录页（`stylelite`），尺寸至少为 220 x 220 像素",
        ),
        ("no_fast_login", "不提供电脑版微信的快捷登录，只能扫码"),
        ("embed", "输出内嵌二维码的 HTML，二维码显示在该 ID 的元素中"),
        (
            "probe",
            "先访问微信登录页，确认它接受 AppID、scope 和回调地址",
        ),
    ],
    after: "\
state 是随机值，--json 会单独输出它。请保存 state，并与回调中的 state 比较。

示例：
  weixin login-url --app-id wx0123456789abcdef \\
    --redirect-uri https://www.example.com/callback
  weixin login-url --sim --redirect-uri http://localhost:8080/callback \\
    --page-lang en --probe

在 ID 为 qr 的元素中显示二维码的 HTML：
  weixin login-url --sim --redirect-uri http://localhost:8080/callback \\
    --embed qr",
};

const AUTHORIZE_URL: Chinese = Chinese {
    command: "authorize-url",
    about: "输出公众号网页授权的 URL，在微信内打开",
    arguments: &[
        ("silent", "静默授权，不询问用户，只能获取 OpenID（`snsapi_base`）"),
        (
            "force_popup",
            "已关注的用户从公众号会话或自定义菜单进入时，默认不弹出授权页；此选项要求弹出，特殊情况下微信会忽略",
        ),
        ("force_snapshot", "以快照页用户登录，用于测试网站如何处理"),
    ],
    after: "\
URL 中参数的顺序符合微信的要求。请在微信内打开；如果是模拟器的 URL，请用 `weixin sim phone` 的浏览器打开。

示例：
  weixin authorize-url --app-id wx0123456789abcde0 \\
    --redirect-uri https://www.example.com/callback
  weixin authorize-url --sim --silent \\
    --redirect-uri http://localhost:8080/callback",
};
