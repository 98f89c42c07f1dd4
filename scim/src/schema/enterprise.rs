//! The enterprise extension of the user, RFC 7643 §4.3 and §8.7.1.

use super::attribute::{Attribute, Kind};
use super::{Schema, urn};

/// The schema of the extension.
pub static ENTERPRISE_USER_SCHEMA: Schema = Schema {
    id: urn::ENTERPRISE_USER,
    name: "EnterpriseUser",
    description: "Enterprise User",
    attributes: ATTRIBUTES,
};

const ATTRIBUTES: &[Attribute] = &[
    Attribute::text("employeeNumber", "The number that the organization gave to the person."),
    Attribute::text("costCenter", "The cost center."),
    Attribute::text("organization", "The organization."),
    Attribute::text("division", "The division."),
    Attribute::text("department", "The department."),
    Attribute::complex("manager", "The user's manager.", MANAGER),
];

const MANAGER: &[Attribute] = &[
    Attribute::text("value", "The id of the manager.").case_exact(),
    Attribute::of(Kind::Reference, "$ref", "The address of the manager.").refers_to(&["User"]),
    Attribute::text("displayName", "The name of the manager.").read_only(),
];
