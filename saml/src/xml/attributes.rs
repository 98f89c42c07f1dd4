//! Splits what stands between a tag's name and its end into attributes, as XML 1.0 production 40 writes them.
//!
//! quick-xml's own iterator accepts `a="1"b="2"` without white space between; a fuzz against another parser
//! found that this is the one thing it accepts too much. So the splitting is done here.

use super::characters::holds;
use super::reason::XmlReason;

/// One attribute as written: the value still has its references and line ends.
pub(super) struct RawAttribute<'a> {
    pub(super) name: &'a str,
    pub(super) value: &'a str,
}

/// Iterates over the attributes in `text`; stops after the first error.
pub(super) struct RawAttributes<'a> {
    rest: &'a str,
}

impl<'a> RawAttributes<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        RawAttributes { rest: text }
    }

    fn next_attribute(&mut self) -> Option<RawAttribute<'a>> {
        let text = skip_space(self.rest);
        let end = text.bytes().position(|b| b == b'=' || is_space_byte(b))?;
        let (name, after_name) = text.split_at(end);
        let after_equals = skip_space(skip_space(after_name).strip_prefix('=')?);
        let quote = *after_equals.as_bytes().first().filter(|b| matches!(b, b'"' | b'\''))?;
        let after_quote = &after_equals[1..];
        let end = after_quote.find(char::from(quote))?;
        self.rest = &after_quote[end + 1..];
        Some(RawAttribute { name, value: &after_quote[..end] })
    }
}

fn skip_space(text: &str) -> &str {
    let begin = text.bytes().position(|b| !is_space_byte(b)).unwrap_or(text.len());
    &text[begin..]
}

fn is_space_byte(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

impl<'a> Iterator for RawAttributes<'a> {
    type Item = Result<RawAttribute<'a>, XmlReason>;

    fn next(&mut self) -> Option<Self::Item> {
        if skip_space(self.rest).is_empty() {
            return None;
        }
        // White space is demanded before each attribute, the first one included.
        let separated = self.rest.bytes().next().is_some_and(is_space_byte);
        let found = separated.then(|| self.next_attribute()).flatten();
        match found {
            Some(attribute) if !holds(attribute.value, |b| b == b'<') => Some(Ok(attribute)),
            _ => {
                self.rest = "";
                Some(Err(XmlReason::BadAttribute))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Option<Vec<(&str, &str)>> {
        RawAttributes::new(text).map(|a| a.ok().map(|a| (a.name, a.value))).collect()
    }

    #[test]
    fn splits_well_formed_attributes() {
        assert_eq!(split(""), Some(vec![]));
        assert_eq!(split(" \n"), Some(vec![]));
        assert_eq!(split(" a=\"1\" b = '2\"'"), Some(vec![("a", "1"), ("b", "2\"")]));
    }

    #[test]
    fn refuses_the_rest() {
        for bad in
            [" a=\"1\"b=\"2\"", "a='1'", " a", " a=", " a=1", " a='1", " =\"1\" <", " a='<'", " a='1' /"]
        {
            assert_eq!(split(bad), None, "{bad}");
        }
    }
}
