//! What pages say after something was done or refused.

use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use web::page::{self, Banner, Shell, Tone};

use crate::admin_api::{ApiError, Params};

/// A refusal as a page of its own, for what has no page to come back to.
#[derive(Debug)]
pub struct PageError(pub ApiError);

impl<E> From<E> for PageError
where
    ApiError: From<E>,
{
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        let title = match self.0.status {
            StatusCode::NOT_FOUND => "This is not there",
            status if status.is_server_error() => "Something failed on our side",
            _ => "This was not done",
        };
        page::message(self.0.status, title, &self.0.for_people())
    }
}

/// Back to a page after a change, which says what was done there. The word is one of [`DONE`]; a link
/// with another one says nothing, so nobody can put words into our mouth.
pub fn back(path: &str, done: &str) -> Response {
    Redirect::to(&format!("{path}?done={done}")).into_response()
}

const DONE: &[(&str, &str)] = &[
    ("access", "Access is assigned"),
    ("account-active", "The account is active again"),
    ("account-suspended", "The account is suspended: nobody has access to it now"),
    ("assignments-removed", "The chosen assignments are removed"),
    ("bin-setting", "The setting is saved"),
    ("group-created", "The group is made"),
    ("group-deleted", "The group is in the recycle bin with its memberships and assignments"),
    ("group-saved", "The group is saved"),
    ("handed-over", "Automatic provisioning may change it from now on"),
    ("imported", "The file is imported"),
    ("members-added", "The chosen users are in the group now"),
    ("members-removed", "The chosen users are no longer in the group"),
    ("password", "The password is set and the user is signed out everywhere"),
    ("removed", "It is removed for good"),
    ("restored", "It is restored with memberships and assignments"),
    ("set-created", "The permission set is made"),
    ("set-deleted", "The permission set is deleted"),
    ("set-saved", "The permission set is saved"),
    ("settings", "The setting is saved; it counts for sessions that begin from now on"),
    ("taken-back", "Automatic provisioning may no longer change it"),
    ("target-paused", "The event target is paused; what happens meanwhile waits for it"),
    ("target-removed", "The event target is removed"),
    ("target-resumed", "The event target is told again, first what waits"),
    ("user-created", "The user is made"),
    (
        "user-deleted",
        "The user is in the recycle bin with memberships and assignments, and signed out everywhere",
    ),
    ("user-disabled", "The user is disabled and signed out everywhere"),
    ("user-enabled", "The user may sign in again"),
];

/// The shell with what the page that led here has done.
pub fn with_done(shell: Shell, params: &Params) -> Shell {
    let word = params.text("done");
    match DONE.iter().find(|(known, _)| *known == word) {
        Some((_, title)) => shell.with(Banner::new(Tone::Success, *title, "")),
        None => shell,
    }
}

/// A refusal as a banner over the form that was sent.
pub fn refused(error: &ApiError) -> Banner {
    Banner::new(Tone::Danger, "Nothing was changed", error.for_people())
}
