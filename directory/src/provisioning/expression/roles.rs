//! Functions of application roles (entra-id.md 3.6, 3.7). `[appRoleAssignments]` has one value for each
//! assigned role: JSON with `id`, `value` and `displayName`, or a plain name, as Graph's test form sends it.

use serde_json::{Map, Value as Json, json};

use super::Value;
use super::evaluate::{Call, Outcome};

/// `SingleAppRoleAssignment([appRoleAssignments])`: the value of the one role. Microsoft does not say which of
/// several it takes; here it is the first, so that the same assignments give the same answer.
pub(super) fn single_app_role_assignment(call: &Call<'_>) -> Outcome {
    let all = call.list(0)?.unwrap_or_default();
    Ok(all.iter().map(|r| name(r)).find(|n| !n.is_empty()).map_or(Value::Null, Value::Text))
}

/// `AppRoleAssignments(source)`: the values of all roles. Listed by Graph without an explanation
/// (UNCONFIRMED); the plain counterpart of `AppRoleAssignmentsComplex`.
pub(super) fn app_role_assignments(call: &Call<'_>) -> Outcome {
    let Some(all) = call.list(0)? else { return Ok(Value::Null) };
    Ok(all.iter().map(|r| name(r)).filter(|n| !n.is_empty()).collect::<Vec<_>>().into())
}

/// `AppRoleAssignmentsComplex` and `AssertiveAppRoleAssignmentsComplex`: each role as the JSON text
/// `{"id":…,"value":…,"displayName":…}`, which is what Entra sends as `value` of `roles`. They differ in what
/// happens to roles that the target has already: see `Expression::merge`.
pub(super) fn app_role_assignments_complex(call: &Call<'_>) -> Outcome {
    let Some(all) = call.list(0)? else { return Ok(Value::Null) };
    Ok(all.iter().filter(|r| !r.is_empty()).map(|r| complex(r)).collect::<Vec<_>>().into())
}

fn object(role: &str) -> Option<Map<String, Json>> {
    match serde_json::from_str(role) {
        Ok(Json::Object(fields)) => Some(fields),
        _ => None,
    }
}

/// The role's value; its display name where it has none, as for roles without a claim value.
fn name(role: &str) -> String {
    let Some(fields) = object(role) else { return role.to_owned() };
    let field = |key| fields.get(key).and_then(Json::as_str).filter(|v: &&str| !v.is_empty());
    field("value").or_else(|| field("displayName")).unwrap_or_default().to_owned()
}

fn complex(role: &str) -> String {
    let fields = object(role).unwrap_or_else(|| {
        Map::from_iter([("value".to_owned(), Json::from(role)), ("displayName".to_owned(), Json::from(role))])
    });
    let field = |key| fields.get(key).cloned().unwrap_or(Json::Null);
    json!({ "id": field("id"), "value": field("value"), "displayName": field("displayName") }).to_string()
}
