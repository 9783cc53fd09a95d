//! Login flow: from the QR code to the code.

use std::time::SystemTime;

use tokio::sync::watch;

use crate::{
    App, AppKind, Effect, PhoneError,
    clock::unix_milliseconds,
    lint::finding::hash_state,
    parameters::without,
    world::{
        World,
        event::Event,
        grants::Code,
        logins::{Login, LoginParams, Stage},
        request_facts::RequestFacts,
        steps::hash,
        timeline::LoginTrace,
    },
};

impl World {
    /// Allows the login; without a name, as the user whom its page, its browser or auto-allow chose. Repeating it as the
    /// same user returns the same callback.
    pub(crate) fn allow(
        &mut self,
        uuid: &str,
        name: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let login = self.logins.find(uuid, now);
        let chosen = login.and_then(|login| self.answering_user(&login.app, login.user.as_deref()));
        let name = name.or(chosen.as_deref());
        let user = &self.user(name)?.id;
        match self.earlier_callback(uuid, user, now) {
            Some(callback) => Ok(callback),
            None => self.confirm(uuid, name, now),
        }
    }

    /// Allows the login, exactly once; returns the callback URL.
    pub(crate) fn confirm(
        &mut self,
        uuid: &str,
        name: Option<&str>,
        now: SystemTime,
    ) -> Result<String, PhoneError> {
        let user = self.user(name)?.id.clone();
        // `scan` rejects a QR code that is confirmed or expired.
        let login = self.logins.scan(uuid, now)?;
        self.timeline.set_user(login.trace, &user);
        self.timeline.record(login.trace, Event::Allowed, now);
        let code = self.random.code();
        let granted = Code {
            app: login.app.clone(),
            user,
            scope: login.scope.to_string(),
            snapshot: login.snapshot,
            expires: now + self.setup.code_lifetime(login.kind),
            used: false,
            trace: login.trace,
            state: (!login.state.is_empty()).then(|| hash_state(&login.state)),
        };
        self.grants.issue(code.clone(), granted, now);
        login.set_stage(Stage::Confirmed { code });
        Ok(login.callback())
    }

    /// Callback URL of a login that this user has allowed already.
    fn earlier_callback(&self, uuid: &str, user: &str, now: SystemTime) -> Option<String> {
        let login = self.logins.find(uuid, now)?;
        let Stage::Confirmed { code } = &login.stage else {
            return None;
        };
        let is_theirs = self.grants.codes.get(code)?.user == user;
        is_theirs.then(|| login.callback())
    }

    /// Begins a login: a QR code, or a question in WeChat's built-in browser.
    pub(crate) fn begin(&mut self, app: &App, params: &LoginParams<'_>, now: SystemTime) -> Login {
        let user = self.answering_user(&app.id, params.user);
        let request = RequestFacts {
            is_login: true,
            path: match app.kind {
                AppKind::OfficialAccount => "/connect/oauth2/authorize",
                _ => "/connect/qrconnect",
            },
            host: params.host,
            app: Some(&app.id),
            user: user.as_deref(),
            parameters: params.parameters,
            body: &[],
            headers: params.headers,
        };
        // Taken here, so that the fault applies to the next login that begins and not to one that is open already.
        let fault = self.faults.take(&request, &mut self.random);
        let uuid = self.random.uuid();
        let trace = self.timeline.begin(LoginTrace {
            uuid: uuid.clone(),
            redirect_uri: without(params.redirect_uri.to_owned(), &self.private_secrets()),
            state: (!params.state.is_empty()).then(|| hash(params.state)),
            expires_ms: Some(unix_milliseconds(now + self.setup.lifetimes.qr_code)),
            ..LoginTrace::new(&app.id, app.kind)
        });
        self.timeline.record(trace, Event::Opened, now);
        let login = Login {
            uuid,
            trace,
            kind: app.kind,
            app: app.id.clone(),
            scope: params.scope.into(),
            redirect_uri: params.redirect_uri.into(),
            state: params.state.into(),
            snapshot: params.snapshot,
            expires: now + self.setup.lifetimes.qr_code,
            is_quick: params.is_quick,
            user: params.user.map(str::to_owned),
            fault: fault.or(params.loses_cookies.then_some(Effect::CookiesLost)),
            stage: Stage::Waiting,
            changed: watch::Sender::new(()),
        };
        self.logins.add(login.clone(), now);
        login
    }

    /// Scans the QR code; returns the app's name.
    pub(crate) fn scan(&mut self, uuid: &str, now: SystemTime) -> Result<String, PhoneError> {
        let login = self.logins.scan(uuid, now)?;
        self.timeline.record(login.trace, Event::Scanned, now);
        let app = login.app.clone();
        let app = self.apps.iter().find(|known| known.id == app);
        Ok(app.map(|app| app.name.clone()).unwrap_or_default())
    }

    /// Expires the QR code now.
    pub(crate) fn expire(&mut self, uuid: &str, now: SystemTime) -> Result<(), PhoneError> {
        let trace = self.logins.expire(uuid, now)?;
        self.timeline.record(trace, Event::Expired, now);
        Ok(())
    }

    /// Records a login that begins with a code on the phone; returns its number in the timeline.
    pub(super) fn record_code_given(
        &mut self,
        app: &str,
        kind: AppKind,
        user: &str,
        now: SystemTime,
    ) -> u64 {
        let trace = self.timeline.begin(LoginTrace::new(app, kind));
        self.timeline.set_user(trace, user);
        self.timeline.record(trace, Event::CodeGiven, now);
        trace
    }

    /// Cancels the login. The same QR code can be scanned again.
    pub(crate) fn cancel(&mut self, uuid: &str, now: SystemTime) -> Result<&Login, PhoneError> {
        let login = self.logins.scan(uuid, now)?;
        self.timeline.record(login.trace, Event::Canceled, now);
        login.set_stage(Stage::Canceled);
        Ok(login)
    }
}
