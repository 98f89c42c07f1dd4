//! A whole center for tests.
