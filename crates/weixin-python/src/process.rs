//! Values that each process makes for itself.

use std::sync::{Arc, Mutex, PoisonError};

use pyo3::prelude::*;

/// A value that each process makes for itself: after a fork, the threads and connections of the old one are the parent's.
///
/// The lock is held with the GIL only, and never while the GIL is released: no other thread can hold it during a fork.
pub(crate) struct PerProcess<T> {
    current: Mutex<Option<(u32, Arc<T>)>>,
}

impl<T> PerProcess<T> {
    pub(crate) const fn new() -> Self {
        Self {
            current: Mutex::new(None),
        }
    }

    /// The value of this process. `make` must not release the GIL.
    pub(crate) fn get(
        &self,
        _py: Python<'_>,
        make: impl FnOnce() -> PyResult<T>,
    ) -> PyResult<Arc<T>> {
        let process = std::process::id();
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((owner, value)) = &*current
            && *owner == process
        {
            return Ok(Arc::clone(value));
        }
        let new = Arc::new(make()?);
        let before = current.replace((process, Arc::clone(&new)));
        // Dropped, it would wait for threads that this process does not have, or end connections of its parent.
        std::mem::forget(before);
        Ok(new)
    }
}
