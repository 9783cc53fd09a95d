//! The callback, by the rules that need no network.

use weixin::{AppKind, Endpoints, InvalidRedirectUri, RedirectUri, UnregistrableRedirectUri};

use super::finding::{Check, Finding, Said, say};

/// The callback if the login page can be asked about it, and what is wrong with it. A simulator takes callbacks that
/// WeChat does not.
pub(super) fn examine(
    text: Option<&str>,
    kind: AppKind,
    endpoints: &Endpoints,
) -> (Option<RedirectUri>, Option<Finding>) {
    if !matches!(kind, AppKind::Website | AppKind::OfficialAccount) {
        return (None, None);
    }
    let Some(text) = text else {
        let unproven = Finding::unproven(
            Check::CallbackRules,
            say("没有给出回调地址", "no callback was given"),
            say("请加上 --redirect-uri", "give it by --redirect-uri"),
        );
        return (None, Some(unproven));
    };
    let failed = |(what, remedy)| Finding::failed(Check::CallbackRules, what, remedy);
    let uri: RedirectUri = match text.parse() {
        Ok(uri) => uri,
        Err(error) => return (None, Some(failed(invalid(error)))),
    };
    match uri.check_registrable() {
        Ok(()) => {
            let (host, path) = (uri.url().host_str().unwrap_or_default(), uri.url().path());
            let detail = say(
                format!("主机 {host}；路径 {path} 不参与比较"),
                format!("host {host}; the path {path} is not compared"),
            );
            let good = Finding::good(Check::CallbackRules, detail);
            (Some(uri), Some(good))
        }
        Err(error) if endpoints.open() == Endpoints::default().open() => {
            (None, Some(failed(unregistrable(error))))
        }
        Err(error) => (Some(uri), Some(failed(unregistrable(error)).dispensable())),
    }
}

fn invalid(error: InvalidRedirectUri) -> (Said, Said) {
    let chinese = match error {
        InvalidRedirectUri::Fragment => ("有 # 片段", "请去掉 #…：code 会落在它后面，服务器收不到"),
        InvalidRedirectUri::NotAbsolute => (
            "不是完整的地址",
            "请写成 https://www.example.com/callback 这样",
        ),
        InvalidRedirectUri::Host => (
            "主机或端口不是标准写法",
            "请按浏览器地址栏的写法：主机用 ASCII（中文域名写成 xn--…），不用 %，端口前不加 0",
        ),
        InvalidRedirectUri::NotHttp => ("不是 http 或 https", "请以 https:// 开头"),
        InvalidRedirectUri::Parameter => {
            ("查询参数里有 code 或 state", "请去掉：这两个参数由微信添加")
        }
        InvalidRedirectUri::UserInfo => ("带有用户名、密码或反斜杠", "请去掉它们：微信会拒绝"),
        _ => ("带有空格、换行或控制字符", "请去掉它们，或做百分号编码"),
    };
    let english = match error {
        InvalidRedirectUri::Fragment => (
            "it has a fragment",
            "leave #… out: the code would stand behind it, where no server sees it",
        ),
        InvalidRedirectUri::NotAbsolute => (
            "it is no whole address",
            "write it like https://www.example.com/callback",
        ),
        InvalidRedirectUri::Host => (
            "its host or port is not in its plain form",
            "write it as the browser's address bar shows it: an ASCII host (xn--… for other letters), no %, no zeros in front of the port",
        ),
        InvalidRedirectUri::NotHttp => ("it is neither http nor https", "begin it with https://"),
        InvalidRedirectUri::Parameter => (
            "its query has `code` or `state`",
            "remove them: WeChat adds both",
        ),
        InvalidRedirectUri::UserInfo => (
            "it has a user name, a password or a backslash",
            "leave them out: WeChat refuses them",
        ),
        _ => (
            "it has spaces, line breaks or control characters",
            "leave them out, or percent-encode them",
        ),
    };
    (say(chinese.0, english.0), say(chinese.1, english.1))
}

fn unregistrable(error: UnregistrableRedirectUri) -> (Said, Said) {
    let what = match error {
        UnregistrableRedirectUri::IpAddress => say("主机是 IP 地址", "its host is an IP address"),
        UnregistrableRedirectUri::Port => say("带有端口", "it has a port"),
        _ => say(
            "主机不是域名（localhost）",
            "its host is no domain (localhost)",
        ),
    };
    let remedy = match error {
        UnregistrableRedirectUri::Port => say(
            "微信只回调 80 和 443 端口：去掉端口，由反向代理转到你的端口",
            "WeChat calls back port 80 and 443 only: leave the port out, and let a reverse proxy pass requests on to yours",
        ),
        _ => say(
            "微信只回调后台登记的域名。本地开发：在 hosts 文件里把该域名指到 127.0.0.1，或使用 `weixin sim`",
            "WeChat calls back the registered domain only. To develop locally, lead that domain to 127.0.0.1 in the hosts file, or use `weixin sim`",
        ),
    };
    (what, remedy)
}
