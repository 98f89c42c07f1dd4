//! What every request of a SCIM client comes with.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use scim::list::ListQuery;
use scim::schema::ResourceType;
use scim::{Quirks, Rules};

use super::aws;
use super::known::Client;
use super::mode::Mode;
use super::refusal::Refusal;
use super::version::Preconditions;
use crate::Center;
use crate::instance::Author;

/// How this client's requests are judged; left in the request by [`super::client`].
#[derive(Debug, Clone)]
pub(super) struct Judged {
    /// Whose it is.
    pub(super) client: Arc<Client>,
    /// The tolerated deviations; they note which are met.
    pub(super) quirks: Quirks,
}

/// One request: who, under which rules, and what its query and headers ask for. Parameters that SCIM
/// does not have are passed over; Entra puts its flags there.
#[derive(Clone)]
pub(super) struct Call {
    pub(super) center: Center,
    pub(super) client: Arc<Client>,
    pub(super) quirks: Quirks,
    pub(super) query: ListQuery,
    pub(super) versions: Preconditions,
    /// The id of what is created, where it was given out before (bulk).
    pub(super) new_id: Option<String>,
    /// The ids of the users that the same bulk request makes.
    pub(super) users_to_be: Option<Arc<HashSet<String>>>,
}

impl Call {
    /// What resources of this type are judged by.
    pub(super) fn rules(&self, kind: &'static ResourceType) -> Rules {
        self.client.mode.rules(self.kind(kind), &self.quirks)
    }

    /// The resource type as this client sees it: AWS has no schemas of administrators.
    pub(super) fn kind(&self, kind: &'static ResourceType) -> &'static ResourceType {
        if self.aws() { kind } else { self.client.kinds.get(kind) }
    }

    /// Whether it is judged as AWS does.
    pub(super) fn aws(&self) -> bool {
        self.client.mode == Mode::Aws
    }

    /// Who changes something now.
    pub(super) fn author(&self) -> Author {
        self.center.author(&self.client.caller)
    }

    /// The id of what this call creates.
    pub(super) fn fresh_id(&self, author: &Author) -> String {
        self.new_id.clone().unwrap_or_else(|| self.center.random.id(author.now))
    }

    /// Whether what it creates may come back from the recycle bin. Not where the id was given out before, and not
    /// as AWS has it: there a new one is new.
    pub(super) fn may_return(&self) -> bool {
        self.new_id.is_none() && !self.aws()
    }
}

impl FromRequestParts<Center> for Call {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, center: &Center) -> Result<Self, Response> {
        // A handler behind no check has no client: better no answer than one for nobody.
        let judged = parts.extensions.remove::<Judged>();
        let Judged { client, quirks } = judged.ok_or_else(|| StatusCode::UNAUTHORIZED.into_response())?;
        let text = parts.uri.query().unwrap_or_default();
        let query = match client.mode {
            Mode::Tolerant | Mode::Strict => ListQuery::parse(text),
            Mode::Aws => ListQuery::parse_only(text, &aws::PARAMETERS),
        };
        let query = query.map_err(|error| Refusal::from(error).into_response())?;
        Ok(Self {
            center: center.clone(),
            client,
            quirks,
            query,
            versions: Preconditions::of(&parts.headers),
            new_id: None,
            users_to_be: None,
        })
    }
}
