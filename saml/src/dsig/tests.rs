use super::*;
use crate::certificate::Certificate;
use crate::names::DSIG;
use crate::refusal::Reason as _;
use crate::testing::{certificate, signing_key};
use crate::xml::{Document, Limits};

const PLAIN: &str = "<a xmlns=\"urn:a\" ID=\"_1\"><b>x</b></a>";

fn signed() -> String {
    let position = PLAIN.find("<b>").unwrap();
    sign_enveloped(PLAIN, position, "_1", &signing_key("idp")).unwrap()
}

fn verify(xml: &str, trusted: &[Certificate]) -> Result<VerifiedElement, SignatureReason> {
    let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
    let root = document.root();
    let signature = root.children_named(DSIG, "Signature").next().unwrap();
    verify_enveloped(root, signature, Trust::usual(trusted)).map_err(|e| e.reason)
}

#[test]
fn what_is_verified_is_read_from_the_signed_bytes() {
    let verified = verify(&signed(), &[certificate("evil"), certificate("idp")]).unwrap();
    let names: Vec<_> = verified.root().children().map(|c| c.local_name()).collect();
    assert_eq!(names, ["b"], "the signature is no part of what was signed");
    assert_eq!(verified.thumbprint(), certificate("idp").thumbprint());
}

#[test]
fn only_trusted_keys_count_and_only_for_their_own_algorithm() {
    assert_eq!(verify(&signed(), &[]).unwrap_err(), SignatureReason::NoTrustedCertificate);
    for who in ["evil", "p256", "p384"] {
        assert_eq!(verify(&signed(), &[certificate(who)]).unwrap_err(), SignatureReason::SignatureMismatch);
    }
}

// The signature over SignedInfo is replayed with content that would grow to gigabytes in canonical form.
#[test]
fn content_that_explodes_is_given_up() {
    let declared = signed().replace(" ID=", &format!(" xmlns:q=\"urn:{}\" ID=", "u".repeat(50_000)));
    let bomb = declared.replace("<b>", &format!("{}<b>", "<q:e/>".repeat(10_000)));
    assert_eq!(verify(&bomb, &[certificate("idp")]).unwrap_err(), SignatureReason::CanonicalFormTooLarge);
}

#[test]
fn harmless_rewriting_by_others_does_not_break_a_signature() {
    let rewritten = signed()
        .replace(
            "<a xmlns=\"urn:a\" ID=\"_1\">",
            "<?xml version=\"1.0\"?><a  ID='_1'\n xmlns='urn:a' xmlns:z='urn:unused'>",
        )
        .replace("<b>x</b>", "<b ><!-- c -->&#120;</b >");
    verify(&rewritten, &[certificate("idp")]).unwrap();
    let changed = signed().replace("<b>x</b>", "<b>x </b>");
    assert_eq!(verify(&changed, &[certificate("idp")]).unwrap_err(), SignatureReason::DigestMismatch);
}

#[test]
fn an_unknown_list_parameter_is_refused() {
    let parameter = "<E xmlns=\"urn:e\"></E></CanonicalizationMethod>";
    let xml = signed().replacen("</CanonicalizationMethod>", parameter, 1);
    assert_eq!(verify(&xml, &[certificate("idp")]).unwrap_err(), SignatureReason::AlgorithmParameters);
}

#[test]
fn every_reason_has_a_fix() {
    assert!(SignatureReason::ALL.iter().all(|r| r.fix().ends_with('.') && r.fix().len() > 20));
}
