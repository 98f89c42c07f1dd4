//! The identity source for programs.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use saml::certificate::Certificate;
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;
use web::Timestamp;

use super::change::{self, Review};
use super::error::SourceError;
use super::external::{Manual, read_manual, read_metadata_of};
use super::source::{ExternalIdp, Source, signature_json};
use super::store::{self as rows, State as RowState};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody};
use crate::instance::{self, Instance};
use crate::saml_sp::{ServiceProvider, metadata_file, metadata_signers};

/// `GET /api/identity-source`
pub(super) async fn show(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    Ok(Json(shown(&center).await?))
}

/// `GET /api/identity-source/sp-metadata`
pub(super) async fn sp_metadata(State(center): State<Center>) -> Result<Response, ApiError> {
    Ok(metadata_file(&center.published().await?))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ProposalBody {
    kind: String,
    metadata_xml: Option<String>,
    sign_in_url: Option<String>,
    issuer: Option<String>,
    certificate_pem: Option<String>,
}

impl ProposalBody {
    fn source(&self, signers: &[Certificate], now: Timestamp) -> Result<Source, SourceError> {
        match self.kind.as_str() {
            "identity-center-directory" => Ok(Source::IdentityCenterDirectory),
            "external" => Ok(Source::External(self.external(signers, now)?)),
            "active-directory" => Err(SourceError::ActiveDirectory),
            other => Err(SourceError::KindUnknown(other.chars().take(100).collect())),
        }
    }

    fn external(&self, signers: &[Certificate], now: Timestamp) -> Result<ExternalIdp, SourceError> {
        let values = [&self.sign_in_url, &self.issuer, &self.certificate_pem];
        match &self.metadata_xml {
            Some(_) if values.iter().any(|value| value.is_some()) => Err(SourceError::MetadataAndValues),
            Some(xml) => read_metadata_of(xml.as_bytes(), signers, now),
            None => {
                let [sign_in_url, issuer, certificate] = values.map(|v| v.as_deref().unwrap_or_default());
                read_manual(&Manual { sign_in_url, issuer, certificate }, now)
            }
        }
    }
}

/// `PUT /api/identity-source/proposal`
pub(super) async fn propose(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<ProposalBody>,
) -> Result<Json<Value>, ApiError> {
    let source = body.source(&metadata_signers(&center).await?, center.clock.now())?;
    Ok(Json(reviewed(&change::propose(&center, &caller, source).await?)))
}

/// `GET /api/identity-source/proposal`
pub(super) async fn show_proposal(
    State(center): State<Center>,
    caller: Caller,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(reviewed(&change::review_proposal(&center, &caller).await?)))
}

/// `DELETE /api/identity-source/proposal`
pub(super) async fn withdraw(State(center): State<Center>, caller: Caller) -> Result<StatusCode, ApiError> {
    change::withdraw(&center, &caller).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfirmBody {
    pub(super) confirm: String,
}

/// `POST /api/identity-source/accept`
pub(super) async fn accept(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<ConfirmBody>,
) -> Result<Json<Value>, ApiError> {
    change::accept(&center, &caller, &body.confirm, None).await?;
    Ok(Json(shown(&center).await?))
}

/// `POST /api/identity-source/restore`
pub(super) async fn restore(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<ConfirmBody>,
) -> Result<Json<Value>, ApiError> {
    change::restore(&center, &caller, &body.confirm, None).await?;
    Ok(Json(shown(&center).await?))
}

/// The sources of an instance as they are.
pub(super) struct Sources {
    pub(super) instance: Instance,
    pub(super) active: Source,
    pub(super) proposed: Option<Source>,
    pub(super) previous: Option<Source>,
}

pub(super) async fn sources(center: &Center) -> Result<Sources, StoreError> {
    let id = center.instance_id.clone();
    center
        .store
        .read(move |tx| {
            Ok(Sources {
                instance: instance::load(tx, &id)?,
                active: rows::active(tx, &id)?,
                proposed: rows::find(tx, &id, RowState::Proposed)?.map(|stored| stored.source),
                previous: rows::find(tx, &id, RowState::Previous)?.map(|stored| stored.source),
            })
        })
        .await
}

async fn shown(center: &Center) -> Result<Value, StoreError> {
    let sources = sources(center).await?;
    let sp = ServiceProvider::of(center, &sources.instance);
    let mut shown = json!({
        "kind": sources.active.kind().word(),
        "serviceProvider": {
            "signInUrl": sp.sign_in_url,
            "acsUrl": sp.acs_url,
            "issuer": sp.entity_id,
            "metadataUrl": sp.metadata_url,
        },
        "proposed": sources.proposed.is_some(),
    });
    if let Some(idp) = sources.active.external() {
        shown["external"] = external(idp);
    }
    if let Some(previous) = &sources.previous {
        shown["previous"] = previous.kind().word().into();
    }
    Ok(shown)
}

fn external(idp: &ExternalIdp) -> Value {
    let certificates = idp.certificates.iter().map(|certificate| {
        json!({
            "thumbprint": certificate.thumbprint(),
            "notAfter": Timestamp::from(certificate.not_after()).rfc3339(),
        })
    });
    let certificates: Vec<Value> = certificates.collect();
    json!({
        "entityId": idp.entity_id,
        "signInUrl": idp.sign_in_url(),
        "certificates": certificates,
        "metadataSignature": signature_json(&idp.metadata_signature),
    })
}

fn reviewed(review: &Review) -> Value {
    let impact = &review.impact;
    let lose =
        impact.lose.iter().map(|loss| json!({ "userName": loss.user_name, "reason": loss.reason.text() }));
    let lose: Vec<Value> = lose.collect();
    json!({
        "from": review.from.kind().word(),
        "to": review.to.kind().word(),
        "keepAccess": { "count": impact.keep },
        "loseAccess": lose,
        "consequences": impact.consequences,
        "administrators": { "count": impact.administrators, "keepAccess": true },
    })
}
