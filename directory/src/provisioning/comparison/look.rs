//! Reads the target and finds what differs. Nothing is written here.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use store::StoreError;
use web::Timestamp;

use super::difference::drift;
use super::known::{Known, known, unmarked};
use super::reading::{Incomplete, Reading};
use super::{Difference, Foreign, MOST_FOREIGN, Report, What, shortened};
use crate::provisioning::cycle::Engine;
use crate::provisioning::job::{Job, ProvisioningError};
use crate::provisioning::pending::Pending;
use crate::provisioning::resource::read;
use crate::provisioning::scope::Standing;
use crate::provisioning::target::{Target, TargetError};
use crate::provisioning::{Kind, links, situation};

/// Linked objects read in one transaction.
const CHUNK: i64 = 500;

/// What was found, and what is to be marked for it.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub report: Report,
    pub objects: Vec<Drifted>,
    pub missing: Vec<Drifted>,
    pub members: Vec<DriftedMember>,
}

/// A linked object that is not as it was sent.
#[derive(Debug, Clone)]
pub(super) struct Drifted {
    pub kind: Kind,
    pub id: String,
    pub name: String,
    pub target: String,
    pub words: String,
    pub switched_on: bool,
}

/// A membership that is not as it was sent.
#[derive(Debug, Clone)]
pub(super) struct DriftedMember {
    pub group: String,
    pub user: String,
    /// Whether it was recorded when the target was asked.
    pub was_sent: bool,
    pub words: String,
}

/// Why a look ended.
#[derive(Debug)]
pub(super) enum Halt {
    /// The target was not read completely.
    Incomplete(Incomplete),
    /// The store's.
    Error(ProvisioningError),
}

impl From<Incomplete> for Halt {
    fn from(why: Incomplete) -> Self {
        Self::Incomplete(why)
    }
}

impl From<TargetError> for Halt {
    fn from(why: TargetError) -> Self {
        Self::Incomplete(Incomplete::ReadFailed(why))
    }
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Error(error.into())
    }
}

/// One comparison at work.
pub(super) struct Look<'a> {
    pub engine: &'a Engine,
    pub job: &'a Job,
    pub target: &'a Target,
    pub began: Timestamp,
    pub by_cursor: bool,
    pub findings: Findings,
}

impl Look<'_> {
    /// Reads users, groups and members.
    pub async fn everything(&mut self) -> Result<(), Halt> {
        for kind in [Kind::User, Kind::Group] {
            let mut reading = Reading::new(kind, self.by_cursor);
            loop {
                let page = self.target.page(kind, None, reading.place()).await?;
                let more = reading.take(&page)?;
                self.page(kind, page.resources).await?;
                if !more {
                    break;
                }
            }
            self.missing(kind, &reading).await?;
            match kind {
                Kind::User => self.findings.report.users_read = reading.len(),
                Kind::Group => self.findings.report.groups_read = reading.len(),
            }
        }
        Ok(())
    }

    async fn page(&mut self, kind: Kind, resources: Vec<Json>) -> Result<(), Halt> {
        let (job, began, random) = (self.job.clone(), self.began, self.engine.directory.random.clone());
        let (shared, list) = (resources.clone(), self.findings.report.foreign.len() < MOST_FOREIGN);
        let read = self
            .engine
            .directory
            .store
            .read(move |tx| known(tx, &job, (kind, &shared), began, &random, list));
        let known = read.await?;
        self.findings.report.under_way += known.under_way;
        let by_id: BTreeMap<&str, _> = known.situation.objects.iter().map(|o| (o.id.as_str(), o)).collect();
        for resource in &resources {
            let id = resource["id"].as_str().unwrap_or_default();
            match known.owners.get(id) {
                None => self.foreign(kind, id, resource, &known),
                Some(owner) => {
                    let Some(object) = by_id.get(owner.as_str()) else { continue };
                    self.findings.report.compared += 1;
                    let drift = drift(object, resource, &known.situation, &self.job.mappings);
                    if drift.differences.is_empty() {
                        continue;
                    }
                    let words: Vec<String> = drift.differences.iter().map(Difference::in_words).collect();
                    self.findings.objects.push(Drifted {
                        kind,
                        id: object.id.clone(),
                        name: object.name.clone(),
                        target: id.to_owned(),
                        words: shortened(&words.join("; ")),
                        switched_on: drift.switched_on,
                    });
                    drift.differences.into_iter().for_each(|one| self.findings.report.add(one));
                }
            }
        }
        if kind == Kind::Group { self.members(&known.situation).await } else { Ok(()) }
    }

    fn foreign(&mut self, kind: Kind, id: &str, resource: &Json, known: &Known) {
        self.findings.report.add_foreign(kind, || {
            let path = self.job.mappings.matching(kind).to_owned();
            let named = read(resource, std::iter::once(&path)).remove(&path);
            let name = named.as_ref().and_then(Json::as_str).or(resource["displayName"].as_str());
            Foreign {
                kind: kind.as_str().to_owned(),
                target_id: id.to_owned(),
                name: shortened(name.unwrap_or("without a name")),
                matches: known.matches.get(id).cloned(),
            }
        });
    }

    /// Linked objects that should be there and that the list does not have.
    async fn missing(&mut self, kind: Kind, reading: &Reading) -> Result<(), Halt> {
        let mut after = String::new();
        loop {
            let (job, from) = (self.job.clone(), after);
            let read = self.engine.directory.store.read(move |tx| links::page(tx, &job, kind, &from, CHUNK));
            let linked = read.await?;
            let Some(last) = linked.last() else { return Ok(()) };
            after = last.id.clone();
            let gone = linked.into_iter().filter(|l| !reading.has(&l.target) && l.updated <= self.began);
            let gone: Vec<Pending> = gone.map(|l| unmarked(kind, l.id)).collect();
            if gone.is_empty() {
                continue;
            }
            let (job, now, random) =
                (self.job.clone(), self.engine.directory.clock.now(), self.engine.directory.random.clone());
            let read = self
                .engine
                .directory
                .store
                .read(move |tx| situation::read_these(tx, &job, &gone, now, &random));
            let situation = read.await?;
            for object in situation.objects.iter().filter(|o| o.standing == Standing::Entitled) {
                let Some(known) = &object.known else { continue };
                if situation.unsure.contains(&(kind, object.id.clone())) {
                    continue;
                }
                self.findings.report.missing += 1;
                let target = known.target.clone();
                let one = blank(What::Missing, (kind, &object.id, &object.name), &target);
                self.findings.missing.push(Drifted {
                    kind,
                    id: object.id.clone(),
                    name: object.name.clone(),
                    target,
                    words: one.in_words(),
                    switched_on: false,
                });
                self.findings.report.add(one);
            }
        }
    }
}

pub(super) fn blank(what: What, (kind, id, name): (Kind, &str, &str), target: &str) -> Difference {
    Difference {
        kind: kind.as_str().to_owned(),
        id: id.to_owned(),
        name: name.to_owned(),
        target_id: target.to_owned(),
        what,
        path: None,
        there: None,
        here: None,
        member: None,
        left: None,
    }
}
