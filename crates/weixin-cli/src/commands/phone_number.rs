//! `weixin phone-number`

use serde_json::json;
use weixin::{mini_program::PhoneCode, store::MemoryStore};

use crate::{
    args::PhoneNumber,
    error::CliError,
    output::{Output, table},
};

pub(super) async fn run(args: PhoneNumber, output: Output) -> Result<(), CliError> {
    let code = PhoneCode::new(args.code)?;
    let program = args.app.mini_program()?;
    let tokens = program.app_tokens(MemoryStore::new());
    let phone = program.phone_number(&tokens, code).await?;
    let text = || {
        table(&[
            (
                ["手机号", "phone number"],
                phone.phone_number.clone().into(),
            ),
            (["区号", "country code"], phone.country_code.clone().into()),
            (
                ["不含区号", "national number"],
                phone.pure_phone_number.clone().into(),
            ),
        ])
    };
    output.result(text, &json!(phone))
}
