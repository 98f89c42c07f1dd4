//! Single sign-out (SAML Profiles 4.4, front channel, HTTP-Redirect): who signs out here is taken to the identity
//! provider, and who signs out there is signed out here. AWS has none of it, so it is off unless it is chosen.
//!
//! A session here ends before anything is sent: whatever becomes of the message, it is over.

use ::store::{StoreError, Tx};
use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use saml::bindings::{Parameter, Received, RedirectMessage, decode_redirect, encode_signed_redirect};
use saml::certificate::{Certificate, SigningKey};
use saml::dsig::AcceptedAlgorithms;
use saml::logout::{
    LogoutExpect, LogoutOutcome, LogoutRequest, LogoutSignature, WriteLogoutRequest, WriteLogoutResponse,
    read_request, read_response, write_request, write_response,
};
use saml::names::FORMAT_EMAIL;
use saml::{Reason, Refusal};
use serde_json::{Value as Json, json};
use thiserror::Error;
use time::Duration;
use web::Timestamp;
use web::cookie::Cookie;
use web::page::{self, Shell};

use super::acs::VERIFYING;
use super::keys::{self, KeyError, Purpose, SpKey};
use super::service_provider::ServiceProvider;
use super::settings::{self, SamlSettings};
use super::sign_out_refused::RefusedMessage;
use crate::identity_source::{self, ExternalIdp, Source};
use crate::instance::{self, Author, Instance, Subject};
use crate::{Center, PRODUCT, portal};

/// How long the identity provider's answer may take, in seconds.
const ANSWER_SECONDS: u32 = 600;

/// Why no message was sent or taken.
#[derive(Debug, Error)]
enum SignOutError {
    #[error("there is no active signing key")]
    NoKey,
    #[error("a message cannot be written: {0}")]
    Unwritable(String),
    #[error("a message was refused")]
    Refused(RefusedMessage),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What messages are read and written with.
struct Context {
    instance: Instance,
    sp: ServiceProvider,
    settings: SamlSettings,
    idp: ExternalIdp,
    key: Option<SpKey>,
    now: Timestamp,
}

/// The context; nothing where there is no single sign-out.
async fn context(center: &Center) -> Result<Option<Context>, StoreError> {
    let (id, now, shared) = (center.instance_id.clone(), center.clock.now(), center.clone());
    let read = move |tx: &mut Tx<'_>| -> Result<Option<Context>, StoreError> {
        let settings = settings::load(tx, &id)?;
        let Source::External(idp) = identity_source::store::active(tx, &id)? else { return Ok(None) };
        if !settings.single_logout {
            return Ok(None);
        }
        let instance = instance::load(tx, &id)?;
        let key = keys::active(tx, &id, Purpose::Signing)?;
        let sp = ServiceProvider::of(&shared, &instance);
        Ok(Some(Context { instance, sp, settings, idp, key, now }))
    };
    center.store.read(read).await
}

impl Context {
    fn expect<'a>(&'a self, certificates: &'a [Certificate]) -> LogoutExpect<'a> {
        let algorithms = if self.settings.accept_sha1 {
            AcceptedAlgorithms::Sha2AndSha1
        } else {
            AcceptedAlgorithms::Sha2
        };
        LogoutExpect {
            destination: &self.sp.slo_url,
            issuer: &self.idp.entity_id,
            signature: LogoutSignature::Required { certificates, algorithms },
            now: self.now.to_offset(),
            clock_skew: self.settings.clock_skew(),
        }
    }

    /// The URL that takes a message to the identity provider, signed.
    async fn signed(
        &self,
        center: &Center,
        destination: &str,
        (parameter, xml): (Parameter, String),
        relay_state: Option<String>,
    ) -> Result<String, SignOutError> {
        let key = self.key.clone().ok_or(SignOutError::NoKey)?;
        let (master_key, destination) = (center.master_key.clone(), destination.to_owned());
        let sign = move || -> Result<String, SignOutError> {
            let key: SigningKey = key.signing(&master_key)?;
            encode_signed_redirect(&destination, parameter, &xml, relay_state.as_deref(), &key)
                .map_err(|error| SignOutError::Unwritable(error.to_string()))
        };
        tokio::task::spawn_blocking(sign).await.map_err(|_| StoreError::Panicked)?
    }
}

#[derive(Template)]
#[template(path = "saml_sp/sign_out.html")]
struct Onward {
    shell: Shell,
    url: String,
}

/// The page that takes somebody to the identity provider whose session here has just ended; nothing where the person did
/// not sign in there, or it takes no logout messages. `session` is what the session remembered.
pub async fn begin(center: &Center, session: &Json) -> Option<Response> {
    let (id, url) = match request_url(center, session).await {
        Ok(found) => found?,
        Err(error) => {
            tracing::error!(%error, "the identity provider was not told of a sign-out");
            return None;
        }
    };
    // Not by a redirect: browsers hold redirects that follow a form against the form-action of the form's page.
    let title = "You are signed out here".to_owned();
    let shell = Shell { product: PRODUCT, title, ..Shell::default() };
    let refresh = HeaderValue::try_from(format!("0; url={url}")).ok()?;
    let mut response = page::render(&Onward { shell, url });
    response.headers_mut().insert(header::REFRESH, refresh);
    response.headers_mut().append(header::SET_COOKIE, cookie(center).set_cross_site(&id, ANSWER_SECONDS));
    Some(response)
}

async fn request_url(center: &Center, session: &Json) -> Result<Option<(String, String)>, SignOutError> {
    let text = |name: &str| session[name].as_str();
    let (Some(issuer), Some(name_id)) = (text("identityProvider"), text("nameId")) else { return Ok(None) };
    let Some(context) = context(center).await? else { return Ok(None) };
    let Some(destination) = context.idp.logout_url.as_deref() else { return Ok(None) };
    if context.idp.entity_id != issuer {
        return Ok(None);
    }
    let id = format!("aws_{}", center.random.hex::<16>());
    let now = context.now.to_offset();
    let request = WriteLogoutRequest {
        id: &id,
        issue_instant: now,
        not_on_or_after: Some(now + Duration::seconds(ANSWER_SECONDS.into())),
        destination,
        issuer: &context.sp.entity_id,
        name_id,
        name_id_format: Some(FORMAT_EMAIL),
        sp_name_qualifier: None,
        session_indexes: &text("sessionIndex").into_iter().collect::<Vec<_>>(),
    };
    let xml = write_request(&request).map_err(|error| SignOutError::Unwritable(error.to_string()))?;
    let url = context.signed(center, destination, (Parameter::SamlRequest, xml), None).await?;
    Ok(Some((id, url)))
}

/// `GET /platform/saml/logout/{acs_id}`: a request or an answer of the identity provider.
pub(super) async fn take(
    State(center): State<Center>,
    Path(acs_id): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let query = query.unwrap_or_default();
    let parameter = match query.split('&').any(|pair| pair.starts_with("SAMLRequest=")) {
        true => Parameter::SamlRequest,
        false => Parameter::SamlResponse,
    };
    let taken = match context(&center).await {
        Ok(Some(context)) if context.instance.acs_id == acs_id => match parameter {
            Parameter::SamlRequest => requested(&center, context, query.clone()).await,
            Parameter::SamlResponse => answered(context, &query, cookie(&center).read(&headers)).await,
        },
        Ok(_) => {
            let text = "Open the access portal instead.";
            return page::message(StatusCode::NOT_FOUND, "There is no such page", text);
        }
        Err(error) => Err(error.into()),
    };
    match taken {
        Ok(response) => response,
        Err(SignOutError::Refused(refused)) => refused.answer(&center, parameter, &query).await,
        Err(error) => {
            tracing::error!(%error, "a sign-out failed");
            let text = "Something failed on our side. Close the browser to be sure.";
            page::message(StatusCode::INTERNAL_SERVER_ERROR, "You may still be signed in here", text)
        }
    }
}

/// The identity provider ends sessions here. Its request must be signed (SAML Profiles 4.4.4.1).
async fn requested(center: &Center, context: Context, query: String) -> Result<Response, SignOutError> {
    let turn = VERIFYING.acquire().await.map_err(|_| StoreError::Closed)?;
    let read = move || -> Result<(Context, RedirectMessage, LogoutRequest), SignOutError> {
        let message = decode_redirect(&query, Parameter::SamlRequest).map_err(refusal)?;
        let expect = context.expect(&context.idp.certificates);
        let request = read_request(Received::Redirect(&message), &expect).map_err(refusal)?;
        Ok((context, message, request))
    };
    let read = tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Panicked)?;
    drop(turn);
    let (context, message, request) = read?;
    let author = center.author_named("system");
    let (issuer, name, indexes) =
        (request.issuer.clone(), request.name_id.value.clone(), request.session_indexes.clone());
    center.store.write(move |tx| end(tx, &author, &issuer, &name, &indexes)).await?;
    let Some(destination) = context.idp.logout_url.as_deref() else { return Ok(signed_out(true)) };
    let response = WriteLogoutResponse {
        id: &format!("aws_{}", center.random.hex::<16>()),
        issue_instant: context.now.to_offset(),
        destination,
        issuer: &context.sp.entity_id,
        in_response_to: &request.id,
        outcome: &LogoutOutcome::Success,
    };
    let xml = write_response(&response).map_err(|error| SignOutError::Unwritable(error.to_string()))?;
    let answer = (Parameter::SamlResponse, xml);
    let url = context.signed(center, destination, answer, message.relay_state).await?;
    Ok(Redirect::to(&url).into_response())
}

/// Ends the sessions that began with this identity provider, name and, where some are named, session.
fn end(
    tx: &mut Tx<'_>,
    author: &Author,
    issuer: &str,
    name: &str,
    indexes: &[String],
) -> Result<(), StoreError> {
    let fits = |data: &Json| {
        let index = data["sessionIndex"].as_str();
        let named = indexes.is_empty() || indexes.iter().any(|wanted| Some(wanted.as_str()) == index);
        data["identityProvider"] == issuer && named
    };
    for (user, sessions) in portal::end_sessions(tx, &author.instance_id, name, fits)? {
        let after = json!({ "sessions": sessions, "identityProvider": issuer });
        let subject = Subject { kind: "user", id: &user };
        author.record(tx, "sign_out.by_identity_provider", subject, None, Some(&after))?;
    }
    Ok(())
}

/// What the identity provider says became of our request. The session here is over whatever it says.
async fn answered(
    context: Context,
    query: &str,
    request_id: Option<String>,
) -> Result<Response, SignOutError> {
    let query = query.to_owned();
    let turn = VERIFYING.acquire().await.map_err(|_| StoreError::Closed)?;
    let read = move || -> Result<LogoutOutcome, SignOutError> {
        let message = decode_redirect(&query, Parameter::SamlResponse).map_err(refusal)?;
        let expect = context.expect(&context.idp.certificates);
        let id = request_id.unwrap_or_default();
        Ok(read_response(Received::Redirect(&message), &id, &expect).map_err(refusal)?.outcome)
    };
    let read = tokio::task::spawn_blocking(read).await.map_err(|_| StoreError::Panicked)?;
    drop(turn);
    Ok(signed_out(read? == LogoutOutcome::Success))
}

fn signed_out(everywhere: bool) -> Response {
    if everywhere {
        page::message(
            StatusCode::OK,
            "You are signed out",
            "You are signed out here and at your organization.",
        )
    } else {
        let text =
            "Your organization's sign-in page says that not every session has ended. Close the browser.";
        page::message(StatusCode::OK, "You are signed out here, but not everywhere", text)
    }
}

fn refusal<R: Reason>(refusal: Refusal<R>) -> SignOutError {
    SignOutError::Refused(RefusedMessage::from(&refusal))
}

/// The cookie that says which request this browser waits for an answer to.
fn cookie(center: &Center) -> Cookie {
    Cookie::new("entente_portal_sign_out", &center.origin)
}
