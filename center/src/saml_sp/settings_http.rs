//! Settings and keys of the service provider, for programs.

use axum::Json;
use axum::extract::{Path, State};
use http::StatusCode;
use saml::certificate::Certificate;
use serde::Deserialize;
use serde_json::{Value, json};
use store::StoreError;

use super::keys::{self, KeyError, Purpose, SpKey};
use super::settings::{self, SamlSettings, SettingsChange};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody};

/// The settings and keys of this instance.
pub(super) async fn load(center: &Center) -> Result<(SamlSettings, Vec<SpKey>), StoreError> {
    let id = center.instance_id.clone();
    center.store.read(move |tx| Ok((settings::load(tx, &id)?, keys::keys(tx, &id)?))).await
}

/// Who must have signed the identity provider's metadata.
///
/// # Errors
/// [`StoreError::BadRow`]; the engine's.
pub async fn metadata_signers(center: &Center) -> Result<Vec<Certificate>, StoreError> {
    let id = center.instance_id.clone();
    center.store.read(move |tx| settings::load(tx, &id)?.signers()).await
}

/// Changes settings. A key that they need and that is not there is made in the same step.
pub(super) async fn apply(
    center: &Center,
    caller: &Caller,
    change: SettingsChange,
) -> Result<SamlSettings, ApiError> {
    let (old, have) = load(center).await?;
    let wanted = change.over(&old);
    wanted.check()?;
    let mut made = Vec::new();
    let signs = wanted.sign_requests || wanted.single_logout;
    let needs = [(signs, Purpose::Signing), (wanted.accept_encrypted, Purpose::Encryption)];
    for (needed, purpose) in needs {
        if needed && !have.iter().any(|key| key.purpose == purpose && key.active) {
            made.push(keys::draw(center, purpose).await?);
        }
    }
    let author = center.author(caller);
    let saved = center
        .store
        .write(move |tx| -> Result<SamlSettings, KeyError> {
            // What is absent in the change is taken from the rows as they are now.
            let new = change.over(&settings::load(tx, &author.instance_id)?);
            for key in &made {
                keys::ensure(tx, &author, key)?;
            }
            settings::save(tx, &author, &new)?;
            Ok(new)
        })
        .await?;
    Ok(saved)
}

/// `GET /api/saml-settings`
pub(super) async fn show(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!(load(&center).await?.0)))
}

/// `PUT /api/saml-settings`: what is absent stays.
pub(super) async fn change(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(change): JsonBody<SettingsChange>,
) -> Result<Json<Value>, ApiError> {
    Ok(Json(json!(apply(&center, &caller, change).await?)))
}

/// `GET /api/saml-keys`
pub(super) async fn list_keys(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let now = center.clock.now();
    let keys: Vec<Value> = load(&center).await?.1.iter().map(|key| key.to_json(now)).collect();
    Ok(Json(json!({ "value": keys })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyBody {
    purpose: String,
}

/// `POST /api/saml-keys`: a further key, published at once and not in use before it is activated.
pub(super) async fn make_key(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<KeyBody>,
) -> Result<(StatusCode, Json<Value>), ApiError> {
    Ok((StatusCode::CREATED, Json(add(&center, &caller, &body.purpose).await?.to_json(center.clock.now()))))
}

/// Makes a key of the purpose with this word.
pub(super) async fn add(center: &Center, caller: &Caller, purpose: &str) -> Result<SpKey, KeyError> {
    let unknown = || KeyError::PurposeUnknown(purpose.chars().take(40).collect());
    let new = keys::draw(center, Purpose::from_word(purpose).ok_or_else(unknown)?).await?;
    let author = center.author(caller);
    center.store.write(move |tx| keys::add(tx, &author, &new)).await
}

/// `POST /api/saml-keys/{id}/activate`
pub(super) async fn activate_key(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    let key = center.store.write(move |tx| keys::activate(tx, &author, &id)).await?;
    Ok(Json(key.to_json(center.clock.now())))
}

/// `DELETE /api/saml-keys/{id}`
pub(super) async fn remove_key(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    center.store.write(move |tx| keys::remove(tx, &author, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}
