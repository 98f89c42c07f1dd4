//! Makes the certificate of a new signing key, in the shape of those that Entra makes: X.509 version 3 without any
//! extension, subject and issuer alike, sha256WithRSA (RFC 5280 section 4.1).

use time::{OffsetDateTime, UtcOffset};

use super::signing_key::{SigningKey, SigningKeyError};

/// What a self-signed certificate says.
#[derive(Debug, Clone, Copy)]
pub struct SelfSigned<'a> {
    /// Common name of subject and issuer, at most 64 characters (RFC 5280 appendix A.1, ub-common-name).
    pub common_name: &'a str,
    /// Random bytes for the serial number, given by the caller.
    pub serial: [u8; 16],
    /// Begin of the validity.
    pub not_before: OffsetDateTime,
    /// End of the validity; Entra's default is three years later, to the second.
    pub not_after: OffsetDateTime,
}

// DER of AlgorithmIdentifiers: the object identifier and NULL.
const SHA256_WITH_RSA: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 11, 5, 0];
const RSA_ENCRYPTION: &[u8] = &[0x30, 13, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 13, 1, 1, 1, 5, 0];
const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
const VERSION_3: &[u8] = &[0xa0, 3, 2, 1, 2];

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTF8_STRING: u8 = 0x0c;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;

impl SigningKey {
    /// The signing key for a private key (RSA, PKCS#8 DER), with a certificate made for it.
    ///
    /// # Errors
    /// `NotAPrivateKey`, or `Certificate` when the values make no certificate.
    pub fn self_signed(private_key: &[u8], values: &SelfSigned<'_>) -> Result<SigningKey, SigningKeyError> {
        let pair = SigningKey::pair(private_key)?;
        let to_be_signed = to_be_signed(values, SigningKey::public_key_of(&pair));
        let signature = SigningKey::sign_with(&pair, &to_be_signed)?;
        let certificate = tagged(SEQUENCE, &[&to_be_signed, SHA256_WITH_RSA, &bit_string(&signature)]);
        SigningKey::new(private_key, &certificate)
    }
}

fn to_be_signed(values: &SelfSigned<'_>, public_key: &[u8]) -> Vec<u8> {
    let name = name(values.common_name);
    let validity = tagged(SEQUENCE, &[&instant(values.not_before), &instant(values.not_after)]);
    let key_info = tagged(SEQUENCE, &[RSA_ENCRYPTION, &bit_string(public_key)]);
    let parts: [&[u8]; 7] =
        [VERSION_3, &serial(values.serial), SHA256_WITH_RSA, &name, &validity, &name, &key_info];
    tagged(SEQUENCE, &parts)
}

/// Positive and never shortened: the first byte lies between 0x40 and 0x7f (RFC 5280 section 4.1.2.2).
fn serial(mut bytes: [u8; 16]) -> Vec<u8> {
    bytes[0] = (bytes[0] & 0x3f) | 0x40;
    tagged(INTEGER, &[&bytes])
}

fn name(common_name: &str) -> Vec<u8> {
    let value = tagged(UTF8_STRING, &[common_name.as_bytes()]);
    let attribute = tagged(SEQUENCE, &[COMMON_NAME, &value]);
    tagged(SEQUENCE, &[&tagged(SET, &[&attribute])])
}

/// UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5).
fn instant(instant: OffsetDateTime) -> Vec<u8> {
    let utc = instant.to_offset(UtcOffset::UTC);
    let (date, time) = (utc.date(), utc.time());
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second()
    );
    if (1950..2050).contains(&date.year()) {
        return tagged(UTC_TIME, &[format!("{:02}{rest}", date.year() % 100).as_bytes()]);
    }
    tagged(GENERALIZED_TIME, &[format!("{:04}{rest}", date.year()).as_bytes()])
}

fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tagged(BIT_STRING, &[&[0], bytes])
}

/// A DER value: tag, length, content (X.690 sections 8.1 and 10.1).
fn tagged(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let significant = &length[content.len().leading_zeros() as usize / 8..];
    let mut der = vec![tag];
    if content.len() < 0x80 {
        der.push(content.len() as u8);
    } else {
        der.push(0x80 | significant.len() as u8);
        der.extend(significant);
    }
    der.extend(content);
    der
}
