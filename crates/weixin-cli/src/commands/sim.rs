//! `weixin sim`

use serde_json::json;
use weixin_sim::{App, Sim};

use crate::{args, failure::Failure, listen::End, output::Output};

pub(super) async fn run(args: args::Sim, output: Output) -> Result<(), Failure> {
    let mut end = End::watch()?;
    let app = App::new(args.app_id.as_str(), args.app_secret);
    let mut builder = Sim::builder().listen(args.listen).app(app);
    for other in [
        App::official_account(),
        App::mobile_app(),
        App::mini_program(),
    ] {
        builder = builder.app(other);
    }
    if args.auto_allow {
        builder = builder.auto_allow();
    }
    if args.strict_order {
        builder = builder.strict_order();
    }
    let address = args.listen;
    let sim = builder
        .start()
        .await
        .map_err(|source| Failure::Listen { address, source })?;
    output.note(
        "WeChat login simulated, for development and tests only: whoever reaches it is anybody.",
    );
    if !address.ip().is_loopback() {
        output.note("warning: other machines can reach it.");
    }
    output.result(
        || format!("listening on {}", sim.url()),
        &json!({ "url": sim.url() }),
    );
    end.wanted().await;
    Ok(())
}
