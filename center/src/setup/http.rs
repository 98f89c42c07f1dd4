//! The set-up page and its API.

use askama::Template;
use axum::Json;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use web::form::{self, Csrf, Form};
use web::page::{self, Banner, Shell, Tone};
use web::routes::Routes;

use super::{SetupError, complete, has_administrator};
use crate::Center;
use crate::admin_api::{ApiError, JsonBody};

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let pages = Routes::new("anyone")
        .get("/setup", show)
        .post("/setup", submit)
        .guarded(from_fn_with_state(center.form_guard.clone(), form::guard));
    Routes::new("anyone").post("/api/setup", api).merge(pages)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Request {
    secret: SecretText,
    user_name: String,
    password: SecretText,
}

/// A secret in a body: it cannot be printed.
#[derive(Deserialize)]
#[serde(from = "String")]
struct SecretText(SecretString);

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

/// POST /api/setup
async fn api(
    State(center): State<Center>,
    JsonBody(request): JsonBody<Request>,
) -> Result<Response, ApiError> {
    let key = complete(&center, request.secret.0, &request.user_name, request.password.0).await?;
    let instance = center.instance().await?;
    let body = json!({
        "instanceArn": instance.arn(),
        "identityStoreId": instance.identity_store_id,
        "userName": request.user_name.trim(),
        "apiKey": key,
    });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

#[derive(Template)]
#[template(path = "setup/start.html")]
struct Start {
    shell: Shell,
    user_name: String,
}

#[derive(Template)]
#[template(path = "setup/done.html")]
struct Finished {
    shell: Shell,
    user_name: String,
    api_key: String,
}

/// GET /setup
async fn show(State(center): State<Center>, csrf: Csrf) -> Result<Response, ApiError> {
    let instance = center.instance_id.clone();
    if center.store.read(move |tx| has_administrator(tx, &instance)).await? {
        return Ok(Redirect::to("/console").into_response());
    }
    Ok(page::render(&Start { shell: shell(&csrf, "Set up this center"), user_name: String::new() }))
}

/// POST /setup
async fn submit(State(center): State<Center>, csrf: Csrf, Form(form): Form) -> Response {
    let user_name = form.text("user_name").to_owned();
    let password = form.raw("password");
    let done = if password == form.raw("password_again") {
        complete(&center, form.text("secret").into(), &user_name, password.into())
            .await
            .map_err(ApiError::from)
    } else {
        Err(ApiError::invalid("password", "the two passwords are not the same", ""))
    };
    match done {
        Ok(api_key) => {
            let shell = shell(&csrf, "This center is ready");
            page::render(&Finished { shell, user_name, api_key })
        }
        Err(error) => {
            let banner = Banner::new(Tone::Danger, "Nothing was set up", error.for_people());
            let shell = shell(&csrf, "Set up this center").with(banner);
            page::render_with(error.status, &Start { shell, user_name })
        }
    }
}

fn shell(csrf: &Csrf, title: &str) -> Shell {
    Shell { product: crate::PRODUCT, title: title.to_owned(), csrf: csrf.0.clone(), ..Shell::default() }
}

impl From<SetupError> for ApiError {
    fn from(error: SetupError) -> Self {
        let message = error.to_string();
        match error {
            SetupError::Done => Self::new(StatusCode::CONFLICT, "SetupDone", message),
            SetupError::WrongSecret => {
                Self::new(StatusCode::FORBIDDEN, "SetupSecretWrong", message).target("secret")
            }
            SetupError::Blocked(_) => Self::new(StatusCode::TOO_MANY_REQUESTS, "TooManyAttempts", message),
            SetupError::UserName => {
                Self::new(StatusCode::BAD_REQUEST, "InvalidValue", message).target("userName")
            }
            SetupError::Password(error) => error.into(),
            SetupError::Store(error) => error.into(),
        }
    }
}
