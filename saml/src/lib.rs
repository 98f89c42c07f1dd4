//! SAML 2.0: XML in, proof or refusal out.
//!
//! Bytes, keys, the current time and random identifiers come in as arguments; nothing in here asks a clock,
//! a random source, a socket or a database, so that every decision can be replayed from its inputs.
//!
//! * [`xml`] is the only parser of untrusted XML: limits sit inside the tree builder.
//! * [`dsig`] verifies and writes the one shape of XML signature that SAML needs.
//! * [`encryption`] encrypts and decrypts assertions.
//! * [`certificate`] reads certificates and holds the signing key.
//! * [`metadata`], [`authn_request`], [`response`], [`logout`] are the documents that the two sides exchange.
//! * [`bindings`] carries them through a browser; [`mod@redact`] makes them fit to be kept.

pub mod authn_request;
pub mod bindings;
pub mod certificate;
pub mod dsig;
pub mod encryption;
pub mod instant;
pub mod logout;
pub mod metadata;
pub mod names;
pub mod redact;
pub mod refusal;
pub mod response;
#[cfg(test)]
mod testing;
pub mod xml;

pub use refusal::{Reason, Refusal};
