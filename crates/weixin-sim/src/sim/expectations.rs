//! Faults, auto-allow and expectations of Rust tests.

use std::sync::Arc;

use super::Sim;
use crate::{
    AutoAllow, Expectation, Fault, HappenedStep, PhoneError,
    state::SimState,
    world::{
        counts::{Counted, Unknown, Verified},
        faults::{self, RejectedFault},
    },
};

/// A fault that was added to a simulator.
///
/// Dropping it does not remove the fault.
#[derive(Clone, Debug)]
pub struct AddedFault {
    shared: Arc<SimState>,
    id: String,
}

impl AddedFault {
    /// Returns the ID, given by [`Fault::id`] or by the simulator.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns how often it struck, also after it has run out; 0 after it was removed.
    pub fn struck(&self) -> u64 {
        let world = self.shared.world();
        let fault = world.faults.get(&self.id);
        fault.map_or(0, faults::AddedFault::struck)
    }

    /// Removes it.
    pub fn remove(self) {
        self.shared.change(|world, _| world.faults.remove(&self.id));
    }
}

impl Sim {
    /// Adds a fault.
    ///
    /// ```
    /// # async fn example(sim: &weixin_sim::Sim) {
    /// use weixin_sim::{Effect, Fault};
    ///
    /// let busy = sim.fault(Fault::new(Effect::Errcode(-1)).path("/sns/userinfo"));
    /// // The program under test logs a user in; then:
    /// assert_eq!(busy.struck(), 1);
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault could never strike, such as with an unknown path, app or user, or if its ID is used.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of a test")]
    pub fn fault(&self, fault: Fault) -> AddedFault {
        let allowed = &self.shared.settings.allowed_hosts;
        match self
            .shared
            .change(|world, _| world.add_fault(fault, allowed))
        {
            Ok(added) => AddedFault {
                shared: Arc::clone(&self.shared),
                id: added.id().to_owned(),
            },
            Err(
                RejectedFault::Invalid { field, rule } | RejectedFault::Conflict { field, rule },
            ) => {
                panic!("fault: {field}: {rule}")
            }
        }
    }

    /// Removes the fault with this ID; returns `false` if there is none.
    pub fn remove_fault(&self, id: &str) -> bool {
        let removed = self.shared.change(|world, _| world.faults.remove(id));
        removed.is_some()
    }

    /// Sets how logins are answered without a phone: those that begin from now on, and QR codes that wait.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such user or app.
    pub fn auto_allow(&self, auto_allow: AutoAllow) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.set_auto_allow(auto_allow, now))
    }

    /// Asserts that as many requests as expected were logged; returns their number.
    ///
    /// ```
    /// # async fn example(sim: &weixin_sim::Sim) {
    /// use weixin_sim::Expectation;
    ///
    /// sim.verify(Expectation::requests().path("/sns/oauth2/access_token").exactly(1));
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// If there are more or fewer, with their numbers in the log; and if the path, the app or the user is unknown.
    #[track_caller]
    #[expect(clippy::panic, reason = "an assertion of a test")]
    pub fn verify(&self, expectation: Expectation) -> u64 {
        let Expectation { filter, bounds } = expectation;
        let candidates = self.shared.world().candidates(Counted::Requests(filter));
        let verified = match candidates {
            Ok(candidates) => Verified::new(candidates.count(), bounds),
            Err(Unknown { field, rule }) => panic!("verify: {field}: {rule}"),
        };
        match verified.failure(bounds) {
            None => verified.matches,
            Some(rule) => panic!("verify: {rule}"),
        }
    }

    /// Returns the steps of logins after the one with this number, as far as they are among the last 10 000.
    pub fn steps_after(&self, number: u64) -> Vec<HappenedStep> {
        let steps = self.shared.world().timeline.steps.after(number);
        steps.iter().map(|step| HappenedStep::clone(step)).collect()
    }
}
