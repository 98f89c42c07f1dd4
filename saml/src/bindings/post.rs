//! HTTP-POST: base64 in a form field (SAML Bindings 3.5.4).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{BindingReason, BindingRefusal, LONGEST_MESSAGE, Parameter, check_relay_state};

/// The value of the form field for `xml`.
pub fn encode_post(xml: &str) -> String {
    STANDARD.encode(xml)
}

/// What a form carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posted {
    /// The message.
    pub xml: Vec<u8>,
    /// RelayState, when there was one.
    pub relay_state: Option<String>,
}

/// Reads the body of a posted form (`application/x-www-form-urlencoded`). Other fields are left to the caller.
///
/// # Errors
/// `ParameterRepeated`, `BothMessages`, `RelayStateTooLong`; those of [`decode_post`].
pub fn read_form(body: &[u8], parameter: Parameter) -> Result<Posted, BindingRefusal> {
    let message = form_field(body, parameter.name())?.unwrap_or_default();
    if !message.is_empty() && form_field(body, parameter.other().name())?.is_some() {
        return Err(parameter.both());
    }
    let relay_state = form_field(body, "RelayState")?;
    relay_state.as_deref().map_or(Ok(()), check_relay_state)?;
    Ok(Posted { xml: decode_post(&message)?, relay_state })
}

/// A field of a posted form; none where the form has none of the name.
///
/// # Errors
/// `ParameterRepeated`.
pub fn form_field(body: &[u8], name: &str) -> Result<Option<String>, BindingRefusal> {
    let mut values = form_urlencoded::parse(body).filter(|(n, _)| n == name).map(|(_, v)| v.into_owned());
    match (values.next(), values.next()) {
        (_, Some(_)) => {
            Err(BindingRefusal::new(BindingReason::ParameterRepeated, format!("{name} once"), "several"))
        }
        (value, None) => Ok(value),
    }
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
        // Junk that other decoders skip, the alphabet for URLs, padding in the middle, bits after the end.
        for junk in ["PGE-vPg==", "PGEv\0Pg==", "PGEv.Pg==", "PGE_Pz8_", "PGEvPg==PGEvPg==", "PGEvPh=="] {
            assert_eq!(reason(junk), BindingReason::NotBase64, "{junk}");
        }
    }

    #[test]
    fn a_form_carries_one_message_once() {
        let read = |form: &str| read_form(form.as_bytes(), Parameter::SamlResponse).map_err(|e| e.reason);
        let good = "SAMLResponse=PGEvPg%3D%3D";
        let posted = |relay_state: Option<&str>| {
            Ok(Posted { xml: b"<a/>".to_vec(), relay_state: relay_state.map(str::to_owned) })
        };
        assert_eq!(read(good), posted(None));
        assert_eq!(read(&format!("RelayState=a+b&{good}&x=1")), posted(Some("a b")));
        for (form, reason) in [
            (String::new(), BindingReason::ParameterMissing),
            (good.replace("Response", "Request"), BindingReason::ParameterMissing),
            (format!("{good}&SAMLRequest="), BindingReason::BothMessages),
            (format!("{good}&SAML%52esponse=x"), BindingReason::ParameterRepeated),
            (format!("{good}&RelayState=&RelayState="), BindingReason::ParameterRepeated),
            (format!("{good}&RelayState={}", "r".repeat(1 << 20)), BindingReason::RelayStateTooLong),
            (format!("{good}&RelayState=%00"), BindingReason::RelayStateNotText),
            (good.replace('%', "%25"), BindingReason::NotBase64),
        ] {
            assert_eq!(read(&form), Err(reason), "{}", &form[..form.len().min(60)]);
        }
    }
}
