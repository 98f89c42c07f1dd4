//! SCIM 2.0 (RFC 7643, RFC 7644, RFC 9865): JSON in, resource or refusal out.
//!
//! Nothing here asks for the time, for randomness, for a socket or for a row.
//! A server reads a request with this crate, decides with it, and stores the
//! result itself:
//!
//! | request | call |
//! |---|---|
//! | every body | [`json::read`] |
//! | `POST /Users`, `PUT /Users/{id}` | [`resource::read`] |
//! | `PATCH /Users/{id}` | [`patch::PatchRequest::read`], [`patch::apply`] |
//! | `PATCH /Groups/{id}` | [`patch::PatchRequest::read`], [`patch::member_changes`] |
//! | `GET /Users?…` | [`list::ListQuery::parse`], [`filter::Filter::parse`], [`filter::Filter::bind`] |
//! | every answer with a resource | [`resource::project`] |
//! | `POST /Bulk` | [`bulk::BulkRequest::read`], [`bulk::Order`] |
//! | `/Schemas`, `/ResourceTypes`, `/ServiceProviderConfig` | [`schema::documents`] |
//!
//! What a request is judged by stands in [`Rules`]: the resource type, the
//! profile (which attributes are required) and the tolerated deviations.

pub mod bulk;
pub mod caseless;
pub mod dialect;
pub mod error;
pub mod filter;
pub mod json;
pub mod limits;
pub mod list;
pub mod patch;
pub mod path;
pub mod quirks;
pub mod resource;
pub mod schema;

pub use error::ScimError;
pub use quirks::{Quirk, Quirks};
pub use resource::Profile;

/// What a request is judged by.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The type of the resource that is read or changed.
    pub kind: &'static schema::ResourceType,
    /// Which attributes a resource must have.
    pub profile: Profile,
    /// Which deviations from the RFCs are tolerated.
    pub quirks: Quirks,
}

impl Rules {
    /// The rules for users, tolerant of every known deviation.
    #[must_use]
    pub const fn users(profile: Profile) -> Self {
        Self { kind: &schema::USER, profile, quirks: Quirks::tolerant() }
    }

    /// The rules for groups, tolerant of every known deviation.
    #[must_use]
    pub const fn groups(profile: Profile) -> Self {
        Self { kind: &schema::GROUP, profile, quirks: Quirks::tolerant() }
    }

    /// The same rules with another set of tolerated deviations.
    #[must_use]
    pub fn with_quirks(self, quirks: Quirks) -> Self {
        Self { quirks, ..self }
    }

    /// Whether a deviation that was just met is tolerated; it is noted where the quirks are.
    #[must_use]
    pub fn tolerates(&self, quirk: Quirk) -> bool {
        self.quirks.tolerate(quirk)
    }
}
