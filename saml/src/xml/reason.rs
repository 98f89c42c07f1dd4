//! Why a text is not XML that we read.

use crate::refusal::{Refusal, reasons};

/// A refusal by the parser.
pub type XmlRefusal = Refusal<XmlReason>;

reasons! {
    /// Everything that stops the parser.
    XmlReason {
        /// More bytes than the limit.
        TooLarge => "The sender must send a smaller document; fewer groups or attributes usually do it.",
        /// Not UTF-8. UTF-16 and others are refused: one encoding means one reading.
        NotUtf8 => "The sender must encode the document as UTF-8.",
        /// Elements nested too deeply.
        TooDeep => "The sender must not nest elements that deeply; no SAML document needs it.",
        /// Too many attributes on one element.
        TooManyAttributes => "The sender must not put that many attributes on one element.",
        /// Too many namespace declarations.
        TooManyNamespaceDeclarations => "The sender must declare namespaces once, near the root.",
        /// Too many elements and texts.
        TooManyNodes => "The sender must send a smaller document.",
        /// A DOCTYPE, with or without entities.
        Doctype => "The sender must not send a DOCTYPE; SAML documents have none.",
        /// A processing instruction.
        ProcessingInstruction => "The sender must not send processing instructions.",
        /// An XML declaration that is misplaced, malformed, or names another version or encoding.
        Declaration => "The sender must begin with <?xml version=\"1.0\" encoding=\"UTF-8\"?> or nothing.",
        /// A character that XML 1.0 forbids, written plainly or as a reference.
        IllegalCharacter => "The sender must remove control characters from the values it sends.",
        /// A reference to an entity other than the five of XML.
        UnknownEntity => "The sender must not use entities other than lt, gt, amp, quot and apos.",
        /// A malformed name.
        BadName => "The sender must use well-formed element and attribute names.",
        /// A prefix that no namespace declaration in scope explains.
        UndeclaredPrefix => "The sender must declare the namespace prefix that it uses.",
        /// A namespace declaration that Namespaces in XML forbids.
        BadNamespaceDeclaration => "The sender must not bind reserved prefixes or empty namespaces.",
        /// A namespace name that is no absolute URI: canonicalization must fail on it (Canonical XML 1.0 section 1.3), and
        /// libraries differ in what they then sign.
        NamespaceNotAbsolute => "The sender must use absolute URIs as namespace names.",
        /// The same attribute twice on one element, by expanded name.
        DuplicateAttribute => "The sender must not repeat an attribute.",
        /// Attributes that are not separated, quoted or written as XML demands.
        BadAttribute => "The sender must write attributes as name=\"value\", separated by white space.",
        /// Text, CDATA or a reference outside the root element.
        TextOutsideRoot => "The sender must not put text before or after the root element.",
        /// A second root element.
        SecondRoot => "The sender must send exactly one root element.",
        /// No root element at all.
        NoRoot => "The sender must send an XML document.",
        /// `]]>` in text, which XML forbids.
        CdataEndInText => "The sender must escape ]]> in text.",
        /// Any other breach of well-formedness: unclosed or mismatched tags, a broken comment.
        NotWellFormed => "The sender must send well-formed XML.",
        /// Child elements where only text may stand.
        ElementInText => "The sender must send plain text in this element.",
        /// Text where only elements may stand.
        TextBetweenElements => "The sender must not put text between these elements.",
    }
}
