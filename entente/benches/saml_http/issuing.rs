//! The directory issues: request by redirect, session cookie, decision, signature, record.

use entente::signin::Browser;
use saml::authn_request::{WriteAuthnRequest, write};
use saml::bindings::{Parameter, encode_redirect};
use saml::metadata::{Binding, IdpMetadata};
use saml::names::FORMAT_EMAIL;
use serde_json::json;
use time::OffsetDateTime;

use crate::load::{self, Answer};
use crate::machine::{Signer, Used};
use crate::process::Both;
use crate::{ROUNDS, best, verdict};

/// Sign-ons issued, in parts of the rate at which one core of the machine signs.
const TARGET: f64 = 0.80;
/// Sign-ons of a round.
const SIGN_ONS: usize = 6_000;
const PERSON: &str = "ana@example.com";
const PASSWORD: &str = "a password for ana";
const SP: &str = "https://sp.example/metadata";
const ACS: &str = "https://sp.example/acs";

/// Prints the figure; whether it meets its target.
pub async fn measure(both: &Both) -> bool {
    let requests = prepare(both).await;
    let address = both.directory.origin.trim_start_matches("http://");
    let (signer, mut signs, mut issued, mut shares) = (Signer::new(), Vec::new(), Vec::new(), Vec::new());
    load::run(address, &requests, right);
    for _ in 0..ROUNDS {
        signs.push(signer.rate());
        let before = Used::by(&both.directory);
        issued.push(load::run(address, &requests, right));
        shares.push(Used::by(&both.directory).since(before));
    }
    let (signs, rate) = (best(&signs), best(&issued));
    let met = rate / signs >= TARGET;
    println!(
        "issue over HTTP                  {rate:>6.0} /s  one core signs {signs:>6.0} /s  ratio {:.3}  target ≥ {TARGET}  {}",
        rate / signs,
        verdict(met)
    );
    for (rate, share) in issued.iter().zip(&shares) {
        println!(
            "  {rate:>6.0} /s with {:.2} processors for the server, {:.2} of them for SQLite's writer; signing alone takes {:.2}",
            share.process,
            share.writer,
            rate / signs
        );
    }
    met
}

fn right(answer: &Answer<'_>) -> bool {
    answer.head.starts_with("HTTP/1.1 200") && answer.body.windows(12).any(|w| w == b"SAMLResponse")
}

async fn prepare(both: &Both) -> Vec<Vec<u8>> {
    let (directory, _) = both.clients().await;
    let user = json!({
        "userPrincipalName": PERSON, "displayName": "Ana Example", "givenName": "Ana", "surname": "Example",
        "mail": PERSON, "mailNickname": "ana", "accountEnabled": true,
        "passwordProfile": { "password": PASSWORD, "forceChangePasswordNextSignIn": false },
    });
    directory.http.post("/v1.0/users", &user).await.unwrap();
    let made = directory.create_application("bench").await.unwrap();
    let app = made["servicePrincipal"]["appId"].as_str().unwrap();
    directory.sp_metadata(app, sp_metadata().into_bytes(), true).await.unwrap();
    directory.assign(app, &[json!({ "userPrincipalName": PERSON })], false).await.unwrap();
    let metadata = directory.federation_metadata(app).await.unwrap();
    let metadata = IdpMetadata::read(metadata.as_bytes()).unwrap();
    let sso = metadata.single_sign_on_url(&Binding::HttpRedirect).unwrap().to_owned();

    let mut browser = Browser::new().unwrap();
    let page = browser.get(&authn_request(&sso, 0)).await.unwrap();
    let form = page.sign_in_form().unwrap().with("user_name", PERSON).with("password", PASSWORD);
    assert!(browser.submit(&page.url, &form).await.unwrap().auto_form().is_some(), "not signed in");
    let cookies = browser.cookies(&both.directory.origin).unwrap();
    let host = both.directory.origin.trim_start_matches("http://");
    (0..SIGN_ONS)
        .map(|number| {
            let url = authn_request(&sso, number);
            let path = url.strip_prefix(&both.directory.origin).unwrap();
            format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookies}\r\n\r\n").into_bytes()
        })
        .collect()
}

fn authn_request(sso: &str, number: usize) -> String {
    let request = WriteAuthnRequest {
        id: &format!("_{number:032}"),
        issue_instant: OffsetDateTime::UNIX_EPOCH,
        destination: sso,
        assertion_consumer_service_url: ACS,
        issuer: SP,
        name_id_format: FORMAT_EMAIL,
    };
    encode_redirect(sso, Parameter::SamlRequest, &write(&request).unwrap(), Some("state"))
}

fn sp_metadata() -> String {
    format!(
        "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"{SP}\"><SPSSODescriptor \
         protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"><AssertionConsumerService \
         Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST\" Location=\"{ACS}\" index=\"0\"/>\
         </SPSSODescriptor></EntityDescriptor>"
    )
}
