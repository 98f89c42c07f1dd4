//! The SCIM server through the router, on both engines.
#![expect(clippy::unwrap_used, reason = "tests")]

#[path = "scim_server/app.rs"]
mod app;
#[path = "scim_server/bulk.rs"]
mod bulk;
#[path = "scim_server/captures.rs"]
mod captures;
#[path = "scim_server/churn.rs"]
mod churn;
#[path = "scim_server/console.rs"]
mod console;
#[path = "scim_server/counts.rs"]
mod counts;
#[path = "scim_server/groups.rs"]
mod groups;
#[path = "scim_server/hostile/mod.rs"]
mod hostile;
#[path = "scim_server/lists.rs"]
mod lists;
#[path = "scim_server/messages.rs"]
mod messages;
#[path = "scim_server/modes.rs"]
mod modes;
#[path = "scim_server/names.rs"]
mod names;
#[path = "scim_server/ownership.rs"]
mod ownership;
#[path = "scim_server/references.rs"]
mod references;
#[path = "scim_server/returning.rs"]
mod returning;
#[path = "scim_server/schemas.rs"]
mod schemas;
#[path = "scim_server/socket.rs"]
mod socket;
#[path = "scim_server/tokens.rs"]
mod tokens;
#[path = "scim_server/users.rs"]
mod users;
#[path = "scim_server/vendors.rs"]
mod vendors;
#[path = "scim_server/versions.rs"]
mod versions;
#[path = "scim_server/wire.rs"]
mod wire;
