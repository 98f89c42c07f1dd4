//! The core group, RFC 7643 §4.2 and §8.7.1.

use super::attribute::{Attribute, Kind, Mutability};
use super::{ResourceType, Schema, urn};

/// The resource type `Group`.
pub static GROUP: ResourceType = ResourceType {
    name: "Group",
    endpoint: "/Groups",
    description: "Group",
    schema: &GROUP_SCHEMA,
    extensions: &[],
};

/// The core schema of a group.
pub static GROUP_SCHEMA: Schema =
    Schema { id: urn::GROUP, name: "Group", description: "Group", attributes: ATTRIBUTES };

const ATTRIBUTES: &[Attribute] = &[
    // Entra and AWS both need the name to be unique; RFC 7643 leaves it open.
    Attribute::text("displayName", "The name of the group.").required().unique(),
    Attribute::complex("members", "The members of the group.", MEMBER).many(),
];

const MEMBER: &[Attribute] = &[
    Attribute::text("value", "The id of the member.")
        .case_exact()
        .required()
        .mutability(Mutability::Immutable),
    Attribute::of(Kind::Reference, "$ref", "The address of the member.")
        .refers_to(&["User"])
        .mutability(Mutability::Immutable),
    Attribute::text("type", "The type of the member.").canonical(&["User"]).mutability(Mutability::Immutable),
    Attribute::text("display", "The name of the member.").read_only(),
];
