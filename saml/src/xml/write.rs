//! Writes XML that is canonical (exc-c14n) from the start, so that signing needs no parser.

use super::c14n::{escape_attribute, escape_text};
use super::characters::illegal_character;

/// A value holds a character that no XML document can carry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value {value:?} has a character that XML cannot carry")]
pub(crate) struct IllegalCharacter {
    pub(crate) value: String,
}

/// A qualified name that we write: prefix (empty for the default namespace), namespace, local name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Name {
    pub(crate) prefix: &'static str,
    pub(crate) uri: &'static str,
    pub(crate) local: &'static str,
}

/// Builds one document or one fragment of a document that is canonical on its own.
pub(crate) struct Writer {
    out: String,
    open: Vec<(Name, usize)>,
    declared: Vec<(&'static str, &'static str)>,
    illegal: Option<String>,
}

impl Writer {
    pub(crate) fn new() -> Self {
        Writer { out: String::with_capacity(4096), open: Vec::new(), declared: Vec::new(), illegal: None }
    }

    /// Opens an element. Attributes have no namespace and are sorted here. Those without value are left out.
    pub(crate) fn open(&mut self, name: Name, attributes: &[(&'static str, Option<&str>)]) {
        self.open.push((name, self.declared.len()));
        self.out.push('<');
        self.qname(name);
        self.declare(name);
        let mut sorted: Vec<_> = attributes.iter().filter_map(|(n, v)| v.map(|v| (*n, v))).collect();
        sorted.sort_unstable();
        for (attribute, value) in sorted {
            self.check(value);
            self.out.push(' ');
            self.out.push_str(attribute);
            self.out.push_str("=\"");
            escape_attribute(value, &mut self.out);
            self.out.push('"');
        }
        self.out.push('>');
    }

    /// Closes the innermost open element.
    pub(crate) fn close(&mut self) {
        if let Some((name, declared)) = self.open.pop() {
            self.out.push_str("</");
            self.qname(name);
            self.out.push('>');
            self.declared.truncate(declared);
        }
    }

    /// Opens, writes `text`, closes.
    pub(crate) fn leaf(&mut self, name: Name, attributes: &[(&'static str, Option<&str>)], text: &str) {
        self.open(name, attributes);
        self.text(text);
        self.close();
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.check(text);
        escape_text(text, &mut self.out);
    }

    /// Inserts a fragment that is canonical on its own and whose apex declares what it uses.
    pub(crate) fn fragment(&mut self, canonical: &str) {
        self.out.push_str(canonical);
    }

    /// Where the next byte goes; a signature is inserted at such a place later.
    pub(crate) fn position(&self) -> usize {
        self.out.len()
    }

    /// What was written since then.
    pub(crate) fn since(&self, position: usize) -> &str {
        self.out.get(position..).unwrap_or_default()
    }

    /// # Errors
    /// When a value had a character that XML cannot carry: it is better to refuse than to send another name.
    pub(crate) fn finish(mut self) -> Result<String, IllegalCharacter> {
        while !self.open.is_empty() {
            self.close();
        }
        match self.illegal {
            Some(value) => Err(IllegalCharacter { value }),
            None => Ok(self.out),
        }
    }

    fn qname(&mut self, name: Name) {
        if !name.prefix.is_empty() {
            self.out.push_str(name.prefix);
            self.out.push(':');
        }
        self.out.push_str(name.local);
    }

    /// exc-c14n: a namespace is declared where it is first used.
    fn declare(&mut self, name: Name) {
        let known = self.declared.iter().rev().find(|(prefix, _)| *prefix == name.prefix);
        if known.is_some_and(|(_, uri)| *uri == name.uri) {
            return;
        }
        self.out.push_str(if name.prefix.is_empty() { " xmlns" } else { " xmlns:" });
        self.out.push_str(name.prefix);
        self.out.push_str("=\"");
        escape_attribute(name.uri, &mut self.out);
        self.out.push('"');
        self.declared.push((name.prefix, name.uri));
    }

    fn check(&mut self, value: &str) {
        if self.illegal.is_none() && illegal_character(value).is_some() {
            self.illegal = Some(value.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Document, Limits, canonical};

    const OUTER: Name = Name { prefix: "o", uri: "urn:o", local: "outer" };
    const INNER: Name = Name { prefix: "", uri: "urn:i", local: "inner" };

    #[test]
    fn what_is_written_is_already_canonical() {
        let mut writer = Writer::new();
        writer.open(OUTER, &[("z", Some("1")), ("a", Some("<\"\t\r\n&>")), ("none", None)]);
        writer.leaf(INNER, &[("b", Some("é"))], "a<b>&\r]]>");
        writer.leaf(INNER, &[], "");
        let text = writer.finish().unwrap();
        let document = Document::parse(text.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(canonical(document.root(), None, &[]).unwrap(), text);
        assert_eq!(document.root().attribute("a"), Some("<\"\t\r\n&>"));
        assert_eq!(document.root().children().next().unwrap().text().unwrap(), "a<b>&\r]]>");
    }

    #[test]
    fn refuses_characters_that_xml_cannot_carry() {
        let mut writer = Writer::new();
        writer.leaf(OUTER, &[], "a\u{0}b");
        assert_eq!(writer.finish(), Err(IllegalCharacter { value: "a\0b".to_owned() }));
    }
}
