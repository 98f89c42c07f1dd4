//! Encrypted assertions from our identity provider to our service provider, and every way to tamper with one.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{ANA, attributes, certificate, decryption_key, encryption, expect, issue, signing_key};
use saml::dsig::SignatureReason as Sig;
use saml::encryption::{ContentAlgorithm, EncryptionReason, KeyTransport};
use saml::response::{
    AcceptOptions, RejectReason, ResponseReason as Rule, SignOption, SignedPart, accept_response,
    accept_response_with, issue_encrypted_response, trace_response_with,
};

const OPTIONS: [SignOption; 3] =
    [SignOption::Assertion, SignOption::Response, SignOption::ResponseAndAssertion];

fn encrypted(sign: SignOption, content: ContentAlgorithm) -> String {
    let (attributes, sp) = (attributes(), certificate("evil"));
    let encryption = encryption(&sp, content, KeyTransport::OaepSha1);
    issue_encrypted_response(&issue(&attributes, sign), &signing_key("idp"), &encryption).unwrap()
}

fn accept(xml: &str) -> Result<String, RejectReason> {
    let (keys, certificates) = ([decryption_key("idp"), decryption_key("evil")], [certificate("idp")]);
    let options = AcceptOptions { decryption_keys: &keys, ..AcceptOptions::default() };
    let accepted = accept_response_with(xml.as_bytes(), &expect(&certificates), &options);
    accepted.map(|a| a.name_id).map_err(|e| e.reason)
}

const FAILED: RejectReason = RejectReason::Encryption(EncryptionReason::DecryptionFailed);

#[test]
fn every_signing_option_and_algorithm_is_accepted() {
    for sign in OPTIONS {
        for content in [
            ContentAlgorithm::Aes128Gcm,
            ContentAlgorithm::Aes256Gcm,
            ContentAlgorithm::Aes128Cbc,
            ContentAlgorithm::Aes256Cbc,
        ] {
            let xml = encrypted(sign, content);
            assert!(!xml.contains(ANA) && !xml.contains("<Assertion"));
            assert_eq!(accept(&xml), Ok(ANA.to_owned()), "{sign:?} {content:?}");
        }
    }
}

#[test]
fn without_a_key_an_encrypted_assertion_is_refused_as_such() {
    let (xml, certificates) =
        (encrypted(SignOption::Assertion, ContentAlgorithm::Aes256Cbc), [certificate("idp")]);
    let refused = accept_response(xml.as_bytes(), &expect(&certificates)).unwrap_err();
    assert_eq!(refused.reason, RejectReason::Response(Rule::AssertionEncrypted));
}

// The signature inside is verified, whoever encrypted: an encryption certificate is public.
#[test]
fn encryption_proves_nothing() {
    let (attributes, sp) = (attributes(), certificate("evil"));
    for (content, reason) in [
        (ContentAlgorithm::Aes256Gcm, RejectReason::Signature(SignedPart::Assertion, Sig::SignatureMismatch)),
        (ContentAlgorithm::Aes256Cbc, FAILED),
    ] {
        let encryption = encryption(&sp, content, KeyTransport::OaepSha256);
        let forged = issue_encrypted_response(
            &issue(&attributes, SignOption::Assertion),
            &signing_key("evil"),
            &encryption,
        )
        .unwrap();
        assert_eq!(accept(&forged), Err(reason));
    }
}

#[test]
fn an_encrypted_assertion_that_nobody_signed_is_refused() {
    for (content, reason) in [
        (ContentAlgorithm::Aes128Gcm, RejectReason::Response(Rule::Unsigned)),
        (ContentAlgorithm::Aes128Cbc, FAILED),
    ] {
        let signed = encrypted(SignOption::Response, content);
        let (head, tail) = signed.split_once("<Signature").unwrap();
        let unsigned = format!("{head}{}", tail.split_once("</Signature>").unwrap().1);
        assert_eq!(accept(&unsigned), Err(reason));
    }
}

// With the response signed, changing the ciphertext breaks that signature before any key is used.
#[test]
fn the_signature_of_the_response_covers_the_ciphertext() {
    let signed = encrypted(SignOption::Response, ContentAlgorithm::Aes256Cbc);
    let at = signed.rfind("<xenc:CipherValue>").unwrap() + "<xenc:CipherValue>".len() + 40;
    let mut changed = signed.clone();
    let other = if &signed[at..=at] == "A" { "B" } else { "A" };
    changed.replace_range(at..=at, other);
    assert_eq!(accept(&changed), Err(RejectReason::Signature(SignedPart::Response, Sig::DigestMismatch)));
}

// Every byte of a CBC ciphertext, changed: one refusal, so that nobody learns what it decrypts to.
#[test]
fn a_changed_ciphertext_is_refused_in_one_way() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let signed = encrypted(SignOption::Assertion, ContentAlgorithm::Aes128Cbc);
    let begin = signed.rfind("<xenc:CipherValue>").unwrap() + "<xenc:CipherValue>".len();
    let end = begin + signed[begin..].find('<').unwrap();
    let bytes = STANDARD.decode(&signed[begin..end]).unwrap();
    for at in (0..bytes.len()).step_by(7) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x01;
        let xml = format!("{}{}{}", &signed[..begin], STANDARD.encode(changed), &signed[end..]);
        // The bytes of the padding before the last one may be anything; no other change is accepted.
        let outcome = accept(&xml);
        assert!(outcome == Err(FAILED) || at + 16 >= bytes.len(), "byte {at}: {outcome:?}");
    }
}

#[test]
fn wrapping_an_encrypted_assertion_is_refused() {
    let count = Err(RejectReason::Response(Rule::AssertionCountNotOne));
    let xml = encrypted(SignOption::Assertion, ContentAlgorithm::Aes256Gcm);
    let (head, tail) = xml.split_once("<EncryptedAssertion").unwrap();
    let (body, _) = tail.split_once("</EncryptedAssertion>").unwrap();
    let element = format!("<EncryptedAssertion{body}</EncryptedAssertion>");
    let clear = "<Assertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\" ID=\"_evil\"></Assertion>";
    assert_eq!(accept(&format!("{head}{element}{element}</samlp:Response>")), count);
    assert_eq!(accept(&format!("{head}{element}{clear}</samlp:Response>")), count);
    let deeper = format!("{head}<samlp:Extensions>{element}</samlp:Extensions></samlp:Response>");
    assert_eq!(accept(&deeper), Err(RejectReason::Response(Rule::AssertionMisplaced)));
    let signature = "<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"></Signature>";
    let hidden = format!("{head}<samlp:Extensions>{signature}</samlp:Extensions>{element}</samlp:Response>");
    assert_eq!(accept(&hidden), Err(RejectReason::Response(Rule::SignatureMisplaced)));
    let same_id =
        format!("{head}<samlp:Extensions><x ID=\"_a1\"/></samlp:Extensions>{element}</samlp:Response>");
    assert_eq!(accept(&same_id), Err(RejectReason::Response(Rule::DuplicateId)));
}

#[test]
fn the_trace_names_the_steps() {
    let xml = encrypted(SignOption::ResponseAndAssertion, ContentAlgorithm::Aes256Gcm);
    let (keys, certificates) = ([decryption_key("evil")], [certificate("idp")]);
    let options = AcceptOptions { decryption_keys: &keys, ..AcceptOptions::default() };
    let (accepted, trace) = trace_response_with(xml.as_bytes(), &expect(&certificates), &options);
    assert!(accepted.is_ok());
    let names: Vec<_> = trace.checks.iter().map(|check| check.name).collect();
    assert_eq!(
        names[4..9],
        ["Assertion", "Signature place", "Response signature", "Encryption", "Decryption and signature"]
    );
}
