//! The lock of the world, and a check that slow work is not done while it is held.

use std::{
    cell::Cell,
    ops::{Deref, DerefMut},
    sync::{Mutex, MutexGuard, PoisonError},
};

thread_local! {
    /// Number of locks that this thread holds.
    static HELD: Cell<u32> = const { Cell::new(0) };
}

/// A mutex that counts the locks of each thread.
#[derive(Debug)]
pub(crate) struct Lock<T>(Mutex<T>);

/// The locked value. It cannot move to another thread, so the count stays with the thread that locked it.
#[derive(Debug)]
pub(crate) struct Guard<'a, T>(MutexGuard<'a, T>);

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    /// Locks the value, also after a panic: its methods must never leave it half changed.
    pub(crate) fn lock(&self) -> Guard<'_, T> {
        let value = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        HELD.set(HELD.get() + 1);
        Guard(value)
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        HELD.set(HELD.get() - 1);
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

/// Panics in debug builds, and so in all tests, if this thread holds a lock: the work would make all requests wait.
pub(crate) fn assert_unlocked(work: &str) {
    debug_assert!(HELD.get() == 0, "{work} while the world is locked");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_knows_whether_it_holds_a_lock() {
        let lock = Lock::new(1);
        assert_unlocked("work");
        let guard = lock.lock();
        let held = std::panic::catch_unwind(|| assert_unlocked("work"));
        assert!(held.is_err());
        drop(guard);
        assert_unlocked("work");
        assert_eq!(*lock.lock(), 1);
    }
}
