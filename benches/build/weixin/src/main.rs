//! A login with `weixin`.

use std::error::Error;

use weixin::{AppSecret, Code, CsrfToken, QrPageOptions, RedirectUri, Website};

fn main() -> Result<(), Box<dyn Error>> {
    let builder = Website::builder("wx0123456789abcdef".parse()?, AppSecret::new("s")?);
    #[cfg(feature = "https")]
    let website = builder.build()?;
    // The place of a program's own HTTP client.
    #[cfg(not(feature = "https"))]
    let website = builder.build_with(weixin::transport::from_fn(async |_request| {
        Ok(http::Response::default())
    }));
    let redirect_uri: RedirectUri = "https://www.example.com/callback".parse()?;
    let csrf = CsrfToken::random()?;
    let url = website.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new())?;
    println!("{url}");
    let code = Code::new(std::env::args().nth(1).unwrap_or_default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let user = runtime.block_on(async {
        let token = website.exchange(code).await?;
        website.user(&token).await
    })?;
    println!("{}", user.nickname);
    Ok(())
}
