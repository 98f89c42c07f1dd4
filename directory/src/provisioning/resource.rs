//! A SCIM resource as this side sees it: flat, from target path to value. From two of them come the
//! body of a POST and the smallest PATCH.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::Kind;

/// Target path (RFC 7644 §3.5.2 `path`) to value. Only paths with a value are in it.
pub type Resource = BTreeMap<String, Json>;

const CORE_USER: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
const CORE_GROUP: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";
/// The enterprise extension (RFC 7643 §4.3).
pub const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

/// A path, taken apart: `urn:…:User:manager`, `name.givenName`, `emails[type eq "work"].value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path<'a> {
    /// The schema of an extension.
    pub urn: Option<&'a str>,
    /// The attribute.
    pub attribute: &'a str,
    /// The sub-attribute and value that pick one element.
    pub element: Option<(&'a str, &'a str)>,
    /// The sub-attribute.
    pub sub: Option<&'a str>,
}

impl<'a> Path<'a> {
    /// Takes a path apart; `None` where it is none of the forms above.
    pub fn parse(text: &'a str) -> Option<Self> {
        let head_end = text.find('[').unwrap_or(text.len());
        let (urn, rest) = if text.starts_with("urn:") {
            let colon = text[..head_end].rfind(':')?;
            (Some(&text[..colon]), &text[colon + 1..])
        } else {
            (None, text)
        };
        let (attribute, element, sub) = match rest.split_once('[') {
            None => match rest.split_once('.') {
                Some((attribute, sub)) => (attribute, None, Some(sub)),
                None => (rest, None, None),
            },
            Some((attribute, rest)) => {
                let (filter, after) = rest.split_once(']')?;
                let (name, value) = filter.split_once(" eq ")?;
                let value = value.strip_prefix('"')?.strip_suffix('"')?;
                (attribute, Some((name, value)), after.strip_prefix('.'))
            }
        };
        let word =
            |w: &str| !w.is_empty() && w.chars().all(|c| c.is_ascii_alphanumeric() || "$-_".contains(c));
        let good = word(attribute) && sub.is_none_or(word) && element.is_none_or(|(name, _)| word(name));
        good.then_some(Self { urn, attribute, element, sub })
    }
}

/// What of `path` picks the element: `emails[type eq "work"]` of `emails[type eq "work"].value`.
pub(super) fn element_of(path: &str) -> Option<&str> {
    path.find(']').map(|end| &path[..=end])
}

/// The body of a POST.
pub fn body(kind: Kind, resource: &Resource) -> Json {
    let mut schemas = BTreeSet::from([match kind {
        Kind::User => CORE_USER,
        Kind::Group => CORE_GROUP,
    }]);
    let mut body = Map::new();
    for (text, value) in resource {
        let Some(path) = Path::parse(text) else { continue };
        schemas.extend(path.urn);
        let into = match path.urn {
            Some(urn) => object(&mut body, urn),
            None => &mut body,
        };
        set(into, &path, value.clone());
    }
    body.insert("schemas".to_owned(), json!(schemas));
    Json::Object(body)
}

fn object<'a>(map: &'a mut Map<String, Json>, key: &str) -> &'a mut Map<String, Json> {
    let entry = map.entry(key).or_insert_with(|| json!({}));
    if !entry.is_object() {
        *entry = json!({});
    }
    match entry {
        Json::Object(inner) => inner,
        _ => unreachable!("it was made an object just now"),
    }
}

fn set(into: &mut Map<String, Json>, path: &Path<'_>, value: Json) {
    match (path.element, path.sub) {
        (None, None) => {
            into.insert(path.attribute.to_owned(), value);
        }
        (None, Some(sub)) => {
            object(into, path.attribute).insert(sub.to_owned(), value);
        }
        (Some((name, wanted)), sub) => {
            let entry = into.entry(path.attribute).or_insert_with(|| json!([]));
            let Json::Array(elements) = entry else { return };
            let place = elements.iter().position(|e| is_element(e, name, wanted)).unwrap_or_else(|| {
                elements.push(new_element(name, wanted));
                elements.len() - 1
            });
            elements[place][sub.unwrap_or("value")] = value;
        }
    }
}

/// Whether a filter picks the element. Entra writes `roles[primary eq "True"]` of what is a truth.
fn is_element(element: &Json, name: &str, wanted: &str) -> bool {
    match element.get(name) {
        Some(Json::String(text)) => text == wanted,
        Some(Json::Bool(truth)) => wanted.eq_ignore_ascii_case(&truth.to_string()),
        _ => false,
    }
}

/// One value per attribute is sent, so it is the primary one; AWS asks for that of e-mail addresses.
fn new_element(name: &str, value: &str) -> Json {
    json!({ name: value, "primary": true })
}

/// The operations that turn what was sent into what is wanted: lower-case `op`, real booleans, one
/// operation for each changed path (RFC 7644 §3.5.2). A path without a value any more is removed.
pub fn patch(sent: &Resource, wanted: &Resource) -> Vec<Json> {
    let had: BTreeSet<&str> = sent.keys().filter_map(|p| element_of(p)).collect();
    let has: BTreeSet<&str> = wanted.keys().filter_map(|p| element_of(p)).collect();
    let mut operations = Vec::new();
    // First, because AWS takes one element at a time.
    for element in had.difference(&has) {
        operations.push(json!({ "op": "remove", "path": element }));
    }
    for element in has.difference(&had) {
        operations.extend(add_element(element, wanted));
    }
    for path in changed(sent, wanted) {
        let whole = element_of(&path).is_some_and(|e| !(had.contains(e) && has.contains(e)));
        match wanted.get(&path) {
            _ if whole => {}
            Some(value) => operations.push(json!({ "op": "replace", "path": path, "value": value })),
            None => operations.push(json!({ "op": "remove", "path": path })),
        }
    }
    operations
}

/// A new element goes to the attribute as a whole: `add` to `emails[type eq "work"].value` picks an
/// element that is not there yet, which a strict server answers with noTarget (RFC 7644 §3.5.2.3).
fn add_element(element: &str, wanted: &Resource) -> Option<Json> {
    let (attribute, _) = element.split_once('[')?;
    let (name, value) = Path::parse(element)?.element?;
    let mut built = new_element(name, value);
    for (path, value) in wanted.iter().filter(|(p, _)| element_of(p) == Some(element)) {
        built[Path::parse(path)?.sub.unwrap_or("value")] = value.clone();
    }
    Some(json!({ "op": "add", "path": attribute, "value": [built] }))
}

/// The paths whose values differ.
pub fn changed(sent: &Resource, wanted: &Resource) -> Vec<String> {
    let paths: BTreeSet<&String> = sent.keys().chain(wanted.keys()).collect();
    paths.into_iter().filter(|p| sent.get(*p) != wanted.get(*p)).cloned().collect()
}

/// The values that a resource of the target has at `paths`, to compare a matched object.
pub fn read<'a>(found: &Json, paths: impl Iterator<Item = &'a String>) -> Resource {
    paths.filter_map(|text| Some((text.clone(), read_one(found, &Path::parse(text)?)?))).collect()
}

fn read_one(found: &Json, path: &Path<'_>) -> Option<Json> {
    let base = path.urn.map_or(Some(found), |urn| found.get(urn))?;
    let at = base.get(path.attribute)?;
    let value = match (path.element, path.sub) {
        (None, None) if at.is_object() => at.get("value"),
        (None, None) => Some(at),
        (None, Some(sub)) => at.get(sub),
        (Some((name, wanted)), sub) => {
            at.as_array()?.iter().find(|e| is_element(e, name, wanted))?.get(sub.unwrap_or("value"))
        }
    };
    value.filter(|v| !v.is_null()).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(pairs: &[(&str, Json)]) -> Resource {
        pairs.iter().map(|(p, v)| ((*p).to_owned(), v.clone())).collect()
    }

    const EMAIL: &str = "emails[type eq \"work\"].value";
    const DEPARTMENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";

    #[test]
    fn paths_are_taken_apart() {
        let email = Path::parse(EMAIL).unwrap();
        assert_eq!(
            (email.attribute, email.element, email.sub),
            ("emails", Some(("type", "work")), Some("value"))
        );
        let department = Path::parse(DEPARTMENT).unwrap();
        assert_eq!((department.urn, department.attribute), (Some(ENTERPRISE), "department"));
        assert_eq!(Path::parse("name.givenName").unwrap().sub, Some("givenName"));
        for bad in ["", "a b", "emails[type eq work].value", "emails[type eq \"work\"", "a.b.c d", "urn:x"] {
            assert!(Path::parse(bad).is_none() || bad == "urn:x", "{bad}");
        }
    }

    #[test]
    fn the_body_nests_elements_and_extension() {
        let built = body(
            Kind::User,
            &resource(&[
                ("userName", json!("ana@x")),
                ("active", json!(true)),
                ("name.givenName", json!("Ana")),
                (EMAIL, json!("ana@x")),
                (DEPARTMENT, json!("Sea")),
            ]),
        );
        let wanted = json!({
            "schemas": [CORE_USER, ENTERPRISE], "userName": "ana@x", "active": true,
            "name": { "givenName": "Ana" },
            "emails": [{ "type": "work", "primary": true, "value": "ana@x" }],
            ENTERPRISE: { "department": "Sea" },
        });
        assert_eq!(built, wanted);
        assert_eq!(read(&built, [EMAIL.to_owned(), DEPARTMENT.to_owned()].iter()).len(), 2);
    }

    #[test]
    fn a_patch_holds_the_changes_alone() {
        let sent = resource(&[("displayName", json!("A")), ("active", json!(true)), (EMAIL, json!("a@x"))]);
        assert!(patch(&sent, &sent).is_empty());
        let wanted =
            resource(&[("displayName", json!("B")), ("active", json!(false)), (EMAIL, json!("b@x"))]);
        assert_eq!(
            patch(&sent, &wanted),
            [
                json!({ "op": "replace", "path": "active", "value": false }),
                json!({ "op": "replace", "path": "displayName", "value": "B" }),
                json!({ "op": "replace", "path": EMAIL, "value": "b@x" }),
            ]
        );
    }

    #[test]
    fn elements_come_and_go_whole() {
        let (none, one) = (resource(&[("title", json!("T"))]), resource(&[(EMAIL, json!("a@x"))]));
        assert_eq!(
            patch(&none, &one),
            [
                json!({ "op": "add", "path": "emails",
                        "value": [{ "type": "work", "primary": true, "value": "a@x" }] }),
                json!({ "op": "remove", "path": "title" }),
            ]
        );
        assert_eq!(patch(&one, &none)[0], json!({ "op": "remove", "path": "emails[type eq \"work\"]" }));
    }
}
