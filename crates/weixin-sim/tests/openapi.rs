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
    let fault = json!({ "id": "busy", "effect": "cut", "times": null });
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

#[test]
fn the_document_has_the_version_of_the_crate() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
}

/// Schemas of inline objects would get generated names.
#[test]
fn each_operation_has_an_id_and_a_tag_and_each_object_a_name() {
    fn inline(schema: &Value) -> bool {
        match schema {
            Value::Object(members) => {
                members.contains_key("properties") || members.values().any(inline)
            }
            Value::Array(items) => items.iter().any(inline),
            _ => false,
        }
    }
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let tags: Vec<_> = document["tags"].as_array().unwrap().iter().collect();
    let mut ids = Vec::new();
    for call in calls(&document) {
        let Call {
            operation, path, ..
        } = call;
        assert!(
            tags.iter().any(|tag| tag["name"] == operation["tags"][0]),
            "{path}"
        );
        ids.push(operation["operationId"].as_str().unwrap());
        let content = [
            &operation["requestBody"]["content"],
            &operation["responses"],
        ];
        assert!(!content.into_iter().any(inline), "{path}");
    }
    let count = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count);
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        let below = schema.as_object().unwrap().values();
        let below = below.flat_map(|value| match value {
            Value::Object(members) => members.values().collect(),
            other => vec![other],
        });
        assert!(!below.into_iter().any(inline), "{name}");
    }
}

#[tokio::test]
async fn rejections_before_the_handler_are_json_as_in_the_document() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let sim = Sim::start().await.unwrap();
    let client = Client::builder().build().unwrap();
    let url = format!("{}/_sim/api/clock", sim.url());
    let responses = &document["paths"]["/_sim/api/clock"]["post"]["responses"];
    for (request, status, field) in [
        (client.post(&url).body(vec![b' '; 65 * 1024]), 413, "body"),
        (
            client.post(format!("{url}?{}", "x".repeat(16 * 1024))),
            414,
            "url",
        ),
        (
            client.post(&url).header("sec-fetch-site", "cross-site"),
            403,
            "origin",
        ),
        (
            client.post(&url).header("host", "evil.example"),
            421,
            "host",
        ),
        (client.post(&url).body("[60,null,null]"), 400, "body"),
    ] {
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), status);
        let answer: Value = response.json().await.unwrap();
        assert_eq!(answer["error"]["field"], field);
        let schema = &responses[status.to_string()]["content"]["application/json"]["schema"];
        let none: [String; 0] = [];
        assert_eq!(breaches(&document, schema, &answer), none, "{status}");
    }
    let put = client.put(&url).send().await.unwrap();
    let allow = put.headers()["allow"].to_str().unwrap().to_owned();
    let answer: Value = put.json().await.unwrap();
    assert_eq!(
        (allow.as_str(), &answer["error"]["field"]),
        ("GET,HEAD,POST", &json!("method"))
    );
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
    let never = json!({ "login": { "number": 99 }, "timeout_ms": 1 });
    let (status, answer) = wait.unwrap().make(&never, None).await;
    let rule = "no matching event within 1 ms";
    let expected = json!({ "error": { "field": "timeout_ms", "rule": rule } });
    assert_eq!((status, answer), (408, expected));
}
