//! What every mutation needs: whose tenant, who does it, when, and where fresh ids come from. Each one
//! records its event through here, in its own transaction.

use serde_json::Value as Json;
use store::{NewEvent, StoreError, Tx};
use web::{Random, Timestamp};

use crate::Directory;
use crate::access::Caller;
use crate::refused::Refused;

/// A change that somebody makes now.
#[derive(Debug, Clone)]
pub struct Change {
    /// The tenant whose rows change.
    pub tenant: String,
    /// Who changes them, as events name it: `user:{id}`, `api:{client}` or `system`.
    pub actor: String,
    /// When.
    pub now: Timestamp,
    /// Where ids come from.
    pub random: Random,
}

impl Change {
    /// A change by `actor` in the directory's tenant, now.
    pub fn new(directory: &Directory, actor: &str) -> Self {
        Self {
            tenant: directory.tenant_id.clone(),
            actor: actor.to_owned(),
            now: directory.clock.now(),
            random: directory.random.clone(),
        }
    }

    /// A fresh id for a row.
    pub fn id(&self) -> String {
        self.random.id(self.now)
    }

    /// Appends the event `action` about `subject` (its type and id). `before` and `after` hold no secrets.
    ///
    /// # Errors
    /// The engine's.
    pub fn record(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        subject: (&str, &str),
        before: Option<&Json>,
        after: Option<&Json>,
    ) -> Result<(), StoreError> {
        tx.append_event(&self.event(action, subject, before, after))
    }

    /// The event that [`Self::record`] appends, for those who append many at once.
    pub fn event<'a>(
        &'a self,
        action: &'a str,
        subject: (&'a str, &'a str),
        before: Option<&'a Json>,
        after: Option<&'a Json>,
    ) -> NewEvent<'a> {
        NewEvent {
            realm: &self.tenant,
            at: self.now.micros(),
            actor: &self.actor,
            action,
            subject_type: subject.0,
            subject_id: subject.1,
            before,
            after,
        }
    }
}

impl Directory {
    /// Reads from one snapshot of the tenant's rows.
    ///
    /// # Errors
    /// What `f` returns; the store's.
    pub async fn read<T, F>(&self, f: F) -> Result<T, Refused>
    where
        F: Fn(&mut Tx<'_>, &str) -> Result<T, Refused> + Send + 'static,
        T: Send + 'static,
    {
        let tenant = self.tenant_id.clone();
        self.store.read(move |tx| f(tx, &tenant)).await
    }

    /// Changes rows in the name of `caller`, all of it or nothing.
    ///
    /// # Errors
    /// What `f` returns; the store's.
    pub async fn write<T, F>(&self, caller: &Caller, f: F) -> Result<T, Refused>
    where
        F: Fn(&mut Tx<'_>, &Change) -> Result<T, Refused> + Send + 'static,
        T: Send + 'static,
    {
        let change = Change::new(self, &caller.actor);
        self.store.write(move |tx| f(tx, &change)).await
    }
}
