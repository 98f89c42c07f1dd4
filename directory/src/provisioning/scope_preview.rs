//! What a change of a scoping filter would do, before it is saved.

use serde::Serialize;
use store::StoreError;

use super::Kind;
use super::filtered::{self, verdict};
use super::job::{Job, ProvisioningError};
use super::scope::{Scope, Standing};
use super::scoping_filter::ScopingFilter;
use crate::Directory;

/// So many names are shown on each side; the counts are complete.
const SHOWN: usize = 50;
/// Objects looked at in one transaction.
const CHUNK: usize = 500;

/// Who would come into scope and who would leave it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ScopePreview {
    /// Of the assigned objects, those that the new filter lets through.
    pub in_scope: usize,
    /// Those that the filter in force does not let through, and the new one does.
    pub entering: usize,
    /// Those that the filter in force lets through, and the new one does not.
    pub leaving: usize,
    /// Those that the new filter leaves alone: what the target has of them stays.
    pub not_processed: usize,
    /// Names of those who would come, the first of them.
    pub entering_names: Vec<String>,
    /// Names of those who would leave, the first of them.
    pub leaving_names: Vec<String>,
}

impl ScopePreview {
    /// Holds `filter` against everything that is assigned.
    ///
    /// # Errors
    /// The store's.
    pub async fn of(
        directory: &Directory,
        job: &Job,
        kind: Kind,
        filter: &ScopingFilter,
    ) -> Result<Self, ProvisioningError> {
        let read = job.clone();
        let assigned =
            directory.store.read(move |tx| Scope::of(tx, &read)?.without_filters().everything(tx)).await?;
        let ids: Vec<String> = assigned.into_iter().filter(|(k, _)| *k == kind).map(|(_, id)| id).collect();
        let mut preview = Self::default();
        for chunk in ids.chunks(CHUNK) {
            let (read, chunk) = (job.clone(), chunk.to_vec());
            let found = directory.store.read(move |tx| {
                chunk
                    .iter()
                    .map(|id| filtered::attributes(tx, &read, kind, id))
                    .collect::<Result<Vec<_>, StoreError>>()
            });
            for attributes in found.await?.into_iter().flatten() {
                let before = verdict(job.mappings.scope(kind), &attributes);
                let after = verdict(filter, &attributes);
                preview.count(before, after, || {
                    let name = if kind == Kind::User { "userPrincipalName" } else { "displayName" };
                    attributes.get(name).as_text().unwrap_or_default().into_owned()
                });
            }
        }
        Ok(preview)
    }

    fn count(&mut self, before: Option<Standing>, after: Option<Standing>, name: impl Fn() -> String) {
        self.in_scope += usize::from(after.is_none());
        match (before, after) {
            (_, Some(Standing::NotProcessed)) => self.not_processed += 1,
            (Some(_), None) => {
                self.entering += 1;
                if self.entering_names.len() < SHOWN {
                    self.entering_names.push(name());
                }
            }
            (None, Some(_)) => {
                self.leaving += 1;
                if self.leaving_names.len() < SHOWN {
                    self.leaving_names.push(name());
                }
            }
            _ => {}
        }
    }
}
