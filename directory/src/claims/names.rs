//! Names of claims that are the directory's own, and the sets of claims that are added together.

use super::configuration::{Claim, Configuration};

/// The claims of every assertion, in Entra's order. None can be removed or given another value.
pub const CORE: [&str; 5] = [
    "http://schemas.microsoft.com/identity/claims/tenantid",
    "http://schemas.microsoft.com/identity/claims/objectidentifier",
    "http://schemas.microsoft.com/identity/claims/displayname",
    "http://schemas.microsoft.com/identity/claims/identityprovider",
    "http://schemas.microsoft.com/claims/authnmethodsreferences",
];
/// The group claim.
pub const GROUPS: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/groups";
/// The role claim.
pub const ROLE: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role";
/// Where the groups can be asked for when there are too many for an assertion.
pub const GROUPS_LINK: &str = "http://schemas.microsoft.com/claims/groups.link";
/// The name of a person as claims have it, which is the NameID's in a policy.
pub const NAME_IDENTIFIER: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier";

const WS_2008: &str = "http://schemas.microsoft.com/ws/2008/06/identity/claims/";
const IDENTITY: &str = "http://schemas.microsoft.com/identity/claims/";
const XMLSOAP: &str = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/";

/// What follows each namespace in names that applications trust as the directory's own word ("Claims
/// mapping policy type", SAML restricted claim set).
const RESTRICTED: [(&str, &[&str]); 5] = [
    (
        WS_2008,
        &[
            "authenticationinstant",
            "authenticationmethod",
            "confirmationkey",
            "denyonlyprimarygroupsid",
            "denyonlyprimarysid",
            "denyonlywindowsdevicegroup",
            "expiration",
            "expired",
            "groups",
            "groupsid",
            "ispersistent",
            "role",
            "wids",
        ],
    ),
    (
        IDENTITY,
        &[
            "accesstoken",
            "acct",
            "agegroup",
            "aio",
            "openid2_id",
            "puid",
            "scope",
            "xms_et",
            "identityprovider",
        ],
    ),
    (
        XMLSOAP,
        &[
            "authentication",
            "authorizationdecision",
            "denyonlysid",
            "privatepersonalidentifier",
            "spn",
            "upn",
        ],
    ),
    ("http://schemas.microsoft.com/claims/", &["groups.link"]),
    ("http://schemas.microsoft.com/2012/01/devicecontext/claims/", &["ismanaged", "isknown", "iscompliant"]),
];

/// Whether an application would take this name for the directory's own word, in any letter case.
pub fn is_restricted(full_name: &str) -> bool {
    let lower = full_name.to_lowercase();
    let restricted = RESTRICTED
        .iter()
        .any(|(namespace, names)| lower.strip_prefix(*namespace).is_some_and(|rest| names.contains(&rest)));
    restricted || CORE.contains(&lower.as_str()) || lower == NAME_IDENTIFIER
}

/// The namespace of attributes for AWS.
pub const AWS: &str = "https://aws.amazon.com/SAML/Attributes";

/// Session tags for attribute-based access control in IAM Identity Center ("Attributes for access
/// control": names after `AccessControl:`).
const AWS_SESSION_TAGS: [(&str, &str); 4] = [
    ("AccessControl:Department", "user.department"),
    ("AccessControl:JobTitle", "user.jobtitle"),
    ("AccessControl:EmployeeType", "user.employeetype"),
    ("AccessControl:CostCenter", "user.extensionattribute1"),
];

/// Adds the claims for AWS session tags that are not there yet; how many there were to add.
pub fn add_aws_session_tags(configuration: &mut Configuration) -> usize {
    let new: Vec<Claim> = AWS_SESSION_TAGS
        .iter()
        .map(|(name, source)| Claim::of(AWS, name, source))
        .filter(|claim| !configuration.claims.iter().any(|c| c.full_name() == claim.full_name()))
        .collect();
    let added = new.len();
    configuration.claims.extend(new);
    added
}
