//! Sends memberships, in batches, and finds out which member a refused batch is about.

use serde_json::{Value as Json, json};

use super::Kind;
use super::effect::{Effect, Outcome};
use super::execute::{Executor, fail};
use super::log::Action;
use super::plan::{Link, Members, Step};
use super::target::{Problem, TargetError};

impl Executor<'_> {
    /// The step without the members that cannot be named to the target, because they or the group are not there:
    /// only what can be sent is written down before it is sent.
    pub fn sendable(&self, step: Step) -> Option<Step> {
        let known = |mut members: Members| {
            self.id_of(Kind::Group, &members.group)?;
            members.users.retain(|user| self.member_id(user).is_some());
            (!members.users.is_empty()).then_some(members)
        };
        match step {
            Step::AddMembers(members) => known(members).map(Step::AddMembers),
            Step::RemoveMembers(members) => known(members).map(Step::RemoveMembers),
            other => Some(other),
        }
    }

    fn member_id(&self, user: &str) -> Option<String> {
        let failed = self.shared().failed.contains(&(Kind::User, user.to_owned()));
        self.id_of(Kind::User, user).filter(|_| !failed)
    }

    pub(super) async fn members(&self, members: Members, add: bool) -> Vec<Effect> {
        let name = self.group_name(&members.group);
        let link = Link { kind: Kind::Group, id: members.group.clone(), name };
        let mut effects = Vec::new();
        let Some(group) = self.id_of(Kind::Group, &members.group) else { return effects };
        let resolved =
            members.users.into_iter().filter_map(|user| Some((user.clone(), self.member_id(&user)?)));
        let mut batches = vec![resolved.collect::<Vec<(String, String)>>()];
        while let Some(batch) = batches.pop() {
            if batch.is_empty() || self.halted().is_some() {
                continue;
            }
            let mut effect = self.effect(&link, Action::Update);
            let sent = self.target.change(Kind::Group, &group, &member_operations(&batch, add)).await;
            match sent {
                Ok(()) => self.members_done(&mut effect, batch, add),
                Err(error)
                    if !matches!(error.problem, Problem::NotFound | Problem::Refused | Problem::Conflict) =>
                {
                    fail(&mut effect, "EntryExportMembers", error);
                }
                Err(_) if batch.len() > 1 && self.is_there(Kind::Group, &group).await => {
                    let half = batch.len() / 2;
                    batches.extend([batch[half..].to_vec(), batch[..half].to_vec()]);
                    continue;
                }
                Err(error) => self.member_refused(&mut effect, batch, add, error).await,
            }
            let group_is_lost = effect.lost.iter().any(|(kind, _)| *kind == Kind::Group);
            let trouble = matches!(&effect.outcome, Outcome::Failed(e) if e.problem.is_trouble());
            effects.push(effect);
            // The group waits for another attempt, which sends what was not sent now.
            if group_is_lost || trouble {
                break;
            }
        }
        effects
    }

    fn members_done(&self, effect: &mut Effect, batch: Vec<(String, String)>, add: bool) {
        let text = if add { "members were added" } else { "members were removed" };
        let ids: Vec<&String> = batch.iter().map(|(_, target)| target).collect();
        let (old, new) = if add { (json!(null), json!(ids)) } else { (json!(ids), json!(null)) };
        effect.entry.modified = json!([{ "displayName": "members", "oldValue": old, "newValue": new }]);
        effect.entry.step("EntryExportMembers", true, text);
        let group = effect.entry.source_id.clone();
        let drift =
            batch.iter().filter_map(|(user, _)| self.drifted_members.get(&(group.clone(), user.clone())));
        let drift: Vec<&str> = drift.map(String::as_str).collect();
        if !drift.is_empty() {
            effect.entry.repaired(&drift.join("; "));
        }
        let pairs = batch.into_iter().map(|(user, _)| (effect.entry.source_id.clone(), user)).collect();
        if add { effect.added = pairs } else { effect.removed = pairs }
    }

    /// One member is refused, or the group is gone, or the member is.
    async fn member_refused(
        &self,
        effect: &mut Effect,
        batch: Vec<(String, String)>,
        add: bool,
        error: TargetError,
    ) {
        let group_id = effect.entry.source_id.clone();
        let group = self.id_of(Kind::Group, &group_id).unwrap_or_default();
        if !self.is_there(Kind::Group, &group).await {
            return self.lost(effect, Kind::Group, &group_id);
        }
        match batch.first() {
            Some((user, target)) if !self.is_there(Kind::User, target).await => {
                let user = user.clone();
                self.lost(effect, Kind::User, &user);
            }
            // A membership that is not there is what was wanted (RFC 7644 §3.5.2.2 leaves the answer open).
            Some(_) if !add && error.problem != Problem::Conflict => self.members_done(effect, batch, add),
            _ => fail(effect, "EntryExportMembers", error),
        }
    }
}

/// Single members by path, the form that every server and AWS takes; `replace` of all members never
/// (aws-identity-center.md 1.6).
fn member_operations(batch: &[(String, String)], add: bool) -> Vec<Json> {
    if add {
        let values: Vec<Json> = batch.iter().map(|(_, target)| json!({ "value": target })).collect();
        return vec![json!({ "op": "add", "path": "members", "value": values })];
    }
    let path = |target: &str| format!("members[value eq {}]", Json::String(target.to_owned()));
    batch.iter().map(|(_, target)| json!({ "op": "remove", "path": path(target) })).collect()
}
