//! What a signed-in person sees.

use std::collections::BTreeMap;

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::HeaderMap;
use serde_json::{Value, json};
use store::{StoreError, Tx};
use web::form::Csrf;
use web::page::{self, Shell};

use super::session::session_tags;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::assignments::{AccountAccess, access_of};
use crate::console::PageError;
use crate::identity_store::store::user;
use crate::{Center, PRODUCT};

/// With this many accounts or fewer, all are shown open.
const OPEN_UP_TO: usize = 3;

#[derive(Template)]
#[template(path = "portal/start.html")]
struct Start {
    shell: Shell,
    display_name: String,
    search: String,
    total: usize,
    accounts: Vec<AccountAccess>,
    open: bool,
    tags: BTreeMap<String, String>,
}

impl Start {
    /// The letter on an account's tile.
    fn letter(name: &str) -> String {
        name.chars().next().map(|c| c.to_uppercase().collect()).unwrap_or_default()
    }
}

/// GET /start
pub(super) async fn start(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, PageError> {
    let Loaded { display_name, accounts: all, tags } = load(&center, &caller, &headers).await?;
    let search = params.text("q").to_owned();
    let total = all.len();
    let accounts: Vec<AccountAccess> = all.into_iter().filter(|a| matches(a, &search)).collect();
    let shell = Shell {
        product: PRODUCT,
        title: "AWS access portal".to_owned(),
        person: Some(caller.name),
        sign_out: "/start/sign-out",
        csrf: csrf.0,
        ..Shell::default()
    };
    let open = accounts.len() <= OPEN_UP_TO;
    Ok(page::render(&Start { shell, display_name, search, total, accounts, open, tags }))
}

/// GET /start/accounts
pub(super) async fn accounts(
    State(center): State<Center>,
    caller: Caller,
    headers: HeaderMap,
) -> Result<Json<Value>, ApiError> {
    let Loaded { display_name, accounts, tags } = load(&center, &caller, &headers).await?;
    let shown = accounts.iter().map(|a| {
        let roles: Vec<&str> = a.roles.iter().map(|r| r.name.as_str()).collect();
        json!({ "accountId": a.account_id, "accountName": a.account_name, "emailAddress": a.email, "roles": roles })
    });
    Ok(Json(json!({
        "userName": caller.name,
        "displayName": display_name,
        "sessionTags": tags,
        "accounts": shown.collect::<Vec<_>>(),
    })))
}

/// What there is to show.
struct Loaded {
    display_name: String,
    accounts: Vec<AccountAccess>,
    tags: BTreeMap<String, String>,
}

async fn load(center: &Center, caller: &Caller, headers: &HeaderMap) -> Result<Loaded, StoreError> {
    let (instance, id) = (center.instance_id.clone(), caller.id.clone());
    let (token, now) = (center.portal_cookie.read(headers).unwrap_or_default(), center.clock.now());
    let read = move |tx: &mut Tx<'_>| {
        let user = user(tx, &instance, &id)?.ok_or(StoreError::NoRow)?;
        Ok(Loaded {
            display_name: user.display_name,
            accounts: access_of(tx, &instance, &id)?,
            tags: session_tags(tx, &instance, &token, now)?,
        })
    };
    center.store.read(read).await
}

/// Whether an account is searched for: by name, id, address or the name of a role.
fn matches(account: &AccountAccess, search: &str) -> bool {
    let wanted = search.to_lowercase();
    let own = [&account.account_name, &account.account_id, &account.email];
    let mut texts = own.into_iter().chain(account.roles.iter().map(|r| &r.name));
    texts.any(|text| text.to_lowercase().contains(&wanted))
}
