//! What a target hears of an entry of the event log: a Security Event Token (RFC 8417) with SCIM events (RFC 9967).
//!
//! Events are of the form `notice`: they name the attributes that changed and carry no values of them. The names by
//! which a person or group is known (`resource`) go along, so that a receiver without access to SCIM can do something
//! with them. The log does not tell PUT from PATCH, so every change is a `patch`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value as Json, json};
use store::Event;
use web::Timestamp;
use web::token::hmac_sha256;

const PROV: &str = "urn:ietf:params:scim:event:prov:";
/// The events of RFC 9967 that targets hear.
pub const EVENT_URIS: [&str; 5] = [
    "urn:ietf:params:scim:event:prov:create:notice",
    "urn:ietf:params:scim:event:prov:patch:notice",
    "urn:ietf:params:scim:event:prov:activate",
    "urn:ietf:params:scim:event:prov:deactivate",
    "urn:ietf:params:scim:event:prov:delete",
];
/// OpenID Shared Signals Framework 1.0 §8.1.4.1; RFC 9967 has no event for this.
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";
/// Values of a resource that are sent.
const SENT: [&str; 5] = ["id", "userName", "displayName", "active", "externalId"];
/// What is ours and no attribute of the resource.
const OWN: [&str; 4] = ["id", "owner", "schemas", "meta"];

/// Of whom something is told, and what.
#[derive(Debug, Clone, PartialEq)]
pub struct Notice {
    subject: Json,
    events: Map<String, Json>,
}

/// What goes into a token beside the events.
#[derive(Debug, Clone, Copy)]
pub struct Envelope<'a> {
    /// The origin of this center.
    pub issuer: &'a str,
    /// The target's URL.
    pub audience: &'a str,
    /// The same for each sending of the same event to the same target.
    pub id: &'a str,
    /// When the token is made.
    pub now: Timestamp,
}

impl Notice {
    /// What targets hear of an entry; nothing of what is not about people, groups and memberships.
    pub fn of(event: &Event) -> Option<Self> {
        let (endpoint, action) = match (event.subject_type.as_str(), event.action.split_once('.')?.1) {
            ("user", action) => ("Users", action),
            ("group", action) => ("Groups", action),
            _ => return None,
        };
        let none = Json::Null;
        let (before, after) = (event.before.as_ref().unwrap_or(&none), event.after.as_ref().unwrap_or(&none));
        let mut events = Map::new();
        let mut tell = |name: &str, payload: Json| events.insert(format!("{PROV}{name}"), payload);
        let notice = |names: Vec<String>| json!({ "attributes": names, "resource": sent(after) });
        match action {
            // Who comes back from the recycle bin comes back as the same resource.
            "created" | "restored" => {
                tell("create:notice", notice(changed(&none, after)));
            }
            "updated" => {
                let mut names = changed(before, after);
                if endpoint == "Users" && before["active"] != after["active"] {
                    names.retain(|name| name != "active");
                    let name = if after["active"] == true { "activate" } else { "deactivate" };
                    tell(name, json!({}));
                }
                if !names.is_empty() {
                    tell("patch:notice", notice(names));
                }
            }
            "deleted" => {
                tell("delete", json!({}));
            }
            "member_added" => {
                tell("patch:notice", membership(after, "added")?);
            }
            "member_removed" => {
                tell("patch:notice", membership(before, "removed")?);
            }
            _ => {}
        }
        if events.is_empty() {
            return None;
        }
        let mut subject = json!({ "format": "scim", "uri": format!("/{endpoint}/{}", event.subject_id) });
        let known = if after.is_null() { before } else { after };
        if let Some(external) = known["externalId"].as_str() {
            subject["externalId"] = external.into();
        }
        Some(Self { subject, events })
    }

    /// The event that only proves that tokens arrive.
    pub fn verification(target: &str) -> Self {
        let events = Map::from_iter([(VERIFICATION.to_owned(), json!({}))]);
        Self { subject: json!({ "format": "opaque", "id": target }), events }
    }

    /// The claims of its token. `source` is the entry of the log, which the token names as its transaction and its
    /// time.
    pub fn claims(&self, envelope: Envelope<'_>, source: Option<&Event>) -> Json {
        let mut claims = json!({
            "iss": envelope.issuer,
            "aud": envelope.audience,
            "iat": envelope.now.seconds(),
            "jti": envelope.id,
        });
        if let Some(event) = source {
            claims["toe"] = Timestamp(event.at).seconds().into();
            claims["txn"] = format!("{}.{}", event.realm, event.cursor).into();
        }
        claims["sub_id"] = self.subject.clone();
        claims["events"] = self.events.clone().into();
        claims
    }
}

/// The compact form (RFC 7515 §3.1) with HS256 (RFC 7518 §3.2).
pub fn signed(claims: &Json, secret: &[u8]) -> String {
    let header = json!({ "alg": "HS256", "typ": "secevent+jwt" });
    let encoded = |json: &Json| URL_SAFE_NO_PAD.encode(json.to_string());
    let input = format!("{}.{}", encoded(&header), encoded(claims));
    let tag = URL_SAFE_NO_PAD.encode(hmac_sha256(secret, input.as_bytes()));
    format!("{input}.{tag}")
}

fn sent(resource: &Json) -> Json {
    let known = SENT.iter().filter_map(|name| Some((*name, resource.get(*name)?)));
    let values = known.filter(|(_, value)| value.is_string() || value.is_boolean());
    values.map(|(name, value)| (name.to_owned(), value.clone())).collect::<Map<_, _>>().into()
}

fn membership(detail: &Json, change: &str) -> Option<Json> {
    let member = detail["memberId"].as_str()?;
    Some(json!({
        "attributes": [format!("members[value eq \"{member}\"]")],
        "member": { "value": member, "change": change },
    }))
}

/// Names of attributes whose values differ, those of extensions with their URN (RFC 7644 §3.10).
fn changed(before: &Json, after: &Json) -> Vec<String> {
    let mut names = Vec::new();
    for name in keys(before, after).filter(|name| !OWN.contains(name)) {
        let (old, new) = (&before[name], &after[name]);
        if old == new {
            continue;
        }
        if name.starts_with("urn:") {
            names.extend(
                keys(old, new).filter(|key| old[*key] != new[*key]).map(|key| format!("{name}:{key}")),
            );
        } else {
            names.push(name.to_owned());
        }
    }
    names
}

/// The keys of both, each once.
fn keys<'a>(before: &'a Json, after: &'a Json) -> impl Iterator<Item = &'a str> {
    let of =
        |json: &'a Json| json.as_object().into_iter().flat_map(|object| object.keys().map(String::as_str));
    of(after).chain(of(before).filter(move |key| after.get(*key).is_none()))
}

#[cfg(test)]
mod tests {
    use store::EventCursor;

    use super::*;

    fn heard(action: &str, before: Json, after: Json) -> Json {
        let state = |json: Json| (!json.is_null()).then_some(json);
        let event = Event {
            cursor: EventCursor { epoch: 0, seq: 7 },
            realm: "i".to_owned(),
            at: 5_000_000,
            actor: "system".to_owned(),
            action: action.to_owned(),
            subject_type: action.split('.').next().unwrap_or_default().to_owned(),
            subject_id: "1".to_owned(),
            before: state(before),
            after: state(after),
        };
        let envelope =
            Envelope { issuer: "https://c", audience: "https://t", id: "x", now: Timestamp(9_000_000) };
        let claims = Notice::of(&event).map_or(Json::Null, |notice| notice.claims(envelope, Some(&event)));
        let told = claims["events"].as_object().into_iter().flatten();
        told.for_each(|(uri, _)| assert!(EVENT_URIS.contains(&uri.as_str()), "{uri} is not announced"));
        claims
    }

    fn events(action: &str, before: Json, after: Json) -> Json {
        let prefixed = heard(action, before, after)["events"].to_string().replace(PROV, "");
        serde_json::from_str(&prefixed).unwrap_or_default()
    }

    #[test]
    fn a_token_says_who_and_what_and_no_more() {
        let ana = json!({ "id": "1", "owner": "api", "userName": "ana", "active": true, "externalId": "e",
            "title": "Engineer", "emails": [{ "value": "ana@x" }] });
        let claims = heard("user.created", Json::Null, ana);
        let expected = json!({
            "iss": "https://c", "aud": "https://t", "iat": 9, "jti": "x", "toe": 5, "txn": "i.0.7",
            "sub_id": { "format": "scim", "uri": "/Users/1", "externalId": "e" },
            "events": { "urn:ietf:params:scim:event:prov:create:notice": {
                "attributes": ["userName", "active", "externalId", "title", "emails"],
                "resource": { "id": "1", "userName": "ana", "active": true, "externalId": "e" },
            } },
        });
        assert_eq!(claims, expected);
    }

    #[test]
    fn changes_are_told_by_name() {
        let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let before =
            json!({ "userName": "ana", "active": true, "title": "A", enterprise: { "department": "A" } });
        let after = json!({ "userName": "ana", "active": false, "nickName": "N",
            enterprise: { "department": "B", "costCenter": "1" } });
        let told = events("user.updated", before.clone(), after);
        assert_eq!(told["deactivate"], json!({}));
        let names =
            ["nickName", &format!("{enterprise}:department"), &format!("{enterprise}:costCenter"), "title"];
        assert_eq!(told["patch:notice"]["attributes"], json!(names));
        let on = events("user.updated", json!({ "active": false }), json!({ "active": true }));
        assert_eq!(on, json!({ "activate": {} }));
        assert_eq!(events("user.updated", before.clone(), before), Json::Null, "nothing changed");
        assert_eq!(
            events("user.owner_changed", json!({ "owner": "a" }), json!({ "owner": "b" })),
            Json::Null
        );
        assert_eq!(events("user.deleted", json!({ "userName": "ana" }), Json::Null), json!({ "delete": {} }));
        assert_eq!(heard("permission_set.created", Json::Null, json!({ "name": "x" })), Json::Null);
        let member =
            events("group.member_removed", json!({ "memberId": "u", "memberType": "user" }), Json::Null);
        assert_eq!(member["patch:notice"]["member"], json!({ "value": "u", "change": "removed" }));
        assert_eq!(member["patch:notice"]["attributes"], json!(["members[value eq \"u\"]"]));
    }
}
