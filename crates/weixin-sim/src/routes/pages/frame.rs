//! What all pages of the simulator have in common: language, views and the switches.

use axum::http::Uri;

use crate::{bilingual::Language, routes::language, state::SimState};

/// The frame of a page.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) language: Language,
    /// Address of the switch to the other language.
    pub(super) switch: String,
    /// Name of the view that is shown.
    pub(super) view: &'static str,
    /// Number of findings that fail a test run.
    pub(super) findings: usize,
    /// ID of the world; `None` for the simulator's first one.
    pub(super) world: Option<String>,
}

impl Frame {
    pub(super) fn new(sim: &SimState, language: Language, uri: &Uri, view: &'static str) -> Self {
        let findings = sim.world().findings.all();
        Self {
            language,
            switch: language::switch(language, uri),
            view,
            findings: findings.iter().filter(|finding| finding.fails).count(),
            world: sim.id.clone(),
        }
    }

    /// Name of the other language, in that language.
    pub(super) fn other(&self) -> &'static str {
        self.language.pick("English", "中文")
    }
}
