//! identity_store
