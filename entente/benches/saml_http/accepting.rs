//! The center accepts: an answer by POST, verified, remembered, with a session of the portal that outlives a power
//! cut, an attempt and an event.

use saml::certificate::{SelfSigned, SigningKey};
use saml::metadata::{SpMetadata, WriteIdpMetadata, write_idp};
use saml::names::{CONTEXT_PASSWORD, FORMAT_EMAIL};
use saml::response::{IssueResponse, SignOption, issue_response};
use serde_json::json;
use time::Duration;

use crate::load::{self, Answer};
use crate::machine::{Signer, Used, flushes};
use crate::process::Both;
use crate::{ROUNDS, best};

/// Sign-ins of a round.
const SIGN_INS: usize = 4_000;
const PERSON: &str = "ana@example.com";
const IDP: &str = "https://idp.example/metadata";
const SSO: &str = "https://idp.example/sso";

/// Prints the rate and what bounds it. It has no target: each sign-in has to outlive a power cut, and how fast that
/// can be is the disk's affair.
pub async fn measure(both: &Both) -> bool {
    let key = signing_key();
    let (acs, sp) = prepare(both, &key).await;
    let address = both.center.origin.trim_start_matches("http://");
    let (mut accepted, mut flushed, mut shares) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let requests: Vec<Vec<u8>> =
            (0..SIGN_INS).map(|n| response(&key, &acs, &sp, round * SIGN_INS + n)).collect();
        let before = Used::by(&both.center);
        let rate = load::run(address, &requests, right);
        if round > 0 {
            accepted.push(rate);
            shares.push(Used::by(&both.center).since(before));
            flushed.push(flushes(both.folder.path()));
        }
    }
    let (rate, flushed) = (best(&accepted), best(&flushed));
    println!(
        "accept over HTTP, durably        {rate:>6.0} /s  the disk flushes {flushed:>6.0} /s  ratio {:.3}",
        rate / flushed
    );
    for (rate, share) in accepted.iter().zip(&shares) {
        let bound = match (share.writer, share.process) {
            (writer, _) if writer > 0.85 => "SQLite's one writer",
            (_, process) if process > 0.75 * processors() => "the processors",
            _ => "the disk",
        };
        println!(
            "  {rate:>6.0} /s with {:.2} processors for the server, {:.2} of them for SQLite's writer; bound by {bound}",
            share.process, share.writer
        );
    }
    true
}

fn processors() -> f64 {
    std::thread::available_parallelism().map_or(1, usize::from) as f64
}

fn right(answer: &Answer<'_>) -> bool {
    answer.head.starts_with("HTTP/1.1 303") && answer.head.contains("location: /start")
}

fn signing_key() -> SigningKey {
    let now = web::Clock::system().now().to_offset();
    let values = SelfSigned {
        common_name: "bench",
        serial: [7; 16],
        not_before: now - Duration::days(1),
        not_after: now + Duration::days(30),
    };
    SigningKey::self_signed(&Signer::new().pkcs8(), &values).unwrap()
}

async fn prepare(both: &Both, key: &SigningKey) -> (String, String) {
    let (_, center) = both.clients().await;
    let metadata = WriteIdpMetadata {
        id: "_m",
        entity_id: IDP,
        single_sign_on_url: SSO,
        single_logout_url: SSO,
        further_certificates: &[],
    };
    let metadata = write_idp(&metadata, key).unwrap();
    center.propose(&json!({ "kind": "external", "metadataXml": metadata })).await.unwrap();
    center.accept().await.unwrap();
    let user = json!({
        "userName": PERSON, "givenName": "Ana", "familyName": "Example", "displayName": "Ana Example",
        "email": PERSON,
    });
    center.http.post("/api/users", &user).await.unwrap();
    let metadata = SpMetadata::read(center.sp_metadata().await.unwrap().as_bytes()).unwrap();
    (metadata.reply_urls()[0].to_owned(), metadata.entity_id.clone())
}

/// A sign-in that begins at the identity provider.
fn response(key: &SigningKey, acs: &str, sp: &str, number: usize) -> Vec<u8> {
    let now = web::Clock::system().now().to_offset();
    let ids = [format!("_r{number:031}"), format!("_a{number:031}")];
    let response = IssueResponse {
        response_id: &ids[0],
        assertion_id: &ids[1],
        now,
        issuer: IDP,
        destination: acs,
        audience: sp,
        in_response_to: None,
        name_id: PERSON,
        name_id_format: FORMAT_EMAIL,
        sp_name_qualifier: None,
        attributes: &[],
        authn_instant: now,
        authn_context: CONTEXT_PASSWORD,
        sign: SignOption::Assertion,
    };
    let xml = issue_response(&response, key).unwrap();
    let message = saml::bindings::encode_post(&xml);
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("SAMLResponse", &message).finish();
    let (host, path) = acs.trim_start_matches("http://").split_once('/').unwrap();
    format!(
        "POST /{path} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
