//! Every way in which a request to the directory can be refused, and its one translation to the JSON of
//! `/api`. Graph translates the same refusals in `graph::error`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use saml::metadata::MetadataRefusal;
use serde_json::{Map, Value};
use store::{Retryable, StoreError};
use thiserror::Error;
use web::Timestamp;
use web::password::PasswordError;

use crate::import::CsvError;

/// Most characters of a refused value that are said back.
const QUOTED: usize = 200;

/// Why something was not done. Nothing has changed then.
#[derive(Debug, Error)]
pub enum Refused {
    /// A value that is not what it has to be.
    #[error("{target} must be {expected}")]
    Invalid {
        /// The property, field or parameter.
        target: String,
        /// What would be right.
        expected: String,
        /// What came; empty where it is a secret or was absent.
        found: String,
    },
    /// Nothing there has this id or name.
    #[error("there is no {kind} {id}")]
    NotFound {
        /// What was looked for, for example `user`.
        kind: &'static str,
        /// The id or name that was given.
        id: String,
    },
    /// Several things have this name; an id would be clear.
    #[error("{name} is the name of more than one {kind}")]
    Ambiguous {
        /// What was looked for.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// The user principal name belongs to another user.
    #[error("another user has the name {0} already")]
    UserNameTaken(String),
    /// The member is in the group already.
    #[error("{member} is a member of the group already")]
    AlreadyMember {
        /// Its id.
        member: String,
    },
    /// A group cannot be in itself.
    #[error("a group cannot be a member of itself")]
    SelfMember,
    /// Nobody could open the console any more.
    #[error("this is the last enabled Global Administrator")]
    LastAdministrator,
    /// The password cannot be used.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The current password is not right.
    #[error("the current password is not right")]
    WrongPassword,
    /// The entity ID belongs to another application of the tenant.
    #[error("the identifier {identifier} belongs to the application {application}")]
    IdentifierTaken {
        /// The entity ID.
        identifier: String,
        /// The display name of its owner.
        application: String,
    },
    /// The principal has this role of the application already.
    #[error("{principal} has this role already")]
    AlreadyAssigned {
        /// Its display name.
        principal: String,
    },
    /// Somebody has the role, and it is enabled.
    #[error("the role {role} is enabled and assigned to {assigned} users and groups")]
    AppRoleInUse {
        /// Its display name.
        role: String,
        /// How many users and groups are assigned to it.
        assigned: usize,
    },
    /// A disabled role is not given to anybody.
    #[error("the role {0} is disabled and cannot be assigned")]
    AppRoleDisabled(String),
    /// More than is taken at once.
    #[error("{target}: at most {limit} at once")]
    TooMany {
        /// What there are too many of.
        target: &'static str,
        /// How many are taken.
        limit: usize,
        /// How many came.
        found: usize,
    },
    /// The active certificate signs; another must be active before it can go.
    #[error("the certificate {0} is the active one")]
    ActiveCertificate(String),
    /// A key or certificate could not be made or opened.
    #[error("the certificate cannot be made or read: {0}")]
    Certificate(String),
    /// The application is not set to SAML.
    #[error("single sign-on with SAML is not chosen for this application")]
    NotSaml,
    /// A file to import is not what it has to be.
    #[error(transparent)]
    Csv(#[from] CsvError),
    /// A file of metadata is not what it has to be.
    #[error("the metadata cannot be used: {0}")]
    Metadata(#[from] MetadataRefusal),
    /// The user has been deleted for too long.
    #[error("the user was deleted more than 30 days ago")]
    TooLate,
    /// The set-up was completed before.
    #[error("this directory is set up already")]
    SetupDone,
    /// The one-time secret is not right.
    #[error("the set-up secret is not right")]
    SetupSecret,
    /// Too many failures; the moment from which it may be tried again.
    #[error("too many failures; try again after {}", .0.readable())]
    Throttled(Timestamp),
    /// A query option that is not understood: better refused than ignored.
    #[error("the query is not supported: {0}")]
    Query(String),
    /// The store's own failure.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Retryable for Refused {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl Refused {
    /// A refused value. What was found is cut to a readable length.
    pub fn invalid(target: impl Into<String>, expected: impl Into<String>, found: &str) -> Self {
        let found = found.chars().take(QUOTED).collect();
        Self::Invalid { target: target.into(), expected: expected.into(), found }
    }

    /// Nothing of this kind has the id or name.
    pub fn not_found(kind: &'static str, id: &str) -> Self {
        Self::NotFound { kind, id: id.chars().take(QUOTED).collect() }
    }

    /// The stable code and the status, for both APIs.
    pub fn code(&self) -> (&'static str, StatusCode) {
        match self {
            Self::Invalid { .. } => ("InvalidValue", StatusCode::BAD_REQUEST),
            Self::NotFound { .. } => ("NotFound", StatusCode::NOT_FOUND),
            Self::Ambiguous { .. } => ("Ambiguous", StatusCode::CONFLICT),
            Self::UserNameTaken(_) => ("UserNameTaken", StatusCode::CONFLICT),
            Self::AlreadyMember { .. } => ("AlreadyMember", StatusCode::CONFLICT),
            Self::SelfMember => ("SelfMember", StatusCode::BAD_REQUEST),
            Self::LastAdministrator => ("LastAdministrator", StatusCode::CONFLICT),
            Self::Password(_) => ("PasswordNotAllowed", StatusCode::BAD_REQUEST),
            Self::WrongPassword => ("WrongPassword", StatusCode::FORBIDDEN),
            Self::IdentifierTaken { .. } => ("IdentifierTaken", StatusCode::CONFLICT),
            Self::AlreadyAssigned { .. } => ("AlreadyAssigned", StatusCode::CONFLICT),
            Self::AppRoleInUse { .. } => ("AppRoleInUse", StatusCode::CONFLICT),
            Self::AppRoleDisabled(_) => ("AppRoleDisabled", StatusCode::CONFLICT),
            Self::TooMany { .. } => ("TooMany", StatusCode::BAD_REQUEST),
            Self::ActiveCertificate(_) => ("ActiveCertificate", StatusCode::CONFLICT),
            Self::Certificate(_) => ("CertificateFailed", StatusCode::INTERNAL_SERVER_ERROR),
            Self::NotSaml => ("NotSaml", StatusCode::CONFLICT),
            Self::Csv(_) => ("CsvInvalid", StatusCode::BAD_REQUEST),
            Self::Metadata(_) => ("MetadataInvalid", StatusCode::BAD_REQUEST),
            Self::TooLate => ("TooLate", StatusCode::GONE),
            Self::SetupDone => ("SetupDone", StatusCode::CONFLICT),
            Self::SetupSecret => ("SetupSecret", StatusCode::FORBIDDEN),
            Self::Throttled(_) => ("Throttled", StatusCode::TOO_MANY_REQUESTS),
            Self::Query(_) => ("UnsupportedQuery", StatusCode::BAD_REQUEST),
            Self::Store(StoreError::Unique | StoreError::Serialization) => ("Conflict", StatusCode::CONFLICT),
            Self::Store(_) => ("Internal", StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// What to do about it, where there is something to say.
    pub fn fix(&self) -> Option<&'static str> {
        Some(match self {
            Self::Ambiguous { .. } => "Give the id instead of the name.",
            Self::UserNameTaken(_) => "Choose another name, or delete or rename the user that has it.",
            Self::LastAdministrator => "Make another enabled user Global Administrator first.",
            Self::IdentifierTaken { .. } => "Remove the identifier there first, or use another one here.",
            Self::ActiveCertificate(_) => {
                "Activate another certificate first; where it encrypts, token encryption may also be switched off."
            }
            Self::AlreadyAssigned { .. } => "Choose another role, or somebody else.",
            Self::AppRoleInUse { .. } => {
                "Disable the role first; deleting it then takes these assignments away as well."
            }
            Self::AppRoleDisabled(_) => "Enable the role first, or choose another one.",
            Self::NotSaml => "Choose SAML on the application's single sign-on page first.",
            Self::Metadata(refusal) => refusal.fix(),
            Self::Csv(_) => "Correct the file and send it again; nothing was imported.",
            Self::TooLate => "Create the user again.",
            Self::SetupDone => "Sign in as a Global Administrator.",
            Self::SetupSecret => "Use the secret that the first start printed; a restart prints a new one.",
            Self::Store(StoreError::Unique | StoreError::Serialization) => "Try again.",
            _ => return None,
        })
    }

    /// The field or element, what was expected in it, and what was found.
    fn details(&self) -> (Option<String>, Option<String>, Option<String>) {
        match self {
            Self::Invalid { target, expected, found } => {
                (Some(target.clone()), Some(expected.clone()), (!found.is_empty()).then(|| found.clone()))
            }
            Self::NotFound { kind, id } => (Some((*kind).to_owned()), None, Some(id.clone())),
            Self::Ambiguous { kind, name } => (Some((*kind).to_owned()), None, Some(name.clone())),
            Self::UserNameTaken(name) => (Some("userPrincipalName".to_owned()), None, Some(name.clone())),
            Self::IdentifierTaken { identifier, .. } => {
                (Some("identifiers".to_owned()), None, Some(identifier.clone()))
            }
            Self::AppRoleInUse { role, assigned } => (
                Some(role.clone()),
                Some("disabled".to_owned()),
                Some(format!("enabled, {assigned} assigned")),
            ),
            Self::TooMany { target, limit, found } => {
                (Some((*target).to_owned()), Some(format!("at most {limit}")), Some(found.to_string()))
            }
            Self::Metadata(refusal) => (
                Some(refusal.code().to_owned()),
                Some(refusal.expected().to_owned()),
                Some(refusal.found().to_owned()),
            ),
            Self::Csv(error) => (Some(error.place()), error.expected(), error.found()),
            _ => (None, None, None),
        }
    }

    /// What a person reads: the reason and what to do.
    pub fn for_people(&self) -> String {
        let mut text = self.to_string();
        if let Self::Invalid { found, .. } = self
            && !found.is_empty()
        {
            text = format!("{text}; found: {found}");
        }
        match self.fix() {
            Some(fix) => format!("{text}. {fix}"),
            None => format!("{text}."),
        }
    }

    /// Says once in the log what the outside only hears as an internal failure.
    pub fn log(&self) {
        if let Self::Store(error) = self {
            tracing::error!(%error, "the store failed");
        } else if let Self::Certificate(error) = self {
            tracing::error!(error, "a certificate could not be made or read");
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        self.log();
        let (code, status) = self.code();
        let mut error = Map::new();
        error.insert("code".to_owned(), code.into());
        error.insert("message".to_owned(), self.to_string().into());
        let (target, expected, found) = self.details();
        let fix = self.fix().map(ToOwned::to_owned);
        for (name, value) in [("target", target), ("expected", expected), ("found", found), ("fix", fix)] {
            if let Some(value) = value {
                error.insert(name.to_owned(), value.into());
            }
        }
        (status, Json(Value::from_iter([("error".to_owned(), Value::Object(error))]))).into_response()
    }
}

/// A refusal as a page, for handlers of pages that have no page of their own to say it on.
#[derive(Debug)]
pub struct PageRefused(pub Refused);

impl<E: Into<Refused>> From<E> for PageRefused {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageRefused {
    fn into_response(self) -> Response {
        self.0.log();
        let (_, status) = self.0.code();
        let title = if status == StatusCode::NOT_FOUND { "Not found" } else { "This was not done" };
        web::page::message(status, title, &self.0.for_people())
    }
}
