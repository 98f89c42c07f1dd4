//! Begins a sign-in: a request for the identity provider, remembered with the browser that carries it.

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use saml::authn_request::{WriteAuthnRequest, write};
use saml::bindings::{Parameter, encode_post, encode_redirect};
use saml::names::FORMAT_EMAIL;
use store::StoreError;
use url::Url;
use web::cookie::Cookie;
use web::{page, token};

use super::service_provider::ServiceProvider;
use super::store::{self as rows, Request};
use crate::identity_source::{self, ExternalIdp};
use crate::instance::{self, Instance};
use crate::portal::own_path;
use crate::{Center, identity_source::Source};

/// How long the identity provider's answer may take.
pub(super) const REQUEST_SECONDS: u32 = 600;
/// Where people land who did not say where they want to go.
pub(super) const HOME: &str = "/start";
/// One start in so many clears away old requests.
const CLEAR_ONE_IN: u8 = 64;

/// Sends the browser to the external identity provider. Afterwards it comes back to `return_to`, a path of our
/// own; anything else becomes the portal's start page.
pub async fn start(center: &Center, headers: &HeaderMap, return_to: &str) -> Response {
    let browser = browser(center, headers);
    match prepare(center, &browser, return_to).await {
        Ok(Some((request, idp))) => send(center, &browser, &request, &idp),
        Ok(None) => page::message(
            StatusCode::CONFLICT,
            "Sign-in is not at an identity provider",
            "People sign in with a password of this portal. Open the portal again.",
        ),
        Err(error) => {
            tracing::error!(%error, "a sign-in could not be started");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A request that is saved and can be sent.
struct Prepared {
    id: String,
    xml: String,
}

async fn prepare(
    center: &Center,
    browser: &str,
    return_to: &str,
) -> Result<Option<(Prepared, ExternalIdp)>, StoreError> {
    let id = format!("aws_{}", center.random.hex::<16>());
    let now = center.clock.now();
    let expires_at = now.plus(std::time::Duration::from_secs(REQUEST_SECONDS.into()));
    let request = Request {
        id: id.clone(),
        return_to: own_path(return_to, HOME).to_owned(),
        browser_sha256: token::hash(browser).to_vec(),
        expires_at,
        used_at: None,
    };
    let clear = center.random.bytes::<1>()[0].is_multiple_of(CLEAR_ONE_IN);
    let instance_id = center.instance_id.clone();
    let found = center
        .store
        .write(move |tx| {
            let Source::External(idp) = identity_source::store::active(tx, &instance_id)? else {
                return Ok(None);
            };
            if clear {
                rows::clear_requests(tx, &instance_id, now)?;
            }
            rows::save_request(tx, &instance_id, &request, now)?;
            Ok::<_, StoreError>(Some((instance::load(tx, &instance_id)?, idp)))
        })
        .await?;
    let Some((instance, idp)) = found else { return Ok(None) };
    let xml = write_request(center, &instance, &idp, &id)?;
    Ok(Some((Prepared { id, xml }, idp)))
}

fn write_request(
    center: &Center,
    instance: &Instance,
    idp: &ExternalIdp,
    id: &str,
) -> Result<String, StoreError> {
    let sp = ServiceProvider::of(center, instance);
    write(&WriteAuthnRequest {
        id,
        issue_instant: center.clock.now().to_offset(),
        destination: idp.sign_in_url(),
        assertion_consumer_service_url: &sp.acs_url,
        issuer: &sp.entity_id,
        name_id_format: FORMAT_EMAIL,
    })
    .map_err(|_| StoreError::BadRow { column: 0, why: "a sign-in URL without control characters expected" })
}

/// By redirect where the identity provider offers it, else by a form that sends itself. RelayState is the id of
/// the request: opaque to the other side, and nothing is read from it when it comes back.
fn send(center: &Center, browser: &str, request: &Prepared, idp: &ExternalIdp) -> Response {
    let mut response = match (&idp.redirect_url, idp.post_url.as_deref().map(Url::parse)) {
        (Some(url), _) => {
            let parameter = Parameter::SamlRequest;
            Redirect::to(&encode_redirect(url, parameter, &request.xml, Some(&request.id))).into_response()
        }
        (None, Some(Ok(url))) => {
            let message = encode_post(&request.xml);
            let fields = [(Parameter::SamlRequest.name(), message.as_str()), ("RelayState", &request.id)];
            page::auto_post("Sign in", &url, &fields, "Continue to your organization's sign-in page.")
        }
        _ => return StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    let cookie = binding_cookie(center).set_cross_site(browser, REQUEST_SECONDS);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The cookie that says which browser started a request. A response that was obtained in another browser, for
/// example an attacker's own, finds none of its requests here.
pub(super) fn binding_cookie(center: &Center) -> Cookie {
    Cookie::new("entente_portal_sign_in", &center.origin)
}

/// The browser's value of the cookie; a new one where it has none. Several tabs share it, so that a sign-in
/// that starts in one does not end the one in another.
fn browser(center: &Center, headers: &HeaderMap) -> String {
    let known = binding_cookie(center).read(headers);
    let ours = |value: &String| {
        value.len() == 43 && value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    known.filter(ours).unwrap_or_else(|| center.random.token(""))
}
