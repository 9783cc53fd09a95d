//! A function in Python as transport: for tests, and for an HTTP client of one's own.

use std::{collections::HashMap, error::Error as StdError, fmt, sync::Arc, time::Duration};

use http::{Request, Response};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyBytes, PyDict},
};
use weixin::transport::{MAX_BODY, ResponseFuture, Transport, TransportError, TransportErrorKind};

use crate::{attach::attach, classes::class};

/// A function that takes a request and returns a response.
pub(crate) struct Callable {
    function: Arc<Py<PyAny>>,
    timeout: Duration,
}

impl Callable {
    /// Rejects what could not answer.
    pub(crate) fn check(function: &Bound<'_, PyAny>) -> PyResult<()> {
        if !function.is_callable() {
            return Err(PyTypeError::new_err("transport: expected a function"));
        }
        let inspect = function.py().import("inspect")?;
        let is_coroutine = inspect.call_method1("iscoroutinefunction", (function,))?;
        if is_coroutine.is_truthy()? {
            return Err(PyTypeError::new_err(
                "transport: expected a plain function, not `async def`: it is called in a thread of its own",
            ));
        }
        Ok(())
    }

    pub(crate) fn new(function: Py<PyAny>, timeout: Duration) -> Self {
        Self {
            function: Arc::new(function),
            timeout,
        }
    }
}

impl fmt::Debug for Callable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callable").finish_non_exhaustive()
    }
}

impl Transport for Callable {
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        let function = Arc::clone(&self.function);
        Box::pin(async move {
            // Python may take its time, and a thread of the runtime may not.
            let call = tokio::task::spawn_blocking(move || {
                let called = attach(|py| call(py, &function, request));
                called.unwrap_or_else(|| Err(TransportErrorKind::Other.into()))
            });
            match tokio::time::timeout(self.timeout, call).await {
                Ok(Ok(result)) => result,
                Ok(Err(panicked)) => Err(TransportError::new(TransportErrorKind::Other, panicked)),
                Err(_) => Err(TransportErrorKind::Timeout.into()),
            }
        })
    }

    fn timeout(&self) -> Duration {
        self.timeout
    }
}

/// An exception that the function raised, or the one of a return value of another shape.
struct Raised {
    exception: Py<PyAny>,
    is_misuse: bool,
}

impl fmt::Debug for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exception of the transport")
    }
}

impl fmt::Display for Raised {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the transport raised an exception")
    }
}

impl StdError for Raised {}

/// The mistake of a callable transport that returns a value of another shape: not an error of the network.
pub(crate) fn misuse<'py>(
    py: Python<'py>,
    error: &(dyn StdError + 'static),
) -> Option<Bound<'py, PyAny>> {
    let raised = find(error).filter(|raised| raised.is_misuse)?;
    Some(raised.exception.bind(py).clone())
}

/// The exception that a callable transport raised, as text: the name of its class, and its message without the queries
/// of URLs, which contain secrets. The exception itself would show them in every traceback.
pub(crate) fn raised(py: Python<'_>, error: &(dyn StdError + 'static)) -> Option<String> {
    let exception = find(error)?.exception.bind(py);
    let class = exception.get_type().name().ok()?;
    let message = exception.str().map(|text| text.to_string());
    Some(format!(
        "{class}: {}",
        without_queries(&message.unwrap_or_default())
    ))
}

/// The text with `…` for each query, up to the next space or quotation mark.
fn without_queries(text: &str) -> String {
    let mut kept = String::new();
    let mut in_query = false;
    for character in text.chars() {
        if in_query && !matches!(character, ' ' | '"' | '\'' | '\n') {
            continue;
        }
        in_query = character == '?';
        kept.push(character);
        if in_query {
            kept.push('…');
        }
    }
    kept
}

fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Raised> {
    // `TransportError` shares its cause.
    let shared = error.downcast_ref::<Arc<dyn StdError + Send + Sync>>()?;
    shared.downcast_ref::<Raised>()
}

fn call(
    py: Python<'_>,
    function: &Py<PyAny>,
    request: Request<Vec<u8>>,
) -> Result<Response<Vec<u8>>, TransportError> {
    let called =
        python_request(py, request).and_then(|request| function.bind(py).call1((request,)));
    let response = called
        .map_err(|error| (error, false))
        .and_then(|response| read(&response).map_err(|error| (error, true)));
    match response {
        Ok(response) if response.body().len() > MAX_BODY => {
            Err(TransportErrorKind::TooLarge.into())
        }
        Ok(response) => Ok(response),
        Err((error, is_misuse)) => {
            let exception = error.into_value(py).into_any();
            let cause = Raised {
                exception,
                is_misuse,
            };
            Err(TransportError::new(TransportErrorKind::Other, cause))
        }
    }
}

/// The request as the function gets it.
fn python_request(py: Python<'_>, request: Request<Vec<u8>>) -> PyResult<Bound<'_, PyAny>> {
    let (parts, body) = request.into_parts();
    let headers: HashMap<_, _> = parts
        .headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
        .collect();
    let facts = PyDict::new(py);
    facts.set_item("method", parts.method.as_str())?;
    facts.set_item("url", parts.uri.to_string())?;
    facts.set_item("headers", headers)?;
    facts.set_item("body", PyBytes::new(py, &body))?;
    class(py, "Request")?.call((), Some(&facts))
}

/// `(status, body)`, or a response of requests or httpx.
fn read(response: &Bound<'_, PyAny>) -> PyResult<Response<Vec<u8>>> {
    let expected = || PyTypeError::new_err(EXPECTED);
    let (status, body) =
        if let Ok(pair) = response.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>() {
            pair
        } else {
            let status = response.getattr("status_code").map_err(|_| expected())?;
            (status, response.getattr("content").map_err(|_| expected())?)
        };
    let body = match body.extract::<String>() {
        Ok(text) => text.into_bytes(),
        Err(_) => body
            .cast::<PyBytes>()
            .map_err(|_| expected())?
            .as_bytes()
            .to_owned(),
    };
    let status = status.extract::<u16>().map_err(|_| expected())?;
    let mut made = Response::new(body);
    *made.status_mut() = http::StatusCode::from_u16(status).map_err(|_| expected())?;
    Ok(made)
}

const EXPECTED: &str = "transport: expected it to return (status, body), or a response with `status_code` and `content`: the status from 100 to 999, the body as str or bytes";
