//! The attributes of the identity store that can become tags (user guide, "Attributes for access control").

use serde_json::Value as Json;

const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// Every source that can be chosen.
pub const SOURCES: [&str; 29] = [
    "${path:userName}",
    "${path:name.givenName}",
    "${path:name.familyName}",
    "${path:name.formatted}",
    "${path:name.middleName}",
    "${path:name.honorificPrefix}",
    "${path:name.honorificSuffix}",
    "${path:displayName}",
    "${path:nickName}",
    "${path:emails[primary eq true].value}",
    "${path:addresses[type eq \"work\"].streetAddress}",
    "${path:addresses[type eq \"work\"].locality}",
    "${path:addresses[type eq \"work\"].region}",
    "${path:addresses[type eq \"work\"].postalCode}",
    "${path:addresses[type eq \"work\"].country}",
    "${path:addresses[type eq \"work\"].formatted}",
    "${path:phoneNumbers[type eq \"work\"].value}",
    "${path:userType}",
    "${path:title}",
    "${path:locale}",
    "${path:timezone}",
    "${path:preferredLanguage}",
    "${path:profileUrl}",
    "${path:enterprise.employeeNumber}",
    "${path:enterprise.costCenter}",
    "${path:enterprise.organization}",
    "${path:enterprise.division}",
    "${path:enterprise.department}",
    "${path:enterprise.manager.value}",
];

/// The value of a source in a user's resource; nothing where it is absent or empty.
pub(super) fn value(source: &str, resource: &Json) -> Option<String> {
    let path = source.strip_prefix("${path:")?.strip_suffix('}')?;
    let (start, rest) = match path.split_once('.') {
        Some(("enterprise", rest)) => (&resource[ENTERPRISE], rest),
        _ => (resource, path),
    };
    let found = match rest.split_once('[') {
        Some((list, condition)) => {
            let (condition, attribute) = condition.split_once("].")?;
            let fits = |entry: &&Json| match condition {
                "primary eq true" => entry["primary"] == true,
                _ => entry["type"] == "work",
            };
            &start[list].as_array()?.iter().find(fits)?[attribute]
        }
        None => rest.split('.').fold(start, |value, name| &value[name]),
    };
    found.as_str().map(str::trim).filter(|text| !text.is_empty()).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_source_finds_its_value() {
        let address = json!({ "type": "work", "streetAddress": "v", "locality": "v", "region": "v",
            "postalCode": "v", "country": "v", "formatted": "v" });
        let name = json!({ "givenName": "v", "familyName": "v", "formatted": "v", "middleName": "v",
            "honorificPrefix": "v", "honorificSuffix": "v" });
        let resource = json!({
            "userName": "v", "displayName": "v", "nickName": "v", "userType": "v", "title": "v", "locale": "v",
            "timezone": "v", "preferredLanguage": "v", "profileUrl": "v", "name": name,
            "emails": [{ "value": "no" }, { "value": "v", "primary": true }],
            "addresses": [{ "type": "home" }, address],
            "phoneNumbers": [{ "type": "work", "value": "v" }],
            ENTERPRISE: { "employeeNumber": "v", "costCenter": "v", "organization": "v", "division": "v",
                "department": "v", "manager": { "value": "v" } },
        });
        for source in SOURCES {
            assert_eq!(value(source, &resource).as_deref(), Some("v"), "{source}");
            assert_eq!(value(source, &json!({})), None, "{source}");
        }
    }
}
