//! The shape of the app ID, which needs no network.

use weixin::{AppId, Endpoints};

use super::check::{Check, CheckResult};
use crate::message::message;

/// Warns of an app ID that is none of WeChat's (docs/wechat.md#the-authorize-url). Those of a simulator have any shape.
pub(super) fn examine(id: &AppId, endpoints: &Endpoints) -> Option<CheckResult> {
    let is_wechat = endpoints.open() == Endpoints::default().open();
    if !is_wechat || is_of_wechat(id.as_str()) {
        return None;
    }
    Some(CheckResult::warning(
        Check::AppId,
        message(
            format!("{id} 不是微信 AppID 的格式"),
            format!("{id} does not look like one of WeChat's"),
        ),
        message(
            "请从后台复制 AppID：wx 加 16 位十六进制字符",
            "copy it from the console: wx and 16 hexadecimal digits",
        ),
    ))
}

fn is_of_wechat(id: &str) -> bool {
    let digits = id.strip_prefix("wx").unwrap_or_default();
    digits.len() == 16 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_id_of_wechats_is_wx_and_16_hexadecimal_digits() {
        for (id, expected) in [
            ("wx0123456789abcdef", true),
            ("wx0123456789ABCDEF", true),
            ("wx0123456789abcde", false),
            ("gh_97417a04a28d", false),
            ("0123456789abcdef01", false),
        ] {
            assert_eq!(is_of_wechat(id), expected, "{id}");
        }
    }

    #[test]
    fn an_app_id_of_a_simulator_has_any_shape() {
        let id: AppId = "wxmine".parse().unwrap();
        let simulator = Endpoints::single("http://127.0.0.1:9300".parse().unwrap());
        assert!(examine(&id, &simulator).is_none());
        assert!(examine(&id, &Endpoints::default()).is_some());
    }
}
