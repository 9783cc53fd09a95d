//! Explanations on WeChat's error pages: the rule that a login URL breaks, in the simulator's words.

use crate::bilingual::Bilingual;

/// A rule that a login URL breaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Violation(pub(crate) Bilingual);

impl Violation {
    pub(crate) const WHITESPACE: Self = Self(Bilingual::new(
        "redirect_uri 含有空格、换行或控制字符",
        "redirect_uri contains spaces, line breaks or control characters",
    ));
    pub(crate) const NOT_ABSOLUTE: Self = Self(Bilingual::new(
        "redirect_uri 不是完整的 URL",
        "redirect_uri is not an absolute URL",
    ));
    pub(crate) const NOT_HTTP: Self = Self(Bilingual::new(
        "redirect_uri 不以 http:// 或 https:// 开头",
        "redirect_uri does not start with http:// or https://",
    ));
    pub(crate) const USER_INFO: Self = Self(Bilingual::new(
        "redirect_uri 的域名前带有用户名",
        "redirect_uri has a user name before the host",
    ));
    pub(crate) const OTHER_HOST: Self = Self(Bilingual::new(
        "redirect_uri 的域名与授权回调域不一致",
        "the host of redirect_uri is not the registered callback domain",
    ));
    pub(crate) const UNKNOWN_APP: Self = Self(Bilingual::new(
        "AppID 无效：没有注册使用这个 appid 的应用",
        "no app with this appid is registered",
    ));
    pub(crate) const SCOPE: Self = Self(Bilingual::new(
        "二维码页面只用于网站应用，scope 为 snsapi_login（多个之间用逗号分隔）",
        "the QR page is for a website app, with scope snsapi_login (several are separated by commas)",
    ));
    pub(crate) const ORDER: Self = Self(Bilingual::new(
        "参数顺序应为 appid、redirect_uri、response_type、scope、state",
        "the parameters must be in the order appid, redirect_uri, response_type, scope, state",
    ));
    pub(crate) const UNKNOWN_PATH: Self = Self(Bilingual::new(
        "这个地址没有页面",
        "there is no page at this path",
    ));
    pub(crate) const NO_USER: Self = Self(Bilingual::new(
        "没有测试用户：请先添加（PUT /_sim/api/users/{id}）",
        "there is no test user: add one (PUT /_sim/api/users/{id})",
    ));
    pub(crate) const UNKNOWN_USER: Self = Self(Bilingual::new(
        "sim_user 不是测试用户的 ID 或昵称",
        "sim_user is not the ID or nickname of a test user",
    ));
    pub(crate) const UNKNOWN_QR_CODE: Self = Self(Bilingual::new(
        "二维码不存在或已过期",
        "this QR code is unknown or has expired",
    ));
}
