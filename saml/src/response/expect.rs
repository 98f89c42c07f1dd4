//! What a service provider expects of a response.

use time::{Duration, OffsetDateTime};

use crate::certificate::Certificate;
use crate::dsig::AcceptedAlgorithms;
use crate::encryption::DecryptionKey;

/// The values that a response is compared with. All come from configuration and the clock, none from the message.
#[derive(Clone, Copy)]
pub struct Expect<'a> {
    /// The address at which the response arrived: Destination and Recipient.
    pub acs_url: &'a str,
    /// Our entity ID: the Audience.
    pub sp_entity_id: &'a str,
    /// The identity provider's entity ID: the Issuer.
    pub idp_entity_id: &'a str,
    /// The identity provider's certificates. All of them count.
    pub certificates: &'a [Certificate],
    /// Which request the response may answer.
    pub in_response_to: ExpectInResponseTo<'a>,
    /// The current time.
    pub now: OffsetDateTime,
    /// How far the clocks may differ; three to five minutes are usual.
    pub clock_skew: Duration,
    /// The format that the NameID must have.
    pub name_id_format: &'a str,
}

/// What a connection takes beyond the usual. The default takes nothing more.
#[derive(Debug, Clone, Copy, Default)]
pub struct AcceptOptions<'a> {
    /// Keys that decrypt assertions, the active one first. Without any, an encrypted assertion is refused.
    pub decryption_keys: &'a [DecryptionKey],
    /// The algorithms of signatures.
    pub algorithms: AcceptedAlgorithms,
}

/// Which request a response may answer. InResponseTo is read from the signed SubjectConfirmationData.
#[derive(Clone, Copy)]
pub enum ExpectInResponseTo<'a> {
    /// Exactly this request.
    Request(&'a str),
    /// No request: the sign-in began at the identity provider.
    NoRequest,
    /// A request that `known` says is open; none as well when `unsolicited` is true.
    Known {
        /// Is a request with this ID open?
        known: &'a dyn Fn(&str) -> bool,
        /// May there be no request at all?
        unsolicited: bool,
    },
    /// Anything. The caller must compare [`super::Accepted::in_response_to`] with its open requests before it believes
    /// the response: without that, an assertion that was stolen elsewhere signs in.
    CheckedByCaller,
}
