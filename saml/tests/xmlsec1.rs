//! xmlsec1, the signature tool that half of all SAML software is built on, as oracle in both directions.
//!
//! These tests fail when xmlsec1 is missing; they never pass without having been run.
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::{
    ACS, ANA, IDP, REQUEST, SP, attributes, certificate, decryption_key, encryption, expect, issue,
    signing_key, testdata,
};
use saml::dsig::{AcceptedAlgorithms, SignatureAlgorithm};
use saml::encryption::{ContentAlgorithm, KeyTransport};
use saml::metadata::{WriteIdpMetadata, write_idp};
use saml::names::{ASSERTION, METADATA, PROTOCOL};
use saml::response::{
    AcceptOptions, Accepted, Reject, SignOption, accept_response, accept_response_with,
    issue_encrypted_response, issue_response,
};

fn xmlsec1(arguments: &[&str]) -> Result<(), String> {
    let output = Command::new("xmlsec1")
        .args(arguments)
        .output()
        .unwrap_or_else(|e| panic!("xmlsec1 is needed by this test ({e}); install the package xmlsec1"));
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&output.stderr).into_owned()) }
}

fn file(name: &str, content: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// Verifies the signature of the identity provider inside the element `of`.
fn verify(name: &str, xml: &str, of: &str) -> Result<(), String> {
    verify_by("idp", name, xml, of)
}

fn verify_by(who: &str, name: &str, xml: &str, of: &str) -> Result<(), String> {
    let path = file(name, xml);
    let xpath = format!("/descendant::*[local-name()='{of}']/*[local-name()='Signature']");
    let certificate = testdata(&format!("keys/{who}.cert.pem"));
    let kind = if who.starts_with('p') { "ecdsa" } else { "rsa" };
    let ids = id_attributes();
    let mut arguments = vec!["--verify", "--enabled-key-data", kind, "--pubkey-cert-pem", &certificate];
    arguments.extend(ids.iter().map(String::as_str));
    arguments.extend(["--node-xpath", &xpath, path.to_str().unwrap()]);
    xmlsec1(&arguments)
}

fn id_attributes() -> Vec<String> {
    [
        (ASSERTION, "Assertion"),
        (PROTOCOL, "Response"),
        (METADATA, "EntityDescriptor"),
        (PROTOCOL, "LogoutRequest"),
        (PROTOCOL, "AuthnRequest"),
    ]
    .iter()
    .flat_map(|(uri, local)| ["--id-attr:ID".to_owned(), format!("{uri}:{local}")])
    .collect()
}

/// Lets xmlsec1 fill the signature template in `xml`.
fn sign(name: &str, xml: &str, key: &str) -> String {
    let (template, signed) = (file(&format!("{name}-template.xml"), xml), file(&format!("{name}.xml"), ""));
    let key = testdata(&format!("keys/{key}.key.pem"));
    let ids = id_attributes();
    let mut arguments = vec!["--sign", "--privkey-pem", &key];
    arguments.extend(ids.iter().map(String::as_str));
    arguments.extend(["--output", signed.to_str().unwrap(), template.to_str().unwrap()]);
    xmlsec1(&arguments).unwrap();
    std::fs::read_to_string(signed).unwrap()
}

#[test]
fn xmlsec1_verifies_what_we_sign() {
    let (key, attributes) = (signing_key("idp"), attributes());
    let odd = saml::response::Attribute {
        name: "odd".to_owned(),
        name_format: Some("urn:oasis:names:tc:SAML:2.0:attrname-format:basic".to_owned()),
        values: vec!["\r\n\t<&>\"'é\u{10348}]]>".to_owned()],
    };
    let attributes = [attributes, vec![odd]].concat();
    let assertion = issue_response(&issue(&attributes, SignOption::Assertion), &key).unwrap();
    verify("ours-assertion.xml", &assertion, "Assertion").unwrap();
    let response = issue_response(&issue(&attributes, SignOption::Response), &key).unwrap();
    verify("ours-response.xml", &response, "Response").unwrap();
    let both = issue_response(&issue(&attributes, SignOption::ResponseAndAssertion), &key).unwrap();
    verify("ours-both-1.xml", &both, "Assertion").unwrap();
    verify("ours-both-2.xml", &both, "Response").unwrap();
    let changed = assertion.replace(ANA, "eve@example.com");
    assert!(verify("ours-changed.xml", &changed, "Assertion").is_err(), "the oracle must be able to say no");
}

#[test]
fn xmlsec1_verifies_our_metadata() {
    let metadata = WriteIdpMetadata {
        id: "_m1",
        entity_id: IDP,
        single_sign_on_url: "https://directory.example.com/6f1c/saml2",
        single_logout_url: "https://directory.example.com/6f1c/saml2",
        further_certificates: &[certificate("evil")],
    };
    let xml = write_idp(&metadata, &signing_key("idp")).unwrap();
    verify("ours-metadata.xml", &xml, "EntityDescriptor").unwrap();
}

const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
const MORE: &str = "http://www.w3.org/2001/04/xmldsig-more#";

fn template(method: &str, digest: &str, prefixes: &str) -> String {
    let exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#";
    format!(
        "<ds:Signature xmlns:ds='{DS}'><ds:SignedInfo>\n<ds:CanonicalizationMethod Algorithm='{exclusive}'/>\n\
         <ds:SignatureMethod Algorithm='{method}'/>\n<ds:Reference URI='#_a1'>\n<ds:Transforms>\
         <ds:Transform Algorithm='{DS}enveloped-signature'/><ds:Transform Algorithm='{exclusive}'>{prefixes}</ds:Transform>\
         </ds:Transforms><ds:DigestMethod Algorithm='{digest}'/><ds:DigestValue/></ds:Reference></ds:SignedInfo>\
         <ds:SignatureValue/><ds:KeyInfo><ds:KeyName>any</ds:KeyName></ds:KeyInfo></ds:Signature>"
    )
}

/// A response as other software writes it: prefixes, unused namespaces, comments, CDATA, line breaks, odd quoting.
fn foreign_response(signature: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='UTF-8'?>\n<samlp:Response xmlns:samlp='{PROTOCOL}' xmlns:saml='{ASSERTION}' \
         xmlns:xs='http://www.w3.org/2001/XMLSchema' ID='_r1' Version='2.0' Destination='{ACS}' InResponseTo='{REQUEST}'>\n\
         <saml:Issuer>{IDP}</saml:Issuer>\n<samlp:Status><samlp:StatusCode \
         Value='urn:oasis:names:tc:SAML:2.0:status:Success'/></samlp:Status>\n\
         <saml:Assertion Version='2.0'\n  ID='_a1' IssueInstant='2026-11-24T05:00:00Z'\n\
         xmlns:xsi='http://www.w3.org/2001/XMLSchema-instance'>\n  <saml:Issuer>{IDP}</saml:Issuer>{signature}\n\
         <saml:Subject><saml:NameID Format='urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress'>a<!-- c -->na\
         <![CDATA[@]]>example&#46;com</saml:NameID><saml:SubjectConfirmation \
         Method='urn:oasis:names:tc:SAML:2.0:cm:bearer'><saml:SubjectConfirmationData InResponseTo='{REQUEST}' \
         Recipient='{ACS}' NotOnOrAfter='2026-11-24T05:05:00Z'/></saml:SubjectConfirmation></saml:Subject>\
         <saml:Conditions NotOnOrAfter='2026-11-24T05:05:00Z' NotBefore='2026-11-24T04:59:00Z'>\
         <saml:AudienceRestriction><saml:Audience>\n{SP}\n</saml:Audience></saml:AudienceRestriction></saml:Conditions>\
         <saml:AuthnStatement AuthnInstant='2026-11-24T05:00:00Z'><saml:AuthnContext/></saml:AuthnStatement>\
         <saml:AttributeStatement><saml:Attribute Name='a&#9;b' NameFormat=\"it's\"><saml:AttributeValue \
         xsi:type='xs:string'>tab\tcr&#13; é \u{10348} &lt;&amp;&gt; ]]&gt;</saml:AttributeValue></saml:Attribute>\
         </saml:AttributeStatement></saml:Assertion>\r\n</samlp:Response>"
    )
}

fn accept(xml: &str, who: &str) -> Result<Accepted, Reject> {
    accept_response(xml.as_bytes(), &expect(&[certificate(who)]))
}

#[test]
fn we_verify_what_xmlsec1_signs() {
    let prefixes = "<ec:InclusiveNamespaces xmlns:ec='http://www.w3.org/2001/10/xml-exc-c14n#' PrefixList='xs #default'/>";
    let sha256 = "http://www.w3.org/2001/04/xmlenc#sha256";
    for (key, method, digest, prefixes) in [
        ("idp", "rsa-sha256", sha256, ""),
        ("idp", "rsa-sha256", sha256, prefixes),
        ("idp", "rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#sha384", ""),
        ("idp", "rsa-sha512", "http://www.w3.org/2001/04/xmlenc#sha512", prefixes),
        ("p256", "ecdsa-sha256", sha256, ""),
        ("p384", "ecdsa-sha384", sha256, ""),
    ] {
        let template = foreign_response(&template(&format!("{MORE}{method}"), digest, prefixes));
        let signed = sign(&format!("theirs-{key}-{method}-{}", prefixes.len()), &template, key);
        let accepted = accept(&signed, key).unwrap_or_else(|e| panic!("{key} {method}: {e}\n{signed}"));
        assert_eq!(accepted.name_id, ANA);
        assert_eq!(accepted.attributes[0].name, "a\tb");
        assert_eq!(accepted.attributes[0].values, ["tab\tcr\r é \u{10348} <&> ]]>"]);
        let other_key = accept(&signed, "evil").unwrap_err();
        assert_eq!(other_key.code(), "SignatureMismatch");
    }
}

#[test]
fn xmlsec1_verifies_every_algorithm_that_we_sign_with() {
    use SignatureAlgorithm as A;
    for (who, algorithm) in [
        ("idp", A::RsaSha256),
        ("idp", A::RsaSha384),
        ("idp", A::RsaSha512),
        ("p256", A::EcdsaSha256),
        ("p384", A::EcdsaSha384),
    ] {
        let key = signing_key(who).with_algorithm(algorithm).unwrap();
        let attributes = attributes();
        let xml = issue_response(&issue(&attributes, SignOption::ResponseAndAssertion), &key).unwrap();
        for of in ["Response", "Assertion"] {
            let name = format!("ours-{algorithm:?}-{of}.xml");
            verify_by(who, &name, &xml, of).unwrap_or_else(|e| panic!("{algorithm:?}: {e}"));
        }
        assert_eq!(accept(&xml, who).unwrap().name_id, ANA);
        assert!(signing_key("evil").with_algorithm(A::EcdsaSha256).is_err());
    }
}

#[test]
fn xmlsec1_verifies_requests_and_logout_messages() {
    let key = signing_key("idp");
    let request = saml::authn_request::WriteAuthnRequest {
        id: "_q1",
        issue_instant: common::NOW,
        destination: "https://directory.example.com/saml2?a=1&b=2",
        assertion_consumer_service_url: ACS,
        issuer: SP,
        name_id_format: saml::names::FORMAT_EMAIL,
    };
    let xml = saml::authn_request::write_signed(&request, &key).unwrap();
    verify("ours-request.xml", &xml, "AuthnRequest").unwrap();
    let logout = saml::logout::WriteLogoutRequest {
        id: "_l1",
        issue_instant: common::NOW,
        not_on_or_after: None,
        destination: "https://center.example.com/logout",
        issuer: IDP,
        name_id: ANA,
        name_id_format: None,
        sp_name_qualifier: None,
        session_indexes: &["_a1"],
    };
    let xml = saml::logout::write_signed_request(&logout, &key).unwrap();
    verify("ours-logout.xml", &xml, "LogoutRequest").unwrap();
}

// SHA-1 is read where a connection says so, and refused everywhere else.
#[test]
fn sha1_of_xmlsec1_is_read_by_opt_in_only() {
    let template = foreign_response(&template(&format!("{DS}rsa-sha1"), &format!("{DS}sha1"), ""));
    let signed = sign("theirs-sha1", &template, "idp");
    let certificates = [certificate("idp")];
    let refused = accept_response(signed.as_bytes(), &expect(&certificates)).unwrap_err();
    assert_eq!(refused.code(), "SignatureMethodNotAllowed");
    let options = AcceptOptions { algorithms: AcceptedAlgorithms::Sha2AndSha1, ..AcceptOptions::default() };
    let accepted = accept_response_with(signed.as_bytes(), &expect(&certificates), &options).unwrap();
    assert_eq!(accepted.name_id, ANA);
    let evil = [certificate("evil")];
    let refused = accept_response_with(signed.as_bytes(), &expect(&evil), &options).unwrap_err();
    assert_eq!(refused.code(), "SignatureMismatch");
}

const CONTENTS: [ContentAlgorithm; 4] = [
    ContentAlgorithm::Aes128Gcm,
    ContentAlgorithm::Aes256Gcm,
    ContentAlgorithm::Aes128Cbc,
    ContentAlgorithm::Aes256Cbc,
];

#[test]
fn xmlsec1_decrypts_what_we_encrypt() {
    let (key, attributes, sp) = (signing_key("idp"), attributes(), certificate("evil"));
    for content in CONTENTS {
        let encryption = encryption(&sp, content, KeyTransport::OaepSha1);
        let issue = issue(&attributes, SignOption::Assertion);
        let xml = issue_encrypted_response(&issue, &key, &encryption).unwrap();
        let path = file(&format!("ours-{content:?}.xml"), &xml);
        let plain = file(&format!("ours-{content:?}-plain.xml"), "");
        let private = testdata("keys/evil.key.pem");
        xmlsec1(&[
            "--decrypt",
            "--privkey-pem",
            &private,
            "--output",
            plain.to_str().unwrap(),
            path.to_str().unwrap(),
        ])
        .unwrap_or_else(|e| panic!("{content:?}: {e}"));
        let plain = std::fs::read_to_string(plain).unwrap();
        verify(&format!("ours-{content:?}-signed.xml"), &plain, "Assertion").unwrap();
    }
}

#[test]
fn we_decrypt_what_xmlsec1_encrypts() {
    let (key, attributes) = (signing_key("idp"), attributes());
    let signed = issue_response(&issue(&attributes, SignOption::Assertion), &key).unwrap();
    let wrapped = signed
        .replace("<Assertion ", &format!("<EncryptedAssertion xmlns=\"{ASSERTION}\"><Assertion "))
        .replace("</Assertion>", "</Assertion></EncryptedAssertion>");
    let (keys, certificates) = ([decryption_key("evil")], [certificate("idp")]);
    let options = AcceptOptions { decryption_keys: &keys, ..AcceptOptions::default() };
    for (content, session) in [
        (ContentAlgorithm::Aes128Gcm, "aes-128"),
        (ContentAlgorithm::Aes256Gcm, "aes-256"),
        (ContentAlgorithm::Aes128Cbc, "aes-128"),
        (ContentAlgorithm::Aes256Cbc, "aes-256"),
    ] {
        let template = encryption_template(content.uri());
        let template = file(&format!("theirs-{content:?}-template.xml"), &template);
        let data = file(&format!("theirs-{content:?}-plain.xml"), &wrapped);
        let output = file(&format!("theirs-{content:?}.xml"), "");
        let public = testdata("keys/evil.cert.pem");
        let node = format!("{ASSERTION}:Assertion");
        xmlsec1(&[
            "--encrypt",
            "--pubkey-cert-pem",
            &public,
            "--session-key",
            session,
            "--xml-data",
            data.to_str().unwrap(),
            "--node-name",
            &node,
            "--output",
            output.to_str().unwrap(),
            template.to_str().unwrap(),
        ])
        .unwrap();
        let xml = std::fs::read_to_string(output).unwrap();
        assert!(!xml.contains(ANA));
        let accepted = accept_response_with(xml.as_bytes(), &expect(&certificates), &options);
        assert_eq!(accepted.unwrap_or_else(|e| panic!("{content:?}: {e}")).name_id, ANA);
    }
}

fn encryption_template(content: &str) -> String {
    let xenc = "http://www.w3.org/2001/04/xmlenc#";
    format!(
        "<xenc:EncryptedData xmlns:xenc='{xenc}' Type='{xenc}Element'>\n<xenc:EncryptionMethod Algorithm='{content}'/>\n\
         <ds:KeyInfo xmlns:ds='{DS}'><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm='{xenc}rsa-oaep-mgf1p'/>\
         <xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>\n\
         <xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
    )
}
