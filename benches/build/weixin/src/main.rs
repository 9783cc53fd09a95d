//! A login with `weixin`.

use std::error::Error;

use weixin::{AppSecret, Client, Code, RedirectUri};

#[cfg(not(feature = "https"))]
#[derive(Debug)]
struct Own;

#[cfg(not(feature = "https"))]
impl weixin::Transport for Own {
    fn send(&self, _: http::Request<Vec<u8>>) -> weixin::Answer<'_> {
        // Where a program's own HTTP client would be.
        Box::pin(async { Ok(http::Response::default()) })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let builder = Client::builder("wx0123456789abcdef".parse()?, AppSecret::new("s")?);
    #[cfg(feature = "https")]
    let client = builder.build()?;
    #[cfg(not(feature = "https"))]
    let client = builder.build_with(Own);
    let callback: RedirectUri = "https://www.example.com/callback".parse()?;
    let login = client.login_url(callback)?;
    println!("{login}");
    let code = Code::new(std::env::args().nth(1).unwrap_or_default())?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let user = runtime.block_on(async {
        let token = client.exchange(code).await?;
        client.user(&token).await
    })?;
    println!("{}", user.nickname);
    Ok(())
}
