//! identity_source
