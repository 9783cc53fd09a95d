//! All state of this WeChat. Pure methods that take the time; no clock, no network.

mod app_tokens;
mod grants;
mod lives;
mod logins;
mod mini_program;
mod tokens;

use std::{collections::VecDeque, time::SystemTime};

use tokio::sync::watch;

pub use self::logins::PhoneError;
pub(crate) use self::{
    app_tokens::{AppTokens, Lent},
    grants::Grants,
    logins::{Asked, Login, Logins, Poll, Stage},
    mini_program::MiniPrograms,
    tokens::{Exchange, Issued, Profile},
};
use crate::{
    App, Person, fault::Faults, finding::Findings, lifetimes::Lifetimes, random::Random,
    record::Recorded, refusal::Refusal,
};

/// How many requests the log remembers.
const MAX_RECORDED: usize = 1000;

#[derive(Debug)]
pub(crate) struct World {
    /// As they were at the start.
    initial: (Vec<App>, Vec<Person>),
    pub(crate) apps: Vec<App>,
    pub(crate) people: Vec<Person>,
    pub(crate) random: Random,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) logins: Logins,
    pub(crate) grants: Grants,
    pub(crate) app_tokens: AppTokens,
    pub(crate) mini_programs: MiniPrograms,
    pub(crate) faults: Faults,
    pub(crate) findings: Findings,
    pub(crate) requests: VecDeque<Recorded>,
}

impl World {
    pub(crate) fn new(
        apps: Vec<App>,
        people: Vec<Person>,
        seed: Option<u64>,
        lifetimes: Lifetimes,
    ) -> Self {
        Self {
            initial: (apps.clone(), people.clone()),
            apps,
            people,
            random: Random::new(seed),
            lifetimes,
            logins: Logins::default(),
            grants: Grants::default(),
            app_tokens: AppTokens::default(),
            mini_programs: MiniPrograms::default(),
            faults: Faults::default(),
            findings: Findings::default(),
            requests: VecDeque::new(),
        }
    }

    /// Forgets what happened; apps and people are again as they were at the start.
    pub(crate) fn reset(&mut self, seed: Option<u64>) {
        (self.apps, self.people) = self.initial.clone();
        self.random = Random::new(seed);
        self.logins = Logins::default();
        self.grants = Grants::default();
        self.app_tokens = AppTokens::default();
        self.mini_programs = MiniPrograms::default();
        self.faults = Faults::default();
        self.findings = Findings::default();
        self.requests.clear();
    }

    pub(crate) fn app(&self, id: &str) -> Result<&App, Refusal> {
        self.apps
            .iter()
            .find(|app| app.id == id)
            .ok_or(Refusal::INVALID_APPID)
    }

    /// The person of that id or nickname; the first if no name is given.
    pub(crate) fn person(&self, name: Option<&str>) -> Result<&Person, PhoneError> {
        let mut people = self.people.iter();
        match name {
            None => people.next(),
            Some(name) => people.find(|person| person.answers_to(name)),
        }
        .ok_or_else(|| PhoneError::UnknownPerson {
            known: self.people.iter().map(|person| person.id.clone()).collect(),
        })
    }

    /// The phone's owner says yes.
    pub(crate) fn allow(
        &mut self,
        uuid: &str,
        name: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let person = self.person(name)?.id.clone();
        let login = self.logins.scan(uuid, now)?;
        let code = self.random.code();
        let lifetime = self.lifetimes.code_of(login.kind);
        self.grants.issue(&code, login, person, now + lifetime);
        login.enter(Stage::Confirmed { code });
        Ok(login.callback())
    }

    /// Begins a login: a QR code to scan, or a question inside WeChat.
    pub(crate) fn begin(&mut self, app: &App, asked: &Asked<'_>, now: SystemTime) -> Login {
        let login = Login {
            uuid: self.random.uuid(),
            kind: app.kind,
            app: app.id.clone(),
            scope: asked.scope.to_owned(),
            redirect_uri: asked.redirect_uri.to_owned(),
            state: asked.state.to_owned(),
            snapshot: asked.snapshot,
            expires: now + self.lifetimes.qr_code,
            stage: Stage::Waiting,
            changed: watch::Sender::new(()),
        };
        self.logins.add(login.clone(), now);
        login
    }

    /// The phone's owner says no; the same QR code may be scanned again.
    pub(crate) fn cancel(&mut self, uuid: &str, now: SystemTime) -> Result<&Login, PhoneError> {
        let login = self.logins.scan(uuid, now)?;
        login.enter(Stage::Cancelled);
        Ok(login)
    }

    pub(crate) fn record(&mut self, recorded: Recorded) {
        if self.requests.len() == MAX_RECORDED {
            self.requests.pop_front();
        }
        self.requests.push_back(recorded);
    }
}
