//! Metadata: how each side learns the other's names, addresses and keys (SAML Metadata 1.1).
//!
//! A signature in a metadata file is not verified: an administrator uploads the file and is its authority, and the key
//! that would verify it is inside the file itself.

mod document;
mod endpoint;
mod idp;
mod keys;
mod reason;
mod sp;
#[cfg(test)]
mod tests;

pub use endpoint::{Binding, Endpoint, IndexedEndpoint};
pub use idp::{IdpMetadata, MetadataWriteError, WriteIdpMetadata, write_idp};
pub use reason::{MetadataReason, MetadataRefusal, Reason};
pub use sp::{SpCapabilities, SpMetadata, WriteSpMetadata, write_sp, write_sp_with};

/// The longest file in characters; IAM Identity Center has the same limit.
pub const LONGEST_METADATA: usize = 75_000;
