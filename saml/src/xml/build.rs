//! Builds the tree from quick-xml's tokens; every limit and every rule that quick-xml leaves open is here.

use std::borrow::Cow;

use quick_xml::events::attributes::Attribute as Unescaper;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::QName as TokenName;
use quick_xml::{Reader, XmlVersion};

use super::attributes::RawAttributes;
use super::characters::{count, holds, illegal_character, is_char, is_ncname, is_space, local_start};
use super::document::{Attribute, Content, Document, Node, QName, Scope, Span, Tag};
use super::limits::Limits;
use super::reason::{XmlReason, XmlRefusal};
use crate::names::{ASSERTION, DSIG, PROTOCOL, XML, XMLNS};

/// Parses within the limits. The refusal says at which byte.
pub(super) fn document(bytes: &[u8], limits: &Limits) -> Result<Document, XmlRefusal> {
    let refuse = |reason, at: u64| XmlRefusal::new(reason, expectation(reason, limits), format!("byte {at}"));
    if bytes.len() > limits.bytes {
        let found = format!("{} bytes", bytes.len());
        return Err(XmlRefusal::new(XmlReason::TooLarge, expectation(XmlReason::TooLarge, limits), found));
    }
    let text = std::str::from_utf8(bytes).map_err(|e| refuse(XmlReason::NotUtf8, e.valid_up_to() as u64))?;
    if let Some(at) = illegal_character(text) {
        return Err(refuse(XmlReason::IllegalCharacter, at as u64));
    }
    self::text(text, limits)
}

/// Parses text whose characters are all legal. The refusal says at which byte.
pub(super) fn text(text: &str, limits: &Limits) -> Result<Document, XmlRefusal> {
    let refuse = |reason, at: u64| XmlRefusal::new(reason, expectation(reason, limits), format!("byte {at}"));
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    reader.config_mut().check_comments = true;
    let mut builder = Builder::new(*limits, text);
    while !builder.finished {
        let at = reader.buffer_position();
        let event = reader.read_event().map_err(|_| refuse(XmlReason::NotWellFormed, at))?;
        builder.take(event).map_err(|reason| refuse(reason, at))?;
    }
    Ok(builder.document)
}

fn expectation(reason: XmlReason, limits: &Limits) -> String {
    match reason {
        XmlReason::TooLarge => format!("at most {} bytes", limits.bytes),
        XmlReason::TooDeep => format!("at most {} levels", limits.depth),
        XmlReason::TooManyAttributes => format!("at most {} attributes on an element", limits.attributes),
        XmlReason::TooManyNamespaceDeclarations => {
            format!("at most {} namespace declarations", limits.namespace_declarations)
        }
        XmlReason::TooManyNodes => format!("at most {} elements and texts", limits.nodes),
        XmlReason::NotUtf8 => "UTF-8".to_owned(),
        _ => "well-formed XML 1.0 without DOCTYPE and processing instructions".to_owned(),
    }
}

type Step = Result<(), XmlReason>;

/// Namespaces that have their number from the start: none, `xml`, and those of nearly every message.
const KNOWN: [&str; 5] = ["", XML, ASSERTION, PROTOCOL, DSIG];

struct Builder {
    document: Document,
    limits: Limits,
    open: Vec<Open>,
    /// The element that is being read: its attributes without namespace declarations, before their names are resolved.
    written: Vec<(Span, Span)>,
    scope: u32,
    declarations: usize,
    started: bool,
    finished: bool,
}

/// An open element.
struct Open {
    id: u32,
    /// The scope that is in force again after it.
    outer: u32,
    last_child: u32,
}

impl Builder {
    fn new(limits: Limits, source: &str) -> Self {
        let bytes = source.len();
        // An element has two tags and about one text; where the guess is wrong, the vector grows.
        let nodes = count(source, |b| b == b'<').min(limits.nodes);
        let mut text = String::with_capacity(bytes + 16);
        text.push_str("xml");
        let end = Scope { outer: 0, prefix: Span { start: 0, end: 0 }, uri: 0, depth: 0 };
        let xml = Scope { outer: 0, prefix: Span { start: 0, end: 3 }, uri: 1, depth: 0 };
        let document = Document {
            text,
            nodes: Vec::with_capacity(nodes),
            attributes: Vec::with_capacity(bytes / 96),
            uris: KNOWN.map(Cow::Borrowed).to_vec(),
            scopes: vec![end, xml],
        };
        Builder {
            document,
            limits,
            open: Vec::with_capacity(16),
            written: Vec::new(),
            scope: 1,
            declarations: 0,
            started: false,
            finished: false,
        }
    }

    fn take(&mut self, event: Event<'_>) -> Step {
        let first = !std::mem::replace(&mut self.started, true);
        match event {
            Event::Start(tag) | Event::Empty(tag) => self.start(&tag),
            Event::End(_) => self.end(),
            Event::Text(text) if text.contains(']') && text.contains("]]>") => Err(XmlReason::CdataEndInText),
            Event::Text(text) if self.open.is_empty() => outside_root(&text),
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.inside_root().and_then(|()| self.text(&text.xml10_content())),
            Event::GeneralRef(reference) => self.inside_root().and_then(|()| self.reference(&reference)),
            // A comment is no content: the texts around it become one, so nobody reads half a value.
            Event::Comment(_) => Ok(()),
            Event::Decl(declaration) if first => check_declaration(&declaration),
            Event::Decl(_) => Err(XmlReason::Declaration),
            Event::PI(_) => Err(XmlReason::ProcessingInstruction),
            Event::DocType(_) => Err(XmlReason::Doctype),
            Event::Eof => self.finish(),
        }
    }

    fn start(&mut self, token: &BytesStart<'_>) -> Step {
        if self.open.is_empty() && !self.document.nodes.is_empty() {
            return Err(XmlReason::SecondRoot);
        }
        if self.open.len() >= self.limits.depth {
            return Err(XmlReason::TooDeep);
        }
        let outer = self.scope;
        self.read_attributes(token.attributes_raw())?;
        let name = self.append(token.name().as_ref());
        let name = self.qname(name, true)?;
        let attributes = self.resolve_attributes()?;
        let tag = Tag { name, attributes, scope: self.scope };
        let id = self.push(Content::Element(tag))?;
        self.open.push(Open { id, outer, last_child: 0 });
        Ok(())
    }

    fn append(&mut self, text: &str) -> Span {
        let start = self.document.text.len() as u32;
        self.document.text.push_str(text);
        Span { start, end: self.document.text.len() as u32 }
    }

    /// Takes the namespace declarations out and keeps the other attributes in `written`.
    fn read_attributes(&mut self, text: &str) -> Step {
        self.written.clear();
        for attribute in RawAttributes::new(text) {
            let attribute = attribute?;
            let value = unescape(attribute.value)?;
            let prefix = match attribute.name.split_once(':') {
                None if attribute.name == "xmlns" => "",
                Some(("xmlns", prefix)) => prefix,
                _ => {
                    if self.written.len() >= self.limits.attributes {
                        return Err(XmlReason::TooManyAttributes);
                    }
                    let written = (self.append(attribute.name), self.append(&value));
                    self.written.push(written);
                    continue;
                }
            };
            let bare = attribute.name == "xmlns";
            self.declare(prefix, bare, &value)?;
        }
        Ok(())
    }

    /// Namespaces in XML 1.0 section 3: reserved prefixes and names, no un-declaring of a prefix. The
    /// re-declaration of `xml` with its own name, which the standard allows, is refused: nobody needs it.
    fn declare(&mut self, prefix: &str, bare: bool, uri: &str) -> Step {
        self.declarations += 1;
        if self.declarations > self.limits.namespace_declarations {
            return Err(XmlReason::TooManyNamespaceDeclarations);
        }
        let reserved = prefix == "xml" || prefix == "xmlns" || uri == XML || uri == XMLNS;
        let malformed = !bare && (uri.is_empty() || !is_ncname(prefix));
        if reserved || malformed {
            return Err(XmlReason::BadNamespaceDeclaration);
        }
        let uri = self.uri(uri)?;
        let depth = self.document.scopes[self.scope as usize].depth + 1;
        if depth as usize > self.limits.namespaces_in_scope {
            return Err(XmlReason::TooManyNamespaceDeclarations);
        }
        let span = self.append(prefix);
        self.document.scopes.push(Scope { outer: self.scope, prefix: span, uri, depth });
        let declared_twice = self.declared_here(prefix);
        self.scope = self.document.scopes.len() as u32 - 1;
        if declared_twice { Err(XmlReason::DuplicateAttribute) } else { Ok(()) }
    }

    /// Did the element that is being read declare this prefix before?
    fn declared_here(&self, prefix: &str) -> bool {
        let outer = self.open.last().map_or(1, |open| match &self.document.nodes[open.id as usize].content {
            Content::Element(tag) => tag.scope,
            Content::Text(_) => 1,
        });
        let mut scope = self.scope;
        while scope != outer {
            let declaration = &self.document.scopes[scope as usize];
            if self.document.slice(declaration.prefix) == prefix {
                return true;
            }
            scope = declaration.outer;
        }
        false
    }

    /// The number of a namespace. A new one must be an absolute URI.
    fn uri(&mut self, uri: &str) -> Result<u32, XmlReason> {
        let uris = &mut self.document.uris;
        if let Some(known) = uris.iter().position(|known| known == uri) {
            return Ok(known as u32);
        }
        if !is_absolute_uri(uri) {
            return Err(XmlReason::NamespaceNotAbsolute);
        }
        uris.push(Cow::Owned(uri.to_owned()));
        Ok(uris.len() as u32 - 1)
    }

    /// The default namespace applies to elements and never to attributes (Namespaces in XML 6.2). Elements of the `xml`
    /// namespace do not exist; parsers disagree about them, so they are refused.
    fn qname(&self, span: Span, element: bool) -> Result<QName, XmlReason> {
        let text = self.document.slice(span);
        let local_start = local_start(text).ok_or(XmlReason::BadName)?;
        let prefix = &text[..local_start.saturating_sub(1)];
        if element && prefix == "xml" {
            return Err(XmlReason::BadName);
        }
        let uri = match (local_start, element) {
            (0, true) => self.document.lookup(self.scope, "").unwrap_or(0),
            (0, false) => 0,
            _ => self.document.lookup(self.scope, prefix).ok_or(XmlReason::UndeclaredPrefix)?,
        };
        Ok(QName { span, local_start: span.start + local_start as u32, uri })
    }

    /// All namespaces of the element are declared now: resolves the names in `written`.
    fn resolve_attributes(&mut self) -> Result<Span, XmlReason> {
        let start = self.document.attributes.len();
        for at in 0..self.written.len() {
            let (name, value) = self.written[at];
            let name = self.qname(name, false)?;
            self.document.attributes.push(Attribute { name, value });
        }
        if self.repeats_attribute(start) {
            return Err(XmlReason::DuplicateAttribute);
        }
        Ok(Span { start: start as u32, end: self.document.attributes.len() as u32 })
    }

    /// Do two attributes from `start` on have the same expanded name? Many are sorted first: comparing each with each
    /// would cost milliseconds in a message that is full of them.
    fn repeats_attribute(&self, start: usize) -> bool {
        let attributes = &self.document.attributes[start..];
        let name = |a: &Attribute| (a.name.uri, self.document.slice(a.name.local()));
        if attributes.len() <= 8 {
            let repeated = |(at, a): (usize, &Attribute)| attributes[..at].iter().any(|b| name(b) == name(a));
            return attributes.iter().enumerate().any(repeated);
        }
        let mut names: Vec<_> = attributes.iter().map(name).collect();
        names.sort_unstable();
        names.windows(2).any(|pair| pair[0] == pair[1])
    }

    fn end(&mut self) -> Step {
        self.scope = self.open.pop().ok_or(XmlReason::NotWellFormed)?.outer;
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Step {
        match reference.resolve_char_ref().map_err(|_| XmlReason::IllegalCharacter)? {
            Some(c) if is_char(c) => self.text(c.encode_utf8(&mut [0; 4])),
            Some(_) => Err(XmlReason::IllegalCharacter),
            None => self.text(predefined(reference).ok_or(XmlReason::UnknownEntity)?),
        }
    }

    /// Adds text to the element that is open, joined to the text before it.
    fn text(&mut self, text: &str) -> Step {
        if text.is_empty() {
            return Ok(());
        }
        let last = self.open.last().ok_or(XmlReason::TextOutsideRoot)?.last_child as usize;
        let added = self.append(text);
        // Between two texts that become one there was a comment at most: they stand side by side.
        if let Content::Text(before) = &mut self.document.nodes[last].content {
            before.end = added.end;
            return Ok(());
        }
        self.push(Content::Text(added)).map(|_| ())
    }

    fn push(&mut self, content: Content) -> Result<u32, XmlReason> {
        let nodes = &mut self.document.nodes;
        if nodes.len() >= self.limits.nodes {
            return Err(XmlReason::TooManyNodes);
        }
        let id = nodes.len() as u32;
        nodes.push(Node { content, first_child: 0, next: 0 });
        if let Some(parent) = self.open.last_mut() {
            match std::mem::replace(&mut parent.last_child, id) {
                0 => nodes[parent.id as usize].first_child = id,
                before => nodes[before as usize].next = id,
            }
        }
        Ok(id)
    }

    fn inside_root(&self) -> Step {
        if self.open.is_empty() { Err(XmlReason::TextOutsideRoot) } else { Ok(()) }
    }

    fn finish(&mut self) -> Step {
        self.finished = true;
        match (self.document.nodes.is_empty(), self.open.is_empty()) {
            (true, _) => Err(XmlReason::NoRoot),
            (false, false) => Err(XmlReason::NotWellFormed),
            (false, true) => Ok(()),
        }
    }
}

/// An absolute URI by its characters: a scheme and then what RFC 3986 appendix A allows. Canonicalization fails in
/// libxml2 on anything else, and software that goes on regardless signs an empty text.
fn is_absolute_uri(uri: &str) -> bool {
    let Some((scheme, rest)) = uri.split_once(':') else {
        return false;
    };
    let bytes = rest.as_bytes();
    let fits = |(at, byte): (usize, &u8)| match byte {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit)),
        b'#' => !bytes[..at].contains(&b'#'),
        _ => byte.is_ascii_alphanumeric() || b"-._~:/?@!$&'()*+,;=".contains(byte),
    };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && bytes.iter().enumerate().all(fits)
}

fn outside_root(text: &str) -> Step {
    if text.chars().all(is_space) { Ok(()) } else { Err(XmlReason::TextOutsideRoot) }
}

fn predefined(name: &str) -> Option<&'static str> {
    match name {
        "lt" => Some("<"),
        "gt" => Some(">"),
        "amp" => Some("&"),
        "quot" => Some("\""),
        "apos" => Some("'"),
        _ => None,
    }
}

/// Attribute-value normalization, XML 1.0 section 3.3.3 (no DTD, so every attribute is CDATA).
fn unescape(value: &str) -> Result<Cow<'_, str>, XmlReason> {
    if !holds(value, |b| (b == b'&') | (b == b'\t') | (b == b'\n') | (b == b'\r')) {
        return Ok(Cow::Borrowed(value));
    }
    let attribute = Unescaper { key: TokenName("a"), value: Cow::Borrowed(value) };
    let text = attribute.normalized_value(XmlVersion::Explicit1_0).map_err(|_| XmlReason::UnknownEntity)?;
    if text.chars().all(is_char) {
        Ok(Cow::Owned(text.into_owned()))
    } else {
        Err(XmlReason::IllegalCharacter)
    }
}

/// XMLDecl, XML 1.0 production 23. Another encoding than UTF-8 is refused even when the bytes are UTF-8:
/// a second reader might believe the declaration.
fn check_declaration(text: &str) -> Step {
    let attributes = RawAttributes::new(text.strip_prefix("xml").ok_or(XmlReason::Declaration)?);
    let pairs: Vec<_> = attributes.collect::<Result<_, _>>().map_err(|_| XmlReason::Declaration)?;
    let mut rest = &pairs[..];
    let mut next = |name: &str, good: &dyn Fn(&str) -> bool| match rest {
        [first, others @ ..] if first.name == name => {
            rest = others;
            Some(good(first.value))
        }
        _ => None,
    };
    let version = next("version", &|v| v == "1.0").unwrap_or(false);
    let encoding = next("encoding", &|v| v.eq_ignore_ascii_case("UTF-8")).unwrap_or(true);
    let standalone = next("standalone", &|v| matches!(v, "yes" | "no")).unwrap_or(true);
    if version && encoding && standalone && rest.is_empty() { Ok(()) } else { Err(XmlReason::Declaration) }
}

#[cfg(test)]
mod tests;
