//! The console page *Settings → Automatic provisioning*.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use scim::Quirk;
use web::Timestamp;
use web::form::{Csrf, Form};
use web::page::{Banner, Shell, Tone, render_with};

use super::api::{endpoint, load, read_mode};
use super::mode::Mode;
use super::tokens::{MOST_TOKENS, NewToken, Token, TokenError, store};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::ApiError;
use crate::console::{self, PageError};
use crate::identity_store::Foreign;
use crate::identity_store::store::count_foreign;

const PAGE: &str = "/console/settings/automatic-provisioning";

#[derive(Template)]
#[template(path = "scim_server/automatic_provisioning.html")]
struct AutomaticProvisioning {
    shell: Shell,
    enabled: bool,
    external: bool,
    endpoint: String,
    secret: Option<String>,
    tokens: Vec<Shown>,
    may_create: bool,
    modes: Vec<Choice>,
    foreign: Foreign,
    requests_per_second: i64,
}

/// A mode that can be chosen.
struct Choice {
    name: &'static str,
    consequences: &'static str,
    chosen: bool,
}

/// What the client of a token was seen to be.
struct ShownClient {
    title: &'static str,
    link: &'static str,
    quirks: Vec<Quirk>,
    user_agent: String,
    last: String,
}

/// A token as the page shows it.
struct Shown {
    id: String,
    created: String,
    expires: String,
    last_used: String,
    mode: &'static str,
    client: Option<ShownClient>,
    state: &'static str,
    tone: &'static str,
}

/// `GET`: how it stands.
pub(super) async fn show(State(center): State<Center>, caller: Caller, csrf: Csrf) -> Response {
    answer(&center, &caller, csrf, StatusCode::OK, None, None).await
}

/// `POST …/mode`: of all tokens, or, with `token`, of one; the empty mode of a token follows the instance.
pub(super) async fn set_mode(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    let (token, name) = (fields.text("token").to_owned(), fields.text("mode"));
    let token = (!token.is_empty()).then_some(token);
    let mode = match (name, &token) {
        ("", Some(_)) => None,
        (name, _) => match read_mode(name) {
            Ok(mode) => Some(mode),
            Err(error) => return PageError(error).into_response(),
        },
    };
    let author = center.author(&caller);
    let done = center.store.write(move |tx| store::set_mode(tx, &author, token.as_deref(), mode)).await;
    back(&center, &caller, csrf, done).await
}

/// `POST …/enable`: the answer shows the first token, this one time.
pub(super) async fn enable(State(center): State<Center>, caller: Caller, csrf: Csrf, _: Form) -> Response {
    let author = center.author(&caller);
    let new = NewToken::draw(&center.random, author.now);
    let made = new.clone();
    let done = center.store.write(move |tx| store::enable(tx, &author, &made)).await.map(|_| new);
    made_token(&center, &caller, csrf, "Automatic provisioning is on", done).await
}

/// `POST …/tokens`: the answer shows the new token, this one time.
pub(super) async fn create_token(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    _: Form,
) -> Response {
    let author = center.author(&caller);
    let new = NewToken::draw(&center.random, author.now);
    let made = new.clone();
    let done = center.store.write(move |tx| store::create(tx, &author, &made)).await.map(|_| new);
    made_token(&center, &caller, csrf, "The token was created", done).await
}

/// `POST …/tokens/{id}/delete`, with DELETE typed.
pub(super) async fn delete_token(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Path(id): Path<String>,
    Form(fields): Form,
) -> Response {
    if fields.text("confirm") != "DELETE" {
        return not_confirmed(&center, &caller, csrf, "DELETE").await;
    }
    let author = center.author(&caller);
    let done = center.store.write(move |tx| store::delete(tx, &author, &id)).await;
    back(&center, &caller, csrf, done).await
}

/// `POST …/rate-limit`
pub(super) async fn set_rate_limit(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    // What cannot be read is no limit that is allowed.
    let wanted = fields.text("requests_per_second").parse().unwrap_or(0);
    let author = center.author(&caller);
    let done = center.store.write(move |tx| store::set_rate_limit(tx, &author, wanted)).await;
    back(&center, &caller, csrf, done).await
}

/// `POST …/disable`, with DISABLE typed.
pub(super) async fn disable(
    State(center): State<Center>,
    caller: Caller,
    csrf: Csrf,
    Form(fields): Form,
) -> Response {
    if fields.text("confirm") != "DISABLE" {
        return not_confirmed(&center, &caller, csrf, "DISABLE").await;
    }
    let author = center.author(&caller);
    let done = center.store.write(move |tx| store::disable(tx, &author)).await;
    back(&center, &caller, csrf, done).await
}

async fn made_token(
    center: &Center,
    caller: &Caller,
    csrf: Csrf,
    title: &str,
    done: Result<NewToken, TokenError>,
) -> Response {
    match done {
        Ok(new) => {
            let text = "Copy the access token now: it is not shown again.";
            let banner = Banner::new(Tone::Success, title, text);
            answer(center, caller, csrf, StatusCode::OK, Some(banner), Some(new.secret)).await
        }
        Err(error) => refused(center, caller, csrf, error).await,
    }
}

async fn back(center: &Center, caller: &Caller, csrf: Csrf, done: Result<(), TokenError>) -> Response {
    match done {
        Ok(()) => Redirect::to(PAGE).into_response(),
        Err(error) => refused(center, caller, csrf, error).await,
    }
}

async fn not_confirmed(center: &Center, caller: &Caller, csrf: Csrf, word: &str) -> Response {
    let text = format!("Type {word} in capital letters to confirm. Nothing was changed.");
    let banner = Banner::new(Tone::Danger, "Not confirmed", text);
    answer(center, caller, csrf, StatusCode::BAD_REQUEST, Some(banner), None).await
}

async fn refused(center: &Center, caller: &Caller, csrf: Csrf, error: TokenError) -> Response {
    let error = ApiError::from(error);
    if error.status.is_server_error() {
        return PageError(error).into_response();
    }
    let banner = Banner::new(Tone::Danger, "Nothing was changed", error.for_people());
    answer(center, caller, csrf, error.status, Some(banner), None).await
}

async fn answer(
    center: &Center,
    caller: &Caller,
    csrf: Csrf,
    status: StatusCode,
    banner: Option<Banner>,
    secret: Option<String>,
) -> Response {
    let state = match load(center).await {
        Ok(state) => state,
        Err(error) => return PageError::from(error).into_response(),
    };
    let instance = center.instance_id.clone();
    let foreign = match center.store.read(move |tx| count_foreign(tx, &instance)).await {
        Ok(foreign) => foreign,
        Err(error) => return PageError::from(error).into_response(),
    };
    let now = center.clock.now();
    let mut shell = console::shell(caller, &csrf, "Automatic provisioning", "/console/settings");
    shell.banners.extend(banner);
    shell.banners.extend(state.tokens.iter().filter_map(|token| reminder(token, now)));
    let page = AutomaticProvisioning {
        shell,
        enabled: state.enabled,
        external: state.external,
        endpoint: endpoint(center, &state),
        secret,
        modes: modes(state.mode),
        foreign,
        requests_per_second: state.requests_per_second,
        may_create: state.tokens.len() < MOST_TOKENS,
        tokens: state.tokens.iter().map(|token| shown(token, now)).collect(),
    };
    render_with(status, &page)
}

fn reminder(token: &Token, now: Timestamp) -> Option<Banner> {
    let when = token.expires_at.readable();
    if token.expired(now) {
        let text = "Delete it, and create another where no other token is in use.";
        return Some(Banner::new(Tone::Danger, format!("An access token expired on {when}"), text));
    }
    let text = "Create a second token, enter it at the identity provider, then delete the old one.";
    token
        .ends_soon(now)
        .then(|| Banner::new(Tone::Warning, format!("An access token expires on {when}"), text))
}

fn shown(token: &Token, now: Timestamp) -> Shown {
    let (state, tone) = match (token.expired(now), token.ends_soon(now)) {
        (true, _) => ("Expired", "bad"),
        (_, true) => ("Expires soon", "warn"),
        _ => ("Active", "good"),
    };
    Shown {
        id: token.id.clone(),
        created: token.created_at.readable(),
        expires: token.expires_at.readable(),
        last_used: token.last_used_at.map_or_else(|| "Never".to_owned(), Timestamp::readable),
        mode: token.mode.map_or("", Mode::name),
        client: token.seen.as_ref().map(|seen| ShownClient {
            title: seen.speaks().title(),
            link: seen.speaks().link(),
            quirks: seen.quirks.iter().copied().collect(),
            user_agent: seen.user_agent.clone(),
            last: seen.last.readable(),
        }),
        state,
        tone,
    }
}

fn modes(now: Mode) -> Vec<Choice> {
    let choice =
        |mode: Mode| Choice { name: mode.name(), consequences: mode.consequences(), chosen: mode == now };
    Mode::ALL.into_iter().map(choice).collect()
}
