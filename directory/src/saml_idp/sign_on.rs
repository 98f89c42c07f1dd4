//! The course of a sign-on: it arrives, it may wait for its person, it is decided and answered.

use axum::response::Response;
use http::HeaderMap;
use saml::authn_request::AuthnRequest;
use store::{StoreError, Tx};

use super::arrived::{self, Message};
use super::attempt::{Attempt, StartedBy};
use super::decide::{self, Facts, Grant};
use super::endpoint::Endpoint;
use super::issue::{self, Issued, Occasion};
use super::loaded::{self, Loaded, load};
use super::next_step::{Step, next_step};
use super::pending::{self, Pending};
use super::refusal::Refusal;
use super::running::Running;
use super::sign_ins;
use super::sign_out::{self, Participant};
use super::store as rows;
use super::trace::{Trace, kept};
use super::waiting::{path_of, save};
use crate::Directory;
use crate::access::{self, Caller};
use crate::applications::{self, Application, IdpValues, SigningAlgorithm};
use crate::claims;
use crate::refused::Refused;
use crate::sign_in;

/// Why a step has no answer of its own.
#[derive(Debug)]
pub enum Ended {
    /// It was refused.
    Refused(Refusal),
    /// Something failed inside.
    Failed(Refused),
}

impl From<Refusal> for Ended {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<Refused> for Ended {
    fn from(refused: Refused) -> Self {
        Self::Failed(refused)
    }
}

impl From<StoreError> for Ended {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Who is signed in, and the rows behind a decision over it.
#[derive(Debug)]
pub struct Known {
    caller: Caller,
    loaded: Loaded,
}

/// Reads a request that just arrived and checks all that needs no person. Where the browser brings a
/// session, what comes next is read along in the same snapshot.
///
/// # Errors
/// [`Ended`].
pub async fn receive(
    directory: &Directory,
    endpoint: &Endpoint,
    headers: &HeaderMap,
    message: Message,
    login_hint: Option<String>,
    attempt: &mut Attempt,
) -> Result<(Pending, Option<Known>), Ended> {
    let read =
        message.map_err(Refusal::Binding).and_then(|arrived| Ok((arrived::unverified(&arrived)?, arrived)));
    let issuer = read.as_ref().ok().map(|(request, _)| request.issuer.clone());
    let (at, half, now) = (endpoint.clone(), directory.clone(), attempt.now);
    let session = directory.session_cookie.read(headers);
    let (is_tenant, application, credentials, known) = directory
        .read(move |tx, tenant| {
            let by = |issuer: &String| at.application(tx, tenant, issuer);
            let application = issuer.as_ref().map_or(Ok(None), by)?;
            let credentials = match application.as_ref().filter(|a| must_sign(a)) {
                Some(application) => applications::key_credentials(tx, tenant, &application.id)?,
                None => Vec::new(),
            };
            let known = match (&session, &application) {
                (Some(token), Some(application)) => known(tx, &half, token, application, now)?,
                _ => None,
            };
            Ok((rows::is_tenant(tx, tenant, &at.tenant)?, application, credentials, known))
        })
        .await?;
    let ours = if is_tenant { Ok(()) } else { Err(Refusal::tenant_not_found(&endpoint.tenant)) };
    attempt.trace.step("Tenant", "the tenant of this directory", ours, |()| directory.tenant_id.clone())?;
    let shown = |(r, _): &(AuthnRequest, _)| format!("AuthnRequest {}", r.id);
    let (mut request, arrived) = attempt.trace.step("Request", "a SAML 2.0 AuthnRequest", read, shown)?;
    let verified = application.as_ref().is_some_and(must_sign);
    if let Some(application) = &application {
        attempt.concerns(application);
        attempt.request_xml = Some(kept(arrived.xml()));
    }
    request = endpoint.addressed(request, application.as_ref(), &mut attempt.trace)?;
    if let Some(application) = application.as_ref().filter(|_| verified) {
        let addresses = addresses(directory, &endpoint.tenant);
        let outcome = arrived::verified(&arrived, application, &credentials, &addresses, attempt.now);
        let expected = "a signature by a certificate of the application";
        let shown = |_: &AuthnRequest| "verified".to_owned();
        request = attempt.trace.step("Signature of the request", expected, outcome, shown)?;
    }
    let (application, _) = decide::admit(Some(&request), application.as_ref(), &mut attempt.trace)?;
    let pending = Pending {
        id: directory.random.token(""),
        application_id: application.id.clone(),
        relay_state: arrived.relay_state().map(ToOwned::to_owned),
        request,
        received_at: attempt.now,
        by_post: attempt.started_by == StartedBy::Post,
        verified,
        login_hint,
        xml: attempt.request_xml.clone(),
    };
    Ok((pending, known))
}

fn known(
    tx: &mut Tx<'_>,
    directory: &Directory,
    token: &str,
    application: &Application,
    now: web::Timestamp,
) -> Result<Option<Known>, Refused> {
    let tenant = directory.tenant_id.as_str();
    let Some(caller) = access::of_session(tx, tenant, token, now)? else { return Ok(None) };
    let person = rows::person(tx, tenant, &caller.id)?;
    let loaded = loaded::within(tx, directory, Some(application.clone()), person)?;
    Ok(Some(Known { caller, loaded }))
}

fn must_sign(application: &Application) -> bool {
    application.request_signature_verification.is_signed_request_required
}

/// The addresses of this endpoint: by the tenant's id, and by the name of it that the path has.
fn addresses(directory: &Directory, named_tenant: &str) -> Vec<String> {
    let mut addresses = vec![directory.url(&format!("/{}/saml2", directory.tenant_id))];
    if named_tenant != directory.tenant_id {
        addresses.push(directory.url(&format!("/{named_tenant}/saml2")));
    }
    addresses
}

/// The one place that decides what comes next, from the request and the session as they are now.
///
/// # Errors
/// [`Ended`].
pub async fn proceed(
    directory: &Directory,
    running: &Running,
    headers: &HeaderMap,
    (pending, known): (Pending, Option<Known>),
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    match (next_step(&pending, known.as_ref().map(|known| &known.caller)), known) {
        (Step::Decide, Some(known)) => {
            let case = Case::of(pending, false).of_session(directory, headers);
            decided(directory, running, &case, &known, attempt).await
        }
        (Step::NoPassive, _) => refuse_passive(directory, running, &Case::of(pending, false), attempt).await,
        _ => {
            let hint = pending.login_hint.clone();
            let to_sign_in = |path: &str| sign_in::redirect_with_hint(path, hint.as_deref());
            save(directory, headers, pending, to_sign_in).await
        }
    }
}

/// The same for a request that waited.
///
/// # Errors
/// [`Ended`].
pub async fn go_on(
    directory: &Directory,
    running: &Running,
    headers: &HeaderMap,
    pending: Pending,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let session = access::signed_in(directory, headers).await?.map(|(caller, _)| caller);
    match (next_step(&pending, session.as_ref()), session) {
        (Step::Decide, Some(caller)) => {
            let case = Case::of(pending, true).of_session(directory, headers);
            finish(directory, running, &case, caller, attempt).await
        }
        (Step::NoPassive, _) => refuse_passive(directory, running, &Case::of(pending, true), attempt).await,
        _ => Ok(sign_in::redirect_with_hint(&path_of(directory, &pending.id), pending.login_hint.as_deref())),
    }
}

/// What is decided: a request, or a tile.
#[derive(Debug, Clone)]
pub struct Case {
    /// The application's object id.
    pub application_id: String,
    /// The request, where there is one.
    pub pending: Option<Pending>,
    /// Whether it waits in the store and has to be taken out.
    saved: bool,
    /// To be sent along.
    relay_state: Option<String>,
    /// The browser's session, by the hash of its token.
    session: Option<[u8; 32]>,
}

impl Case {
    fn of(pending: Pending, saved: bool) -> Self {
        let (application_id, relay_state) = (pending.application_id.clone(), pending.relay_state.clone());
        Self { application_id, relay_state, pending: Some(pending), saved, session: None }
    }

    /// A sign-on that starts at a tile.
    pub fn tile(application: &Application) -> Self {
        let (application_id, relay_state) = (application.id.clone(), application.relay_state.clone());
        Self { application_id, relay_state, pending: None, saved: false, session: None }
    }

    /// The same in the session of a browser, which remembers the application for its end.
    #[must_use]
    pub fn of_session(mut self, directory: &Directory, headers: &HeaderMap) -> Self {
        self.session = directory.session_cookie.read(headers).map(|token| web::token::hash(&token));
        self
    }
}

/// Decides over a person with a session and answers.
///
/// # Errors
/// [`Ended`].
pub async fn finish(
    directory: &Directory,
    running: &Running,
    case: &Case,
    caller: Caller,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let loaded = load(directory, &case.application_id, &caller.id).await?;
    decided(directory, running, case, &Known { caller, loaded }, attempt).await
}

async fn decided(
    directory: &Directory,
    running: &Running,
    case: &Case,
    Known { caller, loaded }: &Known,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let person = loaded.person.as_ref().ok_or_else(|| Refusal::user_not_found(&caller.name))?;
    attempt.by(person);
    if let Some(application) = &loaded.application {
        attempt.concerns(application);
    }
    let request = case.pending.as_ref().map(|p| &p.request);
    let occasion = Occasion {
        in_response_to: request.map(|r| r.id.clone()),
        signed_in_at: web::Timestamp(caller.signed_in_at),
        now: attempt.now,
    };
    let transient = format!("_{}", directory.random.uuid());
    let verified = case.pending.as_ref().is_some_and(|p| p.verified);
    attempt.request_xml = case.pending.as_ref().and_then(|p| p.xml.clone());
    let facts = loaded.facts(directory, request, verified, person, attempt.now, &transient);
    let (grant, issued) = grant(directory, running, &facts, occasion, &mut attempt.trace).await?;
    attempt.response_xml = Some(kept(issued.xml.as_bytes()));
    let participant = Participant::of(&case.application_id, &grant, &issued);
    close(directory, case, caller, participant, attempt).await?;
    let name = loaded.application.as_ref().map_or("", |a| a.display_name.as_str());
    Ok(issue::post(name, &grant.reply_url, &issued.xml, case.relay_state.as_deref()))
}

/// Decides and signs; nothing leaves.
///
/// # Errors
/// [`Ended`].
pub async fn grant(
    directory: &Directory,
    running: &Running,
    facts: &Facts<'_>,
    occasion: Occasion,
    trace: &mut Trace,
) -> Result<(Grant, Issued), Ended> {
    let grant = decide::decide(facts, trace)?;
    let Some(application) = facts.application else {
        return Err(Refusal::application_not_found("").into());
    };
    let name = &application.display_name;
    let key = running.keys.get(directory, &grant.certificate, application.signing_algorithm).await;
    let key = key.map_err(|found| Refusal::NoSigningKey { application: name.clone(), found });
    let key = trace.step("Signing key", "opens and fits its certificate", key, |_| "fits".to_owned())?;
    let signed = issue::sign(directory, application, grant.clone(), occasion, key).await;
    let length = |issued: &Issued| format!("{} bytes of XML", issued.xml.len());
    let expected = algorithm_name(application.signing_algorithm);
    let issued = trace.step("Signature", expected, signed, length)?;
    Ok((grant, issued))
}

fn algorithm_name(algorithm: SigningAlgorithm) -> &'static str {
    SigningAlgorithm::ALL.iter().find(|(known, _)| *known == algorithm).map_or("", |(_, name)| name)
}

/// Takes the request out and records the sign-on, before anything is sent: a request is answered once.
async fn close(
    directory: &Directory,
    case: &Case,
    caller: &Caller,
    participant: Participant,
    attempt: &Attempt,
) -> Result<(), Ended> {
    let waiting = case.pending.as_ref().filter(|_| case.saved).map(|p| p.id.clone());
    let (tenant, now, record) = (directory.tenant_id.clone(), attempt.now, attempt.issued().into());
    let (session, ends_at) = (case.session, web::Timestamp(caller.signed_in_at).plus(sign_in::LIFETIME));
    let first = directory
        .store
        .write(move |tx| -> Result<bool, StoreError> {
            if let Some(id) = &waiting
                && !pending::consume(tx, &tenant, id)?
            {
                return Ok(false);
            }
            if let Some(session) = &session {
                sign_out::remember(tx, &tenant, session, &participant, now, ends_at)?;
            }
            sign_ins::record(tx, &tenant, now, &record)?;
            Ok(true)
        })
        .await?;
    if first { Ok(()) } else { Err(Refusal::RequestGone.into()) }
}

/// The one refusal that goes to the application: it asked for an answer without a page, and its reply URL
/// is registered.
async fn refuse_passive(
    directory: &Directory,
    running: &Running,
    case: &Case,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let id = case.application_id.clone();
    let (application, claims) = directory
        .read(move |tx, tenant| {
            let application = rows::application(tx, tenant, &id)?;
            Ok((application, claims::configuration(tx, tenant, &id)?))
        })
        .await?;
    let Some(request) = case.pending.as_ref().map(|p| &p.request) else {
        return Err(Refusal::NoSession.into());
    };
    let (application, reply_url) = decide::admit(Some(request), application.as_ref(), &mut attempt.trace)?;
    attempt.concerns(application);
    let _ = attempt.trace.step("Session", "a session", Err::<(), _>(Refusal::NoSession), |()| String::new());
    let issuer = IdpValues::new(directory, application, &claims).entity_id;
    let xml =
        issue::no_passive(directory, &issuer, &reply_url, &request.id, &attempt.reference, attempt.now)?;
    let record = attempt.issued().refused(&Refusal::NoSession).into();
    let waiting = case.pending.as_ref().filter(|_| case.saved).map(|p| p.id.clone());
    let (tenant, now) = (directory.tenant_id.clone(), attempt.now);
    let recorded = running.strangers.may_record(now);
    directory
        .store
        .write(move |tx| -> Result<(), StoreError> {
            if let Some(id) = &waiting {
                pending::consume(tx, &tenant, id)?;
            }
            if recorded { sign_ins::record(tx, &tenant, now, &record) } else { Ok(()) }
        })
        .await?;
    Ok(issue::post(&application.display_name, &reply_url, &xml, case.relay_state.as_deref()))
}
