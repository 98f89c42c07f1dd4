//! Tolerated deviations: what vendors send although the RFCs say otherwise.
//!
//! Each has a name, a link to where the vendor or its users describe it, and a
//! captured request in `testdata/` that fails without it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// One tolerated deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Quirk {
    /// `"op": "Replace"` with a capital letter. RFC 7644 §3.5.2 spells the three values in lower case.
    EntraCapitalisedOp,
    /// `"active": "False"`: booleans (and numbers) as strings, in bodies, PATCH values and filters.
    EntraScalarAsString,
    /// `{"name.givenName": "x"}`: a path as a key of a value without `path`; also value paths.
    EntraPathAsKey,
    /// `{"urn:…:enterprise:2.0:User:department": "x"}`: a qualified attribute as a key.
    EntraUrnAsKey,
    /// Add or Replace at `emails[type eq "work"].value` creates the element that does not exist yet;
    /// RFC 7644 §3.5.2.3 asks for `noTarget`.
    EntraValuePathCreates,
    /// `{"op": "Remove", "path": "members", "value": [{"value": "id"}]}` removes these values alone.
    EntraRemoveInValue,
    /// A bare string where an object with `value` is due: manager, roles, members.
    EntraBareValue,
    /// An array with one element for a single-valued attribute (manager).
    EntraArrayForSingle,
    /// `roles` whose `value` is a JSON text with `id`, `value` and `displayName`.
    EntraRolesJsonText,
    /// An empty string clears an attribute. (`null` does so by RFC 7643 §2.5.)
    EntraEmptyClears,
    /// A URN in `schemas` that this server does not know.
    EntraUnknownSchema,
    /// `emails[type eq "work"].value eq "x"` as a filter, which the grammar does not have.
    EntraValuePathComparison,
    /// A value without `path` that repeats `id` or `meta`; they are passed over.
    OktaReadOnlyInValue,
    /// A body without `schemas`.
    GoogleMissingSchemas,
    /// `member` for `members` in a filter on groups.
    AwsMemberInFilter,
    /// A manager whose id no user has. AWS documents no check of it.
    AwsUnknownManager,
}

impl Quirk {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::EntraCapitalisedOp,
        Self::EntraScalarAsString,
        Self::EntraPathAsKey,
        Self::EntraUrnAsKey,
        Self::EntraValuePathCreates,
        Self::EntraRemoveInValue,
        Self::EntraBareValue,
        Self::EntraArrayForSingle,
        Self::EntraRolesJsonText,
        Self::EntraEmptyClears,
        Self::EntraUnknownSchema,
        Self::EntraValuePathComparison,
        Self::OktaReadOnlyInValue,
        Self::GoogleMissingSchemas,
        Self::AwsMemberInFilter,
        Self::AwsUnknownManager,
    ];

    /// Its stable name, for rows, programs and pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::EntraCapitalisedOp => "entra-capitalised-op",
            Self::EntraScalarAsString => "entra-scalar-as-string",
            Self::EntraPathAsKey => "entra-path-as-key",
            Self::EntraUrnAsKey => "entra-urn-as-key",
            Self::EntraValuePathCreates => "entra-value-path-creates",
            Self::EntraRemoveInValue => "entra-remove-in-value",
            Self::EntraBareValue => "entra-bare-value",
            Self::EntraArrayForSingle => "entra-array-for-single",
            Self::EntraRolesJsonText => "entra-roles-json-text",
            Self::EntraEmptyClears => "entra-empty-clears",
            Self::EntraUnknownSchema => "entra-unknown-schema",
            Self::EntraValuePathComparison => "entra-value-path-comparison",
            Self::OktaReadOnlyInValue => "okta-read-only-in-value",
            Self::GoogleMissingSchemas => "google-missing-schemas",
            Self::AwsMemberInFilter => "aws-member-in-filter",
            Self::AwsUnknownManager => "aws-unknown-manager",
        }
    }

    /// The deviation of this name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quirk| quirk.name() == name)
    }

    /// What a client does that the RFCs do not have, in words.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::EntraCapitalisedOp => {
                "\"op\" with a capital letter (RFC 7644 section 3.5.2 has add, remove, replace)"
            }
            Self::EntraScalarAsString => "a boolean or number sent as a string (RFC 7643 section 2.3)",
            Self::EntraPathAsKey => "a path as a key of a value without \"path\" (RFC 7644 section 3.5.2)",
            Self::EntraUrnAsKey => "an attribute with its URN as a key of a value (RFC 7643 section 3.3)",
            Self::EntraValuePathCreates => {
                "a value path that fits no value and is to create one (RFC 7644 section 3.5.2.3: noTarget)"
            }
            Self::EntraRemoveInValue => "a remove operation with \"value\" (RFC 7644 section 3.5.2.2)",
            Self::EntraBareValue => "a plain string where an object is due (RFC 7643 section 2.3.8)",
            Self::EntraArrayForSingle => "a list for an attribute with one value (RFC 7643 section 2.2)",
            Self::EntraRolesJsonText => "JSON text as the value of a role",
            Self::EntraEmptyClears => {
                "an empty string that is to clear an attribute (RFC 7643 section 2.5: null)"
            }
            Self::EntraUnknownSchema => {
                "a URN in \"schemas\" that this server does not have (RFC 7643 section 3)"
            }
            Self::EntraValuePathComparison => {
                "a sub-attribute after brackets in a filter (RFC 7644 section 3.4.2.2)"
            }
            Self::OktaReadOnlyInValue => "\"id\" or \"meta\" in the value of a change (RFC 7643 section 2.2)",
            Self::GoogleMissingSchemas => "a body without \"schemas\" (RFC 7643 section 3)",
            Self::AwsMemberInFilter => "\"member\" for \"members\" in a filter",
            Self::AwsUnknownManager => "a manager whose id no user has (RFC 7643 section 4.3)",
        }
    }

    /// Where the deviation is described.
    #[must_use]
    pub const fn link(self) -> &'static str {
        match self {
            Self::EntraCapitalisedOp
            | Self::EntraScalarAsString
            | Self::EntraPathAsKey
            | Self::EntraUrnAsKey
            | Self::EntraRemoveInValue => {
                "https://learn.microsoft.com/entra/identity/app-provisioning/application-provisioning-config-problem-scim-compatibility"
            }
            Self::EntraValuePathCreates => "https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/416",
            Self::EntraBareValue | Self::EntraArrayForSingle => {
                "https://github.com/Captain-P-Goldfish/SCIM-SDK/issues/686"
            }
            Self::EntraRolesJsonText
            | Self::EntraEmptyClears
            | Self::EntraUnknownSchema
            | Self::EntraValuePathComparison => {
                "https://learn.microsoft.com/entra/identity/app-provisioning/use-scim-to-provision-users-and-groups"
            }
            Self::OktaReadOnlyInValue => {
                "https://developer.okta.com/docs/api/openapi/okta-scim/guides/scim-20/"
            }
            Self::GoogleMissingSchemas => "https://support.google.com/a/topic/6400789",
            Self::AwsMemberInFilter => {
                "https://docs.aws.amazon.com/singlesignon/latest/developerguide/listgroups.html"
            }
            Self::AwsUnknownManager => {
                "https://docs.aws.amazon.com/singlesignon/latest/developerguide/createuser.html"
            }
        }
    }

    /// The file in `testdata/` with a request that needs this deviation.
    #[must_use]
    pub const fn fixture(self) -> &'static str {
        match self {
            Self::EntraCapitalisedOp => "entra-capitalised-op.json",
            Self::EntraScalarAsString => "entra-disable-string-boolean.json",
            Self::EntraPathAsKey => "entra-optscim-dotted-keys.json",
            Self::EntraUrnAsKey => "entra-optscim-urn-keys.json",
            Self::EntraValuePathCreates => "entra-value-path-creates.json",
            Self::EntraRemoveInValue => "entra-remove-member-in-value.json",
            Self::EntraBareValue => "entra-manager-bare-string.json",
            Self::EntraArrayForSingle => "entra-manager-array.json",
            Self::EntraRolesJsonText => "entra-roles-json-text.json",
            Self::EntraEmptyClears => "entra-manager-empty-clears.json",
            Self::EntraUnknownSchema => "entra-group-unknown-schema.json",
            Self::EntraValuePathComparison => "entra-filter-value-path.json",
            Self::OktaReadOnlyInValue => "okta-group-rename-with-id.json",
            Self::GoogleMissingSchemas => "google-user-without-schemas.json",
            Self::AwsMemberInFilter => "aws-filter-member.json",
            Self::AwsUnknownManager => "aws-unknown-manager.json",
        }
    }

    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// A set of tolerated deviations; a [noting](Self::noting) one also remembers which were met.
#[derive(Clone, Debug)]
pub struct Quirks {
    tolerated: u32,
    met: Option<Arc<AtomicU32>>,
}

impl Quirks {
    /// None: the RFCs to the letter.
    #[must_use]
    pub const fn strict() -> Self {
        Self { tolerated: 0, met: None }
    }

    /// All known ones. None of them makes a request mean two things.
    #[must_use]
    pub const fn tolerant() -> Self {
        Self { tolerated: u32::MAX, met: None }
    }

    /// The same set, which notes from now on what it is asked about. Clones of it note in the same place.
    #[must_use]
    pub fn noting(self) -> Self {
        Self { met: Some(Arc::default()), ..self }
    }

    /// Whether the set has this one.
    #[must_use]
    pub const fn has(&self, quirk: Quirk) -> bool {
        self.tolerated & quirk.bit() != 0
    }

    /// Whether a deviation that was just met is tolerated. Ask only where a request has it: the question
    /// is noted, whatever the answer.
    #[must_use]
    pub fn tolerate(&self, quirk: Quirk) -> bool {
        if let Some(met) = &self.met {
            met.fetch_or(quirk.bit(), Ordering::Relaxed);
        }
        self.has(quirk)
    }

    /// The deviations that were met so far; none where they are not noted.
    #[must_use]
    pub fn met(&self) -> Vec<Quirk> {
        let bits = self.met.as_ref().map_or(0, |met| met.load(Ordering::Relaxed));
        Quirk::ALL.into_iter().filter(|quirk| bits & quirk.bit() != 0).collect()
    }

    /// The set with one more.
    #[must_use]
    pub fn with(self, quirk: Quirk) -> Self {
        Self { tolerated: self.tolerated | quirk.bit(), ..self }
    }

    /// The set with one less.
    #[must_use]
    pub fn without(self, quirk: Quirk) -> Self {
        Self { tolerated: self.tolerated & !quirk.bit(), ..self }
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::tolerant()
    }
}
