//! Products that users log in to, unmodified, with the recipes of the manual. Most take longer to install than to run:
//! `./scripts/test --all` installs those, and runs the tests that are ignored otherwise.

mod apache_api;
mod chromium;
mod pocketbase;
mod process;
mod roundcube;
mod streamlit;
mod synapse;

use std::fs;

use crate::{
    provider::{Issuer, Provider},
    script::folder,
};

/// A file of a recipe.
fn recipe(file: &str) -> String {
    let file = folder().join("recipes").join(file);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// A text with other values in the place of those that the manual writes.
fn with_values(text: &str, values: &[(&str, &str)]) -> String {
    values.iter().fold(text.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "no {old}: {text}");
        text.replace(old, new)
    })
}

/// A gateway, and a product of the recipe in this folder, which is at these URLs instead of the manual's.
struct World {
    provider: Provider,
    recipe: &'static str,
    /// The product's URL in the manual.
    manual_url: &'static str,
}

impl World {
    async fn start(recipe: &'static str, manual_url: &'static str, urls: &[String]) -> Self {
        let client = self::recipe(&format!("{recipe}/client.toml"));
        let (_, uri) = client.split_once(manual_url).unwrap();
        let path = uri.split('"').next().unwrap();
        let redirect_uris: Vec<_> = urls.iter().map(|url| format!("{url}{path}")).collect();
        let manual = format!("[\"{manual_url}{path}\"]");
        let client = with_values(&client, &[(&manual, &format!("{redirect_uris:?}"))]);
        Self {
            provider: Provider::with_clients(&client).await,
            recipe,
            manual_url,
        }
    }

    fn issuer(&self) -> &Issuer {
        &self.provider.issuers[0]
    }

    /// A file of the recipe, for a product at this URL, with this secret.
    fn file(&self, name: &str, url: &str, secret: &str) -> String {
        let text = recipe(&format!("{}/{name}", self.recipe));
        let text = text.replace(self.manual_url, url);
        let values = [
            ("https://login.example.com", self.issuer().url.as_str()),
            ("CLIENT_SECRET", secret),
        ];
        with_values(&text, &values)
    }
}
