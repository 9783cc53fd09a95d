//! `weixin completions` and `weixin man`: files for shells and `man`.

use std::fs;

use clap::CommandFactory;

use crate::{
    args::{Args, Completions, Man},
    error::CliError,
    message::message,
    output::Output,
};

const NAME: &str = "weixin";

pub(super) fn completions(args: &Completions, output: Output) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), NAME, &mut script);
    output.file(&script)
}

/// Writes one page for `weixin`, and one for each command.
pub(super) fn man(args: &Man, output: Output) -> Result<(), CliError> {
    fs::create_dir_all(&args.directory)?;
    clap_mangen::generate_to(Args::command(), &args.directory)?;
    let page = args.directory.join(format!("{NAME}.1"));
    let page = page.display();
    output.note(message(
        format!("查看：man -l {page}"),
        format!("try: man -l {page}"),
    ));
    Ok(())
}
