//! What happens next with a sign-on, decided from the saved request and the browser's session alone. No
//! step calls another: each ends with the browser coming back here.

use web::Timestamp;

use super::pending::Pending;
use crate::access::Caller;

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Show the sign-in page.
    SignIn,
    /// Answer the application that nobody is signed in: it asked for no page.
    NoPassive,
    /// Decide over this session.
    Decide,
}

/// ForceAuthn wants a sign-in after the request (SAML Core 3.4.1); IsPassive wants no page, and together
/// with ForceAuthn it can only fail, unless the sign-in was made since.
pub fn next_step(pending: &Pending, session: Option<&Caller>) -> Step {
    let request = &pending.request;
    let usable =
        session.is_some_and(|s| !request.force_authn || Timestamp(s.signed_in_at) > pending.received_at);
    match (usable, request.is_passive) {
        (true, _) => Step::Decide,
        (false, true) => Step::NoPassive,
        (false, false) => Step::SignIn,
    }
}
