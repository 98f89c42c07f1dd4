//! The instance: what names it to the outside, and who changes something in it.

mod store;

use ::store::{NewEvent, StoreError, Tx};
use serde_json::Value as Json;
use web::Timestamp;

pub use store::{create, first, load, set_portal_session, source_is_proposed, token_ending_before};

use crate::Center;
use crate::access::Caller;

/// Default length of a portal session: 8 hours, as AWS has it.
pub const PORTAL_SESSION_DEFAULT: i64 = 8 * 3600;
/// Shortest portal session: 15 minutes, as AWS has it.
pub const PORTAL_SESSION_MIN: i64 = 15 * 60;
/// Longest portal session: 90 days, as AWS has it.
pub const PORTAL_SESSION_MAX: i64 = 90 * 24 * 3600;

/// An instance of the center.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// `ssoins-` and 16 hexadecimal digits.
    pub id: String,
    /// `d-` and 10 hexadecimal digits.
    pub identity_store_id: String,
    /// The region that clients are told.
    pub region: String,
    /// The last element of the ACS URL's path.
    pub acs_id: String,
    /// The first element of the SCIM endpoint's path.
    pub scim_tenant_id: String,
    /// Whether automatic provisioning is on.
    pub scim_enabled: bool,
    /// Length of a portal session.
    pub portal_session_seconds: i64,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Instance {
    /// Its ARN, as in AWS.
    pub fn arn(&self) -> String {
        arn(&self.id)
    }
}

/// The ARN of the instance with this id.
pub fn arn(instance_id: &str) -> String {
    format!("arn:aws:sso:::instance/{instance_id}")
}

/// Who changes something, where and when: what every mutation takes for its rows and its events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The instance.
    pub instance_id: String,
    /// As events name it: `administrator:{id}`, `api:{id}`, `scim:{id}`, `user:{id}` or `system`.
    pub actor: String,
    /// When.
    pub now: Timestamp,
}

/// What an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The kind of thing, for example `user`.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
}

impl Author {
    /// Appends the event of a change in the transaction of the change.
    ///
    /// # Errors
    /// The engine's.
    pub fn record(
        &self,
        tx: &mut Tx<'_>,
        action: &str,
        subject: Subject<'_>,
        before: Option<&Json>,
        after: Option<&Json>,
    ) -> Result<(), StoreError> {
        tx.append_event(&NewEvent {
            realm: &self.instance_id,
            at: self.now.micros(),
            actor: &self.actor,
            action,
            subject_type: subject.kind,
            subject_id: subject.id,
            before,
            after,
        })
    }
}

impl Center {
    /// The author of a change that `caller` makes now.
    pub fn author(&self, caller: &Caller) -> Author {
        self.author_named(&caller.actor)
    }

    /// The author of a change that `actor` makes now.
    pub fn author_named(&self, actor: &str) -> Author {
        Author { instance_id: self.instance_id.clone(), actor: actor.to_owned(), now: self.clock.now() }
    }

    /// The instance that this process serves.
    ///
    /// # Errors
    /// [`StoreError::NoRow`] where its row is gone; the engine's.
    pub async fn instance(&self) -> Result<Instance, StoreError> {
        let id = self.instance_id.clone();
        self.store.read(move |tx| load(tx, &id)).await
    }
}
