//! What a test can see of a running simulator, and do to it.

use std::time::Duration;

use super::Sim;
use crate::{App, DesktopAnswer, Fault, Finding, LoggedRequest, PhoneError, User, random::Random};

impl Sim {
    /// The apps as they are now.
    pub fn apps(&self) -> Vec<App> {
        self.shared.world().apps.clone()
    }

    /// A new app, or one that is there as it is from now on.
    pub fn put_app(&self, app: App) {
        self.shared.change(|world, _| world.put_app(app));
    }

    /// Everybody as they are now, the default first.
    pub fn users(&self) -> Vec<User> {
        self.shared.world().users.clone()
    }

    /// Somebody new, or somebody who is there as they are from now on.
    pub fn put_user(&self, user: User) {
        self.shared.change(|world, _| world.put_user(user));
    }

    /// The user of that id or nickname changes their avatar: the address before dies.
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn change_avatar(&self, user: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, _| world.change_user(user, |user| user.avatar_version += 1))
    }

    /// The user of that id or nickname changes their password: all of their tokens are void (42007).
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn change_password(&self, user: &str) -> Result<(), PhoneError> {
        self.shared.change(|world, _| world.change_password(user))
    }

    /// The user of that id or nickname takes back what they have granted to an app (50001).
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn withdraw(&self, user: &str, app: &str) -> Result<(), PhoneError> {
        self.shared.change(|world, _| world.withdraw(user, app))
    }

    /// WeChat for PC runs from now on, with the user of this id or nickname in front of it.
    ///
    /// # Errors
    ///
    /// [`PhoneError::UnknownUser`]
    pub fn run_desktop(&self, user: &str, answer: DesktopAnswer) -> Result<(), PhoneError> {
        self.shared
            .change(|world, _| world.run_desktop(Some(user), answer))
    }

    /// WeChat hands a code to a mobile app on this user's phone.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user, or no such mobile app.
    pub fn send_auth(&self, app: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.mobile_code(app, Some(user), now))
    }

    /// This user opens a mini program, whose `wx.login` gets this code.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user, or no such mini program.
    pub fn wx_login(&self, app: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.wx_login(app, Some(user), now))
    }

    /// This user taps the phone number button of a mini program, which gets this code.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user, or no such mini program.
    pub fn phone_code(&self, app: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.phone_code(app, Some(user), now))
    }

    /// The ids of the QR codes that wait for a phone, the newest last.
    pub fn pending(&self) -> Vec<String> {
        let logins = self.shared.world().logins.pending(self.shared.now());
        logins.into_iter().map(|login| login.uuid).collect()
    }

    /// The phone reads a QR code.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if the QR code has been confirmed or has expired.
    pub fn scan(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.scan(uuid, now).map(|_| ()))
    }

    /// The user of that id or nickname scans a QR code and says yes; returns the address that
    /// the browser is sent to.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user, or if the QR code has been confirmed or has expired.
    pub fn allow(&self, uuid: &str, user: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.allow(uuid, Some(user), now))
    }

    /// The phone scans a QR code and says no.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if the QR code has been confirmed or has expired.
    pub fn cancel(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.cancel(uuid, now).map(|_| ()))
    }

    /// Ends the time of a QR code now.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Expired`] if there is no such QR code.
    pub fn expire(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared.change(|world, now| world.expire(uuid, now))
    }

    /// Moves the clock forward, 100 years in all at the most.
    ///
    /// # Errors
    ///
    /// How far it can still be moved, if that is less.
    pub fn advance(&self, by: Duration) -> Result<(), Duration> {
        self.shared.advance(by)
    }

    /// Stops the clock where it is.
    pub fn freeze_clock(&self) {
        self.shared.freeze_clock();
    }

    /// Lets the time pass from where the clock is.
    pub fn run_clock(&self) {
        self.shared.run_clock();
    }

    /// From here on, the same codes, tokens and ids come in the same order.
    pub fn seed(&self, seed: u64) {
        self.shared.world().random = Random::new(Some(seed));
    }

    /// Waits until there is what is looked for; looks again whenever something happens.
    ///
    /// ```
    /// # async fn example(sim: &weixin_sim::Sim) {
    /// // The program under test opens its login page in a browser; then:
    /// let uuid = sim.until(|sim| sim.pending().pop()).await;
    /// # }
    /// ```
    pub async fn until<T>(&self, look: impl Fn(&Self) -> Option<T>) -> T {
        self.shared.until(|_| look(self)).await
    }

    /// Forgets everything that happened, the moves of the clock included; apps and users are again as
    /// they were at the start.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Lets something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.add(fault);
    }

    /// What passed here and would not at WeChat, or is unsafe there.
    pub fn findings(&self) -> Vec<Finding> {
        self.shared.world().findings.all().to_vec()
    }

    /// Fails a test if anything was found.
    ///
    /// # Panics
    ///
    /// With the findings, if there are any.
    pub fn expect_no_findings(&self) {
        let findings = self.findings();
        let line = |finding: &Finding| {
            let Finding { rule, sent, .. } = finding;
            format!(
                "{}: {sent}\n  WeChat: {}\n  {}",
                rule.id, rule.answer.en, rule.remedy.en
            )
        };
        let lines: Vec<_> = findings.iter().map(line).collect();
        assert!(lines.is_empty(), "findings:\n{}", lines.join("\n"));
    }

    /// The last 1000 requests to WeChat's paths, secrets masked.
    pub fn requests(&self) -> Vec<LoggedRequest> {
        self.shared.world().requests.masked()
    }
}
