//! The access portal: where people sign in and see the accounts that they have.

mod pages;
mod session;
mod sign_in;

use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use web::form;
use web::routes::Routes;

pub use session::{start_session, start_session_with};
pub(crate) use sign_in::{blocked, wrong};

use crate::{Center, access};

/// The routes of this folder.
pub fn routes(center: &Center) -> Routes<Center> {
    let own = Routes::new("portal_user")
        .get("/start", pages::start)
        .get("/start/accounts", pages::accounts)
        .guarded(from_fn_with_state(center.form_guard.clone(), form::guard))
        .guarded(from_fn_with_state(center.clone(), access::portal_user));
    Routes::new("anyone")
        .get("/sign-in", sign_in::show)
        .post("/sign-in", sign_in::submit)
        // Signing out is for everyone: who is not signed in any more just sees that it is so.
        .post("/start/sign-out", sign_in::out)
        .guarded(from_fn_with_state(center.form_guard.clone(), form::guard))
        .get("/", || async { Redirect::to("/start") })
        .merge(own)
}

/// `path` if it stays on this site, else `otherwise`: browsers take `//host` and `/\host` for another
/// site.
pub fn own_path<'a>(path: &'a str, otherwise: &'a str) -> &'a str {
    let rooted = path.starts_with('/') && !path.starts_with("//");
    let plain = path.len() <= 2048 && path.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if rooted && plain { path } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn only_own_paths_are_returned_to() {
        for good in ["/", "/start?q=a%20b", "/console/users"] {
            assert_eq!(own_path(good, "/x"), good);
        }
        for bad in
            ["", "start", "//evil.example", "/\\evil.example", "https://evil.example", "/a b", "/a\r\nX: y"]
        {
            assert_eq!(own_path(bad, "/x"), "/x", "{bad:?}");
        }
    }
}
