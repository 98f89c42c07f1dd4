//! Attributes that every resource has, RFC 7643 §3.

use super::attribute::{Attribute, Kind, Returned};

/// `schemas`. It follows from the attributes present, so a client cannot change it by itself.
pub static SCHEMAS: Attribute =
    Attribute::of(Kind::Reference, "schemas", "The URNs of the schemas that the resource uses.")
        .many()
        .returned(Returned::Always);

/// `id`, RFC 7643 §3.1.
pub static ID: Attribute = Attribute::text("id", "The identifier that the server gave to the resource.")
    .case_exact()
    .read_only()
    .returned(Returned::Always)
    .unique();

/// `externalId`, RFC 7643 §3.1.
pub static EXTERNAL_ID: Attribute =
    Attribute::text("externalId", "The identifier that the client gave to the resource.").case_exact();

/// `meta`, RFC 7643 §3.1.
pub static META: Attribute = Attribute::complex(
    "meta",
    "Facts about the resource that the server keeps.",
    const {
        &[
            Attribute::text("resourceType", "The type of the resource.").case_exact().read_only(),
            Attribute::of(Kind::DateTime, "created", "When the resource was created.").read_only(),
            Attribute::of(Kind::DateTime, "lastModified", "When the resource last changed.").read_only(),
            Attribute::of(Kind::Reference, "location", "The address of the resource.").read_only(),
            Attribute::text("version", "The version of the resource.").case_exact().read_only(),
        ]
    },
)
.read_only();

pub(super) fn attribute(name: &str) -> Option<&'static Attribute> {
    [&SCHEMAS, &ID, &EXTERNAL_ID, &META].into_iter().find(|a| a.name.eq_ignore_ascii_case(name))
}
