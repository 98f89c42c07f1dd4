//! The properties of a user that a claim can come from, under the ids that Entra's claims have for them
//! (Microsoft identity platform, "Claims mapping policy type", table of `user` source ids).

use std::fmt;

use serde_json::Value as Json;

use crate::users::User;

/// A property of the user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attribute {
    /// Entra's id, in lower case.
    pub id: &'static str,
    /// Microsoft Graph's name of it.
    pub property: &'static str,
}

const fn attribute(id: &'static str, property: &'static str) -> Attribute {
    Attribute { id, property }
}

/// Every property that a claim can come from.
pub const ATTRIBUTES: &[Attribute] = &[
    attribute("userprincipalname", "userPrincipalName"),
    attribute("mail", "mail"),
    attribute("givenname", "givenName"),
    attribute("surname", "surname"),
    attribute("displayname", "displayName"),
    attribute("objectid", "id"),
    attribute("department", "department"),
    attribute("jobtitle", "jobTitle"),
    attribute("companyname", "companyName"),
    attribute("employeeid", "employeeId"),
    attribute("employeetype", "employeeType"),
    attribute("officelocation", "officeLocation"),
    attribute("physicaldeliveryofficename", "officeLocation"),
    attribute("streetaddress", "streetAddress"),
    attribute("city", "city"),
    attribute("state", "state"),
    attribute("postalcode", "postalCode"),
    attribute("country", "country"),
    attribute("usagelocation", "usageLocation"),
    attribute("preferredlanguage", "preferredLanguage"),
    attribute("mailnickname", "mailNickname"),
    attribute("othermail", "otherMails"),
    attribute("proxyaddresses", "proxyAddresses"),
    attribute("telephonenumber", "businessPhones"),
    attribute("mobilephone", "mobilePhone"),
    attribute("facsimiletelephonenumber", "faxNumber"),
    attribute("usertype", "userType"),
    attribute("onpremisessamaccountname", "onPremisesSamAccountName"),
    attribute("createddatetime", "createdDateTime"),
    attribute("accountenabled", "accountEnabled"),
    // Of the application; see `Memberships::roles`.
    attribute("assignedroles", "assignedRoles"),
    attribute("extensionattribute1", "extensionAttribute1"),
    attribute("extensionattribute2", "extensionAttribute2"),
    attribute("extensionattribute3", "extensionAttribute3"),
    attribute("extensionattribute4", "extensionAttribute4"),
    attribute("extensionattribute5", "extensionAttribute5"),
    attribute("extensionattribute6", "extensionAttribute6"),
    attribute("extensionattribute7", "extensionAttribute7"),
    attribute("extensionattribute8", "extensionAttribute8"),
    attribute("extensionattribute9", "extensionAttribute9"),
    attribute("extensionattribute10", "extensionAttribute10"),
    attribute("extensionattribute11", "extensionAttribute11"),
    attribute("extensionattribute12", "extensionAttribute12"),
    attribute("extensionattribute13", "extensionAttribute13"),
    attribute("extensionattribute14", "extensionAttribute14"),
    attribute("extensionattribute15", "extensionAttribute15"),
];

impl Attribute {
    /// The attribute with this id in any letter case, with or without `user.` before it.
    pub fn find(id: &str) -> Option<Self> {
        let lower = id.to_ascii_lowercase();
        let id = lower.strip_prefix("user.").unwrap_or(&lower);
        ATTRIBUTES.iter().find(|known| known.id == id).copied()
    }

    /// Its values for a user, none of them empty. A user whose type is not written down is a member, as
    /// every user is that was not invited.
    pub fn values(self, user: &User) -> Vec<String> {
        let values = match self.id {
            "createddatetime" => vec![user.created_date_time.clone()],
            "usertype" => vec![user.property("userType").unwrap_or_else(|| "Member".to_owned())],
            _ => match user.profile.get(self.property).and_then(Json::as_array) {
                Some(texts) => texts.iter().filter_map(Json::as_str).map(ToOwned::to_owned).collect(),
                None => user.property(self.property).into_iter().collect(),
            },
        };
        values.into_iter().filter(|value| !value.trim().is_empty()).collect()
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user.{}", self.id)
    }
}

/// The ids of all attributes, for messages and lists.
pub fn ids() -> String {
    ATTRIBUTES.iter().map(|a| a.id).collect::<Vec<_>>().join(", ")
}
