//! How much there is of everything.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use store::{StoreError, Tx};

use super::ApiError;
use crate::identity_store::store as identities;
use crate::{Center, assignments, organization, permission_sets};

/// GET /api/counts
pub(super) async fn counts(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let id = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        Ok(json!({
            "users": identities::count_users(tx, &id)?,
            "groups": identities::count_groups(tx, &id)?,
            "memberships": identities::count_memberships(tx, &id)?,
            "accounts": organization::store::count_accounts(tx, &id)?,
            "permissionSets": permission_sets::store::count(tx, &id)?,
            "assignments": assignments::store::count(tx, &id)?,
        }))
    };
    Ok(Json(center.store.read(read).await?))
}
