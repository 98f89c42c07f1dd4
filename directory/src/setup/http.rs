//! The set-up as a page and as an API.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use web::form::{self, Csrf, Form};
use web::page::{Banner, Shell, Tone, render, render_with};
use web::routes::Routes;

use super::{Done, Wanted, complete};
use crate::body::ApiJson;
use crate::refused::{PageRefused, Refused};
use crate::{Directory, tenant};

/// The routes of this folder.
pub fn routes(directory: &Directory) -> Routes<Directory> {
    let pages = Routes::new("anyone")
        .get("/setup", show)
        .post("/setup", submit)
        .guarded(from_fn_with_state(directory.form_guard.clone(), form::guard));
    Routes::new("anyone").post("/api/setup", api).merge(pages)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Body {
    secret: String,
    user_principal_name: String,
    #[serde(default)]
    display_name: String,
    password: String,
}

/// POST /api/setup
async fn api(State(directory): State<Directory>, ApiJson(body): ApiJson<Body>) -> Result<Response, Refused> {
    let wanted = Wanted {
        secret: body.secret,
        user_principal_name: body.user_principal_name,
        display_name: body.display_name,
        password: body.password,
    };
    let done = complete(&directory, wanted).await?;
    let answer = json!({
        "tenantId": directory.tenant_id,
        "userPrincipalName": done.user_principal_name,
        "clientId": done.client_id,
        "clientSecret": done.client_secret,
    });
    Ok((StatusCode::CREATED, Json(answer)).into_response())
}

#[derive(Template)]
#[template(path = "setup.html")]
struct Page {
    shell: Shell,
    domain: String,
    user_principal_name: String,
    display_name: String,
}

#[derive(Template)]
#[template(path = "setup_done.html")]
struct DonePage {
    shell: Shell,
    tenant_id: String,
    done: Done,
}

fn shell(csrf: &Csrf, title: &str) -> Shell {
    Shell { product: "Entente directory", title: title.to_owned(), csrf: csrf.0.clone(), ..Shell::default() }
}

/// GET /setup
async fn show(State(directory): State<Directory>, csrf: Csrf) -> Result<Response, PageRefused> {
    let tenant_id = directory.tenant_id.clone();
    let (tenant, set_up) = directory
        .store
        .read(move |tx| -> Result<_, Refused> {
            Ok((tenant::get(tx, &tenant_id)?, tenant::is_set_up(tx, &tenant_id)?))
        })
        .await?;
    if set_up {
        return Err(Refused::SetupDone.into());
    }
    let shell = shell(&csrf, "Set up this directory");
    Ok(render(&Page {
        shell,
        domain: tenant.default_domain,
        user_principal_name: String::new(),
        display_name: String::new(),
    }))
}

/// POST /setup
async fn submit(State(directory): State<Directory>, csrf: Csrf, Form(fields): Form) -> Response {
    let wanted = Wanted {
        secret: fields.text("secret").to_owned(),
        user_principal_name: fields.text("user_principal_name").to_owned(),
        display_name: fields.text("display_name").to_owned(),
        password: fields.raw("password").to_owned(),
    };
    match complete(&directory, wanted.clone()).await {
        Ok(done) => {
            let shell = shell(&csrf, "The directory is set up");
            render(&DonePage { shell, tenant_id: directory.tenant_id.clone(), done })
        }
        Err(refused @ (Refused::SetupDone | Refused::Store(_))) => PageRefused(refused).into_response(),
        Err(refused) => {
            let banner = Banner::new(Tone::Danger, "The set-up was not done", refused.for_people());
            let page = Page {
                shell: shell(&csrf, "Set up this directory").with(banner),
                domain: String::new(),
                user_principal_name: wanted.user_principal_name,
                display_name: wanted.display_name,
            };
            render_with(refused.code().1, &page)
        }
    }
}
