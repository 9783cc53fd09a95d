//! The differences between a response and that of the golden file.

use http::{Response, header::CONTENT_TYPE};

use super::{
    cases::Answer,
    pattern::{Names, is_whole, is_within, without_times},
};

/// Longest part of an unexpected body in the report, in characters.
const MAX_EXCERPT: usize = 600;

/// A part of a response that is not as expected.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Difference {
    pub(super) part: &'static str,
    pub(super) expected: String,
    pub(super) received: String,
}

impl Difference {
    pub(super) fn new(
        part: &'static str,
        expected: impl Into<String>,
        received: impl Into<String>,
    ) -> Self {
        Self {
            part,
            expected: expected.into(),
            received: received.into(),
        }
    }
}

/// Compares status, content type, and the bytes of the body or the texts of the page.
pub(super) fn compare(
    answer: &Answer,
    response: &Response<Vec<u8>>,
    names: &mut Names,
) -> Vec<Difference> {
    let mut differences = Vec::new();
    let status = response.status().as_u16();
    if status != answer.status {
        let texts = [answer.status, status].map(|status| status.to_string());
        let [expected, received] = texts;
        differences.push(Difference::new("status", expected, received));
    }
    let expected = answer.content_type.as_deref().unwrap_or("none");
    let received = content_type(response);
    if expected != received {
        differences.push(Difference::new("content type", expected, received));
    }
    let body = String::from_utf8_lossy(response.body());
    if let Some(expected) = &answer.body
        && !is_whole(&without_times(expected), &without_times(&body), names)
    {
        differences.push(Difference::new("body", expected, body.as_ref()));
    }
    let missing: Vec<_> = answer
        .contains
        .iter()
        .filter(|part| !is_within(part, &body, names))
        .map(String::as_str)
        .collect();
    if !missing.is_empty() {
        let expected = format!("… {} …", missing.join(" … "));
        differences.push(Difference::new("page", expected, body));
    }
    differences
}

fn content_type(response: &Response<Vec<u8>>) -> String {
    match response.headers().get(CONTENT_TYPE) {
        Some(value) => String::from_utf8_lossy(value.as_bytes()).into_owned(),
        None => "none".to_owned(),
    }
}

/// The beginning of a body. Mask it before: a secret that is cut is not found.
pub(super) fn excerpt(body: &str) -> String {
    match body.char_indices().nth(MAX_EXCERPT) {
        Some((end, _)) => format!("{}… ({} bytes)", &body[..end], body.len()),
        None => body.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer() -> Answer {
        Answer {
            status: 200,
            content_type: Some("text/plain".to_owned()),
            body: Some(r#"{"access_token":"<a:token>","expires_in":7200}"#.to_owned()),
            contains: Vec::new(),
        }
    }

    fn parts(status: u16, content_type: &str, body: &str) -> Vec<&'static str> {
        let response = Response::builder()
            .status(status)
            .header(CONTENT_TYPE, content_type)
            .body(body.as_bytes().to_vec())
            .unwrap();
        let differences = compare(&answer(), &response, &mut Names::new());
        differences
            .iter()
            .map(|difference| difference.part)
            .collect()
    }

    #[test]
    fn each_part_of_a_response_is_compared() {
        const BODY: &str = r#"{"access_token":"7_x","expires_in":6900}"#;
        assert_eq!(parts(200, "text/plain", BODY), [""; 0]);
        assert_eq!(parts(502, "text/plain", BODY), ["status"]);
        assert_eq!(
            parts(200, "text/plain; charset=utf-8", BODY),
            ["content type"]
        );
        assert_eq!(parts(200, "text/plain", &format!("{BODY}\n")), ["body"]);
        assert_eq!(
            parts(404, "text/html", "<html>"),
            ["status", "content type", "body"]
        );
    }

    #[test]
    fn a_page_must_have_each_text() {
        let answer = Answer {
            contains: vec![
                "<title>微信登录".to_owned(),
                "扫描成功".to_owned(),
                "允许".to_owned(),
            ],
            content_type: None,
            body: None,
            ..answer()
        };
        let page = format!("<title>微信登录</title>{}", "登".repeat(MAX_EXCERPT));
        let response = Response::new(page.clone().into_bytes());
        let differences = compare(&answer, &response, &mut Names::new());
        assert_eq!(
            differences,
            [Difference::new("page", "… 扫描成功 … 允许 …", &page)]
        );
        let shown = "登".repeat(MAX_EXCERPT - "<title>微信登录</title>".chars().count());
        let shown = format!("<title>微信登录</title>{shown}… ({} bytes)", page.len());
        assert_eq!(excerpt(&page), shown);
    }
}
