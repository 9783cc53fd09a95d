//! `weixin sim health`: checks that a simulator responds.

use http::Method;
use serde_json::Value;

use super::control::Control;
use crate::{args, error::CliError, message::message, output::Output};

pub(super) async fn run(args: &args::Health, output: Output) -> Result<(), CliError> {
    let control = Control::at(&args.running.sim);
    let health = control.expect(Method::GET, "/health", &Value::Null).await?;
    if health["simulator"] != true {
        return Err(control.not_a_simulator());
    }
    let url = &args.running.sim;
    let text = || message(format!("{url} 是模拟器"), format!("{url} is a simulator"));
    output.result(text, &health)
}
