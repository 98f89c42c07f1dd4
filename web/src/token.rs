//! Bearer tokens and other secrets that are drawn at random: stored as their SHA-256.

use sha2::{Digest, Sha256};

/// What is stored of a token. A plain hash is enough for 256 random bits: there is nothing to guess.
pub fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Compares in a time that does not tell where the first difference is.
pub fn same(a: &[u8], b: &[u8]) -> bool {
    aws_lc_rs::constant_time::verify_slices_are_equal(a, b).is_ok()
}

/// HMAC with SHA-256 (RFC 2104), for a secret that both sides know.
pub fn hmac_sha256(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret);
    aws_lc_rs::hmac::sign(&key, message).as_ref().to_vec()
}

/// The token of an `Authorization: Bearer …` header (RFC 6750 §2.1), if there is exactly one.
pub fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(http::header::AUTHORIZATION).iter();
    let (first, more) = (all.next()?, all.next());
    let (scheme, token) = first.to_str().ok()?.split_once(' ')?;
    // RFC 7235 §2.1: the scheme's name has no case.
    (more.is_none() && scheme.eq_ignore_ascii_case("bearer")).then(|| token.trim())
}
