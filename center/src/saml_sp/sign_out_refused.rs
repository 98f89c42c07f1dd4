//! A sign-out message that was refused, kept among the attempts: the person has a reference, the administrator finds
//! what was wrong under it.

use ::store::{StoreError, Tx};
use axum::response::Response;
use http::StatusCode;
use saml::bindings::{Parameter, decode_redirect};
use saml::redact::redacted;
use saml::{Reason, Refusal};
use web::page;

use super::attempt::{self, Attempt, Check, LONGEST_MESSAGE, SIGN_OUT};
use super::record::{PRUNE_ONE_IN, Retention, keep_refused};
use super::settings;
use crate::Center;

/// Why a message of the identity provider was not taken.
#[derive(Debug)]
pub(super) struct RefusedMessage {
    code: &'static str,
    expected: String,
    found: String,
    fix: &'static str,
}

impl<R: Reason> From<&Refusal<R>> for RefusedMessage {
    fn from(refusal: &Refusal<R>) -> Self {
        Self {
            code: refusal.code(),
            expected: refusal.expected().to_owned(),
            found: refusal.found().to_owned(),
            fix: refusal.fix(),
        }
    }
}

impl RefusedMessage {
    /// Keeps it and tells the person the reference, and nothing that helps an attacker.
    pub(super) async fn answer(&self, center: &Center, parameter: Parameter, query: &str) -> Response {
        tracing::warn!(code = self.code, "a logout message was not taken");
        let reference = self.keep(center, parameter, query).await.unwrap_or_else(|error| {
            tracing::error!(%error, "a refused logout message was not kept");
            None
        });
        let finds = reference.map_or_else(String::new, |reference| {
            format!(" An administrator finds the reason under the reference {reference}.")
        });
        let text = format!(
            "Your organization's sign-in page sent a message that was not accepted here. Sign out in the access portal.\
             {finds}"
        );
        page::message(StatusCode::BAD_REQUEST, "You may still be signed in here", &text)
    }

    /// The reference, where it was kept.
    async fn keep(
        &self,
        center: &Center,
        parameter: Parameter,
        query: &str,
    ) -> Result<Option<String>, StoreError> {
        let attempt = self.attempt(center, parameter, query);
        let author = center.author_named("anonymous");
        let prune = center.random.bytes::<1>()[0].is_multiple_of(PRUNE_ONE_IN);
        let reference = attempt.reference.clone();
        let keep = move |tx: &mut Tx<'_>| -> Result<bool, StoreError> {
            let days = settings::load(tx, &author.instance_id)?.attempt_days;
            keep_refused(tx, &author, attempt.clone(), "sign_out.refused", Retention { days, prune })
        };
        Ok(center.store.write(keep).await?.then_some(reference))
    }

    fn attempt(&self, center: &Center, parameter: Parameter, query: &str) -> Attempt {
        let message = decode_redirect(query, parameter).ok();
        let failed = Check {
            name: "Sign-out message".to_owned(),
            expected: self.expected.clone(),
            found: self.found.clone(),
            passed: false,
        };
        Attempt {
            reference: attempt::reference(&center.random),
            at: center.clock.now(),
            outcome: format!("{SIGN_OUT}{}", self.code),
            user_name: None,
            checks: vec![Check::passed("Binding", "HTTP-Redirect", parameter.name()), failed],
            fix: self.fix.to_owned(),
            certificate: None,
            request: None,
            response: message.map(|message| redacted(&message.xml, LONGEST_MESSAGE)),
        }
    }
}
