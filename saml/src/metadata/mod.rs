//! Metadata: how each side learns the other's names, addresses and keys (SAML Metadata 1.1).
//!
//! Unless somebody names who signs a metadata file, its signature is not verified: an administrator uploads the file
//! and is its authority, and the key in the file vouches for nothing.

mod document;
mod endpoint;
mod idp;
mod keys;
mod reason;
mod sp;
#[cfg(test)]
mod tests;

pub use endpoint::{Binding, Endpoint, IndexedEndpoint};
pub use idp::{IdpMetadata, MetadataSignature, MetadataWriteError, WriteIdpMetadata, write_idp};
pub use reason::{MetadataReason, MetadataRefusal, Reason};
pub use sp::{SpCapabilities, SpMetadata, WriteSpMetadata, write_sp, write_sp_with};

/// The longest file in characters; IAM Identity Center has the same limit.
pub const LONGEST_METADATA: usize = 75_000;
