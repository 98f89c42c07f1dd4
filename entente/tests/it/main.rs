//! The product as its users meet it: real processes, real protocols, other people's software.
#![expect(clippy::unwrap_used, reason = "tests")]

mod architecture;
mod aws_mode;
mod browser;
mod commands;
mod comparison;
mod crash;
mod organization;
mod peer_servers;
mod peers;
mod process;
mod road;
mod saml_facts;
mod saml_peers;
mod scim_commands;
mod third_party_target;
