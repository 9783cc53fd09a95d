//! Arguments of the commands about this command.

use std::path::PathBuf;

use clap_complete::Shell;

/// Print what a shell needs to complete this command's arguments
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weixin completions bash > ~/.local/share/bash-completion/completions/weixin
  weixin completions zsh > ~/.zfunc/_weixin
  weixin completions fish > ~/.config/fish/completions/weixin.fish")]
pub(crate) struct Completions {
    /// The shell
    pub(crate) shell: Shell,
}

/// Write the manual pages of this command, for `man`
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weixin man ~/.local/share/man/man1")]
pub(crate) struct Man {
    /// Where to; it is made if it is not there
    pub(crate) directory: PathBuf,
}
