//! The SCIM client reads whole lists: users, groups and members, page by page.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value as Json;

use super::Kind;
use super::comparison::reading::{Page, Place};
use super::target::{Target, TargetError, json_body};

/// Objects on a page; AWS gives 100 at most (aws-identity-center.md 1.7).
const PER_PAGE: usize = 100;

impl Target {
    /// Whether lists can be read by cursor: RFC 9865 §4 has a target say so. One that does not say it is read by
    /// index.
    pub async fn has_cursors(&self) -> bool {
        let query = self.query.as_ref().map(|query| format!("?{query}")).unwrap_or_default();
        let url = format!("{}/ServiceProviderConfig{query}", self.base);
        let answer = self.send(Method::GET, &url, None).await.ok();
        let config = answer.and_then(|answer| json_body(&answer));
        config.is_some_and(|config| config["pagination"]["cursor"] == true)
    }

    /// One page of all objects of a kind, groups without their members; with `filter` of those that it lets
    /// through (RFC 7644 §3.4.2, RFC 9865 §2).
    ///
    /// # Errors
    /// Those of sending, and an answer that is no list.
    pub async fn page(&self, kind: Kind, filter: Option<&str>, place: &Place) -> Result<Page, TargetError> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let mut query = match place {
            Place::Cursor(cursor) => format!("cursor={}&count={PER_PAGE}", encoded(cursor)),
            Place::Index(start) => format!("startIndex={start}&count={PER_PAGE}"),
        };
        if kind == Kind::Group {
            query = format!("excludedAttributes=members&{query}");
        }
        if let Some(filter) = filter {
            query = format!("filter={}&{query}", encoded(filter));
        }
        let url = self.url(kind, None, Some(&query));
        let answer = self.send(Method::GET, &url, None).await?;
        let body = json_body(&answer).filter(Json::is_object);
        body.as_ref()
            .and_then(Page::read)
            .ok_or_else(|| self.incompatible(format!("GET {url}"), &answer, "the answer is not a SCIM list"))
    }

    /// The ids of a group's members, as the group itself shows them; `None` where it shows none, which may mean
    /// that there are none.
    ///
    /// # Errors
    /// Those of sending; [`super::target::Problem::NotFound`] where the group is gone.
    pub async fn shown_members(&self, group: &str) -> Result<Option<Vec<String>>, TargetError> {
        let url = self.url(Kind::Group, Some(group), None);
        let answer = self.send(Method::GET, &url, None).await?;
        let wrong = |why| Err(self.incompatible(format!("GET {url}"), &answer, why));
        let Some(found) = json_body(&answer).filter(|found| found["id"] == group) else {
            return wrong("the answer is not the group that was asked for");
        };
        let Some(members) = found.get("members").filter(|m| !m.is_null()) else { return Ok(None) };
        let ids = |all: &Vec<Json>| -> Option<Vec<String>> {
            all.iter().map(|member| Some(member.get("value")?.as_str()?.to_owned())).collect()
        };
        match members.as_array().and_then(ids) {
            // AWS shows every group as empty (aws-identity-center.md 1.5).
            Some(ids) => Ok(Some(ids).filter(|ids| !ids.is_empty())),
            None => wrong("the group's members cannot be read"),
        }
    }
}
