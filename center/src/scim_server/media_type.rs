//! In which formats messages come and go.

use http::{HeaderMap, HeaderValue, header};

/// RFC 7644 §8.1.
pub(super) const SCIM_JSON: &str = "application/scim+json";
/// What AWS documents and answers with (SCIM implementation developer guide, "Making API requests").
pub(super) const JSON: &str = "application/json";

/// Whether the body is JSON. RFC 7644 §3.8 names application/scim+json; AWS documents application/json. Parameters
/// such as `charset=utf-8` (Entra sends it) do not matter: JSON is UTF-8 (RFC 8259 §8.1).
pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()) else { return false };
    let (kind, _) = value.split_once(';').unwrap_or((value, ""));
    [SCIM_JSON, JSON].iter().any(|known| kind.trim().eq_ignore_ascii_case(known))
}

/// RFC 9110 §8.4: whether the body is compressed. It is not unpacked here: a few bytes would make any amount.
pub(super) fn is_coded(headers: &HeaderMap) -> bool {
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    !headers.get_all(header::CONTENT_ENCODING).iter().all(plain)
}

/// RFC 9110 §12.5.1: whether the client takes the JSON of this server. Without the header it takes anything.
pub(super) fn accepts_json(headers: &HeaderMap) -> bool {
    let texts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut ranges =
        texts.flat_map(|text| text.split(',')).map(str::trim).filter(|range| !range.is_empty()).peekable();
    ranges.peek().is_none() || ranges.any(is_json_range)
}

fn is_json_range(range: &str) -> bool {
    let mut parts = range.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default();
    let json = [SCIM_JSON, JSON, "application/*", "*/*"].iter().any(|known| kind.eq_ignore_ascii_case(known));
    let refused = |part: &str| {
        let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
        weight.is_some_and(|weight| weight.trim().parse() == Ok(0.0_f32))
    };
    json && !parts.any(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: http::HeaderName, value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_static(value))])
    }

    #[test]
    fn both_media_types_are_taken_with_parameters() {
        for (value, expected) in [
            ("application/scim+json; charset=utf-8", true),
            ("Application/JSON", true),
            ("text/json", false),
            ("application/json-patch+json", false),
            ("application/x-www-form-urlencoded", false),
        ] {
            assert_eq!(is_json(&with(header::CONTENT_TYPE, value)), expected, "{value}");
        }
        assert!(!is_json(&HeaderMap::new()));
    }

    #[test]
    fn clients_that_cannot_read_json_are_known() {
        for (value, expected) in [
            ("", true),
            ("*/*", true),
            ("text/html, application/JSON;q=0.1", true),
            ("application/scim+json;charset=utf-8", true),
            ("text/html", false),
            ("application/scim+json;q=0", false),
            ("*/*; Q=0.000", false),
            ("application/json;q=nonsense", true),
        ] {
            assert_eq!(accepts_json(&with(header::ACCEPT, value)), expected, "{value}");
        }
        assert!(accepts_json(&HeaderMap::new()));
    }

    #[test]
    fn compressed_bodies_are_known() {
        assert!(!is_coded(&HeaderMap::new()) && !is_coded(&with(header::CONTENT_ENCODING, "Identity")));
        assert!(is_coded(&with(header::CONTENT_ENCODING, "gzip")));
    }
}
