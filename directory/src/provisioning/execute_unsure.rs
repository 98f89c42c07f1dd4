//! Steps about objects of which only the target knows what it has.

use serde_json::Value as Json;

use super::Kind;
use super::effect::{Effect, LinkChange};
use super::execute::{Executor, fail};
use super::log::{Action, modified};
use super::mapping::{Apply, Source};
use super::plan::{Known, Link};
use super::resource::{Resource, patch, read};

impl Executor<'_> {
    /// Every mapped attribute is compared, not only what was recorded: a request that was perhaps answered may
    /// have set any of them.
    pub(super) async fn compare(&self, link: Link, known: Known, wanted: Resource) -> Effect {
        let mut effect = self.effect(&link, Action::Update);
        let found = match self.target.get(link.kind, &known.target).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                self.lost(&mut effect, link.kind, &link.id);
                return effect;
            }
            Err(error) => {
                fail(&mut effect, "EntryImport", error);
                return effect;
            }
        };
        let there = self.mapped(link.kind, &found, &wanted);
        effect.entry.modified = modified(&there, &wanted);
        let operations = patch(&there, &wanted);
        if !operations.is_empty() {
            if let Err(error) = self.target.change(link.kind, &known.target, &operations).await {
                fail(&mut effect, "EntryExportUpdate", error);
                return effect;
            }
            effect.entry.step("EntryExportUpdate", true, "differing attributes were changed");
        }
        let mut now = Known { target: known.target, active: true, sent: wanted };
        if let Some((path, manager)) = self.manager_there(link.kind, &found) {
            now.sent.insert(path, manager);
        }
        if link.kind == Kind::User {
            self.shared().fresh.insert(link.id.clone(), now.clone());
        }
        effect.link = LinkChange::Save(now);
        effect
    }

    /// What was perhaps made before the process ended, and is not wanted any more.
    pub(super) async fn recall(&self, link: Link, wanted: Resource) -> Effect {
        let mut effect = self.effect(&link, Action::Disable);
        let found = match self.find(&link, &wanted).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                effect.entry.action = Action::Other.as_str();
                effect.entry.step("EntrySynchronizationMatch", true, "it was not made in the target");
                return effect;
            }
            Err(error) => {
                fail(&mut effect, "EntrySynchronizationMatch", error);
                return effect;
            }
        };
        let target = found["id"].as_str().unwrap_or_default().to_owned();
        if !self.made_by_us(&link, &found, &wanted) {
            effect.entry.action = Action::Other.as_str();
            effect.entry.step("EntrySynchronizationMatch", true, "what is there was made by others");
            return effect;
        }
        if link.kind == Kind::Group || self.active_path.is_none() {
            effect.entry.action = Action::Delete.as_str();
            if let Err(error) = self.target.delete(link.kind, &target).await {
                fail(&mut effect, "EntryExportDelete", error);
            }
            return effect;
        }
        let mut entry = effect.entry.clone();
        match self.adopt(&link, &wanted, &found, &mut entry).await {
            Ok(known) => {
                effect.entry.modified = entry.modified;
                effect.entry.target_id = Some(known.target.clone());
                effect.link = LinkChange::Save(Known { active: false, ..known });
            }
            Err(error) => fail(&mut effect, "EntryExportUpdate", error),
        }
        effect
    }

    /// Whether the object carries the id that we write into what we make. Without such a mapping nobody can
    /// tell, and what nobody knows to be ours is left alone.
    fn made_by_us(&self, link: &Link, found: &Json, wanted: &Resource) -> bool {
        let ours =
            self.job.mappings.of(link.kind).iter().filter(|m| m.source == Source::Direct("id".to_owned()));
        let paths: Vec<&String> = ours.map(|mapping| &mapping.target).collect();
        let there = read(found, paths.iter().copied());
        paths.iter().any(|path| there.contains_key(*path) && there.get(*path) == wanted.get(*path))
    }

    /// References have steps of their own, and what is written on creation alone is not written again.
    fn mapped(&self, kind: Kind, found: &Json, wanted: &Resource) -> Resource {
        let rows = self.job.mappings.of(kind).iter();
        let compared = rows.filter(|m| !matches!(m.source, Source::Reference(_)));
        let compared = compared.filter(|m| m.apply == Apply::Always || wanted.contains_key(&m.target));
        read(found, compared.map(|mapping| &mapping.target))
    }

    fn manager_there(&self, kind: Kind, found: &Json) -> Option<(String, Json)> {
        let path = self.manager_path.as_ref().filter(|_| kind == Kind::User)?;
        read(found, std::iter::once(path)).remove_entry(path)
    }
}
