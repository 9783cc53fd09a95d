//! The commands that find and explain problems.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[DOCTOR, EXPLAIN];

const DOCTOR: Chinese = Chinese {
    command: "doctor",
    about: "检查网络、设置和 AppSecret，并说明如何修正",
    arguments: &[("redirect_uri", "登录后微信跳转回的地址")],
    after: "\
检查到微信各服务器的连接、时钟、回调地址和登录页，并通过接口检查 AppID 和 AppSecret。它不修改任何内容，\
也不登录任何用户。无法从微信外部检查的项目显示为“未验证”。

退出码：0 没有失败的项目；4 网络检查失败；5 设置有误。

示例：
  weixin doctor --app-id wx0123456789abcdef \\
    --redirect-uri https://www.example.com/callback
  weixin doctor --kind mini-program --app-id wx0123456789abcde2 \\
    --app-secret-file secret.txt
  weixin doctor --sim --redirect-uri http://localhost:8080/callback

附在问题报告中，其中没有密钥：
  weixin doctor --json",
};

const EXPLAIN: Chinese = Chinese {
    command: "explain",
    about: "解释微信错误码的原因和处理办法",
    arguments: &[
        (
            "code",
            "错误码（例如 40163）、登录页上的数字，或包含 errcode 的完整响应；不写则列出所有错误码",
        ),
        ("all", "列出所有已知的错误码"),
    ],
    after: "\
示例：
  weixin explain 40163
  weixin explain --lang zh 40163

所有错误码，JSON 格式：
  weixin explain --all --json

完整的响应，还会显示请求时间和调用方的 IP：
  weixin explain '{\"errcode\":40164,\"errmsg\":\"invalid ip 192.0.2.1, …\"}'",
};
