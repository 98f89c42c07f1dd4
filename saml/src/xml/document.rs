//! The tree: an arena of nodes, and `Element`, the way to look at one.

use std::borrow::Cow;

use super::limits::Limits;
use super::reason::{XmlReason, XmlRefusal};
use super::{build, canonical, characters};

/// A parsed document. It owns its text, so it can outlive the bytes that it came from.
///
/// Names, values and texts stand back to back in one string; nodes and attributes are ranges of it. A document of any
/// size is a handful of allocations.
#[derive(Debug, Clone)]
pub struct Document {
    pub(super) text: String,
    pub(super) nodes: Vec<Node>,
    pub(super) attributes: Vec<Attribute>,
    /// Namespace URIs, each once; index 0 is "no namespace".
    pub(super) uris: Vec<Cow<'static, str>>,
    /// Namespace declarations as a chain; index 0 ends it.
    pub(super) scopes: Vec<Scope>,
}

/// A range of [`Document::text`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

/// The root has the number 0 and is nobody's child or sibling: 0 stands for "none".
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) content: Content,
    pub(super) first_child: u32,
    pub(super) next: u32,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Element(Tag),
    Text(Span),
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Tag {
    pub(super) name: QName,
    /// A range of [`Document::attributes`].
    pub(super) attributes: Span,
    /// The innermost namespace declaration in scope.
    pub(super) scope: u32,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Attribute {
    pub(super) name: QName,
    pub(super) value: Span,
}

/// A name with its prefix as written: canonical form needs the prefix, every comparison uses URI and local name.
#[derive(Debug, Clone, Copy)]
pub(super) struct QName {
    pub(super) span: Span,
    /// Where in the document's text the local name begins; `span.start` without prefix.
    pub(super) local_start: u32,
    pub(super) uri: u32,
}

#[derive(Debug, Clone)]
pub(super) struct Scope {
    pub(super) outer: u32,
    pub(super) prefix: Span,
    pub(super) uri: u32,
    /// How many declarations are in scope, this one included.
    pub(super) depth: u32,
}

impl Span {
    pub(super) fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(super) fn len(self) -> usize {
        (self.end - self.start) as usize
    }
}

impl QName {
    pub(super) fn local(self) -> Span {
        Span { start: self.local_start, end: self.span.end }
    }

    pub(super) fn prefix(self) -> Span {
        let has_prefix = self.local_start > self.span.start;
        Span { start: self.span.start, end: if has_prefix { self.local_start - 1 } else { self.span.start } }
    }
}

impl Document {
    /// Parses `bytes` within `limits`.
    ///
    /// # Errors
    /// One reason per way in which the text is not XML that we read.
    pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Document, XmlRefusal> {
        build::document(bytes, limits)
    }

    /// Parses text of which every character is known to be legal: canonical form of a document that was parsed.
    pub(crate) fn parse_canonical(text: &str, limits: &Limits) -> Result<Document, XmlRefusal> {
        build::text(text, limits)
    }

    /// The root element.
    pub fn root(&self) -> Element<'_> {
        Element { document: self, id: 0 }
    }

    /// Every element, in document order.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        (0u32..).zip(&self.nodes).filter_map(|(id, node)| match node.content {
            Content::Element(_) => Some(Element { document: self, id }),
            Content::Text(_) => None,
        })
    }

    /// The URI that `prefix` stands for in `scope`.
    pub(super) fn lookup(&self, mut scope: u32, prefix: &str) -> Option<u32> {
        while scope != 0 {
            let declaration = &self.scopes[scope as usize];
            let found = declaration.prefix;
            // The default namespace is by far the most frequent; comparing lengths decides it.
            if found.len() == prefix.len() && (prefix.is_empty() || self.slice(found) == prefix) {
                return Some(declaration.uri);
            }
            scope = declaration.outer;
        }
        None
    }

    pub(super) fn slice(&self, span: Span) -> &str {
        &self.text[span.start as usize..span.end as usize]
    }

    pub(super) fn attributes_of(&self, tag: &Tag) -> &[Attribute] {
        &self.attributes[tag.attributes.start as usize..tag.attributes.end as usize]
    }

    /// The children of a node.
    pub(super) fn children_of(&self, id: u32) -> impl Iterator<Item = u32> + use<'_> {
        let first = self.nodes[id as usize].first_child;
        std::iter::successors((first != 0).then_some(first), |id| {
            let next = self.nodes[*id as usize].next;
            (next != 0).then_some(next)
        })
    }
}

/// One element of a document.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    document: &'a Document,
    id: u32,
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id && std::ptr::eq(self.document, other.document)
    }
}

impl std::fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "<{}>", self.local_name())
    }
}

impl<'a> Element<'a> {
    /// Is this the element `local` of namespace `uri`?
    pub fn is(&self, uri: &str, local: &str) -> bool {
        let Some(tag) = self.tag() else {
            return false;
        };
        let name = tag.name.local();
        name.len() == local.len() && self.document.slice(name) == local && self.namespace() == uri
    }

    /// The name without prefix.
    pub fn local_name(&self) -> &'a str {
        self.tag().map_or("", |tag| self.document.slice(tag.name.local()))
    }

    /// The namespace URI, empty for none.
    pub fn namespace(&self) -> &'a str {
        self.tag().map_or("", |tag| self.document.uris[tag.name.uri as usize].as_ref())
    }

    /// The value of an attribute without namespace.
    pub fn attribute(&self, name: &str) -> Option<&'a str> {
        let document = self.document;
        let mut attributes = document.attributes_of(self.tag()?).iter();
        let found = attributes.find(|a| {
            a.name.uri == 0 && a.name.span.len() == name.len() && document.slice(a.name.span) == name
        })?;
        Some(document.slice(found.value))
    }

    /// All attributes as (namespace URI, local name, value).
    pub fn attributes(&self) -> impl Iterator<Item = (&'a str, &'a str, &'a str)> + use<'a> {
        let document = self.document;
        let attributes = self.tag().map_or(&[][..], |tag| document.attributes_of(tag));
        attributes.iter().map(move |a| {
            let uri = document.uris[a.name.uri as usize].as_ref();
            (uri, document.slice(a.name.local()), document.slice(a.value))
        })
    }

    /// The child elements. Text between them is ignored; see [`Element::only_children`].
    pub fn children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        let document = self.document;
        document.children_of(self.id).filter_map(move |id| {
            let element = Element { document, id };
            element.tag().map(|_| element)
        })
    }

    /// The child elements `local` of namespace `uri`.
    pub fn children_named<'n>(
        &self,
        uri: &'n str,
        local: &'n str,
    ) -> impl Iterator<Item = Element<'a>> + use<'a, 'n> {
        self.children().filter(move |child| child.is(uri, local))
    }

    /// The child elements of an element that may hold elements alone.
    ///
    /// # Errors
    /// `TextBetweenElements` when there is text other than white space.
    pub fn only_children(&self) -> Result<Vec<Element<'a>>, XmlRefusal> {
        let document = self.document;
        let texts =
            document.children_of(self.id).filter_map(|id| match &document.nodes[id as usize].content {
                Content::Text(text) => Some(document.slice(*text)),
                Content::Element(_) => None,
            });
        for text in texts {
            if !text.chars().all(characters::is_space) {
                let expected = format!("only elements inside {}", self.local_name());
                return Err(XmlRefusal::new(XmlReason::TextBetweenElements, expected, text));
            }
        }
        Ok(self.children().collect())
    }

    /// The whole text of an element that may hold text alone. Comments do not split it.
    ///
    /// # Errors
    /// `ElementInText` when there is a child element.
    pub fn text(&self) -> Result<&'a str, XmlRefusal> {
        // Neighbouring texts are joined while the tree is built: at most one child remains.
        let document = self.document;
        let mut children = document.children_of(self.id);
        match (children.next(), children.next()) {
            (None, _) => return Ok(""),
            (Some(only), None) => {
                if let Content::Text(text) = &document.nodes[only as usize].content {
                    return Ok(document.slice(*text));
                }
            }
            _ => {}
        }
        let expected = format!("plain text in {}", self.local_name());
        Err(XmlRefusal::new(XmlReason::ElementInText, expected, "child elements"))
    }

    /// The exclusive canonical form of this element and all below it, without comments; `None` when it is larger than any
    /// that is read here.
    pub fn canonical(&self) -> Option<String> {
        canonical(*self, None, &[])
    }

    pub(super) fn document(&self) -> &'a Document {
        self.document
    }

    pub(super) fn id(&self) -> u32 {
        self.id
    }

    fn tag(&self) -> Option<&'a Tag> {
        match &self.document.nodes[self.id as usize].content {
            Content::Element(tag) => Some(tag),
            Content::Text(_) => None,
        }
    }
}
