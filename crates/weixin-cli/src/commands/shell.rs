//! `weixin completions` and `weixin man`: what shells and `man` are to know of this command.

use std::{fs, io};

use clap::CommandFactory;

use crate::{
    args::{Args, Completions, Man},
    failure::Failure,
    output::Output,
};

const NAME: &str = "weixin";

pub(super) fn completions(args: &Completions) {
    clap_complete::generate(args.shell, &mut Args::command(), NAME, &mut io::stdout());
}

/// One page for the command and one for each of its own.
pub(super) fn man(args: &Man, output: Output) -> Result<(), Failure> {
    fs::create_dir_all(&args.directory)?;
    clap_mangen::generate_to(Args::command(), &args.directory)?;
    output.note(&format!(
        "try: man -l {}/{NAME}.1",
        args.directory.display()
    ));
    Ok(())
}
