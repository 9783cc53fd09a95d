//! Cookies of browsers that are logged in, which the connections take in turn.

use std::{
    fs,
    sync::atomic::{AtomicUsize, Ordering},
};

pub(crate) struct Sessions {
    cookies: Vec<(String, String)>,
    next: AtomicUsize,
}

impl Sessions {
    /// Those of a file, a line `NAME=VALUE` for each.
    pub(crate) fn read(file: &str) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let pairs = text.lines().map(|line| line.split_once('=').unwrap());
        let cookies: Vec<_> = pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        assert!(!cookies.is_empty(), "{file} has no cookies");
        Self {
            cookies,
            next: AtomicUsize::new(0),
        }
    }

    pub(crate) fn next(&self) -> (String, String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.cookies[number % self.cookies.len()].clone()
    }
}
