//! A login that did not come to its end, with the answer that the visitor gets.

use std::{error::Error as StdError, fmt, sync::Arc};

use http::{
    HeaderMap, HeaderName, HeaderValue, Response,
    header::{CACHE_CONTROL, CONTENT_TYPE, REFERRER_POLICY, SET_COOKIE},
};
use serde_json::json;

use crate::{
    ForgetState, Language, Problem, StartLogin, Visitor,
    pages::{self, Link, PageText, Pages},
};

/// A login that did not come to its end. As a response it is a page in the visitor's language, or JSON for programs,
/// without the details: those are in the log.
///
/// For a page of your own, look at [`problem`](Self::problem) and put [`into_headers`](Self::into_headers) in front of it; two
/// problems are none, [`Problem::StartsAgain`] and [`Problem::InFrame`]: return the error itself for them.
#[derive(Debug)]
pub struct LoginError(Box<Parts>);

#[derive(Debug)]
struct Parts {
    problem: Problem,
    source: Option<Arc<weixin::Error>>,
    answer: Response<String>,
}

/// What it takes to answer somebody.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    pub(crate) pages: Pages,
    pub(crate) visitor: Visitor,
    /// Where a new login begins.
    pub(crate) again: String,
}

impl Reply {
    pub(crate) fn problem(&self, problem: Problem) -> LoginError {
        let language = self.visitor.language;
        let again = problem.may_be_tried_again().then(|| self.again.clone());
        let answer = if self.visitor.wants_json {
            let message = problem.text(language);
            let value = json!({ "error": problem.id(), "message": message, "again": again });
            pages::json(problem.status(), &value)
        } else {
            let link = again.map(|href| Link {
                href,
                label: language.say("重新登录", "Log in again"),
            });
            let page = PageText {
                language,
                title: problem.title(language),
                text: problem.text(language).to_owned(),
                link,
            };
            self.pages.plain(problem.status(), &page)
        };
        LoginError::new(problem, None, answer)
    }

    /// WeChat has said no, or nothing.
    pub(crate) fn failed(&self, error: Arc<weixin::Error>) -> LoginError {
        let mut failed = self.problem(Problem::from(&*error));
        failed.0.source = Some(error);
        failed
    }

    /// The same address, in the whole window.
    pub(crate) fn leave_frame(&self, href: String) -> LoginError {
        let (language, problem) = (self.visitor.language, Problem::InFrame);
        let page = PageText {
            language,
            title: problem.title(language),
            text: problem.text(language).to_owned(),
            link: Some(Link {
                href,
                label: language.say("继续", "Continue"),
            }),
        };
        LoginError::new(problem, None, Pages::leave_frame(&page))
    }
}

impl LoginError {
    fn new(problem: Problem, source: Option<Arc<weixin::Error>>, answer: Response<String>) -> Self {
        Self(Box::new(Parts {
            problem,
            source,
            answer,
        }))
    }

    pub(crate) fn starts_again(start: StartLogin) -> Self {
        Self::new(Problem::StartsAgain, None, start.into_http())
    }

    /// The same, and the login is over in this browser.
    pub(crate) fn forgetting(mut self, forget: ForgetState) -> Self {
        self.0.answer.headers_mut().extend(forget.into_headers());
        self
    }

    /// Why nobody is logged in.
    pub fn problem(&self) -> Problem {
        self.0.problem
    }

    /// What WeChat said, if it was asked.
    pub fn weixin(&self) -> Option<&weixin::Error> {
        self.0.source.as_deref()
    }

    /// What a page of your own must send along: cookies that end the login, and what keeps a code out of caches. The
    /// reason goes to the log.
    pub fn into_headers(self) -> HeaderMap {
        let all = self.into_http().into_parts().0.headers;
        let kept = [SET_COOKIE, CACHE_CONTROL, REFERRER_POLICY];
        let keep = |(name, value): (&HeaderName, &HeaderValue)| {
            kept.contains(name).then(|| (name.clone(), value.clone()))
        };
        all.iter().filter_map(keep).collect()
    }

    /// The answer for any framework. The reason goes to the log.
    pub fn into_http(self) -> Response<String> {
        let Parts {
            problem,
            source,
            answer,
        } = *self.0;
        let problem = problem.id();
        if let Some(error) = source {
            tracing::warn!(%error, problem, "login failed");
        }
        answer
    }
}

/// A call of the handler's own, of whose visitor nothing is known: the text is in both languages.
impl From<weixin::Error> for LoginError {
    fn from(error: weixin::Error) -> Self {
        let problem = Problem::from(&error);
        let text = [Language::Chinese, Language::English].map(|language| {
            let (title, text) = (problem.title(language), problem.text(language));
            format!("{title}\n{text}\n")
        });
        let mut answer = pages::guarded(problem.status(), text.join("\n"));
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        answer.headers_mut().insert(CONTENT_TYPE, plain);
        Self::new(problem, Some(Arc::new(error)), answer)
    }
}

impl fmt::Display for LoginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "nobody is logged in: {}", self.0.problem.id())
    }
}

impl StdError for LoginError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        let source = self.0.source.as_deref()?;
        Some(source)
    }
}
