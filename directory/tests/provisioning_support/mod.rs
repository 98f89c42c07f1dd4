//! A SCIM service in memory that can misbehave, and a directory to provision from.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::allow_attributes,
    reason = "each test binary uses a part of it; the lint for tests does not know these files"
)]

pub mod client;
pub mod crash;
pub mod model;
pub mod target;
mod target_patch;
pub mod world;
