//! One function for each entry that takes a client's text. Each panics when a property does not hold.

use scim::filter::Filter;
use scim::patch::{PatchRequest, apply, member_changes};
use scim::path::{AttrPath, PatchPath};
use scim::{Profile, Quirks, Rules, resource};
use serde_json::{Value, json};

fn all_rules() -> [Rules; 4] {
    [Rules::users(Profile::Rfc), Rules::users(Profile::Aws), Rules::groups(Profile::Rfc), strict()]
}

fn strict() -> Rules {
    Rules::users(Profile::Rfc).with_quirks(Quirks::strict())
}

/// A user with something of every kind.
fn user() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ana", "active": true,
        "name": { "givenName": "Ana", "familyName": "Ng" },
        "emails": [
            { "value": "a@work.example", "type": "work", "primary": true },
            { "value": "a@home.example", "type": "home" },
        ],
        "roles": [{ "value": "Admin" }],
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": { "manager": { "value": "m" } },
    })
}

/// A filter that is read is printed so that it is read again as the same, and can be asked about a resource.
pub fn filter(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for rules in all_rules() {
        let Ok(filter) = Filter::parse(text, &rules.quirks) else { continue };
        let printed = filter.to_string();
        let again = Filter::parse(&printed, &rules.quirks);
        assert_eq!(again.as_ref(), Ok(&filter), "{printed}");
        if let Ok(bound) = filter.bind(&rules) {
            let _ = bound.matches(&user());
        }
    }
}

/// A path that is read is printed so that it is read again as the same.
pub fn path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(path) = AttrPath::parse(text) {
        assert_eq!(AttrPath::parse(&path.to_string()), Ok(path));
    }
    if let Ok(path) = PatchPath::parse(text) {
        assert_eq!(PatchPath::parse(&path.to_string()), Ok(path));
    }
}

/// What a change leaves is what a strict reader makes of it; a group's members are found without panic.
pub fn patch(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    for rules in all_rules() {
        let Ok(request) = PatchRequest::read(&body, &rules.quirks) else { continue };
        if let Ok(patch) = member_changes(&rules, &request) {
            let net = patch.net();
            assert!(!net.add.iter().any(|id| net.remove.contains(id)));
        }
        if let Ok(after) = apply(&rules, &user(), &request)
            && after["schemas"][0] == user()["schemas"][0]
        {
            assert_eq!(resource::read(&strict(), &after).as_ref(), Ok(&after));
        }
    }
}

/// What is read is read again as the same.
pub fn resource(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    for rules in all_rules() {
        if let Ok(read) = resource::read(&rules, &body) {
            assert_eq!(resource::read(&rules, &read).as_ref(), Ok(&read));
        }
    }
}
