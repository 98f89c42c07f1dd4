use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

use super::ApiError;
use crate::instance::load;
use crate::{Center, setup};

/// GET /api/about
pub(super) async fn about(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    let id = center.instance_id.clone();
    let read = move |tx: &mut store::Tx<'_>| {
        Ok::<_, store::StoreError>((load(tx, &id)?, setup::has_administrator(tx, &id)?))
    };
    let (instance, set_up) = center.store.read(read).await?;
    Ok(Json(json!({
        "product": "entente center",
        "version": env!("CARGO_PKG_VERSION"),
        "instanceArn": instance.arn(),
        "identityStoreId": instance.identity_store_id,
        "origin": center.origin.as_str().trim_end_matches('/'),
        "region": instance.region,
        "setUp": set_up,
    })))
}
