//! The only parser of untrusted XML, canonical form, and the writer of everything that we emit.
//!
//! quick-xml splits the text into tokens; the tree builder here adds what it leaves to its caller (XML 1.0
//! and Namespaces in XML well-formedness) and enforces every limit while the tree grows. There is no DTD, no
//! entity beyond the five of XML, no processing instruction.

mod attributes;
mod build;
mod c14n;
mod characters;
mod document;
mod limits;
mod reason;
mod write;

pub(crate) use c14n::{canonical, canonical_length};
pub use document::{Document, Element};
pub use limits::Limits;
pub use reason::{XmlReason, XmlRefusal};
pub(crate) use write::{IllegalCharacter, Name, Writer};
