//! The texts of pages, for users.

use weixin::Bilingual;

/// A title and a message.
pub(super) struct Text {
    pub(super) title: Bilingual,
    pub(super) message: Bilingual,
}

/// A name of its own direction (Unicode's isolates), whatever stands beside it. One in ASCII has that of the page.
pub(super) fn isolated(name: &str) -> String {
    if name.is_ascii() {
        return name.to_owned();
    }
    format!("\u{2068}{name}\u{2069}")
}

/// A label and its value. After the wide punctuation of a Chinese text comes no space.
pub(super) fn labeled(label: &str, value: &str) -> String {
    if label.ends_with('：') {
        format!("{label}{value}")
    } else {
        format!("{label} {value}")
    }
}

/// A message of several paragraphs, each a line of its own. One that a page does not have is empty.
pub(super) fn paragraphs(parts: &[&str]) -> String {
    let parts = parts.iter().copied().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("\n")
}

/// At the issuer's own URL.
pub(super) const ISSUER: Text = Text {
    title: Bilingual {
        en: "OpenID Provider",
        zh: "OpenID Provider",
    },
    message: Bilingual {
        en: "{issuer} is an OpenID Provider: apps and websites send their users here to log in. To log in, start at the app or website. To connect an app, use this URL as its issuer.",
        zh: "{issuer} 是 OpenID Provider，供应用和网站登录使用。如需登录，请从应用或网站进入。接入应用时，请把这个 URL 填写为 issuer。",
    },
};

/// The title above the same text, at a URL that does not exist.
pub(super) const NOT_FOUND: Bilingual = Bilingual {
    en: "Page not found",
    zh: "页面不存在",
};

pub(super) const METADATA: Bilingual = Bilingual {
    en: "Discovery document",
    zh: "Discovery 文档",
};

pub(super) const EXPIRED: Text = Text {
    title: Bilingual {
        en: "This login has expired",
        zh: "登录已过期",
    },
    message: Bilingual {
        en: "It took more than ten minutes, or it began elsewhere. Go back to the app or website, and log in again there.",
        zh: "登录超过十分钟，或不是从这里发起的。请返回应用或网站重新登录。",
    },
};

pub(super) const INVALID_REQUEST: Text = Text {
    title: Bilingual {
        en: "This login link does not work",
        zh: "登录链接无效",
    },
    message: Bilingual {
        en: "The app or website that sent you here has a wrong setting. Tell its operator:",
        zh: "跳转到本页的应用或网站配置有误。请将以下信息告知其管理员：",
    },
};

pub(super) const DISABLED_CLIENT: Text = Text {
    title: Bilingual {
        en: "Login is turned off for this app or website",
        zh: "该应用或网站已停用登录",
    },
    message: Bilingual {
        en: "The operator of this login service has disabled it. Only the operator can enable it again; tell them:",
        zh: "登录服务的管理员已停用该应用或网站，只有管理员可以重新启用。请将以下信息告知管理员：",
    },
};

pub(super) const FOREIGN_FORM: Text = Text {
    title: Bilingual {
        en: "This form came from another site",
        zh: "表单来自其他网站",
    },
    message: Bilingual {
        en: "Nothing has changed. Go back to the app or website, and log in again there.",
        zh: "未执行任何操作。请返回应用或网站重新登录。",
    },
};

pub(super) const BUSY: Text = Text {
    title: Bilingual {
        en: "Too many logins at once",
        zh: "登录人数过多",
    },
    message: Bilingual {
        en: "Please try again in a minute.",
        zh: "请一分钟后重试。",
    },
};

pub(super) const FAILED: Text = Text {
    title: Bilingual {
        en: "Something went wrong here",
        zh: "服务出现异常",
    },
    message: Bilingual {
        en: "The login could not be completed. Please try again.",
        zh: "登录未能完成，请重试。",
    },
};

/// In place of the text of [`LoginErrorKind`](weixin_axum::LoginErrorKind), whose site would be the client's.
pub(super) const MISCONFIGURED: Text = Text {
    title: Bilingual {
        en: "This login service is misconfigured",
        zh: "登录服务配置有误",
    },
    message: Bilingual {
        en: "Logging in with WeChat is not set up correctly here. Please tell the operator of this login service, who can fix it.",
        zh: "登录服务的微信登录配置有误。请告知登录服务的管理员，由管理员修复。",
    },
};

pub(super) const CONFLICT: Text = Text {
    title: Bilingual {
        en: "You have several accounts here",
        zh: "微信号对应多个账号",
    },
    message: Bilingual {
        en: "This WeChat account belongs to several accounts here. Only the operator can sort this out; tell them this reference:",
        zh: "此微信号在这里对应多个账号，需要由管理员处理。请将以下编号告知管理员：",
    },
};

pub(super) const LOG_OUT: Text = Text {
    title: Bilingual {
        en: "Log out?",
        zh: "确定退出登录吗？",
    },
    message: Bilingual {
        en: "This logs you out of this service. Apps and websites that you opened with it may stay logged in: log out there as well. WeChat itself stays logged in. To stay logged in here, close this page.",
        zh: "将退出本登录服务。通过它登录的应用和网站可能仍保持登录，请在其中分别退出。微信仍保持登录。如不退出，请直接关闭本页。",
    },
};

pub(super) const LOG_OUT_BUTTON: Bilingual = Bilingual {
    en: "Log out",
    zh: "退出登录",
};

pub(super) const LOGGED_OUT: Text = Text {
    title: Bilingual {
        en: "You are logged out",
        zh: "您已退出登录",
    },
    message: Bilingual {
        en: "Apps and websites that you opened with this service may still be logged in, and WeChat stays logged in. On a shared computer, log out of them as well.",
        zh: "通过本服务登录的应用和网站可能仍保持登录，微信也仍保持登录。如果使用的是公共电脑，请将它们一并退出。",
    },
};

pub(super) const INVALID_LOGOUT: Text = Text {
    title: Bilingual {
        en: "This logout link does not work",
        zh: "退出登录的链接无效",
    },
    message: Bilingual {
        en: "You may still be logged in. The app or website that sent you here has a wrong setting. Tell its operator:",
        zh: "您可能尚未退出登录。跳转到本页的应用或网站配置有误，请将以下信息告知其管理员：",
    },
};

pub(super) const LOGOUT_FAILED: Text = Text {
    title: Bilingual {
        en: "Something went wrong here",
        zh: "服务出现异常",
    },
    message: Bilingual {
        en: "You may still be logged in. Please try again.",
        zh: "您可能尚未退出登录，请重试。",
    },
};

/// Before the reference of a failed login.
pub(super) const REFERENCE: Bilingual = Bilingual {
    en: "Reference for the operator:",
    zh: "编号（可告知管理员）：",
};

/// Before the reference of a failure of the gateway.
pub(super) const FAILURE_REFERENCE: Bilingual = Bilingual {
    en: "If that does not help, tell the operator this reference:",
    zh: "如果仍然失败，请将以下编号告知管理员：",
};

pub(super) const TRY_AGAIN: Bilingual = Bilingual {
    en: "Try again",
    zh: "重试",
};

/// For a client that has no name.
pub(super) const BACK: Bilingual = Bilingual {
    en: "Back to the app or website",
    zh: "返回应用或网站",
};

/// Before the name of a client.
pub(super) const BACK_TO: Bilingual = Bilingual {
    en: "Back to",
    zh: "返回",
};

pub(super) const CONTINUE: Bilingual = Bilingual {
    en: "Continue",
    zh: "继续",
};

pub(super) const LOGGING_IN: Bilingual = Bilingual {
    en: "Logging in",
    zh: "正在登录",
};
