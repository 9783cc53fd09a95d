//! This machine's clock beside WeChat's.

use std::time::Duration;

use super::{
    finding::{Check, Finding, say},
    hosts::Clocks,
};

/// What tokens, certificates and signatures bear.
const TOLERATED: Duration = Duration::from_mins(1);

/// Compares WeChat's clock with ours, at the same moment.
pub(super) fn compare(clocks: Option<Clocks>) -> Finding {
    let Some(Clocks { wechats, ours }) = clocks else {
        return Finding::unproven(
            Check::Clock,
            say("微信没有告诉时间", "WeChat has not told its time"),
            say("请先解决上面的网络问题", "mend the network first, above"),
        );
    };
    let (by, chinese, english) = match ours.duration_since(wechats) {
        Ok(ahead) => (ahead, "快", "ahead of"),
        Err(behind) => (behind.duration(), "慢", "behind"),
    };
    let seconds = by.as_secs();
    if by <= TOLERATED {
        return Finding::good(
            Check::Clock,
            say(
                format!("与微信相差 {seconds} 秒"),
                format!("{seconds} s from WeChat's"),
            ),
        );
    }
    Finding::warning(
        Check::Clock,
        say(
            format!("比微信{chinese} {seconds} 秒"),
            format!("{seconds} s {english} WeChat's"),
        ),
        say(
            "请打开时间同步（NTP）：时钟不准会使证书、JS-SDK 签名和过期判断出错",
            "turn on time synchronisation (NTP): certificates, JS-SDK signatures and expiry depend on it",
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_minute_is_tolerated_on_either_side() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (seconds, expected) in [(0, true), (60, true), (61, false)] {
            let other = now + Duration::from_secs(seconds);
            for (wechats, ours) in [(now, other), (other, now)] {
                let clocks = Clocks { wechats, ours };
                assert_eq!(compare(Some(clocks)).is_good(), expected, "{clocks:?}");
            }
        }
    }
}
