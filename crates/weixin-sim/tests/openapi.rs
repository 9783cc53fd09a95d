//! The OpenAPI document against the server: every operation is called with its example.
#![expect(clippy::unwrap_used, reason = "a test")]

use reqwest::{Client, Method};
use serde_json::{Value, json};
use weixin_sim::{OPENAPI, Sim};

/// An operation of the document.
struct Call<'a> {
    path: &'a str,
    method: Method,
    operation: &'a Value,
    parameters: Vec<Value>,
}

fn calls(document: &Value) -> Vec<Call<'_>> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().unwrap();
            let parameters = item.get("parameters").and_then(Value::as_array);
            let methods = item.iter().filter(|(name, _)| *name != "parameters");
            methods.map(move |(method, operation)| Call {
                path,
                method: method.to_uppercase().parse().unwrap(),
                operation,
                parameters: parameters.cloned().unwrap_or_default(),
            })
        })
        .collect()
}

/// Schema errors of a value.
fn breaches(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let breaches = validator.iter_errors(value);
    breaches.map(|breach| breach.to_string()).collect()
}

impl Call<'_> {
    fn json<'a>(value: &'a Value, member: &str) -> &'a Value {
        &value["content"]["application/json"][member]
    }

    fn body(&self) -> &Value {
        Self::json(&self.operation["requestBody"], "example")
    }

    /// Path with its examples, or with another action.
    fn path(&self, uuid: &str, action: Option<&str>) -> String {
        self.parameters
            .iter()
            .fold(self.path.to_owned(), |path, parameter| {
                let name = parameter["name"].as_str().unwrap();
                let example = parameter["example"].as_str().unwrap();
                let value = match (name, action) {
                    ("uuid", _) => uuid,
                    ("action", Some(action)) => action,
                    _ => example,
                };
                path.replace(&format!("{{{name}}}"), value)
            })
    }

    /// Calls the operation on a new simulator with some history.
    async fn make(&self, body: &Value, action: Option<&str>) -> (u16, Value) {
        let sim = Sim::start().await.unwrap();
        let uuid = something_happens(&sim).await;
        let url = format!("{}{}", sim.url(), self.path(&uuid, action));
        let client = Client::builder().build().unwrap();
        let mut request = client.request(self.method.clone(), url);
        if !body.is_null() {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    fn breaches(&self, document: &Value, (status, answer): &(u16, Value)) -> Vec<String> {
        let response = &self.operation["responses"][status.to_string()];
        let schema = Self::json(response, "schema");
        if schema.is_null() {
            return vec![format!("{status} is not in the document: {answer}")];
        }
        breaches(document, schema, answer)
    }
}

/// Creates a world, a snapshot, a waiting and an allowed login, a mini program session, a fault and findings; returns the UUID of the
/// waiting QR code.
async fn something_happens(sim: &Sim) -> String {
    let client = Client::builder().build().unwrap();
    let url = |path: &str| format!("{}{path}", sim.url());
    let login = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";
    for _ in 0..2 {
        client.get(url(login)).send().await.unwrap();
    }
    let [first, second] = <[String; 2]>::try_from(sim.pending()).unwrap();
    let callback = sim.allow(&first, "layla").unwrap();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let exchange =
        format!("/sns/oauth2/access_token?appid=wx0123456789abcdef&secret=x&code={code}");
    client.post(url(&exchange)).send().await.unwrap();
    let open = url("/_sim/api/apps/wx0123456789abcde2/wx-login");
    let layla = json!({ "user": "layla" });
    client.post(open).json(&layla).send().await.unwrap();
    let world = json!({ "id": "tests-1" });
    let worlds = url("/_sim/api/worlds");
    client.post(worlds).json(&world).send().await.unwrap();
    let snapshots = url("/_sim/api/snapshots");
    client.post(snapshots).send().await.unwrap();
    let fault = json!({ "effect": "cut", "times": null });
    let faults = url("/_sim/api/faults");
    client.post(faults).json(&fault).send().await.unwrap();
    second
}

#[tokio::test]
async fn every_response_matches_the_document() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    for call in calls(&document) {
        let name = format!("{} {}", call.method, call.path);
        let schema = Call::json(&call.operation["requestBody"], "schema");
        if !schema.is_null() {
            let none: [String; 0] = [];
            assert_eq!(breaches(&document, schema, call.body()), none, "{name}");
        }
        let answer = call.make(call.body(), None).await;
        assert!(matches!(answer.0, 200 | 201), "{name}: {answer:?}");
        assert!(
            call.breaches(&document, &answer).is_empty(),
            "{name}: {:?}\n{}",
            call.breaches(&document, &answer),
            answer.1
        );
    }
}

#[tokio::test]
async fn the_document_lists_exactly_the_supported_actions() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    for call in calls(&document) {
        let Some(action) = call.parameters.iter().find(|one| one["name"] == "action") else {
            continue;
        };
        for action in action["schema"]["enum"].as_array().unwrap() {
            let action = action.as_str().unwrap();
            let body = match action {
                "rename" => json!({ "nickname": "x" }),
                "withdraw" => json!({ "app": "wx0123456789abcdef" }),
                "encrypted-data" => json!({ "user": "layla", "data": "phone" }),
                _ => json!({}),
            };
            let answer = call.make(&body, Some(action)).await;
            let wrong_app = answer.1["error"]["field"] == "app";
            assert!(
                call.breaches(&document, &answer).is_empty() && (answer.0 == 200 || wrong_app),
                "{action}: {answer:?}"
            );
        }
        let (status, answer) = call.make(&json!({}), Some("jump")).await;
        assert_eq!((status, &answer["error"]["field"]), (400, &json!("action")));
    }
}

#[tokio::test]
async fn error_responses_match_the_document() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    for call in calls(&document) {
        if call.body().is_null() {
            continue;
        }
        let answer = call.make(&json!({ "hunter2": 1 }), None).await;
        assert_eq!(answer.0, 400, "{}", call.path);
        let none: [String; 0] = [];
        assert_eq!(call.breaches(&document, &answer), none, "{}", call.path);
    }
    let waits = calls(&document);
    let wait = waits.iter().find(|call| call.path.ends_with("/wait-for"));
    let never = json!({ "login": { "app_id": "wxnone" }, "timeout_ms": 1 });
    let (status, answer) = wait.unwrap().make(&never, None).await;
    let rule = "no matching event within 1 ms";
    let expected = json!({ "error": { "field": "timeout_ms", "rule": rule } });
    assert_eq!((status, answer), (408, expected));
}
