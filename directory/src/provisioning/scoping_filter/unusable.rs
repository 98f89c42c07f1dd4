//! Attributes that filters cannot use (entra-id.md 3.5), refused when a filter is saved rather than silently
//! false in every cycle.

const MULTI_VALUED: &str = "it has several values, and filters compare one";
const REFERENCE: &str = "it refers to other objects, and filters compare plain values";
const MEMBERSHIP: &str = "filters know no membership; assign the group to the application instead";
const USER_TYPE: &str = "Entra does not evaluate it in filters; use another attribute";
const ROLES: &str = "roles follow from assignments, which decide on the scope already";
const DATE: &str = "filters do not compare dates";
const SECRET: &str = "it is a secret";

const TABLE: &[(&str, &str)] = &[
    ("proxyAddresses", MULTI_VALUED),
    ("otherMails", MULTI_VALUED),
    ("businessPhones", MULTI_VALUED),
    ("imAddresses", MULTI_VALUED),
    ("faxNumbers", MULTI_VALUED),
    ("identities", MULTI_VALUED),
    ("assignedLicenses", MULTI_VALUED),
    ("assignedPlans", MULTI_VALUED),
    ("groupTypes", MULTI_VALUED),
    ("interests", MULTI_VALUED),
    ("responsibilities", MULTI_VALUED),
    ("schools", MULTI_VALUED),
    ("skills", MULTI_VALUED),
    ("pastProjects", MULTI_VALUED),
    ("manager", REFERENCE),
    ("directReports", REFERENCE),
    ("owners", REFERENCE),
    ("members", MEMBERSHIP),
    ("memberOf", MEMBERSHIP),
    ("transitiveMemberOf", MEMBERSHIP),
    ("isMemberOf", MEMBERSHIP),
    ("userType", USER_TYPE),
    ("appRoleAssignments", ROLES),
    ("employeeHireDate", DATE),
    ("employeeLeaveDateTime", DATE),
    ("hireDate", DATE),
    ("birthday", DATE),
    ("passwordProfile.password", SECRET),
];

/// Why a filter cannot use an attribute; `None` if it can. In any letter case.
pub fn unusable(attribute: &str) -> Option<&'static str> {
    let attribute = attribute.trim();
    let listed = TABLE.iter().find(|(name, _)| name.eq_ignore_ascii_case(attribute)).map(|(_, why)| *why);
    // createdDateTime, lastPasswordChangeDateTime …
    listed.or_else(|| attribute.to_ascii_lowercase().ends_with("datetime").then_some(DATE))
}
