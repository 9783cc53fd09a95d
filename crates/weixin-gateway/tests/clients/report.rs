//! What a client reports, and what it should.

use serde_json::{Value, json};

use crate::provider::Issuer;

/// The name of the simulator's first user.
pub(crate) const NAME: &str = "小明🐼é";

/// The claims of that user, whose ID is random.
pub(crate) fn user(sub: &Value) -> Value {
    let letters = sub.as_str().unwrap_or_else(|| panic!("no login: {sub}"));
    let is_letter = |c: char| matches!(c, 'a'..='z' | '2'..='7');
    assert!(
        letters.len() == 26 && letters.chars().all(is_letter),
        "{sub}"
    );
    json!({ "sub": sub, "name": NAME })
}

/// The logins of a client, by each of these methods of client authentication. All must be those of one user.
pub(crate) fn logins(methods: &[&str], seen: &Value) -> Value {
    let user = user(&seen["logins"][0]["id_token"]["sub"]);
    let login = |method: &&str| login(method, &user, &user);
    methods.iter().map(login).collect()
}

/// One login.
pub(crate) fn login(method: &str, id_token: &Value, userinfo: &Value) -> Value {
    json!({ "method": method, "id_token": id_token, "userinfo": userinfo })
}

/// Prints the row of a client in a table: client, version, path of the issuer, how it logged in, and what it rejects.
pub(crate) fn print_row(client: &str, version: &str, issuer: &Issuer, seen: &Value) {
    let logins = seen["logins"].as_array().unwrap();
    let methods = logins.iter().map(|login| login["method"].as_str().unwrap());
    let methods = methods.collect::<Vec<_>>().join(", ");
    let failures = seen["failures"].as_object().unwrap();
    let failures = failures.keys().map(String::as_str).collect::<Vec<_>>();
    let (failures, path) = (failures.join("; "), issuer.path());
    println!("| {client} | {version} | {path} | {methods} | {failures} |");
}

/// The version of a crate.
pub(crate) fn version(name: &str) -> String {
    let lock = include_str!("../../../../Cargo.lock");
    let entry = format!("name = \"{name}\"\nversion = \"");
    let (_, rest) = lock.split_once(&entry).unwrap();
    rest.split('"').next().unwrap().to_owned()
}
