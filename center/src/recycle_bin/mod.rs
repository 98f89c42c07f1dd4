//! The recycle bin: what was deleted, by whomever, is kept aside for 30 days and can be restored with the same id,
//! memberships and assignments. What is in the bin is in no other table: SCIM, sign-in and access do not find it.

mod http;
mod pages;
pub mod store;

use std::time::Duration;

use ::store::{Retryable, StoreError};
use axum::middleware::from_fn_with_state;
use scim::caseless;
use serde_json::{Value as Json, json};
use thiserror::Error;
use web::Timestamp;
use web::routes::Routes;

use crate::identity_store::{Group, IdentityError, IdentityKind, Owner, User};
use crate::{Center, access, console};

/// How long it is kept: 30 days (as deleted users in Microsoft Entra ID).
pub const KEPT: Duration = Duration::from_secs(30 * 24 * 3600);

/// A user or group in the bin.
#[derive(Debug, Clone, PartialEq)]
pub struct Binned {
    /// The id, which it gets back.
    pub id: String,
    /// What it is.
    pub kind: IdentityKind,
    /// The user name or group name.
    pub name: String,
    /// The identity provider's id.
    pub external_id: Option<String>,
    /// Who owns it, as stored.
    pub owner: String,
    /// When it was deleted.
    pub deleted_at: Timestamp,
    /// Who deleted it, as events name it.
    pub deleted_by: String,
    /// The rest of the row.
    pub record: Json,
}

/// What is kept aside with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Aside {
    /// Memberships: of a user in groups, of a group its members.
    pub memberships: i64,
    /// Assignments.
    pub assignments: i64,
}

/// What came back.
#[derive(Debug, Clone, PartialEq)]
pub struct Restored {
    /// The id.
    pub id: String,
    /// What it is.
    pub kind: IdentityKind,
    /// What came back with it.
    pub with: Aside,
    /// What did not, because its other end is not there (any more).
    pub without: Aside,
}

/// Why nothing was restored or removed.
#[derive(Debug, Error)]
pub enum BinError {
    /// It is not in the bin.
    #[error("{0} is not in the recycle bin")]
    NotFound(String),
    /// Its name or address was taken meanwhile, or the store failed.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl From<StoreError> for BinError {
    fn from(error: StoreError) -> Self {
        Self::Identity(error.into())
    }
}

impl Retryable for BinError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Identity(error) => error.store_error(),
            Self::NotFound(_) => None,
        }
    }
}

impl Binned {
    /// A user who is deleted now.
    pub fn user(user: &User, by: &str, now: Timestamp) -> Self {
        Self {
            id: user.id.clone(),
            kind: IdentityKind::User,
            name: user.user_name.clone(),
            external_id: user.external_id.clone(),
            owner: user.owner.clone(),
            deleted_at: now,
            deleted_by: by.to_owned(),
            record: json!({
                "resource": user.resource,
                "createdAt": user.created_at.micros(),
                "version": user.version,
            }),
        }
    }

    /// A group that is deleted now.
    pub fn group(group: &Group, by: &str, now: Timestamp) -> Self {
        Self {
            id: group.id.clone(),
            kind: IdentityKind::Group,
            name: group.fields.display_name.clone(),
            external_id: group.fields.external_id.clone(),
            owner: group.owner.clone(),
            deleted_at: now,
            deleted_by: by.to_owned(),
            record: json!({
                "description": group.fields.description,
                "extensions": group.extensions,
                "createdAt": group.created_at.micros(),
                "version": group.version,
            }),
        }
    }

    /// When it is removed for good.
    pub fn removed_at(&self) -> Timestamp {
        self.deleted_at.plus(KEPT)
    }

    /// Whether what automatic provisioning creates now is the same person or group that comes back. An identity
    /// provider's id decides; a name does only where neither has one, for names are given to other people again,
    /// and whoever comes back gets the old assignments.
    pub fn returns_as(&self, name: &str, external_id: Option<&str>) -> bool {
        Owner::of(&self.owner).is_provisioning()
            && match (self.external_id.as_deref(), external_id) {
                (Some(old), Some(new)) => old == new,
                (None, None) => caseless::key(&self.name) == caseless::key(name),
                _ => false,
            }
    }
}

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let api = Routes::new("api_key")
        .get("/api/recycle-bin", http::list)
        .get("/api/recycle-bin/settings", http::settings)
        .put("/api/recycle-bin/settings", http::set)
        .get("/api/recycle-bin/{id}", http::show)
        .post("/api/recycle-bin/{id}/restore", http::restore)
        .delete("/api/recycle-bin/{id}", http::remove)
        .guarded(from_fn_with_state(center.clone(), access::api_key));
    let pages = Routes::new("administrator")
        .get("/console/recycle-bin", pages::list)
        .post("/console/recycle-bin", pages::set)
        .get("/console/recycle-bin/{id}", pages::show)
        .post("/console/recycle-bin/{id}", pages::change);
    api.merge(console::guarded(center, pages))
}

/// Removes for good what was deleted 30 days ago; how many. Rows and their events go in one transaction, so two
/// processes over one database remove nothing twice.
///
/// # Errors
/// The store's.
pub async fn remove_due(center: &Center) -> Result<usize, BinError> {
    let mut removed = 0;
    loop {
        let author = center.author_named("system");
        let batch = center.store.write(move |tx| store::remove_due(tx, &author, 100)).await?;
        removed += batch;
        if batch < 100 {
            return Ok(removed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binned(owner: &str, external_id: Option<&str>) -> Binned {
        Binned {
            id: "u".into(),
            kind: IdentityKind::User,
            name: "Ana".into(),
            external_id: external_id.map(str::to_owned),
            owner: owner.into(),
            deleted_at: Timestamp(0),
            deleted_by: "scim:1".into(),
            record: Json::Null,
        }
    }

    #[test]
    fn who_comes_back_has_the_same_id_at_the_identity_provider() {
        let ana = binned("scim:1", Some("X1"));
        assert!(ana.returns_as("other-name", Some("X1")));
        assert!(!ana.returns_as("ana", Some("X2")), "the name was given to another person");
        assert!(!ana.returns_as("ana", Some("x1")), "ids have a case");
        assert!(!ana.returns_as("ana", None));
    }

    #[test]
    fn a_name_decides_only_where_there_is_no_id() {
        assert!(binned("scim", None).returns_as("ANA", None));
        assert!(!binned("scim", None).returns_as("ana", Some("X1")));
        assert!(!binned("scim", None).returns_as("bo", None));
    }

    #[test]
    fn what_another_made_does_not_come_back_by_provisioning() {
        assert!(!binned("console", Some("X1")).returns_as("ana", Some("X1")));
        assert!(!binned("api:1", None).returns_as("ana", None));
    }
}
