//! Splits what stands between a tag's name and its end into attributes, as XML 1.0 production 40 writes them.
//!
//! quick-xml's own iterator accepts `a="1"b="2"` without white space between; a fuzz against another parser
//! found that this is the one thing it accepts too much. So the splitting is done here.

use super::characters::is_space;
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
        let text = self.rest.trim_start_matches(is_space);
        let (name, after_name) = text.split_at(text.find(|c: char| is_space(c) || c == '=')?);
        let after_equals =
            after_name.trim_start_matches(is_space).strip_prefix('=')?.trim_start_matches(is_space);
        let quote = after_equals.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, rest) = after_equals[1..].split_once(quote)?;
        self.rest = rest;
        Some(RawAttribute { name, value })
    }
}

impl<'a> Iterator for RawAttributes<'a> {
    type Item = Result<RawAttribute<'a>, XmlReason>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.trim_start_matches(is_space).is_empty() {
            return None;
        }
        // White space is demanded before each attribute, the first one included.
        let separated = self.rest.starts_with(is_space);
        let found = separated.then(|| self.next_attribute()).flatten();
        match found {
            Some(attribute) if !attribute.value.contains('<') => Some(Ok(attribute)),
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
