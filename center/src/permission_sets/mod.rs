//! permission_sets
