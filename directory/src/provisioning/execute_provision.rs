//! How an object comes into the target: matched with one that is there, or made.

use serde_json::{Value as Json, json};

use super::Kind;
use super::effect::{Effect, LinkChange};
use super::execute::{Executor, fail};
use super::log::{Action, Entry, modified};
use super::plan::{Known, Link};
use super::resource::{Resource, body, read};
use super::target::{Problem, TargetError};

impl Executor<'_> {
    /// Match, else create (entra-id.md 3.3). The look comes before every creation: after a crash between
    /// the target's answer and our record it finds what was made.
    pub(super) async fn provision(&self, link: Link, wanted: Resource, before: Option<String>) -> Effect {
        let mut effect = self.effect(&link, Action::Create);
        match self.match_or_create(&link, &wanted, before.as_deref(), &mut effect.entry).await {
            Ok(known) => {
                let mut shared = self.shared();
                shared.targets.insert((link.kind, link.id.clone()), known.target.clone());
                if link.kind == Kind::User {
                    shared.fresh.insert(link.id.clone(), known.clone());
                }
                drop(shared);
                effect.entry.target_id = Some(known.target.clone());
                effect.link = LinkChange::Save(known);
            }
            Err(error) => fail(&mut effect, "EntryExportAdd", error),
        }
        effect
    }

    async fn match_or_create(
        &self,
        link: &Link,
        wanted: &Resource,
        before: Option<&str>,
        entry: &mut Entry,
    ) -> Result<Known, TargetError> {
        let now = wanted.get(self.job.mappings.matching(link.kind)).and_then(Json::as_str);
        if let Some(before) = before.filter(|before| Some(*before) != now)
            && let Some(found) = self.find_ours(link, before).await?
        {
            entry.step("EntrySynchronizationMatch", true, "it was made under the name it had before");
            return self.adopt(link, wanted, &found, entry).await;
        }
        if let Some(found) = self.find(link, wanted).await? {
            entry.step("EntrySynchronizationMatch", true, "one object in the target matches");
            return self.adopt(link, wanted, &found, entry).await;
        }
        entry.step("EntrySynchronizationMatch", true, "no object in the target matches");
        let matching = self.job.mappings.matching(link.kind);
        let free = self.with_free_values(link, wanted).await?;
        let wanted = free.as_ref().unwrap_or(wanted);
        match self.target.create(link.kind, &body(link.kind, wanted), matching).await {
            Ok(target) => {
                self.unowned(link, &target).await?;
                self.claim(link, &target)?;
                entry.modified = modified(&Resource::new(), wanted);
                entry.step("EntryExportAdd", true, "the object was created");
                Ok(Known { target, active: true, sent: wanted.clone() })
            }
            // Made after the look, by others or by a request of ours whose answer was lost.
            Err(error) if error.problem == Problem::Conflict || error.problem.is_trouble() => {
                if error.problem.concerns_all() && error.status.is_some() {
                    return Err(error);
                }
                match self.find(link, wanted).await {
                    Ok(Some(found)) => self.adopt(link, wanted, &found, entry).await,
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    async fn find(&self, link: &Link, wanted: &Resource) -> Result<Option<Json>, TargetError> {
        let order = self.job.mappings.matching_order(link.kind);
        let mut tried = false;
        for attribute in &order {
            let Some(value) = wanted.get(*attribute).and_then(Json::as_str) else { continue };
            tried = true;
            if let Some(found) = self.target.find(link.kind, attribute, value).await? {
                return Ok(Some(found));
            }
        }
        if tried {
            return Ok(None);
        }
        let attributes = order.join(", ");
        let reason = format!("the matching attribute {attributes} has no value here");
        let request = "nothing was sent".to_owned();
        Err(TargetError { problem: Problem::Refused, request, status: None, reason })
    }

    /// What is wanted with values that nobody in the target has; `None` where no attribute asks for that.
    async fn with_free_values(
        &self,
        link: &Link,
        wanted: &Resource,
    ) -> Result<Option<Resource>, TargetError> {
        let Some(attributes) = self.candidates.get(&(link.kind, link.id.clone())) else { return Ok(None) };
        let mut wanted = wanted.clone();
        for (path, values) in attributes {
            let mut free = None;
            for value in values {
                if self.target.find(link.kind, path, value).await?.is_none() {
                    free = Some(value);
                    break;
                }
            }
            match free {
                Some(value) => {
                    wanted.insert(path.clone(), json!(value));
                }
                None if values.is_empty() => {}
                None => {
                    let reason =
                        format!("all values for {path} are taken in the target: {}", values.join(", "));
                    let request = format!("search by {path}");
                    return Err(TargetError { problem: Problem::Conflict, request, status: None, reason });
                }
            }
        }
        Ok(Some(wanted))
    }

    pub(super) async fn adopt(
        &self,
        link: &Link,
        wanted: &Resource,
        found: &Json,
        entry: &mut Entry,
    ) -> Result<Known, TargetError> {
        let target = found["id"].as_str().unwrap_or_default().to_owned();
        self.unowned(link, &target).await?;
        self.claim(link, &target)?;
        let there = read(found, wanted.keys());
        let wanted = &self.job.mappings.adopted(link.kind, wanted, &there);
        let operations = self.job.mappings.patch(link.kind, &there, wanted);
        if !operations.is_empty() {
            self.target.change(link.kind, &target, &operations).await?;
            entry.step("EntryExportUpdate", true, "differing attributes were changed");
        }
        entry.action = Action::Update.as_str();
        entry.modified = modified(&there, wanted);
        Ok(Known { target, active: true, sent: wanted.clone() })
    }

    /// A target that answers with an id that another object here has must not make the two one.
    async fn unowned(&self, link: &Link, target: &str) -> Result<(), TargetError> {
        match (self.owner)(link.kind, target.to_owned()).await {
            Some((owner, name)) if owner != link.id => Err(taken(link, target, &format!("{name} ({owner})"))),
            _ => Ok(()),
        }
    }

    /// Two groups here may have the same name; the first to match has the object.
    fn claim(&self, link: &Link, target: &str) -> Result<(), TargetError> {
        let mut shared = self.shared();
        let owner = shared.claimed.entry((link.kind, target.to_owned())).or_insert_with(|| link.id.clone());
        if *owner == link.id { Ok(()) } else { Err(taken(link, target, owner)) }
    }
}

fn taken(link: &Link, target: &str, owner: &str) -> TargetError {
    TargetError {
        problem: Problem::Taken,
        request: format!("search for {}", link.name),
        status: None,
        reason: format!("the object {target} in the target belongs to {owner} here"),
    }
}
