//! The exit codes of the command.

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

    fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Usage => "the command line is wrong",
            Self::Login => "the user must log in again",
            Self::Retry => "try again later: WeChat is busy or unreachable",
            Self::Configuration => {
                "a setting is wrong: app ID, app secret, scope or callback domain"
            }
            Self::Child(_) => "the exit code of the command",
        }
    }

    /// The list for `weixin --help`.
    pub(crate) fn help() -> String {
        let lines = Self::OWN.map(|code| format!("  {}  {}", code.number(), code.meaning()));
        format!("Exit codes:\n{}", lines.join("\n"))
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.number())
    }
}
