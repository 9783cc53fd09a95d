//! The exit codes of the command.

use weixin::{Bilingual, Language};

use crate::lang::Pick;

/// An exit code. `weixin --help` lists them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ExitCode {
    Success,
    Failure,
    Usage,
    Login,
    Retry,
    Configuration,
    /// The exit code of the command that `weixin sim exec` ran.
    Child(u8),
}

impl ExitCode {
    /// The codes of this command itself.
    const OWN: [Self; 6] = [
        Self::Success,
        Self::Failure,
        Self::Usage,
        Self::Login,
        Self::Retry,
        Self::Configuration,
    ];

    fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Failure => 1,
            Self::Usage => 2,
            Self::Login => 3,
            Self::Retry => 4,
            Self::Configuration => 5,
            Self::Child(code) => code,
        }
    }

    fn meaning(self) -> Bilingual {
        let (zh, en) = match self {
            Self::Success => ("成功", "success"),
            Self::Failure => ("失败", "failure"),
            Self::Usage => ("命令行有误", "the command line is wrong"),
            Self::Login => ("用户必须重新登录", "the user must log in again"),
            Self::Retry => (
                "请稍后重试：微信繁忙或无法连接",
                "try again later: WeChat is busy or unreachable",
            ),
            Self::Configuration => (
                "设置有误：AppID、AppSecret、scope 或授权回调域",
                "a setting is wrong: app ID, app secret, scope or callback domain",
            ),
            Self::Child(_) => ("程序的退出码", "the exit code of the command"),
        };
        Bilingual { en, zh }
    }

    /// The list for `weixin --help`.
    pub(crate) fn help(language: Language) -> String {
        let heading = language.pick("退出码：", "Exit codes:");
        let lines =
            Self::OWN.map(|code| format!("  {}  {}", code.number(), code.meaning().pick(language)));
        format!("{heading}\n{}", lines.join("\n"))
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}
