//! Calls that block, or that asyncio awaits.

use pyo3::prelude::*;

use crate::{asyncio, blocking, failure::Failure};

/// The way in which Python waits for a call.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Runner {
    /// In the calling thread, without the GIL.
    Blocking,
    /// By a future of the running event loop.
    Asyncio,
}

impl Runner {
    pub(crate) fn of(is_asyncio: bool) -> Self {
        if is_asyncio {
            Self::Asyncio
        } else {
            Self::Blocking
        }
    }

    /// Runs a call: the result, or a future of asyncio's.
    pub(crate) fn run<'py, T>(
        self,
        py: Python<'py>,
        call: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        T: for<'a> IntoPyObject<'a> + Send + 'static,
    {
        match self {
            Self::Blocking => blocking::run(py, call),
            Self::Asyncio => asyncio::spawn(py, call),
        }
    }
}
