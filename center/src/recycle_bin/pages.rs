//! The console's recycle bin.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use store::{StoreError, Tx};
use web::form::{Csrf, Form};
use web::page::{self, Banner, Shell, Tone};

use super::http::{next_place, place};
use super::{Aside, BinError, Binned, store as bin};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, Params};
use crate::console::{PageError, back, refused, shell, with_done};

const HERE: &str = "/console/recycle-bin";
const PAGE: i64 = 50;

#[derive(Template)]
#[template(path = "recycle_bin/list.html")]
struct List {
    shell: Shell,
    total: i64,
    found: Vec<Binned>,
    next: Option<String>,
    restore_returning: bool,
}

/// `GET /console/recycle-bin`
pub(super) async fn list(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    params: Params,
) -> Result<Response, PageError> {
    let (instance, after) = (center.instance_id.clone(), place(params.text("after"))?);
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let after = after.as_ref().map(|(at, id)| (*at, id.as_str()));
        let found = bin::list(tx, &instance, after, PAGE)?;
        Ok((found, bin::count(tx, &instance)?, bin::restores_returning(tx, &instance)?))
    };
    let (found, total, restore_returning) = center.store.read(read).await?;
    let full = i64::try_from(found.len()).unwrap_or(0) >= PAGE;
    let next = found.last().filter(|_| full).map(next_place);
    let shell = with_done(shell(&caller, &csrf, "Recycle bin", HERE), &params);
    Ok(page::render(&List { shell, total, found, next, restore_returning }))
}

/// `POST /console/recycle-bin`: whether what is created again comes back.
pub(super) async fn set(
    State(center): State<Center>,
    caller: Caller,
    _: Csrf,
    Form(form): Form,
) -> Result<Response, PageError> {
    let on = match form.text("restore_returning") {
        "on" => true,
        "off" => false,
        other => return Err(ApiError::invalid("restore_returning", "on or off is needed", other).into()),
    };
    let author = center.author(&caller);
    center.store.write(move |tx| bin::set_restores_returning(tx, &author, on)).await?;
    Ok(back(HERE, "bin-setting"))
}

#[derive(Template)]
#[template(path = "recycle_bin/one.html")]
struct One {
    shell: Shell,
    binned: Binned,
    aside: Aside,
}

/// `GET /console/recycle-bin/{id}`
pub(super) async fn show(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
) -> Result<Response, PageError> {
    answer(&center, &caller, &csrf, id, StatusCode::OK, None).await
}

/// `POST /console/recycle-bin/{id}`: restore it, or, with DELETE typed, remove it for good.
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, PageError> {
    let (author, wanted) = (center.author(&caller), id.clone());
    let done = match (form.text("action"), form.text("confirm")) {
        ("restore", _) => {
            let done = center.store.write(move |tx| bin::restore(tx, &author, &wanted)).await;
            done.map(|back_again| {
                back(&format!("/console/{}s/{}", back_again.kind.kind(), back_again.id), "restored")
            })
        }
        ("remove", "DELETE") => {
            let done = center.store.write(move |tx| bin::remove(tx, &author, &wanted)).await;
            done.map(|()| back(HERE, "removed"))
        }
        ("remove", _) => {
            let text = "Type DELETE in capital letters to confirm. Nothing was changed.";
            let banner = Banner::new(Tone::Danger, "Not confirmed", text);
            return answer(&center, &caller, &csrf, id, StatusCode::BAD_REQUEST, Some(banner)).await;
        }
        (other, _) => return Err(ApiError::invalid("action", "there is no such action", other).into()),
    };
    match done {
        Ok(response) => Ok(response),
        Err(BinError::NotFound(id)) => Err(BinError::NotFound(id).into()),
        Err(error) => {
            let error = ApiError::from(error);
            answer(&center, &caller, &csrf, id, error.status, Some(refused(&error))).await
        }
    }
}

async fn answer(
    center: &Center,
    caller: &Caller,
    csrf: &Csrf,
    id: String,
    status: StatusCode,
    banner: Option<Banner>,
) -> Result<Response, PageError> {
    let instance = center.instance_id.clone();
    let (binned, aside) = center.store.read(move |tx| bin::find(tx, &instance, &id)).await?;
    let mut shell = shell(caller, csrf, &binned.name, HERE);
    shell.banners.extend(banner);
    Ok(page::render_with(status, &One { shell, binned, aside }))
}
