//! `weixin check`

use serde_json::json;
use weixin::TokenStatus;

use crate::{args::OnBehalf, failure::Failure, output::Output};

pub(super) async fn run(args: OnBehalf, output: Output) -> Result<(), Failure> {
    let (access_token, openid) = args.bearer()?;
    let status = args.client()?.check((&access_token, &openid)).await?;
    if let TokenStatus::Invalid(error) = status {
        return Err(weixin::Error::from(error).into());
    }
    output.result(
        || "the access token is good".to_owned(),
        &json!({ "valid": true }),
    );
    Ok(())
}
