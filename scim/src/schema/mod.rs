//! What a resource consists of: schemas, attributes and their rules (RFC 7643 §2.2 and §7).

mod attribute;
mod common;
pub mod custom;
pub mod documents;
mod enterprise;
mod group;
mod resolve;
mod user;

pub use attribute::{Attribute, Kind, Mutability, Returned, Uniqueness};
pub use common::{EXTERNAL_ID, ID, META, SCHEMAS};
pub use enterprise::ENTERPRISE_USER_SCHEMA;
pub use group::{GROUP, GROUP_SCHEMA};
pub use resolve::{Resolved, Target};
pub use user::{USER, USER_SCHEMA};

/// Schema URNs.
pub mod urn {
    /// Core user, RFC 7643 §4.1.
    pub const USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
    /// Core group, RFC 7643 §4.2.
    pub const GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
    /// Enterprise extension of the user, RFC 7643 §4.3.
    pub const ENTERPRISE_USER: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
}

/// A named set of attributes, RFC 7643 §7.
#[derive(Debug)]
pub struct Schema {
    /// The URN.
    pub id: &'static str,
    /// The name that people read.
    pub name: &'static str,
    /// What it describes.
    pub description: &'static str,
    /// Its attributes, in the order in which they are returned.
    pub attributes: &'static [Attribute],
}

impl Schema {
    /// The attribute of this name. Names have no case, RFC 7643 §2.1.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.attributes.iter().find(|a| a.name.eq_ignore_ascii_case(name))
    }
}

impl PartialEq for Schema {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// A type of resource: its core schema and its extensions, RFC 7643 §6.
#[derive(Debug)]
pub struct ResourceType {
    /// `User` or `Group`; also the value of `meta.resourceType`.
    pub name: &'static str,
    /// The path below the base URL.
    pub endpoint: &'static str,
    /// What it is.
    pub description: &'static str,
    /// The core schema.
    pub schema: &'static Schema,
    /// The extensions.
    pub extensions: &'static [&'static Schema],
}

impl ResourceType {
    /// The core or common attribute of this name.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&'static Attribute> {
        self.schema.attribute(name).or_else(|| common::attribute(name))
    }

    /// The extension with this URN. URNs of schemas have no case, RFC 7643 §2.1 with RFC 8141 §3.1.
    #[must_use]
    pub fn extension(&self, urn: &str) -> Option<&'static Schema> {
        self.extensions.iter().copied().find(|s| s.id.eq_ignore_ascii_case(urn))
    }

    /// Whether the URN names the core schema or an extension.
    #[must_use]
    pub fn knows_schema(&self, urn: &str) -> bool {
        self.schema.id.eq_ignore_ascii_case(urn) || self.extension(urn).is_some()
    }
}

/// All resource types, without extensions of administrators.
pub static RESOURCE_TYPES: [&ResourceType; 2] = [&USER, &GROUP];
