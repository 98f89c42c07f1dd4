//! What automatic provisioning does not own, and handing it over.

pub(super) mod http;
pub(super) mod pages;

use ::http::StatusCode;

use crate::admin_api::ApiError;
use crate::identity_store::OwnershipError;

impl From<OwnershipError> for ApiError {
    fn from(error: OwnershipError) -> Self {
        let message = error.to_string();
        match error {
            OwnershipError::Outdated { .. } => Self::new(StatusCode::CONFLICT, "OwnershipOutdated", message)
                .fix("look at the list again, and confirm the numbers that it has now"),
            OwnershipError::TooMany(_) => Self::new(StatusCode::CONFLICT, "TooManyToHandOver", message)
                .fix("name them in parts instead"),
            OwnershipError::Identity(error) => error.into(),
        }
    }
}
