//! The course of a sign-out: it is asked for, goes on from step to step, and is answered.

use ::store::{StoreError, Tx};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use http::{HeaderMap, header};
use saml::logout::{LogoutOutcome, unverified_issuer};
use serde_json::json;
use web::{session, token};

use super::super::arrived::Message;
use super::super::attempt::{Attempt, StartedBy};
use super::super::refusal::Refusal;
use super::super::running::Running;
use super::super::sign_ins;
use super::super::sign_on::Ended;
use super::super::store as rows;
use super::super::trace::kept;
use super::super::waiting::can_be_looked_up;
use super::messages::{self, Peer};
use super::pages::{self, Visited};
use super::{Initiator, Next, Progress, SignOut, SignOutRefusal, store};
use crate::Directory;
use crate::access::SESSION_AUDIENCE;
use crate::applications;
use crate::change::Change;
use crate::refused::Refused;

impl From<SignOutRefusal> for Ended {
    fn from(refusal: SignOutRefusal) -> Self {
        Self::Refused(Refusal::SignOut(refusal))
    }
}

fn path_of(directory: &Directory, id: &str) -> String {
    format!("/{}/saml2/sign-outs/{id}", directory.tenant_id)
}

/// The application that a message names as its issuer. It proves nothing yet.
async fn sender(
    directory: &Directory,
    named_tenant: &str,
    message: Message,
    attempt: &mut Attempt,
) -> Result<(super::super::arrived::Arrived, String, Peer), Ended> {
    attempt.started_by = StartedBy::SignOut;
    let arrived = message.map_err(Refusal::Binding)?;
    let issuer = unverified_issuer(arrived.xml()).unwrap_or_default();
    let (named, by, half) = (named_tenant.to_owned(), issuer.clone(), directory.clone());
    let (is_tenant, peer) = directory
        .read(move |tx, tenant| {
            let found = applications::by_identifier(tx, tenant, &by)?;
            let peer = found.map(|application| Peer::of(tx, &half, application)).transpose()?;
            Ok((rows::is_tenant(tx, tenant, &named)?, peer))
        })
        .await?;
    if !is_tenant {
        return Err(Refusal::tenant_not_found(named_tenant).into());
    }
    let peer = peer.ok_or_else(|| Refusal::application_not_found(&issuer));
    let peer = attempt
        .trace
        .step("Issuer", "a registered application", peer, |p| p.application.display_name.clone())?;
    attempt.concerns(&peer.application);
    attempt.request_xml = Some(kept(arrived.xml()));
    Ok((arrived, issuer, peer))
}

/// A LogoutRequest arrived. It is saved, and the browser comes back for it with its session cookie, which
/// another site's form does not bring.
///
/// # Errors
/// [`Ended`].
pub async fn requested(
    directory: &Directory,
    named_tenant: &str,
    message: Message,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let (arrived, issuer, peer) = sender(directory, named_tenant, message, attempt).await?;
    let address = directory.url(&format!("/{named_tenant}/saml2"));
    let read = messages::asked(&arrived, &peer.key_credentials, &issuer, &address, attempt.now);
    let read = read.map_err(Refusal::SignOut);
    let request = attempt.trace.step("Request", "a SAML 2.0 LogoutRequest", read, |r| r.id.clone())?;
    let sign_out = SignOut::requested(Initiator {
        application_id: peer.application.id,
        request_id: request.id,
        name_id: request.name_id.value,
        relay_state: arrived.relay_state().map(ToOwned::to_owned),
    });
    let (tenant, now, id) = (directory.tenant_id.clone(), attempt.now, directory.random.token(""));
    let path = path_of(directory, &id);
    directory.store.write(move |tx| store::create(tx, &tenant, &id, &sign_out, now)).await?;
    Ok(Redirect::to(&path).into_response())
}

/// The person signs out here; where the browser goes next, if there are applications to sign out of.
///
/// # Errors
/// The store's.
pub async fn local(directory: &Directory, session: String) -> Result<Option<String>, Refused> {
    let (tenant, now, id) = (directory.tenant_id.clone(), directory.clock.now(), directory.random.token(""));
    let path = path_of(directory, &id);
    let visits = directory
        .store
        .write(move |tx| -> Result<bool, Refused> {
            let participants = store::participants(tx, &tenant, &token::hash(&session))?;
            session::end(tx, &session)?;
            store::forget(tx, &tenant, &token::hash(&session))?;
            if participants.is_empty() {
                return Ok(false);
            }
            let asked = SignOut { initiator: None, session_ended: false, steps: Vec::new() };
            store::create(tx, &tenant, &id, &asked.ended(participants), now)?;
            Ok(true)
        })
        .await?;
    Ok(visits.then_some(path))
}

/// A LogoutResponse arrived. It moves the sign-out on whatever it says; what it says decides whether the
/// sign-out is complete.
///
/// # Errors
/// [`Ended`].
pub async fn answered(
    directory: &Directory,
    named_tenant: &str,
    message: Message,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let (arrived, issuer, peer) = sender(directory, named_tenant, message, attempt).await?;
    // The standard wants RelayState sent back (SAML Bindings 3.4.3); it names the sign-out.
    let id = arrived.relay_state().filter(|id| can_be_looked_up(id)).unwrap_or_default().to_owned();
    let sign_out = load(directory, &id, attempt).await?;
    let Some((n, request_id)) = sign_out.under_way() else { return Err(SignOutRefusal::Gone.into()) };
    if sign_out.steps[n].participant.application_id != peer.application.id {
        return Err(SignOutRefusal::NotParticipant { application: peer.application.display_name }.into());
    }
    let address = directory.url(&format!("/{named_tenant}/saml2"));
    let outcome =
        messages::outcome(&arrived, &peer.key_credentials, &issuer, &address, request_id, attempt.now);
    let mut refused = None;
    let progress = match outcome {
        Ok(LogoutOutcome::Success) => Progress::Done,
        Ok(other) => {
            tracing::info!(application = %peer.application.id, ?other, "an application did not sign out");
            Progress::Failed
        }
        Err(refusal) => {
            let code = refusal.code();
            tracing::info!(application = %peer.application.id, code, "a LogoutResponse was refused");
            let outcome = Err::<(), _>(Refusal::SignOut(refusal));
            let step =
                attempt.trace.step("Response", "a SAML 2.0 LogoutResponse", outcome, |()| String::new());
            refused = step.err().map(|refusal| attempt.issued().refused(&refusal).into());
            Progress::Failed
        }
    };
    let (tenant, now, key, sent) =
        (directory.tenant_id.clone(), attempt.now, id.clone(), request_id.to_owned());
    directory
        .store
        .write(move |tx| -> Result<(), StoreError> {
            let Some(mut sign_out) = store::find(tx, &tenant, &key, now)? else { return Ok(()) };
            // Answered twice, the first answer counts.
            if sign_out.under_way() == Some((n, sent.as_str())) {
                sign_out.steps[n].progress = progress.clone();
                store::save(tx, &tenant, &key, &sign_out)?;
                if let Some(record) = &refused {
                    sign_ins::record(tx, &tenant, now, record)?;
                }
            }
            Ok(())
        })
        .await?;
    Ok(Redirect::to(&path_of(directory, &id)).into_response())
}

async fn load(directory: &Directory, id: &str, attempt: &Attempt) -> Result<SignOut, Ended> {
    let (tenant, now, id) = (directory.tenant_id.clone(), attempt.now, id.to_owned());
    let found = directory.store.read(move |tx| store::find(tx, &tenant, &id, now)).await?;
    found.ok_or_else(|| SignOutRefusal::Gone.into())
}

/// The one place that decides what comes next, from the state that is saved.
///
/// # Errors
/// [`Ended`].
pub async fn go_on(
    directory: &Directory,
    running: &Running,
    headers: &HeaderMap,
    id: &str,
    attempt: &mut Attempt,
) -> Result<Response, Ended> {
    let mut sign_out = load(directory, id, attempt).await?;
    let clears_cookie = sign_out.next() == Next::EndSession;
    if clears_cookie {
        sign_out = end_session(directory, headers, id, attempt).await?;
    }
    sign_out.came_back();
    let response = loop {
        match sign_out.next() {
            Next::EndSession => return Err(SignOutRefusal::Gone.into()),
            Next::Finish => break finish(directory, running, id, &sign_out, attempt).await?,
            Next::Send(n) => {
                if let Some(response) = visit(directory, running, id, &mut sign_out, n).await? {
                    break response;
                }
            }
        }
    };
    if clears_cookie {
        let cookie = AppendHeaders([(header::SET_COOKIE, directory.session_cookie.clear())]);
        return Ok((cookie, response).into_response());
    }
    Ok(response)
}

/// Ends the session that the browser brings, if the request of the application fits it. Where there is
/// none, what was asked for is so already.
async fn end_session(
    directory: &Directory,
    headers: &HeaderMap,
    id: &str,
    attempt: &mut Attempt,
) -> Result<SignOut, Ended> {
    let change = Change::new(directory, "system");
    let (id, session) = (id.to_owned(), directory.session_cookie.read(headers));
    let outcome = directory
        .store
        .write(move |tx| -> Result<Result<SignOut, SignOutRefusal>, Refused> {
            let Some(sign_out) = store::find(tx, &change.tenant, &id, change.now)? else {
                return Ok(Err(SignOutRefusal::Gone));
            };
            let participants = match &session {
                None => Vec::new(),
                Some(session) => match fitting(tx, &change, &sign_out, session)? {
                    Ok(participants) => participants,
                    Err(refusal) => {
                        store::remove(tx, &change.tenant, &id)?;
                        return Ok(Err(refusal));
                    }
                },
            };
            let ended = sign_out.ended(participants);
            store::save(tx, &change.tenant, &id, &ended)?;
            Ok(Ok(ended))
        })
        .await
        .map_err(Ended::Failed)?;
    let shown = |s: &SignOut| format!("ended; {} other applications", s.steps.len());
    let expected = "signed in to the application under the requested name, or none";
    Ok(attempt.trace.step("Session", expected, outcome.map_err(Refusal::SignOut), shown)?)
}

/// What the session behind the token took part in, after its end.
fn fitting(
    tx: &mut Tx<'_>,
    change: &Change,
    sign_out: &SignOut,
    session: &str,
) -> Result<Result<Vec<super::Participant>, SignOutRefusal>, Refused> {
    let tenant = &change.tenant;
    let Some(found) = session::find(tx, session, tenant, SESSION_AUDIENCE, change.now)? else {
        return Ok(Ok(Vec::new()));
    };
    let participants = store::participants(tx, tenant, &token::hash(session))?;
    if let Some(initiator) = &sign_out.initiator {
        let application = || -> Result<String, StoreError> {
            let found = applications::find(tx, tenant, &initiator.application_id)?;
            Ok(found.map_or_else(String::new, |a| a.display_name))
        };
        let own = participants.iter().find(|p| p.application_id == initiator.application_id);
        match own {
            None => return Ok(Err(SignOutRefusal::NotParticipant { application: { application }()? })),
            // SessionIndex is not looked at, nor does Entra: the browser's session is the one that is meant.
            Some(own) if own.name_id.trim() != initiator.name_id.trim() => {
                return Ok(Err(SignOutRefusal::OtherName {
                    application: { application }()?,
                    expected: own.name_id.clone(),
                    found: initiator.name_id.clone(),
                }));
            }
            Some(_) => {}
        }
    }
    session::end(tx, session)?;
    store::forget(tx, tenant, &token::hash(session))?;
    let after = json!({ "requestedBy": sign_out.initiator.as_ref().map(|i| &i.application_id) });
    change.record(tx, "session.signed_out", ("user", &found.subject_id), None, Some(&after))?;
    Ok(Ok(participants))
}

/// Writes down that the browser is on its way to the application of a step, then sends it; none where the
/// application cannot be asked.
async fn visit(
    directory: &Directory,
    running: &Running,
    id: &str,
    sign_out: &mut SignOut,
    n: usize,
) -> Result<Option<Response>, Ended> {
    let participant = sign_out.steps[n].participant.clone();
    let request_id = format!("_{}", directory.random.uuid());
    let peer = Peer::load(directory, &participant.application_id).await?;
    let asked = peer.filter(|peer| peer.application.logout_url.is_some());
    sign_out.steps[n].progress = match &asked {
        Some(_) => Progress::Sent(request_id.clone()),
        None => Progress::NoLogoutUrl,
    };
    let (tenant, key, state) = (directory.tenant_id.clone(), id.to_owned(), sign_out.clone());
    directory.store.write(move |tx| store::save(tx, &tenant, &key, &state)).await?;
    let Some(peer) = asked else { return Ok(None) };
    match messages::request_url(directory, running, &peer, &participant, &request_id, id).await {
        Ok(url) => {
            let title = format!("Signing out of {}", peer.application.display_name);
            let text = "The application signs you out and sends you back here.";
            let skip = path_of(directory, id);
            Ok(Some(pages::onward(title, &url, text, Some(&skip))))
        }
        Err(error) => {
            tracing::error!(application = %participant.application_id, error, "a LogoutRequest was not made");
            sign_out.steps[n].progress = Progress::Failed;
            Ok(None)
        }
    }
}

/// Ends the sign-out with its event and answers whoever asked.
async fn finish(
    directory: &Directory,
    running: &Running,
    id: &str,
    sign_out: &SignOut,
    attempt: &Attempt,
) -> Result<Response, Ended> {
    let change = Change::new(directory, "system");
    let (key, state, reference) = (id.to_owned(), sign_out.clone(), attempt.reference.clone());
    let visited = directory
        .store
        .write(move |tx| -> Result<Vec<Visited>, StoreError> {
            let mut visited = Vec::new();
            for step in &state.steps {
                let found = applications::find(tx, &change.tenant, &step.participant.application_id)?;
                let name = found.map_or_else(|| "an application that was deleted".to_owned(), |a| a.display_name);
                visited.push(Visited { name, signed_out: step.progress == Progress::Done });
            }
            store::remove(tx, &change.tenant, &key)?;
            let after = json!({
                "requestedBy": state.initiator.as_ref().map(|i| &i.application_id),
                "complete": state.complete(),
                "applications": visited.iter().map(|v| json!({ "name": v.name, "signedOut": v.signed_out })).collect::<Vec<_>>(),
            });
            change.record(tx, "sign_out.ended", ("sign_out", &reference), None, Some(&after))?;
            Ok(visited)
        })
        .await?;
    let Some(initiator) = &sign_out.initiator else { return Ok(pages::signed_out(visited)) };
    let Some(peer) = Peer::load(directory, &initiator.application_id).await? else {
        return Ok(pages::signed_out(visited));
    };
    match messages::response_url(directory, running, &peer, initiator, sign_out.complete()).await {
        Ok(url) => {
            let title = format!("Back to {}", peer.application.display_name);
            Ok(pages::onward(title, &url, "You are signed out here.", None))
        }
        Err(error) => {
            tracing::info!(application = %peer.application.id, error, "a LogoutRequest got no answer");
            Ok(pages::signed_out(visited))
        }
    }
}
