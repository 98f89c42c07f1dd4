//! What AWS IAM Identity Center refuses that RFC 7644 allows, for the mode [`super::mode::Mode::Aws`].
//!
//! What is known of AWS and what is guessed, rule by rule: `docs/scim-aws-mode.md`. Sources: SCIM implementation
//! developer guide, "Supported API operations" and "Constraints",
//! <https://docs.aws.amazon.com/singlesignon/latest/developerguide/limitations.html>.

use http::Method;
use scim::ScimError;
use scim::filter::{BoundFilter, Filter, Operator};
use scim::patch::{GroupPatch, MemberChange, Op, PatchRequest};
use scim::schema::{ResourceType, urn};
use serde_json::Value;

use super::refusal::Refusal;

/// Most members in one request.
const MOST_MEMBERS: usize = 100;
const SINGLE: [&str; 4] = ["emails", "addresses", "phoneNumbers", "roles"];
/// The parameters of a list that count; all others are passed over.
pub(super) const PARAMETERS: [&str; 3] = ["filter", "count", "cursor"];
/// `password` is in no schema here, so it is passed over before.
const UNSUPPORTED: [&str; 4] = ["ims", "photos", "x509Certificates", "entitlements"];

/// The details that AWS is known to answer with, word for word.
pub(super) const DUPLICATE: &str = "Refused to create a new, duplicate resource.";
const REPLACED_MEMBERS: &str = "Replacing group memberships is not supported.";
const SEVERAL_WITHOUT_PATH: &str = "Current PATCH support allows omitting \"path\" attribute only for Add and \
                                    Replace operations modifying a single attribute.";
const SINGLE_ITEM: &str = "Currently list attributes only allow single item";

/// What AWS does not have: `/Me`, `/Bulk`, `/.search`, PUT of groups.
///
/// # Errors
/// [`Refusal::NoEndpoint`], [`Refusal::Method`].
pub(super) fn check_route(method: &Method, path: &str) -> Result<(), Refusal> {
    let rest = path.split_once("/scim/v2/").map_or("", |(_, rest)| rest);
    match rest {
        "Me" | "Bulk" => Err(Refusal::NoEndpoint),
        _ if rest.ends_with(".search") => Err(Refusal::NoEndpoint),
        _ if *method == Method::PUT && rest.starts_with("Groups/") => Err(Refusal::Method),
        _ => Ok(()),
    }
}

/// A user as it is to be stored.
///
/// # Errors
/// [`Refusal::Aws`] with the attribute.
pub(super) fn check_user(resource: &Value) -> Result<(), Refusal> {
    if let Some(name) = UNSUPPORTED.iter().find(|name| !resource[**name].is_null()) {
        return Err(Refusal::Aws(format!("Attribute \"{name}\" is not supported.")));
    }
    for name in SINGLE {
        let list = resource[name].as_array().map_or(&[][..], Vec::as_slice);
        if list.len() > 1 {
            return Err(Refusal::Aws(SINGLE_ITEM.to_owned()));
        }
        if name == "emails" && list.iter().any(|email| email["primary"] != true) {
            return Err(Refusal::Aws(
                "The e-mail address must be primary: send \"primary\": true.".to_owned(),
            ));
        }
    }
    Ok(())
}

/// A user as AWS keeps it: `$ref` of the manager is taken and dropped.
pub(super) fn kept(mut user: Value) -> Value {
    let Some(enterprise) = user.get_mut(urn::ENTERPRISE_USER).and_then(Value::as_object_mut) else {
        return user;
    };
    if let Some(manager) = enterprise.get_mut("manager").and_then(Value::as_object_mut) {
        manager.remove("$ref");
        if manager.is_empty() {
            enterprise.remove("manager");
        }
    }
    if enterprise.is_empty()
        && let Some(map) = user.as_object_mut()
    {
        map.remove(urn::ENTERPRISE_USER);
        if let Some(schemas) = map.get_mut("schemas").and_then(Value::as_array_mut) {
            schemas.retain(|schema| schema != urn::ENTERPRISE_USER);
        }
    }
    user
}

/// The resource types as AWS shows them: what extends them is required.
pub(super) fn resource_type(mut document: Value) -> Value {
    let extensions = document.get_mut("schemaExtensions").and_then(Value::as_array_mut);
    for extension in extensions.into_iter().flatten() {
        extension["required"] = Value::Bool(true);
    }
    document
}

/// The operations on a user.
///
/// # Errors
/// [`Refusal::Aws`] with the rule.
pub(super) fn check_user_patch(request: &PatchRequest) -> Result<(), Refusal> {
    check_paths(request)?;
    for name in ["userName", "active"] {
        let about = request.operations.iter().filter(|operation| match (&operation.path, &operation.value) {
            (Some(path), _) => path.attribute.name.eq_ignore_ascii_case(name),
            (None, Some(Value::Object(map))) => map.keys().any(|key| key.eq_ignore_ascii_case(name)),
            _ => false,
        });
        let about: Vec<Op> = about.map(|operation| operation.op).collect();
        if about.len() > 1 {
            return Err(Refusal::Aws(format!("Only one operation per request may change \"{name}\".")));
        }
        if about.contains(&Op::Remove) {
            return Err(Refusal::Aws(format!("Attribute \"{name}\" cannot be removed.")));
        }
    }
    Ok(())
}

/// The operations on a group.
///
/// # Errors
/// [`Refusal::Aws`] with the rule.
pub(super) fn check_group_patch(request: &PatchRequest, patch: &GroupPatch) -> Result<(), Refusal> {
    check_paths(request)?;
    let all = |change: &MemberChange| matches!(change, MemberChange::Replace(_) | MemberChange::RemoveAll);
    if patch.members.iter().any(all) {
        return Err(Refusal::Aws(REPLACED_MEMBERS.to_owned()));
    }
    check_member_count(patch.member_count())
}

/// How many members one request names.
///
/// # Errors
/// [`Refusal::Aws`].
pub(super) fn check_member_count(count: usize) -> Result<(), Refusal> {
    match count > MOST_MEMBERS {
        true => Err(Refusal::Aws(format!(
            "A request may change {MOST_MEMBERS} members at most, and {count} were sent."
        ))),
        false => Ok(()),
    }
}

/// The forms of a filter that AWS has, by type: one attribute, or `id` with a membership.
///
/// # Errors
/// [`Refusal::Aws`] with the forms.
pub(super) fn check_filter(kind: &ResourceType, filter: &BoundFilter) -> Result<(), Refusal> {
    let manager = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value";
    let mut names = match filter {
        BoundFilter::And(list) => list.iter().map(equality).collect::<Option<Vec<_>>>(),
        single => equality(single).map(|name| vec![name]),
    }
    .unwrap_or_default();
    names.sort();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let known = match (kind.name, names.as_slice()) {
        ("User", ["userName" | "externalId" | "id" | "groups.value"]) => true,
        ("User", ["id", second]) => *second == manager,
        ("Group", ["displayName" | "externalId" | "id" | "members.value"] | ["id", "members.value"]) => true,
        _ => false,
    };
    let forms = match kind.name {
        "User" => "userName, externalId, id, groups.value, or id and manager",
        _ => "displayName, externalId, id, members.value, or id and members",
    };
    let refused = || Refusal::Aws(format!("The filter is not supported. Compare by eq one of: {forms}."));
    known.then_some(()).ok_or_else(refused)
}

fn equality(filter: &BoundFilter) -> Option<String> {
    match filter {
        BoundFilter::Compare(target, Operator::Eq, _) => Some(target.path()),
        _ => None,
    }
}

fn check_paths(request: &PatchRequest) -> Result<(), Refusal> {
    for operation in &request.operations {
        match (&operation.path, &operation.value) {
            (None, Some(Value::Object(map))) if map.len() != 1 => {
                return Err(Refusal::Aws(SEVERAL_WITHOUT_PATH.to_owned()));
            }
            (Some(path), _) if !path.filter.as_ref().is_none_or(only_equalities) => {
                let text = "A filter in \"path\" may compare by eq alone.";
                return Err(Refusal::Aws(text.to_owned()));
            }
            _ => {}
        }
    }
    Ok(())
}

fn only_equalities(filter: &Filter) -> bool {
    matches!(filter, Filter::Compare(_, Operator::Eq, _))
}

/// What AWS answers with where it is known.
pub(super) fn detail(refusal: &Refusal) -> Option<&'static str> {
    match refusal {
        Refusal::Taken { .. } | Refusal::Scim(ScimError::Uniqueness { .. }) => Some(DUPLICATE),
        _ => None,
    }
}
