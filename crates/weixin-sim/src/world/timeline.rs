//! What became of each login, step by step, for the desk.

use std::{collections::VecDeque, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::app::AppKind;
use crate::clock::unix_seconds;

/// How many logins are told of, and of each how many steps.
const MAX_STORIES: usize = 200;
const MAX_STEPS: usize = 50;

/// Something that happened to a login.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    Opened,
    Scanned,
    Cancelled,
    Allowed,
    /// WeChat handed the code to an app on the phone.
    CodeGiven,
    Exchanged,
    /// A code that was spent came again.
    CodeUsedAgain,
    Refreshed,
    Profile,
    Expired,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Step {
    /// In Unix seconds of the simulator's clock.
    pub(crate) at: u64,
    pub(crate) what: Event,
    /// How often in a row.
    pub(crate) times: u32,
}

/// A login from its beginning on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Story {
    pub(crate) number: u64,
    pub(crate) app_id: String,
    pub(crate) kind: AppKind,
    /// Of the QR code; empty where there is none.
    pub(crate) uuid: String,
    pub(crate) redirect_uri: String,
    /// The id of who allowed it.
    pub(crate) person: Option<String>,
    pub(crate) steps: Vec<Step>,
}

/// The last stories; what happens to older ones is not told.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    stories: VecDeque<Story>,
    begun: u64,
}

impl Story {
    pub(super) fn new(app: &str, kind: AppKind) -> Self {
        Self {
            number: 0,
            app_id: app.to_owned(),
            kind,
            uuid: String::new(),
            redirect_uri: String::new(),
            person: None,
            steps: Vec::new(),
        }
    }
}

impl Timeline {
    /// Begins a story, which gets its number.
    pub(super) fn begin(&mut self, mut story: Story) -> u64 {
        if self.stories.len() == MAX_STORIES {
            self.stories.pop_front();
        }
        self.begun += 1;
        story.number = self.begun;
        self.stories.push_back(story);
        self.begun
    }

    pub(super) fn tell(&mut self, number: u64, what: Event, now: SystemTime) {
        let Some(story) = self.story(number) else {
            return;
        };
        let told = story.steps.len();
        match story.steps.last_mut() {
            Some(last) if last.what == what => last.times += 1,
            _ if told < MAX_STEPS => story.steps.push(Step {
                at: unix_seconds(now),
                what,
                times: 1,
            }),
            _ => {}
        }
    }

    pub(super) fn is_of(&mut self, number: u64, person: &str) {
        if let Some(story) = self.story(number) {
            story.person = Some(person.to_owned());
        }
    }

    /// The newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Story> {
        self.stories.iter().rev()
    }

    fn story(&mut self, number: u64) -> Option<&mut Story> {
        let forgotten = self.begun - self.stories.len() as u64;
        let index = usize::try_from(number.checked_sub(forgotten + 1)?).ok()?;
        self.stories.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_that_is_forgotten_is_told_no_further_and_none_is_mistaken_for_it() {
        let mut timeline = Timeline::default();
        for _ in 0..=MAX_STORIES {
            timeline.begin(Story::new("wx1", AppKind::Website));
        }
        timeline.tell(1, Event::Opened, SystemTime::UNIX_EPOCH);
        timeline.tell(2, Event::Scanned, SystemTime::UNIX_EPOCH);
        timeline.tell(2, Event::Scanned, SystemTime::UNIX_EPOCH);
        let told: Vec<_> = timeline
            .newest_first()
            .filter(|story| !story.steps.is_empty())
            .map(|story| (story.number, story.steps[0].what, story.steps[0].times))
            .collect();
        assert_eq!(told, [(2, Event::Scanned, 2)]);
    }
}
