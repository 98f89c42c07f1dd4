//! Begins a sign-in: a request for the identity provider, remembered with the browser that carries it.

use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use saml::authn_request::{WriteAuthnRequest, write, write_signed};
use saml::bindings::{Parameter, encode_post, encode_redirect, encode_signed_redirect};
use saml::certificate::SigningKey;
use saml::names::FORMAT_EMAIL;
use store::{StoreError, Tx};
use thiserror::Error;
use url::Url;
use web::cookie::Cookie;
use web::{Timestamp, page, token};

use super::keys::{self, KeyError, Purpose, SpKey};
use super::service_provider::ServiceProvider;
use super::settings;
use super::store::{self as rows, Request};
use crate::identity_source::{self, ExternalIdp};
use crate::instance;
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
    let prepared = prepare(center, &browser, return_to).await;
    let sent = prepared.and_then(|found| found.map(|request| send(center, &browser, &request)).transpose());
    match sent {
        Ok(Some(response)) => response,
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
    /// As the record shows it: without a signature.
    xml: String,
    idp: ExternalIdp,
    key: Option<SigningKey>,
    sp: ServiceProvider,
    now: Timestamp,
}

impl Prepared {
    fn message(&self) -> WriteAuthnRequest<'_> {
        WriteAuthnRequest {
            id: &self.id,
            issue_instant: self.now.to_offset(),
            destination: self.idp.sign_in_url(),
            assertion_consumer_service_url: &self.sp.acs_url,
            issuer: &self.sp.entity_id,
            name_id_format: FORMAT_EMAIL,
        }
    }
}

async fn prepare(center: &Center, browser: &str, return_to: &str) -> Result<Option<Prepared>, StartError> {
    let id = format!("aws_{}", center.random.hex::<16>());
    let now = center.clock.now();
    let instance_id = center.instance_id.clone();
    let read = move |tx: &mut Tx<'_>| -> Result<_, StoreError> {
        let settings = settings::load(tx, &instance_id)?;
        let key = keys::active(tx, &instance_id, Purpose::Signing)?;
        let source = identity_source::store::active(tx, &instance_id)?;
        Ok((source, instance::load(tx, &instance_id)?, settings.sign_requests, key))
    };
    let (source, instance, sign, key) = center.store.read(read).await?;
    let Source::External(idp) = source else { return Ok(None) };
    let sp = ServiceProvider::of(center, &instance);
    let key = if sign { Some(open(center, key).await?) } else { None };
    let mut prepared = Prepared { id, xml: String::new(), idp, key, sp, now };
    prepared.xml = write(&prepared.message()).map_err(|_| StartError::Unwritable)?;
    let request = Request {
        id: prepared.id.clone(),
        return_to: own_path(return_to, HOME).to_owned(),
        browser_sha256: token::hash(browser).to_vec(),
        expires_at: now.plus(std::time::Duration::from_secs(REQUEST_SECONDS.into())),
        used_at: None,
        xml: Some(prepared.xml.clone()),
    };
    let clear = center.random.bytes::<1>()[0].is_multiple_of(CLEAR_ONE_IN);
    let (instance_id, expected) = (center.instance_id.clone(), prepared.idp.entity_id.clone());
    let saved = center
        .store
        .write(move |tx| -> Result<bool, StoreError> {
            // The source may have changed since it was read.
            let source = identity_source::store::active(tx, &instance_id)?;
            if source.external().is_none_or(|idp| idp.entity_id != expected) {
                return Ok(false);
            }
            if clear {
                rows::clear_requests(tx, &instance_id, now)?;
            }
            rows::save_request(tx, &instance_id, &request, now)?;
            Ok(true)
        })
        .await?;
    Ok(saved.then_some(prepared))
}

/// Opens the signing key away from the threads that serve requests. Requests that must be signed are not sent without.
async fn open(center: &Center, key: Option<SpKey>) -> Result<SigningKey, StartError> {
    let key = key.ok_or(StartError::NoKey)?;
    let master_key = center.master_key.clone();
    let opened = tokio::task::spawn_blocking(move || key.signing(&master_key)).await;
    Ok(opened.map_err(|_| StoreError::Panicked)??)
}

/// Why a sign-in was not started; for the log alone.
#[derive(Debug, Error)]
enum StartError {
    #[error("requests are to be signed, and there is no active signing key")]
    NoKey,
    #[error("the sign-in URL has a character that XML cannot carry, or the key did not sign")]
    Unwritable,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// By redirect where the identity provider offers it, else by a form that sends itself. RelayState is the id of
/// the request: opaque to the other side, and nothing is read from it when it comes back.
fn send(center: &Center, browser: &str, request: &Prepared) -> Result<Response, StartError> {
    let idp = &request.idp;
    let parameter = Parameter::SamlRequest;
    let relay_state = Some(request.id.as_str());
    let mut response = match (&idp.redirect_url, idp.post_url.as_deref().map(Url::parse)) {
        (Some(url), _) => {
            let url = match &request.key {
                None => encode_redirect(url, parameter, &request.xml, relay_state),
                Some(key) => encode_signed_redirect(url, parameter, &request.xml, relay_state, key)
                    .map_err(|_| StartError::Unwritable)?,
            };
            Redirect::to(&url).into_response()
        }
        (None, Some(Ok(url))) => {
            let message = match &request.key {
                None => encode_post(&request.xml),
                Some(key) => {
                    let signed = write_signed(&request.message(), key);
                    encode_post(&signed.map_err(|_| StartError::Unwritable)?)
                }
            };
            let fields = [(parameter.name(), message.as_str()), ("RelayState", &request.id)];
            page::auto_post("Sign in", &url, &fields, "Continue to your organization's sign-in page.")
        }
        _ => return Err(StartError::Unwritable),
    };
    let cookie = binding_cookie(center).set_cross_site(browser, REQUEST_SECONDS);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
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
