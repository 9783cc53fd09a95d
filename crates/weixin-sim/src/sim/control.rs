//! Control of a running simulator from Rust tests.

use std::time::Duration;

use super::Sim;
use crate::{
    App, DesktopAnswer, Finding, LoggedRequest, PhoneError, Rule, Snapshot, User, random::Random,
};

impl Sim {
    /// Returns all apps.
    pub fn apps(&self) -> Vec<App> {
        self.shared.world().apps.clone()
    }

    /// Registers an app, or replaces the one with the same ID.
    pub fn put_app(&self, app: App) {
        self.shared.change(|world, _| world.put_app(app));
    }

    /// Returns all test users, the default first.
    pub fn users(&self) -> Vec<User> {
        self.shared.world().users.clone()
    }

    /// Adds a test user, or replaces the one with the same ID.
    pub fn put_user(&self, user: User) {
        self.shared.change(|world, _| world.put_user(user));
    }

    /// Changes the avatar of a user, by ID or nickname: the old avatar URL stops working.
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn change_avatar(&self, user: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, _| world.change_user(user, |user| user.avatar_version += 1))
    }

    /// Changes the password of a user, by ID or nickname: all of their tokens are revoked (42007).
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn change_password(&self, user: &str) -> Result<(), PhoneError> {
        self.shared.change(|world, _| world.change_password(user))
    }

    /// Withdraws a user's authorization of an app (50001), by ID or nickname.
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn withdraw(&self, user: &str, app: &str) -> Result<(), PhoneError> {
        self.shared.change(|world, _| world.withdraw(user, app))
    }

    /// Starts WeChat for PC, logged in as the user with this ID or nickname.
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn run_desktop(&self, user: &str, answer: DesktopAnswer) -> Result<(), PhoneError> {
        self.shared
            .change(|world, _| world.run_desktop(Some(user), answer))
    }

    /// Logs a user in to a mobile app (`SendAuth`); returns the code.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user or mobile app.
    pub fn send_auth(&self, app: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.mobile_code(app, Some(user), now))
    }

    /// Opens a mini program as a user; returns the code of its `wx.login`.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user or mini program.
    pub fn wx_login(&self, app: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.wx_login(app, Some(user), now))
    }

    /// Taps the phone number button of a mini program as a user; returns the code.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user or mini program.
    pub fn phone_code(&self, app: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.phone_code(app, Some(user), now))
    }

    /// Returns the UUIDs of the QR codes that wait for a phone, the newest last.
    pub fn pending(&self) -> Vec<String> {
        let logins = self.shared.world().pending(self.shared.now());
        logins.into_iter().map(|login| login.uuid).collect()
    }

    /// Scans a QR code.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if the QR code has been confirmed or has expired.
    pub fn scan(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.scan(uuid, now).map(|_| ()))
    }

    /// Scans a QR code and allows the login, as the user with this ID or nickname; returns the callback URL.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user, or if the QR code has been confirmed or has expired.
    pub fn allow(&self, uuid: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.allow(uuid, Some(user), now))
    }

    /// Scans a QR code and cancels the login.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if the QR code has been confirmed or has expired.
    pub fn cancel(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.cancel(uuid, now).map(|_| ()))
    }

    /// Expires a QR code now.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Expired`] if there is no such QR code.
    pub fn expire(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared.change(|world, now| world.expire(uuid, now))
    }

    /// Moves the clock forward, at most 100 years in total.
    ///
    /// # Errors
    ///
    /// The duration that is still allowed, if `by` exceeds it.
    pub fn advance(&self, by: Duration) -> Result<(), Duration> {
        self.shared.advance(by)
    }

    /// Freezes the clock at its current time.
    pub fn freeze_clock(&self) {
        self.shared.freeze_clock();
    }

    /// Lets the clock run from its current time.
    pub fn run_clock(&self) {
        self.shared.run_clock();
    }

    /// Restarts the randomness: from now on, the seed determines codes, tokens and IDs.
    pub fn seed(&self, seed: u64) {
        self.shared.world().random = Random::new(Some(seed));
    }

    /// Waits until `find` returns a value; checks again after each change of the simulator.
    ///
    /// ```
    /// # async fn example(sim: &weixin_sim::Sim) {
    /// // The program under test opens its login page in a browser; then:
    /// let uuid = sim.until(|sim| sim.pending().pop()).await;
    /// # }
    /// ```
    pub async fn until<T>(&self, find: impl Fn(&Self) -> Option<T>) -> T {
        self.shared.changes.until(|| find(self)).await
    }

    /// Restores the state at the start: apps, users, clock, accepted rules, no faults, and an empty log. The findings so
    /// far remain in [`findings_since_start`](Self::findings_since_start).
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Copies the world and its clock: apps, users, logins, tokens, faults, findings and the request log.
    ///
    /// ```
    /// # async fn example(sim: &weixin_sim::Sim) {
    /// let logged_in = sim.snapshot();
    /// sim.change_password("layla").unwrap();
    /// sim.restore(&logged_in);
    /// # }
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        self.shared.snapshot()
    }

    /// Restores a snapshot, of this world or of another one. Polls of logins that are not in it end as expired. Findings
    /// since the snapshot remain in [`findings_since_start`](Self::findings_since_start).
    pub fn restore(&self, snapshot: &Snapshot) {
        self.shared.restore(snapshot);
    }

    /// Returns the findings since the last reset: requests that WeChat would reject, or that are unsafe, and those that
    /// local development needs.
    pub fn findings(&self) -> Vec<Finding> {
        let findings = self.shared.world().findings.all();
        findings.iter().map(|one| Finding::clone(one)).collect()
    }

    /// Returns the findings since the start, for a test run that resets the simulator between its tests: also those of
    /// other worlds that it opened, unless this is one of those itself. Login and request numbers of a finding before a
    /// reset are those of that time.
    pub fn findings_since_start(&self) -> Vec<Finding> {
        let findings = match self.shared.id {
            Some(_) => self.shared.world().findings.since_start(),
            None => self.worlds.findings(),
        };
        findings.iter().map(|one| Finding::clone(one)).collect()
    }

    /// Accepts these rules, and no others: their findings are reported, but fail no test run.
    ///
    /// ```
    /// # async fn example(sim: &weixin_sim::Sim) -> Result<(), weixin_sim::UnknownRule> {
    /// let rule: weixin_sim::Rule = "state-short".parse()?;
    /// sim.accept([rule]);
    /// sim.expect_no_findings();
    /// # Ok(())
    /// # }
    /// ```
    pub fn accept(&self, rules: impl IntoIterator<Item = Rule>) {
        let rules = rules.into_iter().collect();
        self.shared.change(|world, _| world.findings.accept(rules));
    }

    /// Names the test that runs from now on, in the findings that it causes; `None` after it has ended.
    pub fn set_test(&self, name: Option<&str>) {
        let name = name.map(str::to_owned);
        self.shared.change(|world, _| world.test = name);
    }

    /// Asserts that no finding fails the test run: WeChat rejects nothing, and nothing is unsafe, except by accepted
    /// rules.
    ///
    /// # Panics
    ///
    /// With the findings that fail, if there are any.
    pub fn expect_no_findings(&self) {
        let findings = self.findings();
        let line = |finding: &Finding| {
            let Finding { rule, sent, .. } = finding;
            format!(
                "{}: {sent}\n  WeChat: {}\n  {}",
                rule.id, rule.answer.en, rule.remedy.en
            )
        };
        let failing = findings.iter().filter(|finding| finding.fails);
        let lines: Vec<_> = failing.map(line).collect();
        assert!(lines.is_empty(), "findings:\n{}", lines.join("\n"));
    }

    /// Returns the last requests to WeChat's paths, with masked secrets: at most 1000 and 4 MiB. Long texts are cut.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        let entries = self.shared.world().requests.entries();
        entries.iter().map(|entry| entry.get().clone()).collect()
    }

    /// Returns the number of requests to WeChat's paths since the start, those before a reset included.
    pub fn request_count(&self) -> u64 {
        self.shared.world().requests.since_start()
    }

    /// Returns the requests after the one with this number, as far as they are among the last 1000.
    pub fn requests_after(&self, number: u64) -> Vec<LoggedRequest> {
        let entries = self.shared.world().requests.after(number);
        entries.iter().map(|entry| entry.get().clone()).collect()
    }
}
