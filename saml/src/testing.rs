//! Keys and files for the unit tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::certificate::{Certificate, SigningKey};

pub(crate) fn read(path: &str) -> Vec<u8> {
    let path = format!("{}/testdata/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"))
}

pub(crate) fn read_text(path: &str) -> String {
    String::from_utf8_lossy(&read(path)).into_owned()
}

pub(crate) fn certificate(who: &str) -> Certificate {
    Certificate::read(&read(&format!("keys/{who}.cert.pem"))).unwrap_or_else(|e| panic!("{who}: {e}"))
}

pub(crate) fn signing_key(who: &str) -> SigningKey {
    SigningKey::new(&private_key(who), certificate(who).der()).unwrap_or_else(|e| panic!("{who}: {e}"))
}

pub(crate) fn private_key(who: &str) -> Vec<u8> {
    let pem = read_text(&format!("keys/{who}.key.pem"));
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).unwrap_or_else(|e| panic!("{who}: {e}"))
}
