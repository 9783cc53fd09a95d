//! Expectations of Rust tests: the requests that they count, and how many there must be.

use super::{counts::Bounds, filters::RequestFilter, request_facts::NamedValue};

/// Requests that a test expects; give it to [`Sim::verify`](crate::Sim::verify).
///
/// They are compared as they are logged: secrets are `***`.
///
/// ```
/// use weixin_sim::Expectation;
///
/// let one_profile = Expectation::requests().path("/sns/userinfo").user("layla").exactly(1);
/// let no_code_twice = Expectation::requests().errcode(40163).exactly(0);
/// ```
#[derive(Clone, Debug)]
#[must_use = "give it to `Sim::verify`"]
pub struct Expectation {
    pub(crate) filter: RequestFilter,
    pub(crate) bounds: Bounds,
}

impl Expectation {
    /// Counts all requests to WeChat's paths.
    pub fn requests() -> Self {
        Self {
            filter: RequestFilter::default(),
            bounds: Bounds::default(),
        }
    }

    /// Counts only requests to this path, such as `/sns/userinfo`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.filter.path = Some(path.into());
        self
    }

    /// Counts only requests with this method, such as `POST`.
    pub fn method(mut self, method: impl Into<String>) -> Self {
        self.filter.method = Some(method.into());
        self
    }

    /// Counts only requests of this app, by its ID or a token.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.filter.app_id = Some(app.into());
        self
    }

    /// Counts only requests with a code or a token of this user, by ID or nickname.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.filter.user = Some(user.into());
        self
    }

    /// Counts only requests with this parameter in query or form, or this member of a JSON body.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.filter.parameter = Some(NamedValue::new(name, value));
        self
    }

    /// Counts only requests with this header.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.filter.header = Some(NamedValue::new(name, value));
        self
    }

    /// Counts only requests with this error code in the response.
    pub fn errcode(mut self, errcode: i64) -> Self {
        self.filter.errcode = Some(errcode);
        self
    }

    /// Counts only requests after the one with this number.
    pub fn after(mut self, number: u64) -> Self {
        self.filter.after = number;
        self
    }

    /// Expects this number of requests.
    pub fn exactly(mut self, count: u64) -> Self {
        self.bounds.exactly = Some(count);
        self
    }

    /// Expects at least this number of requests.
    pub fn at_least(mut self, count: u64) -> Self {
        self.bounds.at_least = Some(count);
        self
    }

    /// Expects at most this number of requests.
    pub fn at_most(mut self, count: u64) -> Self {
        self.bounds.at_most = Some(count);
        self
    }
}
