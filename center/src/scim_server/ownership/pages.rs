//! The console page *Settings → Automatic provisioning → Ownership*: who would be handed over.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use store::{StoreError, Tx};
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, Tone, render_with};

use crate::Center;
use crate::access::Caller;
use crate::admin_api::ApiError;
use crate::console::{self, PageError};
use crate::identity_store::store as identities;
use crate::identity_store::{Foreign, Group, User};

const PAGE: &str = "/console/settings/automatic-provisioning/ownership";
/// How many of each are shown.
const SHOWN: i64 = 500;

#[derive(Template)]
#[template(path = "scim_server/ownership.html")]
struct Ownership {
    shell: Shell,
    count: Foreign,
    users: Vec<User>,
    groups: Vec<Group>,
}

/// `GET`: what automatic provisioning does not own.
pub async fn show(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Result<Response, PageError> {
    answer(&center, &caller, &csrf, StatusCode::OK, None).await
}

/// `POST`, with HANDOVER typed, and the numbers that the page showed.
pub async fn hand_over(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Result<Response, PageError> {
    if fields.text("confirm") != "HANDOVER" {
        let text = "Type HANDOVER in capital letters to confirm. Nothing was changed.";
        let banner = Banner::new(Tone::Danger, "Not confirmed", text);
        return answer(&center, &caller, &csrf, StatusCode::BAD_REQUEST, Some(banner)).await;
    }
    // A number that cannot be read equals none that there is.
    let number = |name: &str| fields.text(name).parse::<i64>().unwrap_or(-1);
    let confirmed = Foreign { users: number("users"), groups: number("groups") };
    let author = center.author(&caller);
    let write = move |tx: &mut Tx<'_>| identities::hand_over_everything(tx, &author, confirmed);
    match center.store.write(write).await.map_err(ApiError::from) {
        Ok(_) => Ok(Redirect::to(PAGE).into_response()),
        Err(error) => {
            let banner = Banner::new(Tone::Danger, "Nothing was changed", error.for_people());
            answer(&center, &caller, &csrf, error.status, Some(banner)).await
        }
    }
}

async fn answer(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    status: StatusCode,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    let instance = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let users = identities::foreign_users(tx, &instance, SHOWN)?;
        let groups = identities::foreign_groups(tx, &instance, SHOWN)?;
        Ok((identities::count_foreign(tx, &instance)?, users, groups))
    };
    let (count, users, groups) = center.store.read(read).await?;
    let mut shell = console::shell(caller, csrf, "Ownership", "/console/settings");
    shell.banners.extend(banner);
    Ok(render_with(status, &Ownership { shell, count, users, groups }))
}
