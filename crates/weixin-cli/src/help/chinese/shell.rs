//! The commands about this command itself.

use super::command::Chinese;

pub(super) const HELP: &[Chinese] = &[COMPLETIONS, MAN, HELP_COMMAND];

const COMPLETIONS: Chinese = Chinese {
    command: "completions",
    about: "输出 shell 的命令补全脚本（英文）",
    arguments: &[("shell", "shell 的名称")],
    after: "\
示例：
  weixin completions bash > ~/.local/share/bash-completion/completions/weixin
  weixin completions zsh > ~/.zfunc/_weixin
  weixin completions fish > ~/.config/fish/completions/weixin.fish",
};

const MAN: Chinese = Chinese {
    command: "man",
    about: "写出 man 手册页（英文）",
    arguments: &[("directory", "手册页的目录，不存在时自动创建")],
    after: "\
示例：
  weixin man ~/.local/share/man/man1",
};

const HELP_COMMAND: Chinese = Chinese {
    command: "help",
    about: "显示本帮助或子命令的帮助",
    arguments: &[],
    after: "",
};
