//! Arguments of the commands for shells and `man`.

use std::path::PathBuf;

use clap_complete::Shell;

/// Print a script that completes this command's arguments in your shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin completions bash > ~/.local/share/bash-completion/completions/weixin
  weixin completions zsh > ~/.zfunc/_weixin
  weixin completions fish > ~/.config/fish/completions/weixin.fish")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

/// Write the manual pages of this command, for `man`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// The directory of the pages; it is created if it is missing
    pub(crate) directory: PathBuf,
}
