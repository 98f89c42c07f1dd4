//! Exclusive XML Canonicalization 1.0 without comments (<https://www.w3.org/TR/xml-exc-c14n/>).

use std::cmp::Ordering;

use super::characters::{count, holds};
use super::document::{Attribute, Content, Document, Element, Tag};

/// The canonical bytes of `apex` and all below it, without the element `left_out` (the enveloped signature).
/// `inclusive` is the InclusiveNamespaces PrefixList; `#default` in it stands for the default namespace.
///
/// `None` when the form grows beyond [`LONGEST`]: one long namespace URI that many siblings use is written again by
/// each of them, so a small message could grow a thousandfold.
pub(crate) fn canonical(
    apex: Element<'_>,
    left_out: Option<Element<'_>>,
    inclusive: &[&str],
) -> Option<String> {
    let mut out = Canonicalized(String::with_capacity(apex.document().text.len() + 1024));
    write(apex, left_out, inclusive, &mut out);
    (!out.is_full()).then_some(out.0)
}

/// How many characters the canonical form of `apex` has; `None` when more than `longest`.
pub(crate) fn canonical_length(apex: Element<'_>, longest: usize) -> Option<usize> {
    let mut out = Counter { characters: 0, longest };
    write(apex, None, &[], &mut out);
    (!out.is_full()).then_some(out.characters)
}

fn write<S: Sink>(apex: Element<'_>, left_out: Option<Element<'_>>, inclusive: &[&str], out: &mut S) {
    let inclusive = inclusive.iter().map(|p| if *p == "#default" { "" } else { *p }).collect();
    let left_out = left_out.map(|element| element.id());
    let mut writer = Canonical {
        document: apex.document(),
        left_out,
        inclusive,
        rendered: Vec::with_capacity(8),
        sorted: Vec::new(),
    };
    writer.node(apex.id(), out);
}

/// The longest canonical form, four times the longest message.
const LONGEST: usize = 1024 * 1024;

/// Where canonical form goes. Writing stops when it is full.
pub(super) trait Sink {
    fn put(&mut self, text: &str);
    fn is_full(&self) -> bool;
}

/// Canonical form of what a stranger wrote.
struct Canonicalized(String);

impl Sink for Canonicalized {
    fn put(&mut self, text: &str) {
        self.0.push_str(text);
    }

    fn is_full(&self) -> bool {
        self.0.len() > LONGEST
    }
}

impl Sink for String {
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }

    /// What we write ourselves has no limit.
    fn is_full(&self) -> bool {
        false
    }
}

/// Counts instead of keeping.
struct Counter {
    characters: usize,
    longest: usize,
}

impl Sink for Counter {
    /// In UTF-8 every character has one byte that is no continuation.
    fn put(&mut self, text: &str) {
        self.characters += count(text, |byte| byte & 0xc0 != 0x80);
    }

    fn is_full(&self) -> bool {
        self.characters > self.longest
    }
}

struct Canonical<'a> {
    document: &'a Document,
    left_out: Option<u32>,
    inclusive: Vec<&'a str>,
    /// Declarations that output ancestors carry: prefix and URI.
    rendered: Vec<(&'a str, u32)>,
    /// The attributes of the element that is being written; kept for the next one.
    sorted: Vec<Attribute>,
}

impl<'a> Canonical<'a> {
    /// Recursion is bounded by the depth limit of the parser.
    fn node<S: Sink>(&mut self, id: u32, out: &mut S) {
        if self.left_out == Some(id) || out.is_full() {
            return;
        }
        let document = self.document;
        match &document.nodes[id as usize].content {
            Content::Text(text) => escape_text(document.slice(*text), out),
            Content::Element(tag) => {
                let inherited = self.rendered.len();
                let name = document.slice(tag.name.span);
                out.put("<");
                out.put(name);
                self.namespaces(tag, out);
                self.attributes(tag, out);
                out.put(">");
                for child in document.children_of(id) {
                    self.node(child, out);
                }
                out.put("</");
                out.put(name);
                out.put(">");
                self.rendered.truncate(inherited);
            }
        }
    }

    /// Section 3: a namespace is written where it is visibly used (or listed) and no output ancestor says the same.
    fn namespaces<S: Sink>(&mut self, tag: &'a Tag, out: &mut S) {
        let attributes = self.document.attributes_of(tag);
        if self.inclusive.is_empty() && attributes.iter().all(|a| a.name.prefix().is_empty()) {
            // Only the element's own name uses a namespace, as nearly everywhere.
            return self.namespace(tag, self.document.slice(tag.name.prefix()), out);
        }
        for prefix in self.prefixes(tag) {
            self.namespace(tag, prefix, out);
        }
    }

    fn namespace<S: Sink>(&mut self, tag: &'a Tag, prefix: &'a str, out: &mut S) {
        let uri = self.document.lookup(tag.scope, prefix).unwrap_or(0);
        let known = self.rendered.iter().rev().find(|(p, _)| *p == prefix).map(|(_, uri)| *uri);
        if known == Some(uri) || (known.is_none() && uri == 0) {
            return;
        }
        out.put(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        out.put(prefix);
        out.put("=\"");
        escape_attribute(&self.document.uris[uri as usize], out);
        out.put("\"");
        self.rendered.push((prefix, uri));
    }

    /// The prefixes to consider, sorted. `xml` is never declared (Canonical XML 1.0 section 2.3).
    fn prefixes(&self, tag: &'a Tag) -> Vec<&'a str> {
        let document = self.document;
        let of_attributes = document.attributes_of(tag).iter().map(|a| document.slice(a.name.prefix()));
        let of_attributes = of_attributes.filter(|prefix| !prefix.is_empty());
        let listed = self.inclusive.iter().copied().filter(|p| document.lookup(tag.scope, p).is_some());
        let all = std::iter::once(document.slice(tag.name.prefix())).chain(of_attributes).chain(listed);
        let mut prefixes: Vec<&str> = all.filter(|prefix| *prefix != "xml").collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    }

    /// Sorted by namespace URI, then by local name (Canonical XML 1.0 section 2.3).
    fn attributes<S: Sink>(&mut self, tag: &Tag, out: &mut S) {
        let document = self.document;
        self.sorted.clear();
        self.sorted.extend_from_slice(document.attributes_of(tag));
        if self.sorted.len() > 1 {
            let local = |a: &Attribute| document.slice(a.name.local());
            let uri = |a: &Attribute| document.uris[a.name.uri as usize].as_ref();
            self.sorted.sort_unstable_by(|a, b| {
                let same = a.name.uri == b.name.uri;
                let by_uri = if same { Ordering::Equal } else { uri(a).cmp(uri(b)) };
                by_uri.then_with(|| local(a).cmp(local(b)))
            });
        }
        for attribute in &self.sorted {
            out.put(" ");
            out.put(document.slice(attribute.name.span));
            out.put("=\"");
            escape_attribute(document.slice(attribute.value), out);
            out.put("\"");
        }
    }
}

/// Canonical XML 1.0 section 2.3, text nodes.
pub(super) fn escape_text<S: Sink>(text: &str, out: &mut S) {
    let special = |b: u8| (b == b'&') | (b == b'<') | (b == b'>') | (b == b'\r');
    escape(text, out, special, |byte| match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'>' => "&gt;",
        _ => "&#xD;",
    });
}

/// Canonical XML 1.0 section 2.3, attribute nodes.
pub(super) fn escape_attribute<S: Sink>(value: &str, out: &mut S) {
    let special =
        |b: u8| (b == b'&') | (b == b'<') | (b == b'"') | (b == b'\t') | (b == b'\n') | (b == b'\r');
    escape(value, out, special, |byte| match byte {
        b'&' => "&amp;",
        b'<' => "&lt;",
        b'"' => "&quot;",
        b'\t' => "&#x9;",
        b'\n' => "&#xA;",
        _ => "&#xD;",
    });
}

/// Copies the stretches between the characters that are written otherwise. Most texts have none: a pass without branches
/// finds that out.
fn escape<S: Sink>(
    text: &str,
    out: &mut S,
    special: impl Fn(u8) -> bool,
    written: impl Fn(u8) -> &'static str,
) {
    if !holds(text, &special) {
        return out.put(text);
    }
    let mut begin = 0;
    for (at, byte) in text.bytes().enumerate() {
        if special(byte) {
            out.put(&text[begin..at]);
            out.put(written(byte));
            begin = at + 1;
        }
    }
    out.put(&text[begin..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn check(xml: &str, local: &str, inclusive: &[&str], expected: &str) {
        let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        let apex = document.elements().find(|e| e.local_name() == local).unwrap();
        let bytes = canonical(apex, None, inclusive).unwrap();
        assert_eq!(bytes, expected);
    }

    // exc-c14n section 2.2, the example with n0 and n1.
    #[test]
    fn only_used_namespaces_travel_with_a_subtree() {
        let xml = "<n0:local xmlns:n0=\"foo:bar\" xmlns:n3=\"ftp://example.org\"><n1:elem2 \
                   xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff xmlns:n3=\"ftp://example.org\"/>\
                   </n1:elem2></n0:local>";
        check(
            xml,
            "elem2",
            &[],
            "<n1:elem2 xmlns:n1=\"http://example.net\" xml:lang=\"en\"><n3:stuff \
             xmlns:n3=\"ftp://example.org\"></n3:stuff></n1:elem2>",
        );
    }

    #[test]
    fn a_form_that_explodes_is_given_up() {
        let xml = format!("<r xmlns:p=\"urn:{}\">{}</r>", "u".repeat(100_000), "<p:a/>".repeat(10_000));
        let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(canonical(document.root(), None, &[]), None);
    }

    #[test]
    fn listed_prefixes_travel_even_when_unused() {
        let xml = "<r xmlns=\"urn:d\" xmlns:xs=\"urn:x\" xmlns:y=\"urn:y\"><c/></r>";
        check(xml, "c", &["xs"], "<c xmlns=\"urn:d\" xmlns:xs=\"urn:x\"></c>");
        check(xml, "c", &["#default", "nothing"], "<c xmlns=\"urn:d\"></c>");
    }

    #[test]
    fn default_namespace_is_undone_where_needed() {
        check(
            "<r xmlns=\"urn:d\"><c xmlns=\"\"/></r>",
            "r",
            &[],
            "<r xmlns=\"urn:d\"><c xmlns=\"\"></c></r>",
        );
        check("<r xmlns=\"urn:d\"><c xmlns=\"\"/></r>", "c", &[], "<c></c>");
    }

    #[test]
    fn attributes_are_sorted_and_escaped_and_comments_dropped() {
        check(
            "<r z='1' xmlns:b='urn:u' b:a='2' a=\"&lt;&#9;&#10;&#13;'&quot;>\">x<!--c-->&gt;<![CDATA[<]]>\r\ny&#13;</r>",
            "r",
            &[],
            "<r xmlns:b=\"urn:u\" a=\"&lt;&#x9;&#xA;&#xD;'&quot;>\" z=\"1\" b:a=\"2\">x&gt;&lt;\ny&#xD;</r>",
        );
    }
}
