//! All state of this WeChat. Pure methods that take the time; no clock, no network.

mod app_tokens;
mod desktop;
mod grants;
mod lives;
mod logins;
mod mini_program;
mod quotas;
mod remembered;
mod timeline;
mod tokens;

use std::{collections::VecDeque, time::SystemTime};

use tokio::sync::watch;

pub(crate) use self::{
    app_tokens::{AppTokens, Lent},
    desktop::Desktop,
    grants::Grants,
    logins::{Asked, Login, Logins, Poll, Stage},
    mini_program::MiniPrograms,
    quotas::Quotas,
    timeline::{Event, Step, Story, Timeline},
    tokens::{Exchange, Issued, Profile},
};
pub use self::{desktop::DesktopAnswer, logins::PhoneError};
use crate::{
    App, AppKind, Effect, Person,
    fault::{Faults, Target},
    finding::Findings,
    lifetimes::Lifetimes,
    random::Random,
    record::{Recorded, Seen},
    refusal::Refusal,
    routes::Parameters,
    sim::Settings,
};

/// How many requests the log remembers.
const MAX_RECORDED: usize = 1000;

#[derive(Debug)]
pub(crate) struct World {
    /// As they were at the start.
    initial: (Vec<App>, Vec<Person>, Option<Desktop>),
    pub(crate) apps: Vec<App>,
    pub(crate) people: Vec<Person>,
    pub(crate) random: Random,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) logins: Logins,
    pub(crate) grants: Grants,
    pub(crate) app_tokens: AppTokens,
    pub(crate) mini_programs: MiniPrograms,
    /// `None`: WeChat for PC does not run.
    pub(crate) desktop: Option<Desktop>,
    quotas: Quotas,
    /// Whether one call too many is refused.
    enforces_quotas: bool,
    pub(crate) faults: Faults,
    pub(crate) findings: Findings,
    pub(crate) timeline: Timeline,
    requests: VecDeque<Seen>,
    /// How many there were.
    recorded: u64,
}

impl World {
    pub(crate) fn new(apps: Vec<App>, people: Vec<Person>, settings: &Settings) -> Self {
        let desktop = settings.desktop.clone();
        Self {
            initial: (apps.clone(), people.clone(), desktop.clone()),
            desktop,
            apps,
            people,
            random: Random::new(settings.seed),
            lifetimes: settings.lifetimes.clone(),
            logins: Logins::default(),
            grants: Grants::default(),
            app_tokens: AppTokens::default(),
            mini_programs: MiniPrograms::default(),
            quotas: Quotas::default(),
            enforces_quotas: settings.quotas,
            faults: Faults::default(),
            findings: Findings::default(),
            timeline: Timeline::default(),
            requests: VecDeque::new(),
            recorded: 0,
        }
    }

    /// Forgets what happened; apps and people are again as they were at the start.
    pub(crate) fn reset(&mut self, seed: Option<u64>) {
        (self.apps, self.people, self.desktop) = self.initial.clone();
        self.random = Random::new(seed);
        self.logins = Logins::default();
        self.grants = Grants::default();
        self.app_tokens = AppTokens::default();
        self.mini_programs = MiniPrograms::default();
        self.quotas = Quotas::default();
        self.faults = Faults::default();
        self.findings = Findings::default();
        self.timeline = Timeline::default();
        self.requests.clear();
        self.recorded = 0;
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

    /// The phone's owner says yes; saying so again changes nothing.
    pub(crate) fn allow(
        &mut self,
        uuid: &str,
        name: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let person = &self.person(name)?.id;
        match self.allowed_before(uuid, person, now) {
            Some(callback) => Ok(callback),
            None => self.confirm(uuid, name, now),
        }
    }

    /// The phone's owner, or who sits in front of WeChat for PC, says yes, which can be done once.
    pub(crate) fn confirm(
        &mut self,
        uuid: &str,
        name: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let person = self.person(name)?.id.clone();
        let login = self.logins.scan(uuid, now)?;
        self.timeline.tell(login.story, Event::Allowed, now);
        self.timeline.is_of(login.story, &person);
        let code = self.random.code();
        let lifetime = self.lifetimes.code_of(login.kind);
        self.grants
            .issue(&code, login, person, (now, now + lifetime));
        login.enter(Stage::Confirmed { code });
        Ok(login.callback())
    }

    /// Where the browser was sent, if it was this person who said yes.
    fn allowed_before(&self, uuid: &str, person: &str, now: SystemTime) -> Option<String> {
        let login = self.logins.find(uuid, now)?;
        let Stage::Confirmed { code } = &login.stage else {
            return None;
        };
        let is_theirs = self.grants.codes.get(code)?.person == person;
        is_theirs.then(|| login.callback())
    }

    /// Begins a login: a QR code to scan, or a question inside WeChat.
    pub(crate) fn begin(&mut self, app: &App, asked: &Asked<'_>, now: SystemTime) -> Login {
        let target = Target {
            is_login: true,
            path: match app.kind {
                AppKind::OfficialAccount => "/connect/oauth2/authorize",
                _ => "/connect/qrconnect",
            },
            host: asked.host,
            app: Some(&app.id),
        };
        let fault = self.faults.strike(&target, &mut self.random);
        let uuid = self.random.uuid();
        let story = self.timeline.begin(Story {
            uuid: uuid.clone(),
            redirect_uri: asked.redirect_uri.to_owned(),
            ..Story::new(&app.id, app.kind)
        });
        self.timeline.tell(story, Event::Opened, now);
        let login = Login {
            uuid,
            story,
            kind: app.kind,
            app: app.id.clone(),
            scope: asked.scope.to_owned(),
            redirect_uri: asked.redirect_uri.to_owned(),
            state: asked.state.to_owned(),
            snapshot: asked.snapshot,
            expires: now + self.lifetimes.qr_code,
            fast: asked.fast,
            fault: fault.or(asked.forgets.then_some(Effect::CookiesLost)),
            stage: Stage::Waiting,
            changed: watch::Sender::new(()),
        };
        self.logins.add(login.clone(), now);
        login
    }

    /// The phone reads the QR code; returns the app's name.
    pub(crate) fn scan(&mut self, uuid: &str, now: SystemTime) -> Result<String, PhoneError> {
        let login = self.logins.scan(uuid, now)?;
        self.timeline.tell(login.story, Event::Scanned, now);
        let app = login.app.clone();
        let app = self.apps.iter().find(|known| known.id == app);
        Ok(app.map(|app| app.name.clone()).unwrap_or_default())
    }

    /// Ends the time of a QR code now.
    pub(crate) fn expire(&mut self, uuid: &str, now: SystemTime) -> Result<(), PhoneError> {
        let story = self.logins.expire(uuid, now)?;
        self.timeline.tell(story, Event::Expired, now);
        Ok(())
    }

    /// A login that begins with a code in the hands of an app on the phone; returns its number.
    fn code_given(&mut self, app: &str, kind: AppKind, person: &str, now: SystemTime) -> u64 {
        let story = self.timeline.begin(Story::new(app, kind));
        self.timeline.is_of(story, person);
        self.timeline.tell(story, Event::CodeGiven, now);
        story
    }

    /// The phone's owner says no; the same QR code may be scanned again.
    pub(crate) fn cancel(&mut self, uuid: &str, now: SystemTime) -> Result<&Login, PhoneError> {
        let login = self.logins.scan(uuid, now)?;
        self.timeline.tell(login.story, Event::Cancelled, now);
        login.enter(Stage::Cancelled);
        Ok(login)
    }

    pub(crate) fn record(&mut self, seen: Seen) {
        if self.requests.len() == MAX_RECORDED {
            self.requests.pop_front();
        }
        self.requests.push_back(seen);
        self.recorded += 1;
    }

    /// The last requests, secrets masked.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        let forgotten = self.recorded - self.requests.len() as u64;
        let numbered = self.requests.iter().zip(forgotten + 1..);
        numbered.map(|(seen, number)| seen.masked(number)).collect()
    }

    /// The app that a request is about, by its id or by a token; `None` if nobody knows.
    pub(crate) fn app_of(&self, parameters: &Parameters, body: &[u8]) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Body {
            appid: String,
        }
        let named = Some(parameters.get("appid")).filter(|app| !app.is_empty());
        let token = parameters.get("access_token");
        named
            .or_else(|| self.grants.app_of_token(token))
            .or_else(|| self.app_tokens.app_of(token))
            .map(str::to_owned)
            .or_else(|| {
                serde_json::from_slice(body)
                    .ok()
                    .map(|Body { appid }| appid)
            })
    }

    /// Whether a text has an app secret or a user's token in it.
    pub(crate) fn holds_a_secret(&self, text: &str) -> bool {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
        words.into_iter().any(|word| {
            self.grants.app_of_token(word).is_some()
                || self.apps.iter().any(|app| app.secret == word)
        })
    }
}
