//! Waiters for an event. An event wakes only those that wait for it.

use std::{fmt, sync::Arc};

use tokio::sync::oneshot;

/// Requests that wait for an event of this type.
pub(crate) struct Waiters<T>(Vec<Waiter<T>>);

struct Waiter<T> {
    wants: Box<dyn Fn(&T) -> bool + Send + Sync>,
    wake: oneshot::Sender<Arc<T>>,
}

impl<T> Default for Waiters<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

/// A copy has no waiters.
impl<T> Clone for Waiters<T> {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl<T> fmt::Debug for Waiters<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waiters").field(&self.0.len()).finish()
    }
}

impl<T> Waiters<T> {
    /// Waits for the next event that `wants` accepts. The sender is dropped by a reset.
    pub(crate) fn wait(
        &mut self,
        wants: impl Fn(&T) -> bool + Send + Sync + 'static,
    ) -> oneshot::Receiver<Arc<T>> {
        // Of clients that have gone away.
        self.0.retain(|waiter| !waiter.wake.is_closed());
        let (wake, woken) = oneshot::channel();
        self.0.push(Waiter {
            wants: Box::new(wants),
            wake,
        });
        woken
    }

    /// Wakes those that wait for this event. It costs the others one comparison, here and not in their tasks.
    pub(crate) fn happened(&mut self, event: &Arc<T>) {
        for waiter in self.0.extract_if(.., |waiter| (waiter.wants)(event)) {
            // The client may have gone away.
            let _ = waiter.wake.send(Arc::clone(event));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_wakes_those_that_wait_for_it_and_no_others() {
        let mut waiters = Waiters::default();
        let mut one = waiters.wait(|event| *event == 1);
        let mut two = waiters.wait(|event| *event == 2);
        let gone = waiters.wait(|event| *event == 3);
        drop(gone);
        waiters.happened(&Arc::new(1));
        assert_eq!(one.try_recv(), Ok(Arc::new(1)));
        assert_eq!(two.try_recv(), Err(oneshot::error::TryRecvError::Empty));
        let _three = waiters.wait(|event| *event == 4);
        assert_eq!(waiters.0.len(), 2);
    }
}
