//! Counts of logged requests or steps that match a filter.

use std::fmt;

use serde::Serialize;

use super::{
    World,
    filters::{RequestFilter, StepFilter},
    request_log::Entry,
};
use crate::wire::API_PATHS;

/// Maximum number of numbers that a result lists.
const MAX_NUMBERS: usize = 100;

/// What is counted.
#[derive(Clone, Debug)]
pub(crate) enum Counted {
    Requests(RequestFilter),
    Steps(StepFilter),
}

/// How many there must be; all members must hold.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) exactly: Option<u64>,
    pub(crate) at_least: Option<u64>,
    pub(crate) at_most: Option<u64>,
}

impl Bounds {
    /// Rejects bounds that no count fulfills.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        let Self {
            exactly,
            at_least,
            at_most,
        } = self;
        let least = exactly.into_iter().chain(at_least).max();
        let most = exactly.into_iter().chain(at_most).min();
        match (least, most) {
            (Some(least), Some(most)) if least > most => {
                Err("no count holds for all of the bounds")
            }
            _ => Ok(()),
        }
    }

    fn hold(self, count: u64) -> bool {
        self.exactly.is_none_or(|exactly| count == exactly)
            && self.at_least.is_none_or(|least| count >= least)
            && self.at_most.is_none_or(|most| count <= most)
    }

    /// Returns `true` if an entry that was dropped could change the result.
    fn need_all(self) -> bool {
        self.exactly.is_some() || self.at_most.is_some()
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bounds = [
            ("exactly", self.exactly),
            ("at least", self.at_least),
            ("at most", self.at_most),
        ];
        let bounds = bounds
            .into_iter()
            .filter_map(|(words, bound)| Some(format!("{words} {}", bound?)));
        f.write_str(&bounds.collect::<Vec<_>>().join(" and "))
    }
}

/// Result of a count.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Verified {
    pub(crate) ok: bool,
    pub(crate) matches: u64,
    /// Numbers of the requests or steps, the first 100.
    pub(crate) numbers: Vec<u64>,
    /// `false` if entries after the given point were dropped.
    pub(crate) complete: bool,
    /// Point to go on from.
    pub(crate) next: u64,
}

impl Verified {
    /// Why the expectation does not hold.
    pub(crate) fn failure(&self, bounds: Bounds) -> Option<String> {
        if self.ok {
            return None;
        }
        if !self.complete {
            return Some("entries after this point were dropped: use a later `after`".to_owned());
        }
        let numbers: Vec<_> = self.numbers.iter().map(u64::to_string).collect();
        let found = match numbers.join(", ") {
            none if none.is_empty() => String::new(),
            numbers => format!(": {numbers}"),
        };
        Some(format!("expected {bounds}, found {}{found}", self.matches))
    }

    pub(crate) fn new(count: Count, bounds: Bounds) -> Self {
        let matches = count.numbers.len() as u64;
        let mut numbers = count.numbers;
        numbers.truncate(MAX_NUMBERS);
        Self {
            ok: bounds.hold(matches) && (count.complete || !bounds.need_all()),
            matches,
            numbers,
            complete: count.complete,
            next: count.next,
        }
    }
}

/// The matching entries.
pub(crate) struct Count {
    numbers: Vec<u64>,
    complete: bool,
    next: u64,
}

/// What is compared while the world is not locked.
pub(crate) struct Candidates {
    /// Requests after the given point.
    entries: Vec<Entry>,
    filter: RequestFilter,
    /// Of steps, it is ready.
    count: Count,
}

impl Candidates {
    pub(crate) fn count(self) -> Count {
        let Self {
            entries,
            filter,
            mut count,
        } = self;
        let requests = entries.iter().map(Entry::get);
        let matching = requests.filter(|request| filter.matches(request));
        count.numbers.extend(matching.map(|request| request.number));
        count
    }
}

/// A filter that names something that does not exist: the field, and the rule.
#[derive(Debug)]
pub(crate) struct Unknown {
    pub(crate) field: &'static str,
    pub(crate) rule: String,
}

impl Counted {
    fn names(&mut self) -> (Option<&str>, &mut Option<String>) {
        match self {
            Self::Requests(filter) => (filter.app_id.as_deref(), &mut filter.user),
            Self::Steps(filter) => (filter.app_id.as_deref(), &mut filter.user),
        }
    }
}

impl World {
    /// Checks that app and user of a filter exist, and replaces a user's nickname by the ID.
    pub(crate) fn check_names(&self, counted: &mut Counted) -> Result<(), Unknown> {
        let (app, user) = counted.names();
        if app.is_some_and(|app| self.app(app).is_err()) {
            let known: Vec<_> = self.apps.iter().map(|app| app.id.as_str()).collect();
            let rule = format!("unknown app: expected one of {}", known.join(", "));
            return Err(Unknown {
                field: "app_id",
                rule,
            });
        }
        if let Some(name) = user {
            let user = self.user(Some(name)).map_err(|error| Unknown {
                field: "user",
                rule: error.to_string(),
            })?;
            *name = user.id.clone();
        }
        Ok(())
    }

    /// Checks that a path can be logged: a typo must not make `exactly` 0 hold.
    fn check_path(&self, path: &str) -> Result<(), Unknown> {
        let pages = ["/connect/", "/mmopen/"];
        let is_known = API_PATHS.contains(&path)
            || pages.iter().any(|start| path.starts_with(start))
            || self.faults.answers(path)
            || self.requests.has_path(path);
        if is_known {
            return Ok(());
        }
        let known = API_PATHS.join(", ");
        let rule = format!("unknown path: expected {known}, or a path that was requested");
        Err(Unknown {
            field: "path",
            rule,
        })
    }

    /// Entries to count, if the filter names no unknown path, app or user.
    pub(crate) fn candidates(&self, mut counted: Counted) -> Result<Candidates, Unknown> {
        self.check_names(&mut counted)?;
        if let Counted::Requests(RequestFilter {
            path: Some(path), ..
        }) = &counted
        {
            self.check_path(path)?;
        }
        Ok(match counted {
            Counted::Requests(filter) => Candidates {
                entries: self.requests.after(filter.after),
                count: Count {
                    numbers: Vec::new(),
                    complete: self.requests.is_complete_after(filter.after),
                    next: self.requests.next_number() - 1,
                },
                filter,
            },
            Counted::Steps(filter) => {
                let steps = &self.timeline.steps;
                let after = filter.after.unwrap_or(0);
                let later = steps.after(after);
                let matching = later.iter().filter(|step| filter.matches(step));
                Candidates {
                    entries: Vec::new(),
                    filter: RequestFilter::default(),
                    count: Count {
                        numbers: matching.map(|step| step.number).collect(),
                        complete: steps.is_complete_after(after),
                        next: steps.last(),
                    },
                }
            }
        })
    }
}
