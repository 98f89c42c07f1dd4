//! The messages of a sign-out: what applications send is read, what goes to them is written and signed.

use saml::bindings::{Parameter, encode_signed_redirect};
use saml::certificate::Certificate;
use saml::dsig::AcceptedAlgorithms;
use saml::logout::{
    LogoutExpect, LogoutOutcome, LogoutRequest, LogoutSignature, WriteLogoutRequest, WriteLogoutResponse,
    read_request, read_response, write_request, write_response,
};
use store::{StoreError, Tx};
use time::Duration;
use web::Timestamp;

use super::super::arrived::{Arrived, certificates_of};
use super::super::decide;
use super::super::running::Running;
use super::{Initiator, Participant, SignOutRefusal};
use crate::Directory;
use crate::applications::{self, Application, Certificate as Row, IdpValues, KeyCredential, Usage};
use crate::claims;
use crate::refused::Refused;

/// How far the clocks may differ.
const CLOCK_SKEW: Duration = Duration::minutes(5);

/// An application with what its messages are read and written with.
#[derive(Debug, Clone)]
pub struct Peer {
    pub application: Application,
    pub certificates: Vec<Row>,
    pub key_credentials: Vec<KeyCredential>,
    /// Our entity ID, as it knows it.
    pub issuer: String,
}

impl Peer {
    /// The application with its rows.
    pub fn of(tx: &mut Tx<'_>, directory: &Directory, application: Application) -> Result<Self, StoreError> {
        let tenant = directory.tenant_id.as_str();
        let claims = claims::configuration(tx, tenant, &application.id)?;
        Ok(Self {
            certificates: applications::certificates(tx, tenant, &application.id)?,
            key_credentials: applications::key_credentials(tx, tenant, &application.id)?,
            issuer: IdpValues::new(directory, &application, &claims).entity_id,
            application,
        })
    }

    /// The peer with this object id; none where it was deleted.
    pub async fn load(directory: &Directory, id: &str) -> Result<Option<Self>, Refused> {
        let (id, half) = (id.to_owned(), directory.clone());
        directory
            .read(move |tx, tenant| {
                let found = applications::find(tx, tenant, &id)?;
                Ok(found.map(|application| Self::of(tx, &half, application)).transpose()?)
            })
            .await
    }
}

/// The request of an application. It must be signed where the application has uploaded a certificate for
/// it. Where it has not, an unsigned one is taken, as Entra does: it ends a session at most, which the
/// person opens again, and it must carry the name under which this browser's session was signed on, so
/// that a foreign page has to know whom it signs out.
pub fn asked(
    arrived: &Arrived,
    credentials: &[KeyCredential],
    issuer: &str,
    address: &str,
    now: Timestamp,
) -> Result<LogoutRequest, SignOutRefusal> {
    let certificates = certificates_of(credentials, Usage::Verify);
    let expect = expect(&certificates, issuer, address, now);
    read_request(arrived.received(), &expect).map_err(SignOutRefusal::Message)
}

/// What an application says became of our request.
pub fn outcome(
    arrived: &Arrived,
    credentials: &[KeyCredential],
    issuer: &str,
    address: &str,
    request_id: &str,
    now: Timestamp,
) -> Result<LogoutOutcome, SignOutRefusal> {
    let certificates = certificates_of(credentials, Usage::Verify);
    let expect = expect(&certificates, issuer, address, now);
    let read = read_response(arrived.received(), request_id, &expect).map_err(SignOutRefusal::Message)?;
    Ok(read.outcome)
}

fn expect<'a>(
    certificates: &'a [Certificate],
    issuer: &'a str,
    address: &'a str,
    now: Timestamp,
) -> LogoutExpect<'a> {
    let signature = if certificates.is_empty() {
        LogoutSignature::Ignored
    } else {
        LogoutSignature::Required { certificates, algorithms: AcceptedAlgorithms::default() }
    };
    LogoutExpect { destination: address, issuer, signature, now: now.to_offset(), clock_skew: CLOCK_SKEW }
}

/// The URL that takes our request to an application; `id` is the sign-out, which comes back as RelayState.
///
/// # Errors
/// A text for the log.
pub async fn request_url(
    directory: &Directory,
    running: &Running,
    peer: &Peer,
    participant: &Participant,
    request_id: &str,
    id: &str,
) -> Result<String, String> {
    let destination = peer.application.logout_url.clone().ok_or("no logout URL")?;
    let now = directory.clock.now().to_offset();
    let request = WriteLogoutRequest {
        id: request_id,
        issue_instant: now,
        not_on_or_after: Some(now + Duration::minutes(10)),
        destination: &destination,
        issuer: &peer.issuer,
        name_id: &participant.name_id,
        name_id_format: Some(&participant.name_id_format),
        sp_name_qualifier: participant.sp_name_qualifier.as_deref(),
        session_indexes: &[&participant.session_index],
    };
    let xml = write_request(&request).map_err(|e| e.to_string())?;
    signed(directory, running, peer, destination, Parameter::SamlRequest, xml, Some(id.to_owned())).await
}

/// The URL that takes our answer to the application that asked.
///
/// # Errors
/// A text for the log.
pub async fn response_url(
    directory: &Directory,
    running: &Running,
    peer: &Peer,
    initiator: &Initiator,
    complete: bool,
) -> Result<String, String> {
    let destination = peer.application.logout_url.clone().ok_or("no logout URL")?;
    let response = WriteLogoutResponse {
        id: &format!("_{}", directory.random.uuid()),
        issue_instant: directory.clock.now().to_offset(),
        destination: &destination,
        // Entra's Issuer is another one here than in its metadata. Ours is the entity ID of the metadata,
        // which is what a service provider compares it with.
        issuer: &peer.issuer,
        in_response_to: &initiator.request_id,
        outcome: if complete { &LogoutOutcome::Success } else { &LogoutOutcome::Partial },
    };
    let xml = write_response(&response).map_err(|e| e.to_string())?;
    let relay_state = initiator.relay_state.clone();
    signed(directory, running, peer, destination, Parameter::SamlResponse, xml, relay_state).await
}

async fn signed(
    directory: &Directory,
    running: &Running,
    peer: &Peer,
    destination: String,
    parameter: Parameter,
    xml: String,
    relay_state: Option<String>,
) -> Result<String, String> {
    let now = directory.clock.now();
    let certificate = decide::signing_certificate(&peer.application, &peer.certificates, now);
    let certificate = certificate.map_err(|e| e.to_string())?;
    let key = running.keys.get(directory, certificate, peer.application.signing_algorithm).await?;
    let work = move || {
        encode_signed_redirect(&destination, parameter, &xml, relay_state.as_deref(), &key)
            .map_err(|e| e.to_string())
    };
    tokio::task::spawn_blocking(work).await.map_err(|_| "signing failed inside".to_owned())?
}
