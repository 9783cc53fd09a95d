//! This machine's clock, compared with WeChat's.

use std::time::{Duration, SystemTime};

use super::check::{Check, CheckResult};
use crate::message::message;

/// Largest difference with which tokens, certificates and signatures work.
const TOLERANCE: Duration = Duration::from_mins(1);

/// The times of two clocks at the same moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clocks {
    pub(super) wechats: SystemTime,
    pub(super) ours: SystemTime,
}

/// Compares WeChat's clock with ours.
pub(super) fn compare(clocks: Option<Clocks>) -> CheckResult {
    let Some(Clocks { wechats, ours }) = clocks else {
        return CheckResult::unproven(
            Check::Clock,
            message(
                "未能获取微信服务器时间",
                "could not get the time of WeChat's servers",
            ),
            message("请先解决网络问题", "fix the network problems first"),
        );
    };
    let (difference, chinese, english) = match ours.duration_since(wechats) {
        Ok(ahead) => (ahead, "快", "ahead of"),
        Err(behind) => (behind.duration(), "慢", "behind"),
    };
    let seconds = difference.as_secs();
    if difference <= TOLERANCE {
        return CheckResult::ok(
            Check::Clock,
            message(
                format!("与微信服务器相差 {seconds} 秒"),
                format!("{seconds} s from WeChat's"),
            ),
        );
    }
    CheckResult::warning(
        Check::Clock,
        message(
            format!("比微信服务器{chinese} {seconds} 秒"),
            format!("{seconds} s {english} WeChat's"),
        ),
        message(
            "请打开时间同步（NTP）：时钟不准会影响证书校验、JS-SDK 签名和有效期判断",
            "turn on time synchronization (NTP): certificates, JS-SDK signatures and expiry times depend on it",
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::{super::check::Status, *};

    #[test]
    fn a_minute_is_tolerated_in_both_directions() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (seconds, expected) in [(0, Status::Ok), (60, Status::Ok), (61, Status::Warning)] {
            let other = now + Duration::from_secs(seconds);
            for (wechats, ours) in [(now, other), (other, now)] {
                let clocks = Clocks { wechats, ours };
                assert_eq!(compare(Some(clocks)).status, expected, "{clocks:?}");
            }
        }
    }
}
