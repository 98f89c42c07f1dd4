//! A SCIM service in memory that can misbehave, and a directory to provision from.

#![allow(dead_code, clippy::allow_attributes, reason = "each test binary uses a part of it")]

pub mod target;
pub mod world;
