//! WeChat's host names (facts, introduction and 7).

/// Host names that the simulator replaces.
pub const WECHAT_HOSTS: [&str; 11] = [
    "open.weixin.qq.com",
    "lp.open.weixin.qq.com",
    "long.open.weixin.qq.com",
    "api.weixin.qq.com",
    "api2.weixin.qq.com",
    "sh.api.weixin.qq.com",
    "sz.api.weixin.qq.com",
    "hk.api.weixin.qq.com",
    "res.wx.qq.com",
    "thirdwx.qlogo.cn",
    "wx.qlogo.cn",
];

/// Returns `true` for one of WeChat's host names, with or without a port.
pub(crate) fn is_wechat(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    WECHAT_HOSTS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}
