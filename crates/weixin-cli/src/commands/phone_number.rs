//! `weixin phone-number`

use serde_json::json;
use weixin::{AppKind, AppTokens, Code, MemoryStore};

use crate::{
    args::PhoneNumber,
    failure::Failure,
    output::{Output, table},
};

pub(super) async fn run(args: PhoneNumber, output: Output) -> Result<(), Failure> {
    let code = Code::new(args.code).map_err(|error| Failure::Usage(error.to_string()))?;
    let client = args.app.client_of(AppKind::MiniProgram)?;
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    let phone = client.phone_number(&tokens, code).await?;
    let text = || {
        table(&[
            ("phone number", phone.phone_number.clone()),
            ("country code", phone.country_code.clone()),
            ("without it", phone.pure_phone_number.clone()),
        ])
    };
    output.result(text, &json!(phone));
    Ok(())
}
