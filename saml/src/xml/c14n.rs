//! Exclusive XML Canonicalization 1.0 without comments (<https://www.w3.org/TR/xml-exc-c14n/>).

use super::document::{Content, Document, Element, Tag};

/// The canonical bytes of `apex` and all below it, without the element `left_out` (the enveloped signature).
/// `inclusive` is the InclusiveNamespaces PrefixList; `#default` in it stands for the default namespace.
///
/// `None` when the form grows beyond [`LONGEST`]: one long namespace URI that many siblings use is written again by
/// each of them, so a small message could grow a thousandfold.
pub(crate) fn canonical(
    apex: Element<'_>,
    left_out: Option<Element<'_>>,
    inclusive: &[&str],
) -> Option<Vec<u8>> {
    let inclusive = inclusive.iter().map(|p| if *p == "#default" { "" } else { *p }).collect();
    let left_out = left_out.map(|element| element.id());
    let mut writer = Canonical { document: apex.document(), left_out, inclusive, rendered: Vec::new() };
    let mut out = Vec::with_capacity(4096);
    writer.node(apex.id(), &mut out);
    (out.len() <= LONGEST).then_some(out)
}

/// The longest canonical form, four times the longest message.
const LONGEST: usize = 1024 * 1024;

struct Canonical<'a> {
    document: &'a Document,
    left_out: Option<u32>,
    inclusive: Vec<&'a str>,
    /// Declarations that output ancestors carry: prefix and URI.
    rendered: Vec<(&'a str, u32)>,
}

impl<'a> Canonical<'a> {
    /// Recursion is bounded by the depth limit of the parser.
    fn node(&mut self, id: u32, out: &mut Vec<u8>) {
        if self.left_out == Some(id) || out.len() > LONGEST {
            return;
        }
        let document = self.document;
        let node = &document.nodes[id as usize];
        match &node.content {
            Content::Text(text) => escape_text(text, out),
            Content::Element(tag) => {
                let inherited = self.rendered.len();
                out.push(b'<');
                out.extend(tag.name.text.as_bytes());
                self.namespaces(tag, out);
                self.attributes(tag, out);
                out.push(b'>');
                for child in &node.children {
                    self.node(*child, out);
                }
                out.extend(b"</");
                out.extend(tag.name.text.as_bytes());
                out.push(b'>');
                self.rendered.truncate(inherited);
            }
        }
    }

    /// Section 3: a namespace is written where it is visibly used (or listed) and no output ancestor says the same.
    fn namespaces(&mut self, tag: &'a Tag, out: &mut Vec<u8>) {
        for prefix in self.prefixes(tag) {
            let uri = self.document.lookup(tag.scope, prefix).unwrap_or(0);
            let known = self.rendered.iter().rev().find(|(p, _)| *p == prefix).map(|(_, uri)| *uri);
            if known == Some(uri) || (known.is_none() && uri == 0) {
                continue;
            }
            out.extend(if prefix.is_empty() { b" xmlns".as_slice() } else { b" xmlns:" });
            out.extend(prefix.as_bytes());
            out.extend(b"=\"");
            escape_attribute(&self.document.uris[uri as usize], out);
            out.push(b'"');
            self.rendered.push((prefix, uri));
        }
    }

    /// The prefixes to consider, sorted. `xml` is never declared (Canonical XML 1.0 section 2.3).
    fn prefixes(&self, tag: &'a Tag) -> Vec<&'a str> {
        let of_attributes = tag.attributes.iter().filter(|a| a.name.local_start > 0).map(|a| a.name.prefix());
        let listed = self.inclusive.iter().copied().filter(|p| self.document.lookup(tag.scope, p).is_some());
        let all = std::iter::once(tag.name.prefix()).chain(of_attributes).chain(listed);
        let mut prefixes: Vec<&str> = all.filter(|prefix| *prefix != "xml").collect();
        prefixes.sort_unstable();
        prefixes.dedup();
        prefixes
    }

    /// Sorted by namespace URI, then by local name (Canonical XML 1.0 section 2.3).
    fn attributes(&self, tag: &Tag, out: &mut Vec<u8>) {
        let mut sorted: Vec<_> = tag.attributes.iter().collect();
        sorted.sort_by_key(|a| (self.document.uris[a.name.uri as usize].as_str(), a.name.local()));
        for attribute in sorted {
            out.push(b' ');
            out.extend(attribute.name.text.as_bytes());
            out.extend(b"=\"");
            escape_attribute(&attribute.value, out);
            out.push(b'"');
        }
    }
}

/// Canonical XML 1.0 section 2.3, text nodes.
pub(super) fn escape_text(text: &str, out: &mut Vec<u8>) {
    for byte in text.bytes() {
        match byte {
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'>' => out.extend(b"&gt;"),
            b'\r' => out.extend(b"&#xD;"),
            other => out.push(other),
        }
    }
}

/// Canonical XML 1.0 section 2.3, attribute nodes.
pub(super) fn escape_attribute(value: &str, out: &mut Vec<u8>) {
    for byte in value.bytes() {
        match byte {
            b'&' => out.extend(b"&amp;"),
            b'<' => out.extend(b"&lt;"),
            b'"' => out.extend(b"&quot;"),
            b'\t' => out.extend(b"&#x9;"),
            b'\n' => out.extend(b"&#xA;"),
            b'\r' => out.extend(b"&#xD;"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::Limits;

    fn check(xml: &str, local: &str, inclusive: &[&str], expected: &str) {
        let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        let apex = document.elements().find(|e| e.local_name() == local).unwrap();
        let bytes = canonical(apex, None, inclusive).unwrap();
        assert_eq!(String::from_utf8(bytes).unwrap(), expected);
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
        let xml = format!("<r xmlns:p=\"{}\">{}</r>", "u".repeat(100_000), "<p:a/>".repeat(10_000));
        let document = Document::parse(xml.as_bytes(), &Limits::default()).unwrap();
        assert_eq!(canonical(document.root(), None, &[]), None);
    }

    #[test]
    fn listed_prefixes_travel_even_when_unused() {
        let xml = "<r xmlns=\"d\" xmlns:xs=\"x\" xmlns:y=\"y\"><c/></r>";
        check(xml, "c", &["xs"], "<c xmlns=\"d\" xmlns:xs=\"x\"></c>");
        check(xml, "c", &["#default", "nothing"], "<c xmlns=\"d\"></c>");
    }

    #[test]
    fn default_namespace_is_undone_where_needed() {
        check("<r xmlns=\"d\"><c xmlns=\"\"/></r>", "r", &[], "<r xmlns=\"d\"><c xmlns=\"\"></c></r>");
        check("<r xmlns=\"d\"><c xmlns=\"\"/></r>", "c", &[], "<c></c>");
    }

    #[test]
    fn attributes_are_sorted_and_escaped_and_comments_dropped() {
        check(
            "<r z='1' xmlns:b='u' b:a='2' a=\"&lt;&#9;&#10;&#13;'&quot;>\">x<!--c-->&gt;<![CDATA[<]]>\r\ny&#13;</r>",
            "r",
            &[],
            "<r xmlns:b=\"u\" a=\"&lt;&#x9;&#xA;&#xD;'&quot;>\" z=\"1\" b:a=\"2\">x&gt;&lt;\ny&#xD;</r>",
        );
    }
}
