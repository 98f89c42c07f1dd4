//! Which signatures an identity provider demands of requests, by Entra's rules ("Enforce signed SAML authentication
//! requests").

use super::read::{AuthnRequest, Outcome, checked, document, refuse, request};
use super::reason::{AuthnRequestReason, RequestReason as Reason};
use crate::bindings::{Received, RedirectMessage};
use crate::certificate::Certificate;
use crate::dsig::{
    AcceptedAlgorithms, MessageSignature, Trust, carried_certificate, message_signature, verify_enveloped,
};
use crate::xml::{Document, Element};

/// When a request names no key, so many of the most recently added certificates are tried.
const TRIED: usize = 2;

/// What an application's requests must be signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RequestPolicy<'a> {
    /// Must requests be signed? When not, a signature that is there is ignored, as Entra does.
    pub required: bool,
    /// The application's verification certificates in the order in which they were added.
    pub certificates: &'a [Certificate],
    /// Is RSA-SHA1 accepted too (`allowedWeakAlgorithms: rsaSha1`)?
    pub allow_rsa_sha1: bool,
}

impl<'a> RequestPolicy<'a> {
    /// Reads a request and verifies its signature where the policy demands one: in the query of a redirect, inside a posted
    /// message. A certificate that a posted message carries is the name of its key: it must be one of the application's,
    /// and it alone is tried. Without it, the two most recently added certificates are tried.
    ///
    /// # Errors
    /// One reason per rule, each with its AADSTS number ([`AuthnRequestReason::aadsts`]).
    pub fn read(&self, message: Received<'_>) -> Outcome<AuthnRequest> {
        let document = document(message.xml())?;
        if !self.required {
            return request(document.root());
        }
        match message {
            Received::Redirect(message) => self.redirected(message, &document),
            Received::Post(_) => self.posted(&document),
        }
    }

    /// The query's signature covers the message byte by byte, so the document that came may be read.
    fn redirected(&self, message: &RedirectMessage, document: &Document) -> Outcome<AuthnRequest> {
        checked(document)?;
        if message.signature.is_none() {
            return Err(refuse(Reason::SignatureMissing, "SigAlg and Signature in the query", "neither"));
        }
        let verified = message.verify_with(self.recent(), self.algorithms());
        verified.map_err(|e| e.under(AuthnRequestReason::Binding))?;
        request(document.root())
    }

    /// Reads from the verified bytes, not from those that came.
    fn posted(&self, document: &Document) -> Outcome<AuthnRequest> {
        let signature = match message_signature(document) {
            MessageSignature::There(signature) => signature,
            MessageSignature::Missing => {
                return Err(refuse(Reason::SignatureMissing, "a signed request", "no signature"));
            }
            MessageSignature::Misplaced(count) => {
                let found = format!("{count} signatures");
                return Err(refuse(Reason::SignatureMisplaced, "one signature", &found));
            }
            MessageSignature::DuplicateId(id) => {
                return Err(refuse(Reason::DuplicateId, "each ID once", id));
            }
        };
        let certificates = self.candidates(signature)?;
        let trust = Trust { certificates, algorithms: self.algorithms() };
        let verified = verify_enveloped(document.root(), signature, trust);
        request(verified.map_err(|e| e.under(AuthnRequestReason::Signature))?.root())
    }

    fn candidates(&self, signature: Element<'_>) -> Outcome<&'a [Certificate]> {
        let Some(named) = carried_certificate(signature).filter(|_| !self.certificates.is_empty()) else {
            return Ok(self.recent());
        };
        match self.certificates.iter().position(|known| *known == named) {
            Some(at) => Ok(&self.certificates[at..=at]),
            None => {
                let known: Vec<_> = self.certificates.iter().map(Certificate::thumbprint).collect();
                let expected = format!("one of the certificates {}", known.join(", "));
                Err(refuse(Reason::KeyUnknown, &expected, &named.thumbprint()))
            }
        }
    }

    fn recent(&self) -> &'a [Certificate] {
        &self.certificates[self.certificates.len().saturating_sub(TRIED)..]
    }

    fn algorithms(&self) -> AcceptedAlgorithms {
        if self.allow_rsa_sha1 { AcceptedAlgorithms::RsaSha256AndSha1 } else { AcceptedAlgorithms::RsaSha256 }
    }
}
