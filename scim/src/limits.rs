//! The sizes, depths and counts that a client may send.
//!
//! RFC 7644 §7.2 leaves them to the service. Each is far above what the known
//! clients send and far below what would cost the server anything.

/// Longest filter or path, in bytes.
pub const MAX_FILTER_LENGTH: usize = 16 * 1024;
/// Most brackets that may be open at once in a filter.
pub const MAX_FILTER_DEPTH: usize = 32;
/// Most comparisons in one filter. A batch look-up of some hundred ids fits.
pub const MAX_FILTER_TERMS: usize = 512;
/// Most operations in one PATCH request.
pub const MAX_OPERATIONS: usize = 1000;
/// Most operations in one bulk request.
pub const MAX_BULK_OPERATIONS: usize = 1000;
/// Longest `bulkId`, in bytes.
pub const MAX_BULK_ID: usize = 256;
/// Longest string value in characters, where the attribute has no limit of its own.
pub const MAX_TEXT: usize = 1024;
/// Longest binary value (a certificate), in characters of its text.
pub const MAX_BINARY: usize = 32 * 1024;
/// Most values of a multi-valued attribute other than members.
pub const MAX_VALUES: usize = 100;
/// Most members in one request.
pub const MAX_MEMBERS: usize = 20_000;
/// Longest query string, in bytes.
pub const MAX_QUERY_LENGTH: usize = 32 * 1024;
/// Most names in `attributes` or `excludedAttributes`.
pub const MAX_PROJECTION: usize = 200;
/// Most attributes, sub-attributes included, of a schema that an administrator defines.
pub const MAX_CUSTOM_ATTRIBUTES: usize = 100;
/// Longest name of such a schema, of its attributes, and of a word in their lists.
pub const MAX_CUSTOM_NAME: usize = 64;
/// Longest URN of such a schema.
pub const MAX_CUSTOM_URN: usize = 256;
/// Longest description in it.
pub const MAX_CUSTOM_DESCRIPTION: usize = 1024;
/// Most suggested values, and most reference types, of one of its attributes.
pub const MAX_CUSTOM_WORDS: usize = 50;
/// Longest definition of such a schema as a whole, in bytes of its JSON: all of it stays in memory.
pub const MAX_CUSTOM_DEFINITION: usize = 64 * 1024;
/// Longest cursor, in bytes.
pub const MAX_CURSOR_LENGTH: usize = 1024;
