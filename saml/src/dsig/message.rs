//! Where the signature of a whole request or logout message stands: directly in its root, once.

use crate::names::DSIG;
use crate::response::duplicate_id;
use crate::xml::{Document, Element};

/// The signature of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) enum MessageSignature<'a> {
    /// There is one, directly in the root, and no ID occurs twice.
    There(Element<'a>),
    /// There is none at all.
    Missing,
    /// There are so many, or one stands elsewhere.
    Misplaced(usize),
    /// Two elements share this ID.
    DuplicateId(&'a str),
}

/// Finds the signature of the message.
pub(crate) fn message_signature(document: &Document) -> MessageSignature<'_> {
    if let Some(id) = duplicate_id(document) {
        return MessageSignature::DuplicateId(id);
    }
    let signatures: Vec<_> = document.root().children_named(DSIG, "Signature").collect();
    let everywhere = document.elements().filter(|e| e.is(DSIG, "Signature")).count();
    match signatures[..] {
        [] if everywhere == 0 => MessageSignature::Missing,
        [signature] if everywhere == 1 => MessageSignature::There(signature),
        _ => MessageSignature::Misplaced(everywhere),
    }
}
