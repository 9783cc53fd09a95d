//! `weixin completions` and `weixin man`: files for shells and `man`.

use std::{
    fs,
    io::{self, Write},
};

use clap::CommandFactory;

use crate::{
    args::{Args, Completions, Man},
    error::CliError,
    output::Output,
};

const NAME: &str = "weixin";

pub(super) fn completions(args: &Completions) -> Result<(), CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), NAME, &mut script);
    Ok(io::stdout().write_all(&script)?)
}

/// Writes one page for `weixin`, and one for each command.
pub(super) fn man(args: &Man, output: Output) -> Result<(), CliError> {
    fs::create_dir_all(&args.directory)?;
    clap_mangen::generate_to(Args::command(), &args.directory)?;
    output.note(&format!(
        "try: man -l {}/{NAME}.1",
        args.directory.display()
    ));
    Ok(())
}
