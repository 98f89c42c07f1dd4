//! The actors of the tests: one identity provider, one service provider, one attacker, one clock that stands still.
#![allow(
    dead_code,
    missing_docs,
    clippy::allow_attributes,
    clippy::unwrap_used,
    reason = "tests; each binary uses a part"
)]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::certificate::{Certificate, SigningKey};
use saml::encryption::{ContentAlgorithm, DecryptionKey, Encryption, KeyTransport};
use saml::names::{CONTEXT_PASSWORD, FORMAT_EMAIL};
use saml::response::{Attribute, Expect, ExpectInResponseTo, IssueResponse, SignOption};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

pub const NOW: OffsetDateTime = datetime!(2026-11-24 05:00:00 UTC);
pub const ACS: &str = "https://center.example.com/saml/acs/4455422d";
pub const SP: &str = "https://center.example.com/saml/d-1234567890";
pub const IDP: &str = "https://directory.example.com/6f1c/";
pub const REQUEST: &str = "aws_0123456789abcdef";
pub const ANA: &str = "ana@example.com";

pub fn testdata(path: &str) -> String {
    format!("{}/testdata/{path}", env!("CARGO_MANIFEST_DIR"))
}

pub fn read(path: &str) -> Vec<u8> {
    std::fs::read(testdata(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub fn der(path: &str) -> Vec<u8> {
    let pem = String::from_utf8(read(path)).unwrap();
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap()
}

pub fn certificate(who: &str) -> Certificate {
    Certificate::read(&read(&format!("keys/{who}.cert.pem"))).unwrap()
}

pub fn signing_key(who: &str) -> SigningKey {
    SigningKey::new(&der(&format!("keys/{who}.key.pem")), &der(&format!("keys/{who}.cert.pem"))).unwrap()
}

pub fn decryption_key(who: &str) -> DecryptionKey {
    DecryptionKey::new(&der(&format!("keys/{who}.key.pem"))).unwrap()
}

/// Encryption with the same random bytes each time.
pub fn encryption(
    certificate: &Certificate,
    content: ContentAlgorithm,
    transport: KeyTransport,
) -> Encryption<'_> {
    Encryption { certificate, content, transport, key: &[7; 32], iv: &[9; 16] }
}

pub fn attributes() -> Vec<Attribute> {
    let attribute = |name: &str, values: &[&str]| Attribute {
        name: name.to_owned(),
        name_format: None,
        values: values.iter().map(|v| (*v).to_owned()).collect(),
    };
    vec![
        attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/givenname", &["Ana"]),
        attribute("http://schemas.microsoft.com/claims/authnmethodsreferences", &["password", "mfa"]),
        attribute("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/surname", &[]),
    ]
}

pub fn issue<'a>(attributes: &'a [Attribute], sign: SignOption) -> IssueResponse<'a> {
    IssueResponse {
        response_id: "_r1",
        assertion_id: "_a1",
        now: NOW,
        issuer: IDP,
        destination: ACS,
        audience: SP,
        in_response_to: Some(REQUEST),
        name_id: ANA,
        name_id_format: FORMAT_EMAIL,
        sp_name_qualifier: None,
        attributes,
        authn_instant: NOW - Duration::hours(2),
        authn_context: CONTEXT_PASSWORD,
        sign,
    }
}

pub fn expect(certificates: &[Certificate]) -> Expect<'_> {
    Expect {
        acs_url: ACS,
        sp_entity_id: SP,
        idp_entity_id: IDP,
        certificates,
        in_response_to: ExpectInResponseTo::Request(REQUEST),
        now: NOW,
        clock_skew: Duration::minutes(3),
        name_id_format: FORMAT_EMAIL,
    }
}

/// Reproducible randomness.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides.max(1) as u64).unwrap()
    }
}

const TOKENS: &[&str] = &[
    "<!--x-->",
    "<![CDATA[y]]>",
    "<?p q?>",
    "&amp;",
    "&#13;",
    "&lt;",
    "xmlns=\"urn:u\"",
    "xmlns:a=\"urn:u\"",
    "xmlns=\"relative\"",
    " ID=\"_a1\"",
    "<x/>",
    "</x>",
    "<x>",
    "]]>",
    "\r\n",
    "\t",
    "\u{0}",
    "\u{fffe}",
    "<",
    "&",
    ">",
    "\"",
    "'",
    ":",
    "a:b",
    "<a:b/>",
    "&#0;",
    "&#x110000;",
    "<!DOCTYPE r>",
    "&e;",
    "xml:",
    "<NameID>admin@example.com</NameID>",
    "\u{85}",
    "\u{feff}",
    "--",
    "=",
    "a=\"1\"b=\"2\"",
    " a='1'",
    "<?xml version=\"1.0\"?>",
    "/",
    "//",
    "&#x41;",
    "\u{d7}",
    "xmlns:xml=\"urn:u\"",
];

/// One to three edits such as an attacker or a broken proxy makes.
pub fn mutate(seed: &str, dice: &mut Dice) -> String {
    let mut text = seed.to_owned();
    for _ in 0..=dice.roll(3) {
        let at = boundary(&text, dice.roll(text.len()));
        match dice.roll(5) {
            0 => text.insert_str(at, TOKENS[dice.roll(TOKENS.len())]),
            1 => text.replace_range(at..boundary(&text, at + 1 + dice.roll(40)), ""),
            2 => {
                let copy = text[at..boundary(&text, at + 1 + dice.roll(200))].to_owned();
                text.insert_str(boundary(&text, dice.roll(text.len())), &copy);
            }
            3 => text.replace_range(at..boundary(&text, at + 1), TOKENS[dice.roll(TOKENS.len())]),
            _ => {
                if let Some(end) = text[at..].find('>') {
                    text.insert_str(at + end + 1, TOKENS[dice.roll(TOKENS.len())]);
                }
            }
        }
    }
    text
}

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
