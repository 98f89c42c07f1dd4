//! Version 1.3 of xmlsec as oracle for what Debian's xmlsec1 does not know yet: RSA-OAEP with SHA-256 (XML Encryption
//! 1.1 section 5.5.2).
#![expect(clippy::unwrap_used, reason = "tests")]

mod common;

use std::io::Write as _;
use std::process::{Command, Stdio};

use common::{
    ANA, attributes, certificate, decryption_key, encryption, expect, issue, signing_key, testdata,
};
use saml::encryption::{ContentAlgorithm, KeyTransport};
use saml::names::ASSERTION;
use saml::response::{
    AcceptOptions, SignOption, accept_response_with, issue_encrypted_response, issue_response,
};

const CONTENTS: [ContentAlgorithm; 4] = [
    ContentAlgorithm::Aes128Gcm,
    ContentAlgorithm::Aes256Gcm,
    ContentAlgorithm::Aes128Cbc,
    ContentAlgorithm::Aes256Cbc,
];

fn xmlsec(arguments: &[&str], input: &str) -> String {
    let python = std::env::var("ENTENTE_TEST_PYTHON")
        .expect("ENTENTE_TEST_PYTHON names no Python: run the tests with `cargo xtask test`");
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/xmlsec_13.py"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn xmlsec_decrypts_what_we_encrypt() {
    let (key, attributes, sp) = (signing_key("idp"), attributes(), certificate("evil"));
    for content in CONTENTS {
        let encryption = encryption(&sp, content, KeyTransport::OaepSha256);
        let xml =
            issue_encrypted_response(&issue(&attributes, SignOption::Assertion), &key, &encryption).unwrap();
        assert!(!xml.contains(ANA));
        let plain = xmlsec(&["decrypt", &testdata("keys/evil.key.pem")], &xml);
        assert!(plain.contains(ANA), "{content:?}: {plain}");
    }
}

#[test]
fn we_decrypt_what_xmlsec_encrypts() {
    let attributes = attributes();
    let signed = issue_response(&issue(&attributes, SignOption::Assertion), &signing_key("idp")).unwrap();
    let wrapped = signed
        .replace("<Assertion ", &format!("<EncryptedAssertion xmlns=\"{ASSERTION}\"><Assertion "))
        .replace("</Assertion>", "</Assertion></EncryptedAssertion>");
    let (keys, certificates) = ([decryption_key("evil")], [certificate("idp")]);
    let options = AcceptOptions { decryption_keys: &keys, ..AcceptOptions::default() };
    for content in CONTENTS {
        let file = format!("{}/xmlsec-13-{content:?}.xml", env!("CARGO_TARGET_TMPDIR"));
        std::fs::write(&file, template(content.uri())).unwrap();
        let xml = xmlsec(&["encrypt", &testdata("keys/evil.cert.pem"), &file, "Assertion"], &wrapped);
        assert!(!xml.contains(ANA));
        let accepted = accept_response_with(xml.as_bytes(), &expect(&certificates), &options);
        assert_eq!(accepted.unwrap_or_else(|e| panic!("{content:?}: {e}\n{xml}")).name_id, ANA);
    }
}

fn template(content: &str) -> String {
    let (xenc, xenc11) = ("http://www.w3.org/2001/04/xmlenc#", "http://www.w3.org/2009/xmlenc11#");
    let ds = "http://www.w3.org/2000/09/xmldsig#";
    format!(
        "<xenc:EncryptedData xmlns:xenc='{xenc}' Type='{xenc}Element'><xenc:EncryptionMethod Algorithm='{content}'/>\
         <ds:KeyInfo xmlns:ds='{ds}'><xenc:EncryptedKey><xenc:EncryptionMethod Algorithm='{xenc11}rsa-oaep'>\
         <ds:DigestMethod Algorithm='{xenc}sha256'/><xenc11:MGF xmlns:xenc11='{xenc11}' \
         Algorithm='{xenc11}mgf1sha256'/></xenc:EncryptionMethod><xenc:CipherData><xenc:CipherValue/>\
         </xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo><xenc:CipherData><xenc:CipherValue/></xenc:CipherData>\
         </xenc:EncryptedData>"
    )
}
