//! The errors of the crate `weixin`, in both languages. Its own texts are English.

use std::error::Error as StdError;

use weixin::{
    Error, Language,
    error::{CallbackError, LoginPageError, ParseError},
    transport::TransportErrorKind,
};

use crate::{
    message::{Message, message},
    rules,
};

/// The text of an error with its causes. The causes of a failed connection come from other crates, in English.
pub(crate) fn text(error: &Error) -> Message {
    let (brief, english) = (brief(error), with_sources(error));
    let chinese = brief.pick(Language::Chinese);
    let chinese = match error {
        Error::OutcomeUnknown { source, .. } => {
            let cause = text(source);
            format!("{chinese}：{}", cause.pick(Language::Chinese))
        }
        error => match english.strip_prefix(&format!("{error}: ")) {
            Some(causes) => format!("{chinese}：{causes}"),
            None => chinese.to_owned(),
        },
    };
    message(chinese, english)
}

/// The text of an error without its causes.
pub(crate) fn brief(error: &Error) -> Message {
    let english = error.to_string();
    let chinese = match error {
        Error::Api(error) => format!("{} 返回 {}（{}）", error.path, error.code, error.message),
        Error::Callback(CallbackError::Declined) => "用户拒绝了登录".to_owned(),
        Error::Callback(CallbackError::Malformed(error)) | Error::Parse(error) => {
            rules::chinese(*error)
        }
        Error::Callback(_) => "回调的 state 不属于这次登录".to_owned(),
        Error::Decode { path, field } => format!("{path} 返回的 {field} 与微信文档不符"),
        Error::LoginPage(error) => login_page(*error),
        Error::OutcomeUnknown { path, .. } => {
            format!("没有收到 {path} 的响应，code 可能已被使用，请让用户重新登录")
        }
        Error::Random => "操作系统无法提供随机数".to_owned(),
        Error::SnapshotUser => {
            "这是快照页用户，访问者并没有登录：请让访问者点击“使用完整服务”".to_owned()
        }
        Error::Status { path, status } => format!("{path} 返回 HTTP 状态码 {status}"),
        Error::Transport(error) => no_response(error.kind()).to_owned(),
        // Commands do not meet the others.
        _ => english.clone(),
    };
    message(chinese, english)
}

/// The text of an error about a text of the user.
pub(crate) fn parse(error: ParseError) -> Message {
    message(rules::chinese(error), error.to_string())
}

fn no_response(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "无法连接服务器",
        TransportErrorKind::Timeout => "服务器没有及时响应",
        TransportErrorKind::TooLarge => "响应超过 1 MiB",
        _ => "连接在响应完成之前中断",
    }
}

fn login_page(error: LoginPageError) -> String {
    match error {
        LoginPageError::AppId => "微信登录页显示“AppID 参数错误”：AppID 无效",
        LoginPageError::Code(code) => return format!("微信登录页显示错误 {code}"),
        LoginPageError::OutsideWeChat => "该登录页只能在微信内打开，无法从这里校验",
        LoginPageError::RedirectUri => {
            "微信登录页显示“redirect_uri 参数错误”：回调地址的域名必须是后台填写的授权回调域，不带端口，也不能是 IP 地址"
        }
        LoginPageError::Rejected => "微信登录页显示“该链接无法访问”：回调地址或 scope 有误",
        LoginPageError::Scope => {
            "微信登录页显示“Scope 参数错误或没有 Scope 权限”：AppID 必须属于审核通过、已获得微信登录权限的网站应用"
        }
        _ => "微信登录页上既没有二维码，也没有已知的错误",
    }
    .to_owned()
}

/// An error and its sources in one line. The errors of `weixin` repeat no source and contain no secret.
fn with_sources(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use weixin::transport::TransportError;

    use super::*;

    #[test]
    fn the_causes_of_an_error_follow_its_text_in_both_languages() {
        let refused = std::io::Error::from_raw_os_error(111).to_string();
        let error = TransportError::new(TransportErrorKind::Connect, refused.as_str());
        let both = |error: &Error| {
            let text = text(error);
            [Language::Chinese, Language::English].map(|language| text.pick(language).to_owned())
        };
        assert_eq!(
            both(&Error::from(error.clone())),
            [
                format!("无法连接服务器：{refused}"),
                format!("could not connect to the server: {refused}")
            ]
        );
        let lost = Error::OutcomeUnknown {
            path: "/sns/oauth2/access_token",
            source: Box::new(error.into()),
        };
        assert_eq!(
            both(&lost)[0],
            format!(
                "没有收到 /sns/oauth2/access_token 的响应，code 可能已被使用，请让用户重新登录：无法连接服务器：{refused}"
            )
        );
    }
}
