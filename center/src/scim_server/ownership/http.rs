//! `/api/scim/ownership`

use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use store::Tx;

use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody, Params, find_group};
use crate::identity_store::store as identities;
use crate::identity_store::{Foreign, IdentityKind, Owner, OwnershipError};

/// Most users and groups that one call names.
const MOST_NAMED: usize = 1000;

/// `GET /api/scim/ownership`: what automatic provisioning does not own.
pub async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(1000, identities::MAX_HANDED_OVER)?;
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, OwnershipError> {
        let users = identities::foreign_users(tx, &instance, limit)?;
        let groups = identities::foreign_groups(tx, &instance, limit)?;
        Ok((identities::count_foreign(tx, &instance)?, users, groups))
    };
    let (count, users, groups) = center.store.read(read).await?;
    let user = |u: &crate::identity_store::User| json!({ "id": u.id, "userName": u.user_name, "displayName": u.display_name, "owner": u.owner });
    let group = |g: &crate::identity_store::Group| json!({ "id": g.id, "displayName": g.fields.display_name, "owner": g.owner });
    Ok(Json(json!({
        "count": { "users": count.users, "groups": count.groups },
        "users": users.iter().map(user).collect::<Vec<_>>(),
        "groups": groups.iter().map(group).collect::<Vec<_>>(),
    })))
}

/// Whom: by id or name, or everything there is, with the numbers that the caller saw.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Whom {
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    groups: Vec<String>,
    everything: Option<Confirmed>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirmed {
    users: i64,
    groups: i64,
}

/// `POST /api/scim/ownership/hand-over`: to automatic provisioning.
pub async fn hand_over(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(whom): JsonBody<Whom>,
) -> Result<Json<Value>, ApiError> {
    match whom.everything {
        None => set(&center, &caller, whom, Owner::Provisioning).await,
        Some(_) if !whom.users.is_empty() || !whom.groups.is_empty() => {
            Err(ApiError::invalid("everything", "either name users and groups, or confirm everything", ""))
        }
        Some(Confirmed { users, groups }) => {
            let author = center.author(&caller);
            let confirmed = Foreign { users, groups };
            let hand_over = move |tx: &mut Tx<'_>| identities::hand_over_everything(tx, &author, confirmed);
            let done = center.store.write(hand_over).await?;
            Ok(Json(json!({ "users": done.users, "groups": done.groups })))
        }
    }
}

/// `POST /api/scim/ownership/take-back`: from automatic provisioning. Only what is named.
pub async fn take_back(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(whom): JsonBody<Whom>,
) -> Result<Json<Value>, ApiError> {
    if whom.everything.is_some() {
        return Err(ApiError::invalid("everything", "name the users and groups to take back", ""));
    }
    set(&center, &caller, whom, Owner::Api).await
}

async fn set(center: &Center, caller: &Caller, whom: Whom, to: Owner) -> Result<Json<Value>, ApiError> {
    if whom.users.len() + whom.groups.len() > MOST_NAMED {
        let found = (whom.users.len() + whom.groups.len()).to_string();
        let message = format!("at most {MOST_NAMED} users and groups are named in one call");
        return Err(ApiError::invalid("users", message, &found));
    }
    let author = center.author(caller);
    let write = move |tx: &mut Tx<'_>| -> Result<_, OwnershipError> {
        let (mut users, mut groups) = (0, 0);
        for name in &whom.users {
            let user = identities::find_user(tx, &author.instance_id, name)?;
            users += u64::from(identities::set_owner(tx, &author, IdentityKind::User, &user.id, to)?);
        }
        for name in &whom.groups {
            let group = find_group(tx, &author.instance_id, name)?;
            groups += u64::from(identities::set_owner(tx, &author, IdentityKind::Group, &group.id, to)?);
        }
        Ok((users, groups))
    };
    let (users, groups) = center.store.write(write).await?;
    Ok(Json(json!({ "users": users, "groups": groups })))
}
