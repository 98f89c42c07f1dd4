//! The JSON of a message, RFC 8259.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::error::{ScimError, shorten};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads a message. Its depth is limited by the parser (128), its size by whoever read the bytes.
///
/// A name that stands in one object twice is refused: RFC 8259 §4 leaves open which of both counts, so a proxy that
/// checks the message and the server that carries it out could read two different ones.
///
/// # Errors
/// [`ScimError::InvalidSyntax`] with the place. The text is not repeated: it may be a person's data, and answers are
/// logged.
pub fn read(bytes: &[u8]) -> Result<Value, ScimError> {
    if bytes.starts_with(BYTE_ORDER_MARK) {
        // RFC 8259 §8.1.
        return Err(syntax("it starts with a byte order mark; send UTF-8 without one".to_owned()));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Once.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    read.map_err(|error| {
        let place = format!("at line {}, column {}", error.line(), error.column());
        // The one error that is not the parser's.
        if error.is_data() {
            let text = error.to_string();
            let name = text.rsplit_once(" at line ").map_or(text.as_str(), |(name, _)| name);
            return syntax(format!("\"{}\" stands in one object twice, {place}", shorten(name)));
        }
        let what = if error.is_eof() { "ends too early" } else { "is no JSON of a depth up to 128" };
        syntax(format!("it {what}, {place}"))
    })
}

fn syntax(reason: String) -> ScimError {
    ScimError::InvalidSyntax { reason }
}

/// A value in whose objects every name stands once.
struct Once;

impl<'de> DeserializeSeed<'de> for Once {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Once {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Once)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(Once)?;
            match object.entry(name) {
                Entry::Vacant(place) => drop(place.insert(value)),
                Entry::Occupied(place) => return Err(A::Error::custom(place.key())),
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_read_as_the_parser_reads_it() {
        for text in [
            "null",
            "true",
            "-7",
            "18446744073709551615",
            "1.5",
            "1e3",
            "\"\\u00e9\\n\"",
            "[]",
            "[1, [2, {}]]",
            "{\"a\": {\"a\": 1}, \"A\": 2, \"\": [null]}",
            " {\"z\": 1, \"a\": 2} ",
        ] {
            assert_eq!(
                read(text.as_bytes()).unwrap(),
                serde_json::from_str::<Value>(text).unwrap(),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_message_is_refused_with_its_place() {
        let deep = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
        for (bytes, word) in [
            (&b""[..], "ends too early"),
            (b"{\"a\":", "ends too early"),
            (b"{} {}", "column 4"),
            (b"1e999", "no JSON"),
            (b"\"\\ud800\"", "column 8"),
            (b"\"\xff\"", "no JSON"),
            (b"{\"a\":1,\"b\":{\"c\":1,\n\"c\":2}}", "\"c\" stands in one object twice, at line 2"),
            (b"\xef\xbb\xbf{}", "byte order mark"),
            (deep.as_bytes(), "depth up to 128"),
        ] {
            let error = read(bytes).unwrap_err();
            assert_eq!(error.code(), "syntax");
            assert!(error.to_string().contains(word), "{error} lacks {word}");
        }
    }
}
