//! Steps about objects of which only the target knows what it has.

use serde_json::{Value as Json, json};

use super::Kind;
use super::effect::{Effect, LinkChange, Outcome};
use super::execute::{Executor, fail};
use super::log::{Action, modified};
use super::mapping::Source;
use super::plan::{Known, Link};
use super::resource::{Resource, read};
use super::scope::Standing;
use super::target::{Problem, TargetError};

impl Executor<'_> {
    /// Every mapped attribute is compared, not only what was recorded: a request that was perhaps answered may
    /// have set any of them.
    pub(super) async fn compare(&self, link: Link, known: Known, wanted: Resource) -> Effect {
        let mut effect = self.effect(&link, Action::Update);
        if self.shared().failed.contains(&(link.kind, link.id.clone())) {
            // It could not be switched off; that is tried again before anything else.
            effect.outcome = Outcome::Halted;
            return effect;
        }
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
        // What is written on creation alone is not written again.
        let wanted = self.job.mappings.adopted(link.kind, &wanted, &there);
        effect.entry.modified = modified(&there, &wanted);
        let operations = self.job.mappings.patch(link.kind, &there, &wanted);
        if !operations.is_empty() {
            if let Err(error) = self.target.change(link.kind, &known.target, &operations).await {
                fail(&mut effect, "EntryExportUpdate", error);
                return effect;
            }
            effect.entry.step("EntryExportUpdate", true, "differing attributes were changed");
        }
        let on = self.active_path.as_ref().and_then(|path| wanted.get(path)) != Some(&json!(false));
        let mut now = Known { target: known.target, active: on, sent: wanted };
        if let Some((path, manager)) = self.manager_there(link.kind, &found) {
            now.sent.insert(path, manager);
        }
        if link.kind == Kind::User {
            self.shared().fresh.insert(link.id.clone(), now.clone());
        }
        effect.link = LinkChange::Save(now);
        effect
    }

    /// What was perhaps made before the process ended, and is not wanted any more. It is looked for under the
    /// name that it was to have then.
    pub(super) async fn recall(&self, link: Link, name: &str, standing: Standing) -> Effect {
        let mut effect = self.effect(&link, Action::Other);
        let found = match self.find_ours(&link, name).await {
            Ok(Some(found)) => found,
            Ok(None) => {
                effect.entry.step(
                    "EntrySynchronizationMatch",
                    true,
                    "it was not made in the target, or by others",
                );
                return effect;
            }
            Err(error) => {
                fail(&mut effect, "EntrySynchronizationMatch", error);
                return effect;
            }
        };
        let target = found["id"].as_str().unwrap_or_default().to_owned();
        effect.entry.target_id = Some(target.clone());
        match self.active_path.clone() {
            Some(path) if link.kind == Kind::User && standing != Standing::Gone => {
                effect.entry.action = Action::Disable.as_str();
                let operation = json!({ "op": "replace", "path": path, "value": false });
                match self.target.change(link.kind, &target, &[operation]).await {
                    Ok(()) => {
                        effect.entry.step("EntryExportUpdate", true, "active was set to false");
                        // What else it has is not known: who comes back is compared.
                        effect.link =
                            LinkChange::Save(Known { target, active: false, sent: Resource::new() });
                    }
                    Err(error) => fail(&mut effect, "EntryExportUpdate", error),
                }
            }
            _ => {
                effect.entry.action = Action::Delete.as_str();
                match self.target.delete(link.kind, &target).await {
                    Ok(()) => {
                        effect.entry.step("EntryExportDelete", true, "the object was deleted in the target")
                    }
                    Err(error) => fail(&mut effect, "EntryExportDelete", error),
                }
            }
        }
        effect
    }

    /// The object that carries the id that we write into what we make and that belongs to nobody else here,
    /// searched for by that id and, where the target knows no such filter, by its name. Without such a mapping
    /// nobody can tell, and what nobody knows to be ours is left alone.
    pub(super) async fn find_ours(&self, link: &Link, name: &str) -> Result<Option<Json>, TargetError> {
        let rows = self.job.mappings.of(link.kind).iter();
        let rows = rows.filter(|m| m.source == Source::Direct("id".to_owned()));
        let paths: Vec<String> = rows.map(|m| m.target.clone()).collect();
        for path in &paths {
            match self.target.find(link.kind, path, &link.id).await {
                Ok(Some(found)) => return Ok(Some(found)),
                Ok(None) => {}
                Err(error) if error.problem == Problem::Refused => {}
                Err(error) => return Err(error),
            }
        }
        let attribute = self.job.mappings.matching(link.kind);
        let Some(found) = self.target.find(link.kind, attribute, name).await? else { return Ok(None) };
        let ours = read(&found, paths.iter()).into_values().any(|id| id == link.id.as_str());
        Ok(ours.then_some(found))
    }

    fn mapped(&self, kind: Kind, found: &Json, wanted: &Resource) -> Resource {
        read(found, self.job.mappings.compared(kind, wanted).chain(wanted.keys()))
    }

    fn manager_there(&self, kind: Kind, found: &Json) -> Option<(String, Json)> {
        let path = self.manager_path.as_ref().filter(|_| kind == Kind::User)?;
        read(found, std::iter::once(path)).remove_entry(path)
    }
}
