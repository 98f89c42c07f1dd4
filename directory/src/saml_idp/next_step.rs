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

#[cfg(test)]
mod tests {
    use super::*;
    use saml::authn_request::AuthnRequest;
    use time::OffsetDateTime;

    const RECEIVED: i64 = 1_000;

    fn next(force_authn: bool, is_passive: bool, signed_in_at: Option<i64>) -> Step {
        let request = AuthnRequest {
            id: "_r".to_owned(),
            issue_instant: OffsetDateTime::UNIX_EPOCH,
            issuer: "sp".to_owned(),
            assertion_consumer_service_url: None,
            destination: None,
            name_id_format: None,
            sp_name_qualifier: None,
            force_authn,
            is_passive,
            authn_contexts: Vec::new(),
        };
        let pending = Pending {
            id: "p".to_owned(),
            application_id: "a".to_owned(),
            request,
            relay_state: None,
            received_at: Timestamp(RECEIVED),
            by_post: false,
            verified: false,
            login_hint: None,
            xml: None,
        };
        let session = signed_in_at.map(|signed_in_at| Caller {
            actor: "user:u".to_owned(),
            id: "u".to_owned(),
            name: "u@x".to_owned(),
            signed_in_at,
        });
        next_step(&pending, session.as_ref())
    }

    #[test]
    fn session_force_authn_and_is_passive_decide() {
        let (before, same, after) = (Some(RECEIVED - 1), Some(RECEIVED), Some(RECEIVED + 1));
        for (force_authn, is_passive, session, step) in [
            (false, false, None, Step::SignIn),
            (false, false, before, Step::Decide),
            (false, true, None, Step::NoPassive),
            (false, true, before, Step::Decide),
            (true, false, None, Step::SignIn),
            (true, false, before, Step::SignIn),
            (true, false, same, Step::SignIn),
            (true, false, after, Step::Decide),
            (true, true, None, Step::NoPassive),
            (true, true, before, Step::NoPassive),
            (true, true, after, Step::Decide),
        ] {
            assert_eq!(
                next(force_authn, is_passive, session),
                step,
                "{force_authn} {is_passive} {session:?}"
            );
        }
    }
}
