//! What an operator does with users, sessions and grants, beside a gateway that runs.

use std::time::Duration;

use weixin::clock::{Clock, SystemClock};

use super::{Admin, AdminError, AuditEvent, Revoked, UserReport};
use crate::{
    audit::{Event, EventKind},
    clocks,
    oidc::{Timestamp, UserId},
    store::{
        Durability, StoreError, Undo, Work,
        audit::{self, EventId},
        merges::Merge,
        user_records::{self, MAX_FOUND},
    },
    time::CLOCK_TOLERANCE,
};

impl Admin {
    /// The time of what is changed: that of the database, if the clock of this machine agrees. By a wrong one, what is revoked
    /// would be for as long as it is ahead.
    pub(super) async fn now(&self) -> Result<Timestamp, StoreError> {
        let own = || Timestamp::from(SystemClock.now());
        let (before, now, after) = (own(), self.database_time().await?, own());
        let difference = clocks::ahead(before, now.millis(), after).unsigned_abs();
        let difference = Duration::from_millis(difference);
        if difference > CLOCK_TOLERANCE {
            return Err(StoreError::ClocksDiffer(difference));
        }
        Ok(now)
    }

    /// The time of the database. SQLite has no other clock than that of the machine.
    pub(super) async fn database_time(&self) -> Result<Timestamp, StoreError> {
        match self.database.database_time().await {
            Some(time) => Ok(Timestamp::from_millis(time?)),
            None => Ok(SystemClock.now().into()),
        }
    }

    /// Runs a job in a transaction. A conflict has changed nothing.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        work: impl Work<T>,
    ) -> Result<T, StoreError> {
        let database = &self.database;
        database
            .write(Durability::Durable, Undo::Savepoint, work)
            .await
    }

    /// The users whose ID, `sub`, OpenID or UnionID a text is, or part of whose nickname: at most 50.
    ///
    /// # Errors
    ///
    /// [`AdminError::Store`].
    pub async fn find_users(&self, text: &str) -> Result<Vec<UserReport>, AdminError> {
        let (text, apps, now) = (
            text.to_owned(),
            self.apps.clone(),
            self.database_time().await?,
        );
        let work = self.database.scan(move |connection| {
            Box::pin(async move {
                let found = user_records::find(connection, &text, &apps).await?;
                let mut records = Vec::new();
                for user in found.into_iter().take(MAX_FOUND) {
                    records.push(user_records::record(connection, user, now).await?);
                }
                Ok(records)
            })
        });
        Ok(work.await?.into_iter().map(UserReport::from).collect())
    }

    /// The user with this ID: the kept one, if it was merged.
    ///
    /// # Errors
    ///
    /// [`AdminError::UnknownUser`] and [`AdminError::Store`].
    pub async fn user(&self, id: &str) -> Result<UserReport, AdminError> {
        let (user, now) = (self.kept(id).await?, self.database_time().await?);
        let work = self.database.read(move |connection| {
            Box::pin(async move { user_records::record(connection, user, now).await })
        });
        Ok(work.await?.into())
    }

    /// Disables a user, or enables it again; returns its ID, which is the kept one's if it was merged.
    ///
    /// # Errors
    ///
    /// [`AdminError::UnknownUser`], [`AdminError::Changed`] and [`AdminError::Store`].
    pub async fn set_disabled(&self, id: &str, is_disabled: bool) -> Result<String, AdminError> {
        let (user, now) = (self.kept(id).await?, self.now().await?);
        let kind = if is_disabled {
            EventKind::UserDisabled
        } else {
            EventKind::UserEnabled
        };
        let (event_id, event) = event(kind, Some(user), None, now)?;
        let work = self.change(move |connection| {
            Box::pin(async move {
                user_records::set_disabled(connection, user, is_disabled, now).await?;
                audit::insert(connection, event_id, event).await
            })
        });
        work.await?;
        Ok(user.to_string())
    }

    /// Merges two users. What clients have received as `sub` stays.
    ///
    /// # Errors
    ///
    /// [`AdminError`] if one of them is unknown or merged already, or if one is disabled.
    pub async fn merge(&self, keep: &str, absorb: &str) -> Result<(), AdminError> {
        let merge = Merge {
            kept: self.unmerged(keep).await?,
            absorbed: self.unmerged(absorb).await?,
        };
        if merge.kept == merge.absorbed {
            return Err(AdminError::SameUser);
        }
        let now = self.now().await?;
        let detail = Some(merge.absorbed.to_string());
        let (event_id, event) = event(EventKind::UserMerged, Some(merge.kept), detail, now)?;
        let work = self.change(move |connection| {
            Box::pin(async move {
                let locked = merge.lock(connection, now).await?;
                if locked.kept != locked.absorbed {
                    return Ok(Err(AdminError::DisabledDiffers));
                }
                merge.store(connection, now).await?;
                audit::insert(connection, event_id, event).await?;
                Ok(Ok(()))
            })
        });
        work.await?
    }

    /// Undoes the merge of a user who was absorbed. All sessions and grants of both end; returns their
    /// numbers and the user who was kept.
    ///
    /// # Errors
    ///
    /// [`AdminError::NotMerged`] among others.
    pub async fn split(&self, id: &str) -> Result<(String, Revoked), AdminError> {
        let (absorbed, kept) = (Self::known(id)?, self.kept(id).await?);
        if absorbed == kept {
            return Err(AdminError::NotMerged(id.to_owned()));
        }
        let (merge, now) = (Merge { kept, absorbed }, self.now().await?);
        let detail = Some(kept.to_string());
        let (event_id, event) = event(EventKind::UserSplit, Some(absorbed), detail, now)?;
        let work = self.change(move |connection| {
            Box::pin(async move {
                let ended = merge.split(connection, now).await?;
                audit::insert(connection, event_id, event).await?;
                Ok(ended)
            })
        });
        Ok((kept.to_string(), work.await?.into()))
    }

    /// Removes a user with those who were merged into it, and everything that is stored about them; returns the removed
    /// rows of each table. The next login of this person is a new user with a new `sub`.
    ///
    /// # Errors
    ///
    /// [`AdminError::UnknownUser`], [`AdminError::Changed`] and [`AdminError::Store`].
    pub async fn forget(&self, id: &str) -> Result<Vec<(&'static str, u64)>, AdminError> {
        let (user, now) = (self.kept(id).await?, self.now().await?);
        let event = event(EventKind::UserForgotten, Some(user), None, now)?;
        Ok(self.database.forget(user, event, now).await?)
    }

    /// The events with the reference that a page has shown, the first one first.
    ///
    /// # Errors
    ///
    /// [`AdminError::Store`].
    pub async fn events(&self, reference: &str) -> Result<Vec<AuditEvent>, AdminError> {
        let reference = reference.trim().to_ascii_lowercase();
        let work = self.database.read(move |connection| {
            Box::pin(async move { audit::events(connection, &reference).await })
        });
        Ok(work.await?.into_iter().map(AuditEvent::from).collect())
    }

    fn known(id: &str) -> Result<UserId, AdminError> {
        let user = id.parse();
        user.map_err(|_| AdminError::UnknownUser(id.to_owned()))
    }

    /// The user whom an ID means: the kept one, if it was merged.
    pub(super) async fn kept(&self, id: &str) -> Result<UserId, AdminError> {
        let user = Self::known(id)?;
        let work = self.database.read(move |connection| {
            Box::pin(async move { user_records::kept(connection, user).await })
        });
        let kept = work.await?;
        kept.ok_or_else(|| AdminError::UnknownUser(id.to_owned()))
    }

    /// A user who is not merged into another one.
    async fn unmerged(&self, id: &str) -> Result<UserId, AdminError> {
        let (user, kept) = (Self::known(id)?, self.kept(id).await?);
        if user == kept {
            return Ok(user);
        }
        Err(AdminError::Merged {
            user: user.to_string(),
            kept: kept.to_string(),
        })
    }
}

pub(super) fn event(
    kind: EventKind,
    user: Option<UserId>,
    detail: Option<String>,
    now: Timestamp,
) -> Result<(EventId, Event), StoreError> {
    let event = Event {
        user,
        detail,
        ..Event::new(now, kind)
    };
    Ok((EventId::random()?, event))
}
