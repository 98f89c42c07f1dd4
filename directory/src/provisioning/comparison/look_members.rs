//! Asks the target for the members of groups, and finds which differ.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use serde_json::Value as Json;
use store::{StoreError, Tx};

use super::look::{DriftedMember, Halt, Look, blank};
use super::membership::{MemberDrift, Owner, Recorded, drifted};
use super::reading::{Incomplete, Reading};
use super::{Difference, Member, What, shortened};
use crate::provisioning::job::Job;
use crate::provisioning::personality::Personality;
use crate::provisioning::plan::Situation;
use crate::provisioning::scope::Standing;
use crate::provisioning::target::{Problem, TargetError};
use crate::provisioning::{Kind, filtered, links};

impl Look<'_> {
    /// The members of the groups on a page. What was recorded was read before the target is asked: what is sent
    /// meanwhile is told from what others did when it is marked.
    pub(super) async fn members(&mut self, situation: &Situation) -> Result<(), Halt> {
        let groups = situation.objects.iter().filter(|o| o.standing == Standing::Entitled);
        let groups: Vec<(String, String, String)> = groups
            .filter_map(|o| Some((o.id.clone(), o.name.clone(), o.known.as_ref()?.target.clone())))
            .collect();
        let this = &*self;
        let asked = groups.into_iter().map(|(id, name, target)| async move {
            let told = this.members_there(&target).await;
            (id, name, target, told)
        });
        let answers: Vec<_> = stream::iter(asked).buffered(self.engine.pace.at_once).collect().await;
        for (id, name, target, told) in answers {
            match told {
                Ok(Told::Members(there)) => {
                    self.compare_members(situation, (&id, &name), &target, there).await?
                }
                Ok(Told::Nothing(why)) => {
                    self.findings.report.members_untold += 1;
                    self.findings.report.members_untold_why.get_or_insert(why);
                }
                Ok(Told::Gone) => {}
                Err(halt) => return Err(halt),
            }
        }
        Ok(())
    }

    /// AWS shows no members, and lists the people in a group by `groups.value` (aws-identity-center.md 1.7). Other
    /// targets show them with the group; where one shows none, that may mean that it does not show them.
    async fn members_there(&self, group: &str) -> Result<Told, Halt> {
        if self.job.target_personality() != Personality::Aws {
            match self.target.shown_members(group).await {
                Ok(Some(members)) => return Ok(Told::Members(members)),
                Ok(None) => {}
                Err(error) if error.problem == Problem::NotFound => return Ok(Told::Gone),
                Err(error) => return Err(error.into()),
            }
        }
        // A target that ignores the filter would make everybody a member.
        let nobody = self.engine.directory.random.uuid();
        match self.people_in(&nobody).await {
            Ok(found) if found.is_empty() => match self.people_in(group).await {
                Ok(found) => Ok(Told::Members(found)),
                Err(Halt::Incomplete(Incomplete::ReadFailed(error))) if refused(&error) => {
                    Ok(Told::Nothing(error.to_string()))
                }
                Err(halt) => Err(halt),
            },
            Ok(_) => Ok(Told::Nothing("it ignores the filter groups.value eq".to_owned())),
            Err(Halt::Incomplete(Incomplete::ReadFailed(error))) if refused(&error) => {
                Ok(Told::Nothing(error.to_string()))
            }
            Err(halt) => Err(halt),
        }
    }

    async fn people_in(&self, group: &str) -> Result<Vec<String>, Halt> {
        let filter = format!("groups.value eq {}", Json::String(group.to_owned()));
        let mut reading = Reading::new(Kind::User, self.by_cursor);
        while reading.take(&self.target.page(Kind::User, Some(&filter), reading.place()).await?)? {}
        Ok(reading.into_ids())
    }

    async fn compare_members(
        &mut self,
        situation: &Situation,
        (id, name): (&str, &str),
        target: &str,
        there: Vec<String>,
    ) -> Result<(), Halt> {
        let there: BTreeSet<String> = there.into_iter().collect();
        self.findings.report.members_read += there.len();
        let of_group = |pairs: &BTreeSet<(String, String)>| -> BTreeSet<String> {
            pairs.iter().filter(|(group, _)| group == id).map(|(_, user)| user.clone()).collect()
        };
        let (job, sent, asked) = (self.job.clone(), of_group(&situation.sent), there.clone());
        let read = self.engine.directory.store.read(move |tx| people(tx, &job, &sent, &asked));
        let (sent, owners) = read.await?;
        let recorded = Recorded { sent, wanted: of_group(&situation.wanted) };
        for drift in drifted(&there, &recorded, &owners) {
            self.member(&owners, (id, name), target, drift);
        }
        Ok(())
    }

    fn member(
        &mut self,
        owners: &BTreeMap<String, Owner>,
        (id, name): (&str, &str),
        target: &str,
        drift: MemberDrift,
    ) {
        let (what, member, left, was_sent) = match drift {
            MemberDrift::Removed(user, there) => {
                let name = owners.get(&there).map_or(&user, |owner| &owner.name).clone();
                (What::MemberRemoved, Member { id: Some(user), target_id: there, name }, None, true)
            }
            MemberDrift::Added(owner, there) => {
                let member = Member { id: Some(owner.id), target_id: there, name: owner.name };
                (What::MemberAdded, member, None, false)
            }
            MemberDrift::Kept(owner, there) => {
                let member = Member { id: Some(owner.id), target_id: there, name: owner.name };
                (What::MemberAdded, member, Some(Standing::NotProcessed.why()), false)
            }
            MemberDrift::Foreign(there) => {
                let member = Member { id: None, name: shortened(&there), target_id: there };
                (What::MemberAdded, member, Some("this job did not bring that member, so it stays"), false)
            }
        };
        let one = Difference {
            member: Some(member),
            left: left.map(ToOwned::to_owned),
            ..blank(what, (Kind::Group, id, name), target)
        };
        // A membership in doubt is compared by the next round anyway.
        let user = one.member.as_ref().and_then(|member| member.id.clone());
        if let (Some(user), None) = (user, &one.left) {
            let words = shortened(&one.in_words());
            self.findings.members.push(DriftedMember { group: id.to_owned(), user, was_sent, words });
        }
        self.findings.report.add(one);
    }
}

/// What a target says of a group's members.
enum Told {
    Members(Vec<String>),
    /// It does not say it, and why.
    Nothing(String),
    /// The group is not there.
    Gone,
}

fn refused(error: &TargetError) -> bool {
    matches!(error.problem, Problem::Refused | Problem::NotFound | Problem::Incompatible)
}

/// People sent with their ids there, and owners by id there.
type People = (BTreeMap<String, String>, BTreeMap<String, Owner>);

/// The ids there of who was sent, and who those are here who are there.
fn people(
    tx: &mut Tx<'_>,
    job: &Job,
    sent: &BTreeSet<String>,
    there: &BTreeSet<String>,
) -> Result<People, StoreError> {
    let (mut targets, mut owners) = (BTreeMap::new(), BTreeMap::new());
    for user in sent {
        if let Some((name, known)) = links::find(tx, job, Kind::User, user)? {
            let owner = Owner { id: user.clone(), name, left_alone: false };
            owners.insert(known.target.clone(), owner);
            targets.insert(user.clone(), known.target);
        }
    }
    for target in there {
        if let Some((id, name)) = links::owner(tx, job, Kind::User, target)? {
            let place = (job.tenant_id.as_str(), job.application_id.as_str());
            let verdict = match job.mappings.scope(Kind::User).is_empty() {
                true => None,
                false => filtered::find(tx, place, Kind::User, &id)?,
            };
            let left_alone = verdict == Some(Standing::NotProcessed);
            owners.insert(target.clone(), Owner { id, name, left_alone });
        }
    }
    Ok((targets, owners))
}
