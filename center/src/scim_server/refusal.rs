//! Why a SCIM request was not carried out, and the one match to the wire.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use scim::error::ERROR_SCHEMA;
use scim::{Quirk, ScimError};
use serde_json::{Value, json};
use store::{Retryable, StoreError};
use thiserror::Error;
use web::Timestamp;

use super::aws;
use super::media_type::{JSON, SCIM_JSON};
use crate::identity_store::{IdentityError, IdentityKind, MAX_MEMBERS_PER_CALL, Owner};

/// A refusal of this server. The client is the identity provider that the administrator connected, so
/// it hears which value is taken and by whom: this text is what the administrator reads in its log.
#[derive(Debug, Error)]
pub enum Refusal {
    /// What the crate `scim` found wrong.
    #[error(transparent)]
    Scim(#[from] ScimError),
    /// Another resource has the value.
    #[error(
        "Attribute \"{attribute}\" must be unique, and {resource} {holder} has \"{value}\" already. \
         Match that {resource} instead of creating another, or change one of the two."
    )]
    Taken {
        /// The attribute's path.
        attribute: String,
        /// The value, as it is compared.
        value: String,
        /// `User` or `Group`.
        resource: &'static str,
        /// The id of the resource that has it.
        holder: String,
    },
    /// An administrator, or another program, made it.
    #[error(
        "{resource} {id} is owned by {}, and automatic provisioning changes and deletes only its own. To let this \
         client take it over, an administrator opens the {} in the console and chooses \"Hand over to automatic \
         provisioning\" (or: entente center scim hand-over --{} {id}). Else leave it out of the identity \
         provider's scope.",
        owner.title(), resource.to_lowercase(), resource.to_lowercase()
    )]
    OwnedByAnother {
        /// `User` or `Group`.
        resource: &'static str,
        /// Its id.
        id: String,
        /// Who owns it.
        owner: Owner,
    },
    /// More requests than the token may send.
    #[error(
        "More than {per_second} requests a second came with this token. Send them again after {seconds} s. The limit \
         is a setting of automatic provisioning; in the mode aws it is 20 at most, as in AWS."
    )]
    TooManyRequests {
        /// The limit.
        per_second: i64,
        /// When to come again.
        seconds: u64,
    },
    /// A member that is no user.
    #[error(
        "Member \"{0}\" does not exist: no user of this server has this id. Provision the user first, and \
         send the \"id\" that the server answered with."
    )]
    UnknownMember(String),
    /// A member that is a group.
    #[error(
        "Member \"{0}\" is a group. A group can have users as members and no groups, as in AWS IAM Identity \
         Center: an assignment must show whom it reaches. Send the nested group's users instead."
    )]
    NestedGroup(String),
    /// An operation of a bulk request names what was not created.
    #[error(
        "bulkId \"{0}\" stands for nothing: no operation of this request creates it, or that operation \
         failed. Correct that one first."
    )]
    UnknownBulkId(String),
    /// A rule of AWS, in its mode.
    #[error("{0}")]
    Aws(String),
    /// `/Me`.
    #[error(
        "/Me is not supported: the access token stands for the identity provider and for no user. Use \
         /Users/{{id}}."
    )]
    NoMe,
    /// RFC 7644 §4: the discovery documents are not searched.
    #[error("Discovery documents cannot be filtered. Leave out \"filter\".")]
    DiscoveryFilter,
    /// A body in another format.
    #[error("The body must be application/scim+json or application/json.")]
    MediaType,
    /// A client that reads none of the formats of this server.
    #[error(
        "Answers are application/scim+json, and the header Accept allows neither that nor application/json. Add one \
         of both to it."
    )]
    NotAcceptable,
    /// A compressed body.
    #[error(
        "The body is compressed (Content-Encoding), and this server takes bodies as they are. Send it plain."
    )]
    ContentCoding,
    /// A body that does not come to its end.
    #[error("The body did not arrive within {seconds} s. Send the request again.")]
    SlowBody {
        /// How long was waited.
        seconds: u64,
    },
    /// The path exists, but not with this method.
    #[error("This method is not supported here.")]
    Method,
    /// No such path.
    #[error(
        "This endpoint does not exist. There are Users, Groups, ServiceProviderConfig, ResourceTypes and Schemas."
    )]
    NoEndpoint,
    /// The store's.
    #[error("The server could not carry out the request. Try again later.")]
    Store(#[from] StoreError),
}

/// What goes to the wire; left in the response for [`super::edge`], which knows the request's id.
#[derive(Debug, Clone)]
pub(super) struct Refused {
    status: StatusCode,
    scim_type: Option<&'static str>,
    detail: String,
    media_type: &'static str,
    /// What AWS says instead, where that is known.
    aws_detail: Option<&'static str>,
}

impl Refusal {
    /// HTTP status and `scimType`, RFC 7644 §3.12.
    fn wire(&self) -> (StatusCode, Option<&'static str>) {
        match self {
            Self::Scim(error) => {
                (StatusCode::from_u16(error.status()).unwrap_or(StatusCode::BAD_REQUEST), error.scim_type())
            }
            // The race that the look before the write cannot see.
            Self::Taken { .. } | Self::Store(StoreError::Unique) => {
                (StatusCode::CONFLICT, Some("uniqueness"))
            }
            Self::UnknownMember(_) | Self::NestedGroup(_) | Self::UnknownBulkId(_) | Self::Aws(_) => {
                (StatusCode::BAD_REQUEST, Some("invalidValue"))
            }
            Self::NoMe => (StatusCode::NOT_IMPLEMENTED, None),
            Self::DiscoveryFilter | Self::OwnedByAnother { .. } => (StatusCode::FORBIDDEN, None),
            Self::MediaType | Self::ContentCoding => (StatusCode::UNSUPPORTED_MEDIA_TYPE, None),
            Self::NotAcceptable => (StatusCode::NOT_ACCEPTABLE, None),
            Self::SlowBody { .. } => (StatusCode::REQUEST_TIMEOUT, None),
            Self::Method => (StatusCode::METHOD_NOT_ALLOWED, None),
            Self::TooManyRequests { .. } => (StatusCode::TOO_MANY_REQUESTS, None),
            Self::NoEndpoint => (StatusCode::NOT_FOUND, None),
            Self::Store(_) => (StatusCode::INTERNAL_SERVER_ERROR, None),
        }
    }

    fn detail(&self) -> String {
        match self {
            Self::Store(StoreError::Unique) => "Another resource has one of these values already.".to_owned(),
            other => other.to_string(),
        }
    }
}

impl From<IdentityError> for Refusal {
    fn from(error: IdentityError) -> Self {
        let taken = |attribute: &str, value, resource, holder| {
            let attribute = attribute.to_owned();
            Self::Taken { attribute, value, resource, holder }
        };
        match error {
            IdentityError::UserNameTaken { user_name, id } => taken("userName", user_name, "User", id),
            IdentityError::EmailTaken { email, id } => taken("emails.value", email, "User", id),
            IdentityError::GroupNameTaken { display_name, id } => {
                taken("displayName", display_name, "Group", id)
            }
            IdentityError::ValueTaken { attribute, value, what, id } => {
                let resource = match what {
                    IdentityKind::User => "User",
                    IdentityKind::Group => "Group",
                };
                taken(&attribute, value, resource, id)
            }
            IdentityError::UserNotFound(id) => ScimError::NotFound { resource: "User", id }.into(),
            IdentityError::GroupNotFound(id) => ScimError::NotFound { resource: "Group", id }.into(),
            IdentityError::Invalid { attribute, why, .. } => {
                ScimError::InvalidValue { attribute: attribute.to_owned(), reason: why }.into()
            }
            IdentityError::TooManyMembers(_) => {
                ScimError::TooManyValues { what: "members".to_owned(), limit: MAX_MEMBERS_PER_CALL }.into()
            }
            // Provisioning itself is never refused for this reason.
            IdentityError::ManagedByProvisioning => ScimError::Forbidden.into(),
            IdentityError::Store(error) => error.into(),
        }
    }
}

impl Retryable for Refusal {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let refused = Refused::of(&self);
        let status = refused.status;
        if let Self::Store(error) = &self
            && status.is_server_error()
        {
            tracing::error!(%error, "a SCIM request failed at the store");
        }
        let mut response = status.into_response();
        if matches!(self, Self::ContentCoding) {
            // RFC 9110 §12.5.3: what the client may send instead.
            let plain = HeaderValue::from_static("identity");
            response.headers_mut().insert(header::ACCEPT_ENCODING, plain);
        }
        response.extensions_mut().insert(refused);
        response
    }
}

impl Refused {
    /// What a refusal is on the wire.
    pub(super) fn of(refusal: &Refusal) -> Self {
        let (status, scim_type) = refusal.wire();
        let (detail, aws_detail) = (refusal.detail(), aws::detail(refusal));
        Self { status, scim_type, detail, media_type: SCIM_JSON, aws_detail }
    }

    /// The same as AWS says it: without `scimType`, and in its words where they are known.
    pub(super) fn in_words_of_aws(mut self) -> Self {
        self.scim_type = None;
        self.media_type = JSON;
        if let Some(detail) = self.aws_detail {
            self.detail = detail.to_owned();
        }
        self
    }

    /// The same with the deviations that the strict mode did not take, so that whoever reads it knows
    /// where to turn.
    pub(super) fn with_deviations(mut self, met: &[Quirk]) -> Self {
        for quirk in met.iter().filter(|_| self.status == StatusCode::BAD_REQUEST) {
            self.detail.push_str(&format!(
                " The request has {} (deviation {}, {}), which the strict mode of this server refuses: \
                 correct the client, or set the mode of this token to tolerant.",
                quirk.what(),
                quirk.name(),
                quirk.link(),
            ));
        }
        self
    }

    /// The format of the body.
    pub(super) fn media_type(&self) -> &'static str {
        self.media_type
    }

    /// The status.
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }

    /// The body: that of RFC 7644 §3.12, and what AWS has beside it (`schema`, `exceptionRequestId`,
    /// `timeStamp`), so that clients of either find what they read.
    pub(super) fn body(&self, request_id: &str, now: Timestamp) -> Value {
        let mut body = json!({
            "schemas": [ERROR_SCHEMA],
            "schema": [ERROR_SCHEMA],
            "status": self.status.as_str(),
            "detail": self.detail,
            "exceptionRequestId": request_id,
            "timeStamp": time_stamp(now),
        });
        if let Some(kind) = self.scim_type {
            body["scimType"] = json!(kind);
        }
        body
    }
}

/// As AWS writes it: `2026-11-24 05:00:00.123`.
fn time_stamp(now: Timestamp) -> String {
    let at = now.to_offset();
    let (date, time) = (at.date(), at.time());
    format!("{date} {:02}:{:02}:{:02}.{:03}", time.hour(), time.minute(), time.second(), time.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(refusal: Refusal) -> Value {
        let response = refusal.into_response();
        response.extensions().get::<Refused>().unwrap().body("r-1", Timestamp(1_123_456))
    }

    #[test]
    fn a_taken_name_says_which_and_who_has_it() {
        let error = IdentityError::UserNameTaken { user_name: "ana".into(), id: "7".into() };
        let body = refused(error.into());
        assert_eq!((&body["status"], &body["scimType"]), (&json!("409"), &json!("uniqueness")));
        let detail = body["detail"].as_str().unwrap();
        assert!(detail.contains("\"ana\"") && detail.contains("User 7"), "{detail}");
    }

    #[test]
    fn the_body_has_the_keys_of_the_rfc_and_of_aws() {
        let body = refused(Refusal::NestedGroup("g".into()));
        assert_eq!(body["schemas"], body["schema"]);
        assert_eq!(body["timeStamp"], "1970-01-01 00:00:01.123");
        assert_eq!(body["exceptionRequestId"], "r-1");
    }

    #[test]
    fn what_the_database_says_is_not_told() {
        let body = refused(StoreError::Database("relation users".into()).into());
        assert_eq!(body["status"], "500");
        assert!(!body.to_string().contains("relation"));
    }
}
