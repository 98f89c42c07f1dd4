//! The assertion consumer service: a browser brings the identity provider's answer (SAML Bindings 3.5).

use askama::Template;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use saml::bindings::{Parameter, read_form};
use saml::dsig::AcceptedAlgorithms;
use saml::names::FORMAT_EMAIL;
use saml::redact::redacted;
use saml::response::{
    AcceptOptions, Accepted, Expect, ExpectInResponseTo, Reject, Trace, trace_response_with,
};
use store::StoreError;
use tokio::sync::Semaphore;
use web::page::{self, Shell};

use super::attempt::{self, Check, LONGEST_MESSAGE};
use super::keys::{self, Purpose, SpKey};
use super::record::PRUNE_ONE_IN;
use super::refusal::SignInRefusal;
use super::service_provider::ServiceProvider;
use super::settings::{self, SamlSettings};
use super::sign_in::{Arrival, Ending, Proven, conclude, refuse};
use super::start::binding_cookie;
use crate::Center;
use crate::identity_source::{self, ExternalIdp, Source};
use crate::instance::{self, Instance};

/// Most responses that are verified at the same time; others wait. Verification costs, and anybody can ask for it.
pub(super) static VERIFYING: Semaphore = Semaphore::const_new(16);

/// Takes the answer. Whoever comes with another path than that of this instance gets nothing at all.
pub(super) async fn consume(
    State(center): State<Center>,
    Path(acs_id): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match take(&center, &acs_id, &headers, body).await {
        Ok(Some((ending, token))) => answer(&center, &ending, &token),
        Ok(None) => {
            page::message(StatusCode::NOT_FOUND, "There is no such page", "Open the access portal instead.")
        }
        Err(error) => {
            tracing::error!(%error, "a sign-in could not be concluded");
            page::message(
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something failed on our side",
                "Nobody was signed in. Try again from the access portal.",
            )
        }
    }
}

async fn take(
    center: &Center,
    acs_id: &str,
    headers: &HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Option<(Ending, String)>, StoreError> {
    let Context { instance, source, settings, decryption } = context(center).await?;
    if acs_id != instance.acs_id {
        return Ok(None);
    }
    let mut arrival = Arrival {
        reference: attempt::reference(&center.random),
        checks: Vec::new(),
        browser: binding_cookie(center).read(headers),
        session_token: center.random.token(""),
        user_id: center.random.id(center.clock.now()),
        origin: center.origin.clone(),
        relay_state: String::new(),
        response: None,
        prune: center.random.bytes::<1>()[0].is_multiple_of(PRUNE_ONE_IN),
    };
    let token = arrival.session_token.clone();
    let proven = match prepare(source, body, &mut arrival) {
        Ok((idp, xml)) => {
            let rules = (&settings, decryption);
            verify(center, &instance, idp, xml, rules, &mut arrival.checks).await?
        }
        Err(refusal) => Err(refusal),
    };
    Ok(Some((write(center, instance, settings, arrival, proven).await?, token)))
}

/// The rules that count for this answer.
struct Context {
    instance: Instance,
    source: Source,
    settings: SamlSettings,
    decryption: Vec<SpKey>,
}

async fn context(center: &Center) -> Result<Context, StoreError> {
    let id = center.instance_id.clone();
    center
        .store
        .read(move |tx| {
            let settings = settings::load(tx, &id)?;
            let mut decryption = if settings.accept_encrypted { keys::keys(tx, &id)? } else { Vec::new() };
            decryption.retain(|key| key.purpose == Purpose::Encryption);
            let source = identity_source::store::active(tx, &id)?;
            Ok(Context { instance: instance::load(tx, &id)?, source, settings, decryption })
        })
        .await
}

/// What comes before any cryptography.
fn prepare(
    source: Source,
    body: Result<Bytes, BytesRejection>,
    arrival: &mut Arrival,
) -> Result<(ExternalIdp, Vec<u8>), SignInRefusal> {
    let checks = &mut arrival.checks;
    let Source::External(idp) = source else { return Err(SignInRefusal::SourceNotExternal) };
    checks.push(Check::passed("Identity source", "an external identity provider", &idp.entity_id));
    let body = body.map_err(|_| SignInRefusal::BodyTooLarge)?;
    let posted = read_form(&body, Parameter::SamlResponse).map_err(SignInRefusal::Binding)?;
    let xml = posted.xml;
    arrival.response = Some(redacted(&xml, LONGEST_MESSAGE));
    checks.push(Check::passed("Form", "SAMLResponse once, in base64", format!("{} bytes", xml.len())));
    // Its content counts only where the sign-in began at the identity provider: else the row of the request says
    // where the person goes on.
    let relay_state = posted.relay_state.unwrap_or_default();
    checks.push(Check::passed("RelayState", "at most 2,048 bytes", format!("{} bytes", relay_state.len())));
    arrival.relay_state = relay_state;
    Ok((idp, xml))
}

/// Checks signature and content away from the threads that serve requests.
async fn verify(
    center: &Center,
    instance: &Instance,
    idp: ExternalIdp,
    xml: Vec<u8>,
    (settings, decryption): (&SamlSettings, Vec<SpKey>),
    checks: &mut Vec<Check>,
) -> Result<Result<Accepted, SignInRefusal>, StoreError> {
    let sp = ServiceProvider::of(center, instance);
    let now = center.clock.now().to_offset();
    let turn = VERIFYING.acquire().await.map_err(|_| StoreError::Closed)?;
    let (clock_skew, accept_sha1) = (settings.clock_skew(), settings.accept_sha1);
    let master_key = center.master_key.clone();
    let work = move || -> (Result<Accepted, Reject>, Trace) {
        let opened = decryption.iter().filter_map(|key| match key.decryption(&master_key) {
            Ok(opened) => Some(opened),
            Err(error) => {
                tracing::error!(%error, key = key.id, "a decryption key does not open");
                None
            }
        });
        let decryption_keys: Vec<_> = opened.collect();
        let options = AcceptOptions {
            decryption_keys: &decryption_keys,
            algorithms: if accept_sha1 { AcceptedAlgorithms::Sha2AndSha1 } else { AcceptedAlgorithms::Sha2 },
        };
        let expect = Expect {
            acs_url: &sp.acs_url,
            sp_entity_id: &sp.entity_id,
            idp_entity_id: &idp.entity_id,
            certificates: &idp.certificates,
            // The request is compared in the transaction that uses it up.
            in_response_to: ExpectInResponseTo::CheckedByCaller,
            now,
            clock_skew,
            name_id_format: FORMAT_EMAIL,
        };
        trace_response_with(&xml, &expect, &options)
    };
    let (outcome, trace) = tokio::task::spawn_blocking(work).await.map_err(|_| StoreError::Panicked)?;
    drop(turn);
    checks.extend(trace.checks.iter().map(Check::from));
    Ok(outcome.map_err(SignInRefusal::Rejected))
}

async fn write(
    center: &Center,
    instance: Instance,
    settings: SamlSettings,
    arrival: Arrival,
    proven: Result<Accepted, SignInRefusal>,
) -> Result<Ending, StoreError> {
    // Until it is known who comes, nobody of ours does this.
    let author = center.author_named("anonymous");
    center
        .store
        .write(move |tx| match &proven {
            Ok(accepted) => conclude(tx, &author, (&instance, &settings), &arrival, accepted),
            Err(refusal) => {
                let days = settings.attempt_days;
                refuse(tx, &author, &arrival, arrival.checks.clone(), refusal, &Proven::default(), days)
            }
        })
        .await
}

/// The page of somebody who was not signed in: a reference, and nothing that helps an attacker.
#[derive(Template)]
#[template(path = "saml_sp/refused.html")]
struct Refused<'a> {
    shell: Shell,
    reference: &'a str,
}

fn answer(center: &Center, ending: &Ending, token: &str) -> Response {
    match ending {
        Ending::SignedIn { return_to } => {
            let mut response = Redirect::to(return_to).into_response();
            response.headers_mut().append(header::SET_COOKIE, center.portal_cookie.set(token));
            response
        }
        Ending::Refused { reference } => {
            let title = "We could not sign you in".to_owned();
            let shell = Shell { product: "Access portal", title, ..Shell::default() };
            page::render_with(StatusCode::FORBIDDEN, &Refused { shell, reference })
        }
        Ending::NotRecorded => page::message(
            StatusCode::TOO_MANY_REQUESTS,
            "We could not sign you in",
            "Too many sign-ins failed within a minute. Wait a minute and try again from the access portal.",
        ),
    }
}
