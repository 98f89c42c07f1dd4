//! HTTP-Redirect: DEFLATE, base64 and percent-encoding in the query (SAML Bindings 3.4.4).

use std::io::{Read as _, Write as _};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::post::decode_base64;
use super::{BindingReason as Reason, BindingRefusal, LONGEST_MESSAGE, Parameter, check_relay_state};
use crate::certificate::{Certificate, SigningKey, SigningKeyError};
use crate::dsig::AcceptedAlgorithms;

/// RFC 3986 section 2.3: everything but the unreserved characters is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The longest query that is looked at.
const LONGEST_QUERY: usize = 128 * 1024;
/// Most parameters; a sign-in has a handful.
const MOST_PARAMETERS: usize = 64;
/// The only encoding (SAML Bindings 3.4.4.1).
const DEFLATE: &str = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE";

/// What a redirect carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedirectMessage {
    /// The message.
    pub xml: Vec<u8>,
    /// RelayState, when there was one.
    pub relay_state: Option<String>,
    /// The signature over the query, when there was one. It is not verified yet.
    pub signature: Option<QuerySignature>,
}

/// A signature over the query as it was sent, escape by escape (SAML Bindings 3.4.4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuerySignature {
    algorithm: String,
    signed: String,
    value: Vec<u8>,
}

/// The URL that sends `xml` to `endpoint`, which may have a query of its own.
pub fn encode_redirect(endpoint: &str, parameter: Parameter, xml: &str, relay_state: Option<&str>) -> String {
    with_query(endpoint, &query(parameter, xml, relay_state))
}

/// As [`encode_redirect`], signed. The signature covers the message, RelayState and SigAlg exactly as they are escaped
/// here, in this order (SAML Bindings 3.4.4.1); the endpoint's own query is no part of it.
///
/// # Errors
/// `Failed` when the key does not sign.
pub fn encode_signed_redirect(
    endpoint: &str,
    parameter: Parameter,
    xml: &str,
    relay_state: Option<&str>,
    key: &SigningKey,
) -> Result<String, SigningKeyError> {
    let algorithm = escape(key.algorithm().uri());
    let signed = format!("{}&SigAlg={algorithm}", query(parameter, xml, relay_state));
    let signature = escape(&STANDARD.encode(key.sign(signed.as_bytes())?));
    Ok(with_query(endpoint, &format!("{signed}&Signature={signature}")))
}

fn query(parameter: Parameter, xml: &str, relay_state: Option<&str>) -> String {
    let message = STANDARD.encode(deflate(xml.as_bytes()));
    let mut query = format!("{}={}", parameter.name(), escape(&message));
    if let Some(relay_state) = relay_state {
        query.push_str("&RelayState=");
        query.push_str(&escape(relay_state));
    }
    query
}

fn with_query(endpoint: &str, query: &str) -> String {
    let separator = if endpoint.contains('?') { '&' } else { '?' };
    format!("{endpoint}{separator}{query}")
}

/// Reads a raw query (without `?`). Other parameters, such as `login_hint`, are left to the caller.
///
/// # Errors
/// A [`BindingRefusal`] per way in which the query carries no message.
pub fn decode_redirect(query: &str, parameter: Parameter) -> Result<RedirectMessage, BindingRefusal> {
    let query = Query::split(query)?;
    if let Some(encoding) = query.decoded("SAMLEncoding")?.filter(|encoding| encoding != DEFLATE) {
        return Err(BindingRefusal::new(Reason::EncodingNotSupported, DEFLATE, encoding));
    }
    let message = query.decoded(parameter.name())?.filter(|value| !value.is_empty()).ok_or_else(|| {
        BindingRefusal::new(Reason::ParameterMissing, parameter.name(), "no such parameter in the query")
    })?;
    if query.raw(parameter.other().name())?.is_some() {
        return Err(parameter.both());
    }
    let relay_state = query.decoded("RelayState")?;
    relay_state.as_deref().map_or(Ok(()), check_relay_state)?;
    let xml = inflate(&decode_base64(&message)?)?;
    Ok(RedirectMessage { xml, relay_state, signature: query.signature(parameter)? })
}

impl RedirectMessage {
    /// Verifies the signature over the query with one of the certificates.
    ///
    /// # Errors
    /// `SignatureMissing`, `NoTrustedCertificate`, `AlgorithmNotAllowed`, `SignatureMismatch`.
    pub fn verify(&self, trusted: &[Certificate]) -> Result<(), BindingRefusal> {
        self.verify_with(trusted, AcceptedAlgorithms::default())
    }

    /// As [`RedirectMessage::verify`], with the algorithms that the connection accepts.
    ///
    /// # Errors
    /// As [`RedirectMessage::verify`].
    pub fn verify_with(
        &self,
        trusted: &[Certificate],
        algorithms: AcceptedAlgorithms,
    ) -> Result<(), BindingRefusal> {
        let Some(signature) = &self.signature else {
            return Err(BindingRefusal::new(Reason::SignatureMissing, "SigAlg and Signature", "neither"));
        };
        if trusted.is_empty() {
            return Err(BindingRefusal::new(
                Reason::NoTrustedCertificate,
                "a verification certificate",
                "none",
            ));
        }
        let method = algorithms.method(&signature.algorithm).ok_or_else(|| {
            BindingRefusal::new(Reason::AlgorithmNotAllowed, algorithms.methods(), &signature.algorithm)
        })?;
        let verified = trusted
            .iter()
            .filter(|certificate| method.fits(certificate.key_kind()))
            .any(|c| c.verifies(&method, signature.signed.as_bytes(), &signature.value));
        if verified {
            return Ok(());
        }
        let expected = "a signature by a certificate that is stored here";
        Err(BindingRefusal::new(Reason::SignatureMismatch, expected, "a signature by none of them"))
    }
}

/// The parameters as sent, not decoded: the signature covers this form.
struct Query<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Query<'a> {
    fn split(query: &'a str) -> Result<Query<'a>, BindingRefusal> {
        let pairs: Vec<_> = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .take(MOST_PARAMETERS + 1)
            .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
            .collect();
        if query.len() > LONGEST_QUERY || pairs.len() > MOST_PARAMETERS {
            let expected = format!("at most {LONGEST_QUERY} bytes and {MOST_PARAMETERS} parameters");
            return Err(BindingRefusal::new(Reason::TooLarge, expected, format!("{} bytes", query.len())));
        }
        Ok(Query(pairs))
    }

    /// The raw value. Names are compared as written: an escaped name is another name to us and, when it would
    /// decode to one of ours, a second reader might see two values, so it counts as repeated.
    fn raw(&self, name: &str) -> Result<Option<&'a str>, BindingRefusal> {
        let mut found = self.0.iter().filter(|(key, _)| unescape(key).is_ok_and(|key| key == name));
        match (found.next(), found.next()) {
            (None, _) => Ok(None),
            (Some((key, value)), None) if *key == name => Ok(Some(value)),
            _ => Err(BindingRefusal::new(
                Reason::ParameterRepeated,
                format!("{name} once"),
                "several, or escaped",
            )),
        }
    }

    fn decoded(&self, name: &str) -> Result<Option<String>, BindingRefusal> {
        self.raw(name)?.map(unescape).transpose()
    }

    fn signature(&self, parameter: Parameter) -> Result<Option<QuerySignature>, BindingRefusal> {
        let (raw_algorithm, value) = match (self.raw("SigAlg")?, self.decoded("Signature")?) {
            (None, None) => return Ok(None),
            (Some(algorithm), Some(value)) => (algorithm, value),
            _ => {
                let expected = "SigAlg and Signature";
                return Err(BindingRefusal::new(
                    Reason::SignatureIncomplete,
                    expected,
                    "one without the other",
                ));
            }
        };
        let mut signed = Vec::new();
        for name in [parameter.name(), "RelayState", "SigAlg"] {
            if let Some(value) = self.raw(name)? {
                signed.push(format!("{name}={value}"));
            }
        }
        let algorithm = unescape(raw_algorithm)?;
        Ok(Some(QuerySignature { algorithm, signed: signed.join("&"), value: decode_base64(&value)? }))
    }
}

fn escape(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}

/// `application/x-www-form-urlencoded` decoding, strict: a lone percent sign is an error.
fn unescape(raw: &str) -> Result<String, BindingRefusal> {
    let refuse = || BindingRefusal::new(Reason::BadEscape, "percent-encoded UTF-8", raw);
    let bytes = raw.as_bytes();
    let broken = bytes.iter().enumerate().any(|(i, byte)| {
        *byte == b'%' && !bytes.get(i + 1..i + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    });
    if broken {
        return Err(refuse());
    }
    let spaced = raw.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map(|text| text.into_owned()).map_err(|_| refuse())
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    // Writing into memory does not fail; if it did, the stream would be empty and the other side would say so.
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap_or_default()
}

/// Decompresses up to the limit, so that a small message cannot become a large one.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, BindingRefusal> {
    let mut xml = Vec::new();
    DeflateDecoder::new(bytes)
        .take(LONGEST_MESSAGE as u64 + 1)
        .read_to_end(&mut xml)
        .map_err(|e| BindingRefusal::new(Reason::NotDeflate, "a DEFLATE stream", e.to_string()))?;
    if xml.len() > LONGEST_MESSAGE {
        let expected = format!("at most {LONGEST_MESSAGE} bytes after decompression");
        return Err(BindingRefusal::new(Reason::TooLarge, expected, "more"));
    }
    Ok(xml)
}

#[cfg(test)]
#[path = "redirect_tests.rs"]
mod tests;
