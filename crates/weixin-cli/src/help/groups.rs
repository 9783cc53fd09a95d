//! The commands in groups, as `weixin --help` lists them.

use weixin::Bilingual;

/// Commands for one purpose.
pub(super) struct Group {
    pub(super) heading: Bilingual,
    pub(super) commands: &'static [&'static str],
}

const fn group(zh: &'static str, en: &'static str, commands: &'static [&'static str]) -> Group {
    Group {
        heading: Bilingual { en, zh },
        commands,
    }
}

/// All commands of `weixin`.
pub(super) const GROUPS: [Group; 6] = [
    group("试用", "Try it", &["demo", "sim", "scan"]),
    group(
        "真实登录",
        "Log in with WeChat",
        &["login", "login-url", "authorize-url"],
    ),
    group(
        "调用接口",
        "Call the API",
        &[
            "exchange",
            "refresh",
            "check",
            "user",
            "session",
            "phone-number",
            "app-token",
        ],
    ),
    group("网关", "Serve OpenID Connect", &["gateway"]),
    group("诊断", "Diagnose", &["doctor", "explain"]),
    group("其他", "Other", &["completions", "man", "help"]),
];

#[cfg(test)]
mod tests {
    use clap::{Command, CommandFactory};

    use super::*;
    use crate::args::Args;

    #[test]
    fn each_command_is_in_one_group() {
        let mut command = Args::command();
        command.build();
        let mut commands: Vec<_> = command.get_subcommands().map(Command::get_name).collect();
        let mut grouped = GROUPS.map(|group| group.commands).concat();
        commands.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, commands);
    }
}
