//! One exchange with WeChat's API as data; no input or output happens here.

use http::{Request, Response, StatusCode};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{ApiError, Endpoints, ErrCode, Error, TransportError, TransportErrorKind, json};

/// A call that WeChat's API answers.
pub(crate) trait Call {
    /// Path below the API address; the only part of the URL that may be logged.
    const PATH: &'static str;
    /// What a successful answer holds.
    type Output: DeserializeOwned;

    /// Query parameters, in WeChat's documented order. They carry secrets.
    fn query(&self) -> Vec<(&'static str, &str)>;

    /// The request that asks `endpoints`.
    fn request(&self, endpoints: &Endpoints) -> Result<Request<Vec<u8>>, Error> {
        let query = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.query())
            .finish();
        Request::get(format!("{}{}?{query}", endpoints.api(), Self::PATH))
            .body(Vec::new())
            .map_err(|_| TransportError::from(TransportErrorKind::Other).into())
    }

    /// Reads the answer, whatever its content type.
    fn parse(&self, response: &Response<Vec<u8>>) -> Result<Self::Output, Error> {
        let decode = |field| Error::Decode {
            path: Self::PATH,
            field,
        };
        let verdict: Result<Verdict, _> = json::parse(response.body());
        if let Ok(Verdict {
            errcode: code,
            errmsg,
        }) = &verdict
            && *code != 0
        {
            return Err(ApiError::new(Self::PATH, ErrCode(*code), &self.mask(errmsg)).into());
        }
        if response.status() != StatusCode::OK {
            return Err(Error::Status {
                path: Self::PATH,
                status: response.status().as_u16(),
            });
        }
        verdict.map_err(decode)?;
        json::parse(response.body()).map_err(decode)
    }

    /// Takes out of an error text what was sent: a server that repeats it must not fill our logs.
    fn mask(&self, errmsg: &str) -> String {
        let sent = self.query().into_iter().filter(|(name, _)| {
            matches!(*name, "secret" | "code" | "access_token" | "refresh_token")
        });
        sent.fold(errmsg.to_owned(), |text, (_, secret)| {
            text.replace(secret, "***")
        })
    }
}

/// The part that every answer may have.
#[derive(Deserialize)]
struct Verdict {
    #[serde(default, deserialize_with = "json::number")]
    errcode: i64,
    #[serde(default, deserialize_with = "json::or_default")]
    errmsg: String,
}

/// An answer of which only the verdict counts.
#[derive(Debug, Deserialize)]
pub(crate) struct Nothing {}
