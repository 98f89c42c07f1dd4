//! HTTP-POST: base64 in a form field (SAML Bindings 3.5.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{BindingReason, BindingRefusal, LONGEST_MESSAGE};

/// The value of the form field for `xml`.
pub fn encode_post(xml: &str) -> String {
    STANDARD.encode(xml)
}

/// The message in a form field. Line breaks in base64 are usual and ignored.
///
/// # Errors
/// `ParameterMissing` (empty), `TooLarge`, `NotBase64`.
pub fn decode_post(field: &str) -> Result<Vec<u8>, BindingRefusal> {
    if field.is_empty() {
        let reason = BindingReason::ParameterMissing;
        return Err(BindingRefusal::new(reason, "a message in base64", "an empty field"));
    }
    // Four characters for three bytes, and room for line breaks.
    let longest = LONGEST_MESSAGE / 3 * 4 + LONGEST_MESSAGE / 16;
    if field.len() > longest {
        let expected = format!("at most {longest} characters");
        return Err(BindingRefusal::new(
            BindingReason::TooLarge,
            expected,
            format!("{} characters", field.len()),
        ));
    }
    decode_base64(field)
}

pub(super) fn decode_base64(text: &str) -> Result<Vec<u8>, BindingRefusal> {
    let compact: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).map_err(|e| {
        BindingRefusal::new(BindingReason::NotBase64, "base64 (RFC 4648 section 4)", e.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(field: &str) -> BindingReason {
        decode_post(field).unwrap_err().reason
    }

    #[test]
    fn what_is_encoded_is_decoded() {
        assert_eq!(decode_post(&encode_post("<é/>")).unwrap(), "<é/>".as_bytes());
        assert_eq!(decode_post("PGE\r\nvPg==\n").unwrap(), b"<a/>");
    }

    #[test]
    fn bad_fields_are_refused() {
        assert_eq!(reason(""), BindingReason::ParameterMissing);
        assert_eq!(reason("<a/>"), BindingReason::NotBase64);
        assert_eq!(reason("PGEvPg"), BindingReason::NotBase64);
        assert_eq!(reason(&"A".repeat(400_000)), BindingReason::TooLarge);
    }
}
