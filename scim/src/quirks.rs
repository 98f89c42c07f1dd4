//! Tolerated deviations: what vendors send although the RFCs say otherwise.
//!
//! Each has a name, a link to where the vendor or its users describe it, and a
//! captured request in `testdata/` that fails without it.

/// One tolerated deviation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
}

impl Quirk {
    /// All of them.
    pub const ALL: [Self; 15] = [
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
    ];

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
        }
    }

    const fn bit(self) -> u32 {
        1 << (self as u32)
    }
}

/// A set of tolerated deviations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quirks(u32);

impl Quirks {
    /// None: the RFCs to the letter.
    #[must_use]
    pub const fn strict() -> Self {
        Self(0)
    }

    /// All known ones. None of them makes a request mean two things.
    #[must_use]
    pub const fn tolerant() -> Self {
        Self(u32::MAX)
    }

    /// Whether the set has this one.
    #[must_use]
    pub const fn has(self, quirk: Quirk) -> bool {
        self.0 & quirk.bit() != 0
    }

    /// The set with one more.
    #[must_use]
    pub const fn with(self, quirk: Quirk) -> Self {
        Self(self.0 | quirk.bit())
    }

    /// The set with one less.
    #[must_use]
    pub const fn without(self, quirk: Quirk) -> Self {
        Self(self.0 & !quirk.bit())
    }
}

impl Default for Quirks {
    fn default() -> Self {
        Self::tolerant()
    }
}
