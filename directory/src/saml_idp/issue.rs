//! Signs what was granted and hands it to the browser.

use std::num::NonZero;
use std::sync::{Arc, LazyLock};
use std::thread::available_parallelism;

use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use saml::certificate::{KeyKind, SigningKey};
use saml::encryption::{ContentAlgorithm, Encryption, KeyTransport};
use saml::names::{STATUS_NO_PASSIVE, STATUS_RESPONDER};
use saml::response::{
    IssueError, IssueErrorResponse, IssueResponse, issue_encrypted_response, issue_error_response,
    issue_response,
};
use tokio::sync::Semaphore;
use web::Timestamp;

use super::decide::Grant;
use super::refusal::Refusal;
use crate::Directory;
use crate::applications::Application;

/// As many slow signatures at the same time as there are processors: more of them finish none sooner, and
/// each would take a thread of its own.
static SIGNING: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(available_parallelism().map_or(1, NonZero::get)));

/// What the response needs beside the grant.
#[derive(Debug, Clone)]
pub struct Occasion {
    /// The request's ID; none where the sign-on started here.
    pub in_response_to: Option<String>,
    /// When the person signed in.
    pub signed_in_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// A response that is signed, and encrypted where the grant says so.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The response.
    pub xml: String,
    /// The assertion's ID, which the application may name at the sign-out.
    pub session_index: String,
}

/// The signed response. The assertion is signed first and then encrypted.
///
/// # Errors
/// [`Refusal::ValueNotXml`], [`Refusal::NoSigningKey`] and [`Refusal::NoEncryptionCertificate`].
pub async fn sign(
    directory: &Directory,
    application: &Application,
    grant: Grant,
    occasion: Occasion,
    key: Arc<SigningKey>,
) -> Result<Issued, Refusal> {
    let ids = [directory.random.uuid(), directory.random.uuid()].map(|id| format!("_{id}"));
    let session_index = ids[1].clone();
    let fresh = (directory.random.bytes::<32>(), directory.random.bytes::<16>());
    let encrypt_for = grant.encrypt_for.clone();
    let at_once = grant.encrypt_for.is_none() && is_quick(&key);
    let work = move || {
        let response = IssueResponse {
            response_id: &ids[0],
            assertion_id: &ids[1],
            now: occasion.now.to_offset(),
            issuer: &grant.issuer,
            destination: &grant.reply_url,
            audience: &grant.audience,
            in_response_to: occasion.in_response_to.as_deref(),
            name_id: &grant.name_id.value,
            name_id_format: &grant.name_id.format,
            sp_name_qualifier: grant.sp_name_qualifier.as_deref(),
            attributes: &grant.attributes,
            authn_instant: occasion.signed_in_at.to_offset(),
            authn_context: &grant.authn_context,
            sign: grant.sign,
        };
        let Some(encrypt_for) = grant.encrypt_for else { return issue_response(&response, &key) };
        let unreadable = |_| IssueError::Encryption(saml::encryption::EncryptionError::NotRsa);
        let certificate = saml::certificate::Certificate::from_der(&encrypt_for.der).map_err(unreadable)?;
        // AES-256-CBC under RSA-OAEP, which Entra's documents name and every service provider reads.
        let encryption = Encryption {
            certificate: &certificate,
            content: ContentAlgorithm::Aes256Cbc,
            transport: KeyTransport::OaepSha1,
            key: &fresh.0,
            iv: &fresh.1,
        };
        issue_encrypted_response(&response, &key, &encryption)
    };
    let unusable =
        |found: String| Refusal::NoSigningKey { application: application.display_name.clone(), found };
    let signed = if at_once {
        work()
    } else {
        let turn = SIGNING.acquire().await.map_err(|e| unusable(e.to_string()))?;
        let signed = tokio::task::spawn_blocking(work).await;
        drop(turn);
        signed.map_err(|_| unusable("signing failed inside".to_owned()))?
    };
    match signed {
        Ok(xml) => Ok(Issued { xml, session_index }),
        Err(IssueError::Encryption(_)) => Err(Refusal::NoEncryptionCertificate {
            application: application.display_name.clone(),
            key_id: encrypt_for.map_or_else(String::new, |c| c.key_id),
        }),
        Err(IssueError::IllegalCharacter(value)) => Err(Refusal::ValueNotXml { value }),
        Err(error) => Err(unusable(error.to_string())),
    }
}

/// Whether a signature takes less time than the way to another thread and back costs under load: a quarter
/// of a millisecond with RSA-2048, less with elliptic curves. Larger keys take too long for the threads that
/// serve everybody.
fn is_quick(key: &SigningKey) -> bool {
    match key.certificate().key_kind() {
        KeyKind::Rsa { bits } => bits <= 2048,
        KeyKind::P256 | KeyKind::P384 => true,
    }
}

/// The response to a passive request of somebody without a session (SAML Core 3.4.1).
///
/// # Errors
/// [`Refusal::ValueNotXml`].
pub fn no_passive(
    directory: &Directory,
    issuer: &str,
    reply_url: &str,
    in_response_to: &str,
    reference: &str,
    now: Timestamp,
) -> Result<String, Refusal> {
    let refusal = Refusal::NoSession;
    let message = format!(
        "AADSTS{}: {refusal}. Correlation ID: {reference}. Timestamp: {}",
        refusal.aadsts(),
        now.rfc3339()
    );
    let response = IssueErrorResponse {
        response_id: &format!("_{}", directory.random.uuid()),
        now: now.to_offset(),
        issuer,
        destination: reply_url,
        in_response_to: Some(in_response_to),
        status: STATUS_RESPONDER,
        nested_status: Some(STATUS_NO_PASSIVE),
        message: &message,
    };
    issue_error_response(&response).map_err(|error| match error {
        IssueError::IllegalCharacter(value) => Refusal::ValueNotXml { value },
        other => Refusal::ValueNotXml { value: other.to_string() },
    })
}

/// The page that posts a response to the application (SAML Bindings 3.5.4).
pub fn post(application: &str, reply_url: &str, xml: &str, relay_state: Option<&str>) -> Response {
    // The reply URL was parsed when it was decided on.
    let Ok(action) = url::Url::parse(reply_url) else {
        return web::page::message(
            StatusCode::INTERNAL_SERVER_ERROR,
            "The reply URL cannot be used",
            reply_url,
        );
    };
    let message = saml::bindings::encode_post(xml);
    let mut fields = vec![("SAMLResponse", message.as_str())];
    fields.extend(relay_state.map(|state| ("RelayState", state)));
    let title = format!("Signing in to {application}");
    let text = "Continue to the application if this page does not do it.";
    let mut response = web::page::auto_post(&title, &action, &fields, text);
    // Browsers hold the redirect that follows the form against `form-action` too, and IAM Identity Center
    // redirects from its reply URL to the access portal on another host. So every HTTPS host is allowed;
    // the one form of the page goes to the reply URL.
    let targets = format!("{} https:", action.origin().ascii_serialization());
    if let Ok(policy) = HeaderValue::try_from(web::page::content_security_policy(&targets)) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}
