//! The claims of an application as they are configured. The JSON is that of the API, of the rows and of
//! events.

use serde::{Deserialize, Serialize};

use super::group_claim::GroupClaim;

/// The namespace of the default claims.
pub const DEFAULT_NAMESPACE: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims";

/// Everything that is configured.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Configuration {
    /// One or two functions over the source of the NameID, for example `ToLowercase(source)`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_id_transformation: Option<String>,
    /// "Append application ID to issuer": each application hears of an identity provider of its own.
    #[serde(default, skip_serializing_if = "is_false")]
    pub issuer_with_application_id: bool,
    /// "Override audience": the Audience of every assertion, whatever the request says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience_override: Option<String>,
    /// The claims beside the fixed ones, in their order.
    pub claims: Vec<Claim>,
    /// The group claim, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub groups: Option<GroupClaim>,
}

/// A claim.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claim {
    /// Its name.
    pub name: String,
    /// What stands before the name, with a slash between them; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// How applications are to read the name; absent sends none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name_format: Option<NameFormat>,
    /// Whether nobody is signed in without a value; else the claim is left out.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// Its values with their conditions, the last that applies counts.
    pub values: Vec<ClaimValue>,
}

/// A value of a claim, for whom its condition holds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimValue {
    /// As `notation` reads it.
    pub source: String,
    /// "Treat source as multivalued": all values of the attribute, not the first alone.
    #[serde(default, skip_serializing_if = "is_false")]
    pub multivalued: bool,
    /// Which users.
    #[serde(default, skip_serializing_if = "UserType::is_any")]
    pub user_type: UserType,
    /// Groups by id, of which the user has to be in one; none means everybody.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
}

/// Which users a condition is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum UserType {
    /// All.
    #[default]
    Any,
    /// Members.
    Members,
    /// Guests.
    Guests,
}

/// How a name is to be read (SAML Core 8.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NameFormat {
    /// Nothing is said.
    Unspecified,
    /// A URI.
    Uri,
    /// A name without a colon.
    Basic,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if gives a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

impl UserType {
    /// Every one with its words for people.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Any, "any", "Any"),
        (Self::Members, "members", "Members"),
        (Self::Guests, "guests", "Guests"),
    ];

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's skip_serializing_if gives a reference")]
    fn is_any(&self) -> bool {
        *self == Self::Any
    }

    /// From its name in a form.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == name).map(|(one, _, _)| one)
    }

    /// Whether a user of this `userType` is meant. Who is not called a guest is a member.
    pub fn holds(self, user_type: Option<&str>) -> bool {
        let guest = user_type.is_some_and(|t| t.eq_ignore_ascii_case("Guest"));
        match self {
            Self::Any => true,
            Self::Members => !guest,
            Self::Guests => guest,
        }
    }
}

impl NameFormat {
    /// Every one with its name and URI.
    pub const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Unspecified, "unspecified", "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"),
        (Self::Uri, "uri", "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"),
        (Self::Basic, "basic", "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"),
    ];

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, known, _)| *known == name).map(|(one, _, _)| one)
    }

    /// Its name and URI.
    pub fn words(self) -> (&'static str, &'static str) {
        let found = Self::ALL.into_iter().find(|(one, _, _)| *one == self);
        found.map_or(("", ""), |(_, name, uri)| (name, uri))
    }
}

/// A name with its namespace.
pub fn full_name(namespace: &str, name: &str) -> String {
    if namespace.is_empty() { name.to_owned() } else { format!("{namespace}/{name}") }
}

impl Claim {
    /// A claim with one value for everybody.
    pub fn of(namespace: &str, name: &str, source: &str) -> Self {
        Self {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            values: vec![ClaimValue { source: source.to_owned(), ..ClaimValue::default() }],
            ..Self::default()
        }
    }

    /// The attribute's name in the assertion.
    pub fn full_name(&self) -> String {
        full_name(&self.namespace, &self.name)
    }
}

impl Default for Configuration {
    /// The four default claims of a new application.
    fn default() -> Self {
        let claims = [
            ("givenname", "user.givenname"),
            ("surname", "user.surname"),
            ("emailaddress", "user.mail"),
            ("name", "user.userprincipalname"),
        ];
        Self {
            name_id_transformation: None,
            issuer_with_application_id: false,
            audience_override: None,
            claims: claims.map(|(name, source)| Claim::of(DEFAULT_NAMESPACE, name, source)).to_vec(),
            groups: None,
        }
    }
}

impl Configuration {
    /// The Issuer that the application hears of; `entity_id` is the tenant's and ends in a slash.
    pub fn issuer(&self, entity_id: &str, app_id: &str) -> String {
        if self.issuer_with_application_id { format!("{entity_id}{app_id}/") } else { entity_id.to_owned() }
    }

    /// The groups that its conditions name, each once.
    pub fn scoped_groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> =
            self.claims.iter().flat_map(|c| &c.values).flat_map(|v| &v.groups).map(String::as_str).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }
}
