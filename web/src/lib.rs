//! What the pages and servers of both halves need: clock and randomness, secrets, sessions, forms
//! with CSRF protection, the page shell, assets, route lists, serving, and outbound requests.

pub mod assets;
pub mod clock;
pub mod cookie;
pub mod form;
mod hardened;
pub mod outbound;
pub mod page;
pub mod password;
pub mod random;
mod request_ids;
pub mod routes;
pub mod sealed;
pub mod serve;
pub mod session;
pub mod throttle;
pub mod token;

pub use clock::{Clock, Timestamp};
pub use random::Random;
pub use request_ids::RequestIds;
