//! The errors of commands, and their exit codes.

use std::{io, net::SocketAddr};

use weixin::{Action, Bilingual, Language, error::ParseError, transport::TransportError};

use crate::{
    exit_code::ExitCode,
    help::UsageError,
    message::{Message, message},
    sdk_error,
};

/// The error of a command. Each kind has its exit code.
#[derive(Debug)]
pub(crate) enum CliError {
    CommandLine(UsageError),
    /// A gateway does not start, or a command cannot open its store; with the remedy, if there is one.
    Gateway(Message, Option<Message>),
    /// A setting outside the command line is wrong.
    Configuration(Message),
    Io(io::Error),
    Listen {
        /// The command and the option with which another address is chosen.
        option: &'static str,
        address: SocketAddr,
        source: io::Error,
    },
    NeedsLogin(Message),
    Other(Message),
    /// The reason is printed already, by the doctor or by the program that was run; or it cannot be printed.
    Reported(ExitCode),
    Unreachable(Message),
    Usage(Message),
    Weixin(weixin::Error),
}

impl CliError {
    /// The error for a variable of the environment, whose value is not repeated.
    pub(crate) fn not_utf8(variable: &str) -> Self {
        Self::Usage(message(
            format!("{variable} 不是有效的 UTF-8"),
            format!("{variable} is not UTF-8"),
        ))
    }

    pub(crate) fn message(&self) -> Message {
        match self {
            Self::CommandLine(error) => error.line.clone().into(),
            Self::Configuration(text)
            | Self::Gateway(text, _)
            | Self::NeedsLogin(text)
            | Self::Other(text)
            | Self::Unreachable(text)
            | Self::Usage(text) => text.clone(),
            Self::Io(error) => error.into(),
            Self::Listen {
                option,
                address,
                source,
            } => listen(option, *address, source),
            Self::Reported(_) => message("原因见上文", "the reason is printed above"),
            Self::Weixin(error) => sdk_error::text(error),
        }
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Configuration(_) => ExitCode::Configuration,
            Self::Gateway(..) | Self::Io(_) | Self::Listen { .. } | Self::Other(_) => {
                ExitCode::Failure
            }
            Self::NeedsLogin(_) => ExitCode::Login,
            Self::Unreachable(_) => ExitCode::Retry,
            Self::Reported(code) => *code,
            // A redirect URI that the real WeChat would reject.
            Self::CommandLine(_) | Self::Usage(_) | Self::Weixin(weixin::Error::Parse(_)) => {
                ExitCode::Usage
            }
            Self::Weixin(error) => match error.action() {
                Action::FixConfiguration => ExitCode::Configuration,
                Action::LogIn | Action::Refresh => ExitCode::Login,
                Action::Retry => ExitCode::Retry,
                _ => ExitCode::Failure,
            },
        }
    }

    /// The remedy, unless the error itself names it.
    pub(crate) fn remedy(&self) -> Option<Message> {
        match self {
            Self::CommandLine(error) => error.tip.clone(),
            Self::Gateway(_, remedy) => remedy.clone(),
            Self::Weixin(error) => remedy_of(error).map(Message::from),
            _ => None,
        }
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// A text from the command line or the environment.
impl From<ParseError> for CliError {
    fn from(error: ParseError) -> Self {
        Self::Usage(sdk_error::parse(error))
    }
}

impl From<TransportError> for CliError {
    fn from(error: TransportError) -> Self {
        Self::Weixin(error.into())
    }
}

impl From<weixin::Error> for CliError {
    fn from(error: weixin::Error) -> Self {
        Self::Weixin(error)
    }
}

/// The remedy of an error of the SDK.
fn remedy_of(error: &weixin::Error) -> Option<Bilingual> {
    match error.action() {
        // A redirect URI that the real WeChat would reject.
        _ if matches!(error, weixin::Error::Parse(_)) => Some(Bilingual {
            en: "use a simulator (--sim), or point the registered callback domain to this machine: see `weixin login --help`",
            zh: "请使用模拟器（--sim），或把后台填写的授权回调域指向本机：见 `weixin login --help`",
        }),
        Action::FixConfiguration => Some(Bilingual {
            en: "compare app ID, app secret, scope and callback domain with WeChat's console",
            zh: "请与微信后台核对 AppID、AppSecret、scope 和授权回调域",
        }),
        Action::LogIn => Some(Bilingual {
            en: "the user must log in again, such as by `weixin login`",
            zh: "请让用户重新登录，例如使用 `weixin login`",
        }),
        Action::Refresh => Some(Bilingual {
            en: "get a new access token with `weixin refresh`",
            zh: "请用 `weixin refresh` 换取新的 access_token",
        }),
        Action::Retry => Some(Bilingual {
            en: "try again in a moment; if this is a simulator, check that `weixin sim` is running",
            zh: "请稍后重试；如果使用模拟器，请确认 `weixin sim` 正在运行",
        }),
        _ => None,
    }
}

fn listen(option: &str, address: SocketAddr, error: &io::Error) -> Message {
    let port = address.port();
    let reason = match error.kind() {
        // A key of a configuration, whose port others must know.
        io::ErrorKind::AddrInUse if option.starts_with('[') => message(
            format!(
                "端口 {port} 已被占用。请停止占用它的程序（用 ss -ltnp 查看），或修改 {option}。如果是正在停止的网关，请等待几秒后重试"
            ),
            format!(
                "port {port} is in use. Stop the program that uses it (ss -ltnp names it), or change {option}. If it is a gateway that is stopping, try again after some seconds"
            ),
        ),
        io::ErrorKind::AddrInUse => {
            let any_free = SocketAddr::new(address.ip(), 0);
            message(
                format!("端口 {port} 已被占用。改用任意空闲端口：{option} {any_free}"),
                format!("port {port} is in use. To use any free port: {option} {any_free}"),
            )
        }
        io::ErrorKind::PermissionDenied => message(
            format!("没有权限使用端口 {port}。请改用 1024 及以上的端口，或以 root 运行"),
            format!("port {port} needs more permissions. Choose a port from 1024, or run as root"),
        ),
        _ => error.into(),
    };
    Message::of(|language| {
        let reason = reason.pick(language);
        match language {
            Language::English => format!("cannot listen on {address}: {reason}"),
            _ => format!("无法监听 {address}：{reason}"),
        }
    })
}
