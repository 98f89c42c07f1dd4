use axum::Json;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{StoreError, Tx};

use super::body::paged;
use super::{ApiError, JsonBody, Params};
use crate::Center;
use crate::access::Caller;
use crate::organization::{self, Account, AccountStatus, Node, store as organizations};

/// GET /api/organization
pub(super) async fn tree(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let organization = organizations::organization(tx, &instance)?;
        let units = organizations::units(tx, &instance)?;
        let accounts = organizations::accounts(tx, &instance)?;
        let root = organization::tree(&organization, &units, &accounts);
        Ok((organization, root))
    };
    let (organization, root) = center.store.read(read).await?;
    Ok(Json(json!({
        "id": organization.id,
        "arn": organization.arn(),
        "managementAccountId": organization.management_account_id,
        "accounts": root.count(),
        "root": node(&root),
    })))
}

fn node(node_: &Node) -> Value {
    json!({
        "id": node_.id,
        "name": node_.name,
        "units": node_.units.iter().map(node).collect::<Vec<_>>(),
        "accounts": node_.accounts.iter().map(shown).collect::<Vec<_>>(),
    })
}

/// GET /api/accounts
pub(super) async fn list(State(center): State<Center>, params: Params) -> Result<Json<Value>, ApiError> {
    let limit = params.limit(100, 1000)?;
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| {
        organizations::list_accounts(tx, &instance, params.text("q"), params.text("next"), limit)
    };
    let accounts = center.store.read(read).await?;
    let next = accounts.last().map(|a| a.id.clone());
    Ok(paged(accounts.iter().map(shown).collect(), limit, next))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StatusBody {
    status: String,
}

/// PUT /api/accounts/{account}/status
pub(super) async fn set_status(
    State(center): State<Center>,
    caller: Caller,
    Path(account): Path<String>,
    JsonBody(body): JsonBody<StatusBody>,
) -> Result<Json<Value>, ApiError> {
    let status = AccountStatus::parse(&body.status)
        .ok_or_else(|| ApiError::invalid("status", "ACTIVE or SUSPENDED is needed", &body.status))?;
    let author = center.author(&caller);
    let id = account.clone();
    center.store.write(move |tx| organizations::set_status(tx, &author, &id, status)).await?;
    Ok(Json(json!({ "accountId": account, "status": status.as_str() })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ImportBody {
    accounts: String,
}

/// POST /api/organization/import
pub(super) async fn import(
    State(center): State<Center>,
    caller: Caller,
    params: Params,
    JsonBody(body): JsonBody<ImportBody>,
) -> Result<Json<Value>, ApiError> {
    let dry_run = params.flag("dryRun")?;
    let rows = organization::parse(&body.accounts)?;
    let (author, random) = (center.author(&caller), center.random.clone());
    let write = move |tx: &mut Tx<'_>| organization::import(tx, &author, &random, &rows, dry_run);
    let done = center.store.write(write).await?;
    Ok(Json(json!({
        "units": { "created": done.units },
        "accounts": { "created": done.created, "updated": done.updated, "unchanged": done.unchanged },
        "dryRun": dry_run,
    })))
}

fn shown(account: &Account) -> Value {
    let mut shown = account.for_event();
    shown["joinedAt"] = account.joined_at.rfc3339().into();
    shown
}
