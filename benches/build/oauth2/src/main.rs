//! A login with `oauth2`.

use std::error::Error;

use oauth2::{
    AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, RedirectUrl, TokenResponse,
    TokenUrl, basic::BasicClient,
};

fn main() -> Result<(), Box<dyn Error>> {
    let client = BasicClient::new(ClientId::new("a".to_owned()))
        .set_client_secret(ClientSecret::new("s".to_owned()))
        .set_auth_uri(AuthUrl::new("https://www.example.com/authorize".to_owned())?)
        .set_token_uri(TokenUrl::new("https://www.example.com/token".to_owned())?)
        .set_redirect_uri(RedirectUrl::new("https://www.example.com/callback".to_owned())?);
    let (login, _state) = client.authorize_url(CsrfToken::new_random).url();
    println!("{login}");
    let code = AuthorizationCode::new(std::env::args().nth(1).unwrap_or_default());
    let exchange = client.exchange_code(code);
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    #[cfg(feature = "https")]
    let https = oauth2::reqwest::Client::new();
    #[cfg(not(feature = "https"))]
    // Where a program's own HTTP client would be.
    let https = |_: oauth2::HttpRequest| async {
        Ok::<_, std::io::Error>(oauth2::HttpResponse::default())
    };
    let token = runtime.block_on(exchange.request_async(&https))?;
    println!("{}", token.access_token().secret().len());
    Ok(())
}
