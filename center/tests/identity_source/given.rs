//! What an identity provider gives.

use center::identity_source::{Source, read_metadata};
use center::testing::NOW;

use crate::test_idp::Key;

pub fn metadata() -> String {
    Key::current().metadata(&[])
}

pub fn external() -> Source {
    Source::External(read_metadata(metadata().as_bytes(), NOW).unwrap())
}
