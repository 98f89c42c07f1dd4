//! Would AWS accept this application's people and groups? Looks at everything in scope; nothing is sent.

use std::collections::BTreeSet;

use store::{StoreError, Tx};

use super::expression::Attributes;
use super::filtered::verdict;
use super::job::{Job, ProvisioningError};
use super::lint::{Finding, Linter, Subject};
use super::mapping::{Mapped, Surroundings, Unmapped};
use super::personality::Personality;
use super::resource::Resource;
use super::scope::Scope;
use super::{Kind, links, situation};
use crate::Directory;

/// More objects are not looked at.
pub const MOST_OBJECTS: usize = 20_000;
/// More findings are not listed; they are counted.
pub const MOST_FINDINGS: usize = 1_000;
/// Objects read in one transaction.
const CHUNK: usize = 500;

/// What AWS would say to what is in scope.
#[derive(Debug, Clone, PartialEq)]
pub struct LintReport {
    /// What the target is: only AWS is spared what it would refuse.
    pub personality: Personality,
    /// Objects in scope.
    pub in_scope: usize,
    /// Of them, those that were looked at.
    pub looked_at: usize,
    /// People who would be refused.
    pub refused_users: usize,
    /// Groups that would be.
    pub refused_groups: usize,
    /// All findings.
    pub finding_count: usize,
    /// The first of them.
    pub findings: Vec<Finding>,
}

/// One object as it would be sent.
struct Wanted {
    kind: Kind,
    id: String,
    name: String,
    mapped: Result<Mapped, Unmapped>,
    sent: Option<Resource>,
}

impl LintReport {
    /// Looks at everything that is in the job's scope.
    ///
    /// # Errors
    /// The store's.
    pub async fn of(directory: &Directory, job: &Job) -> Result<Self, ProvisioningError> {
        let (read, now, random) = (job.clone(), directory.clock.now(), directory.random.clone());
        let (assigned, around) = directory
            .store
            .read(move |tx| {
                let assigned = Scope::of(tx, &read)?.without_filters().everything(tx)?;
                Ok::<_, StoreError>((assigned, situation::surroundings(tx, &read.tenant_id, now, &random)?))
            })
            .await?;
        let personality = job.target_personality();
        let mut linter = Linter::new(&job.mappings, personality);
        let looked_for = &assigned[..assigned.len().min(MOST_OBJECTS)];
        let mut looked_at = 0;
        for chunk in looked_for.chunks(CHUNK) {
            let (job, chunk, around) = (job.clone(), chunk.to_vec(), around.clone());
            let read = directory.store.read(move |tx| {
                let each = chunk.iter().map(|(kind, id)| wanted(tx, &job, &around, *kind, id));
                each.collect::<Result<Vec<_>, StoreError>>()
            });
            for one in read.await?.into_iter().flatten() {
                looked_at += 1;
                look(&mut linter, &one);
            }
        }
        // Whom a filter leaves out is not in scope; of the others it is not known.
        let in_scope = looked_at + assigned.len() - looked_for.len();
        Ok(Self::new(personality, in_scope, looked_at, linter.finish()))
    }

    fn new(personality: Personality, in_scope: usize, looked_at: usize, mut findings: Vec<Finding>) -> Self {
        let refused = |kind: Kind| {
            let of_kind = findings.iter().filter(|f| f.kind == kind && f.refused);
            of_kind.map(|f| f.id.as_str()).collect::<BTreeSet<_>>().len()
        };
        let (refused_users, refused_groups) = (refused(Kind::User), refused(Kind::Group));
        let finding_count = findings.len();
        findings.truncate(MOST_FINDINGS);
        Self { personality, in_scope, looked_at, refused_users, refused_groups, finding_count, findings }
    }
}

fn look(linter: &mut Linter<'_>, one: &Wanted) {
    match &one.mapped {
        Ok(mapped) => linter.look(&Subject {
            kind: one.kind,
            id: &one.id,
            name: &one.name,
            wanted: &mapped.resource,
            candidates: Some(&mapped.candidates),
            sent: one.sent.as_ref(),
        }),
        Err(why) => linter.unmapped(one.kind, &one.id, &one.name, why.to_string(), &why.target),
    }
}

/// What would be sent of an object; `None` of one that is gone, that a filter leaves out, or that is disabled and was
/// never sent.
fn wanted(
    tx: &mut Tx<'_>,
    job: &Job,
    around: &Surroundings,
    kind: Kind,
    id: &str,
) -> Result<Option<Wanted>, StoreError> {
    let (properties, name) = match kind {
        Kind::User => (situation::mapped_user(tx, job, id)?, "userPrincipalName"),
        Kind::Group => (situation::group_properties(tx, &job.tenant_id, id)?, "displayName"),
    };
    let Some(properties) = properties else { return Ok(None) };
    if verdict(job.mappings.scope(kind), &Attributes::from_object(&properties)).is_some() {
        return Ok(None);
    }
    let sent = links::find(tx, job, kind, id)?.map(|(_, known)| known.sent);
    let enabled = kind == Kind::Group || properties["accountEnabled"] == true;
    if !enabled && sent.is_none() {
        return Ok(None);
    }
    let mapped = job.mappings.map(kind, &properties, enabled, sent.as_ref(), around);
    let name = properties[name].as_str().unwrap_or_default().to_owned();
    Ok(Some(Wanted { kind, id: id.to_owned(), name, mapped, sent }))
}
