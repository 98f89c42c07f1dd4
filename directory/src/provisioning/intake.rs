//! Takes in what happened in the directory: everything at first, then the events after the cursor.

use serde_json::Value as Json;
use store::{Event, EventCursor, StoreError, Tx};

use super::cycle::Engine;
use super::job::{Job, ProvisioningError};
use super::lease::Leased;
use super::scope::Scope;
use super::target::Target;
use super::{Kind, direction, filtered, pending, store as jobs};

/// Events read at once.
pub(super) const EVENTS: i64 = 500;
/// Objects marked, or held against filters, in one transaction.
const MARKS: usize = 2000;

impl Leased {
    /// The initial cycle: everything in scope and everything linked is marked, as read in one snapshot
    /// together with the place in the event log. The cursor is saved last: a crash before that begins anew.
    pub(super) async fn begin(&self, job: Job, target: &Target) -> Result<Option<Job>, ProvisioningError> {
        if let Err(error) = self.probe(&job, target).await {
            self.quarantine_for_trouble(job, &error).await?;
            return Ok(None);
        }
        let read = job.clone();
        let head = self.directory.store.read(move |tx| tx.event_head(&read.tenant_id)).await?;
        self.refresh_filtered(&job).await?;
        // What happens after the head was read is looked at again, so this may be newer.
        let read = job.clone();
        let found = self.directory.store.read(move |tx| Scope::of(tx, &read)?.everything(tx)).await?;
        for chunk in found.chunks(MARKS) {
            let (job, chunk) = (job.clone(), chunk.to_vec());
            self.write(move |tx| chunk.iter().try_for_each(|(kind, id)| pending::mark(tx, &job, *kind, id)))
                .await?;
        }
        let began_with = job.clone();
        let marked = self.update(&job.application_id, move |tx, job, now| {
            // Settings that were changed meanwhile are not in what was read: the next round begins anew.
            if !began_with.same_scope(job) || began_with.base_url != job.base_url {
                return Ok(());
            }
            pending::mark_linked(tx, job)?;
            job.cursor = Some(head);
            let waiting = pending::waiting(tx, job)?;
            job.total = waiting.users + waiting.groups + waiting.later + waiting.escrowed;
            job.cycle_began = Some(now);
            job.steady = None;
            Ok(())
        });
        marked.await
    }

    /// Marks what events are about. The marks and the cursor are saved in one transaction.
    pub(super) async fn take_events_in(
        &self,
        job: Job,
        mut cursor: EventCursor,
    ) -> Result<Job, ProvisioningError> {
        let mut current = job;
        loop {
            let (realm, after) = (current.tenant_id.clone(), cursor);
            let events = self.directory.store.read(move |tx| tx.events_after(&realm, after, EVENTS)).await?;
            let Some(last) = events.last().map(|e| e.cursor) else { return Ok(current) };
            let full = i64::try_from(events.len()).is_ok_and(|n| n == EVENTS);
            let marks: Vec<Mark> = events.iter().flat_map(|e| marks_of(e, &current.application_id)).collect();
            // Events of others are passed over without a write until there are many.
            if marks.is_empty() && !full {
                return Ok(current);
            }
            let Some(saved) = self.save_marks(&current.application_id, marks, last).await? else {
                return Ok(current);
            };
            current = saved;
            cursor = last;
            if !full || current.cursor.is_none() {
                return Ok(current);
            }
        }
    }

    async fn save_marks(
        &self,
        application: &str,
        marks: Vec<Mark>,
        last: EventCursor,
    ) -> Result<Option<Job>, ProvisioningError> {
        let everything = marks.contains(&Mark::Everything);
        let mut unique: Vec<Mark> = Vec::new();
        for mark in marks {
            if !unique.contains(&mark) {
                unique.push(mark);
            }
        }
        self.update(application, move |tx, job, _| {
            for mark in &unique {
                match mark {
                    Mark::User(id) => look_at(tx, job, Kind::User, id)?,
                    Mark::Group(id) => look_at(tx, job, Kind::Group, id)?,
                    Mark::PeopleBelow(id) => pending::mark_people_below(tx, job, id)?,
                    Mark::PeopleWithRole(_) if job.mappings.reads_roles().is_none() => {}
                    Mark::PeopleWithRole(id) => pending::mark_people_with_role(tx, job, id)?,
                    Mark::Everything => {}
                }
            }
            direction::judge(tx, job)?;
            // Without a cursor the next round begins as an initial cycle does. Settings that were changed since
            // the events were read took it away, and that must not be lost.
            job.cursor = job.cursor.filter(|_| !everything).map(|_| last);
            Ok(())
        })
        .await
    }
}

impl Engine {
    /// Holds everything against the scoping filters as they are in `job`.
    pub(super) async fn refresh_filtered(&self, job: &Job) -> Result<(), ProvisioningError> {
        let unfiltered = job.clone();
        let forgotten = self.directory.store.write(move |tx| match is_current(tx, &unfiltered)? {
            true => filtered::forget_unfiltered(tx, &unfiltered),
            false => Ok(()),
        });
        forgotten.await?;
        let read = job.clone();
        let all =
            self.directory.store.read(move |tx| filtered::everything(tx, &read, &read.mappings)).await?;
        for chunk in all.chunks(MARKS) {
            let (job, chunk) = (job.clone(), chunk.to_vec());
            let written = self.directory.store.write(move |tx| match is_current(tx, &job)? {
                true => chunk.iter().try_for_each(|(kind, id)| filtered::refresh(tx, &job, *kind, id)),
                false => Ok::<_, StoreError>(()),
            });
            written.await?;
        }
        Ok(())
    }
}

/// Whether the job means the same people still: others may have changed its settings, and gone on by the new ones.
fn is_current(tx: &mut Tx<'_>, job: &Job) -> Result<bool, StoreError> {
    let current = jobs::find(tx, &job.tenant_id, &job.application_id)?;
    Ok(current.is_some_and(|current| current.same_scope(job)))
}

fn look_at(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<(), StoreError> {
    filtered::refresh(tx, job, kind, id)?;
    pending::mark(tx, job, kind, id)
}

/// What an event asks to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    User(String),
    Group(String),
    /// The people in a group and below it.
    PeopleBelow(String),
    /// The people who have a role, in person or by a group.
    PeopleWithRole(String),
    /// A rule changed that everybody's standing depends on.
    Everything,
}

pub(super) fn marks_of(event: &Event, application: &str) -> Vec<Mark> {
    let detail = |name: &str| -> String {
        let from = |json: &Option<Json>| Some(json.as_ref()?.get(name)?.as_str()?.to_owned());
        from(&event.after).or_else(|| from(&event.before)).unwrap_or_default()
    };
    let changed = |name: &str| {
        let of = |json: &Option<Json>| json.as_ref().and_then(|json| json.get(name).cloned());
        of(&event.before) != of(&event.after)
    };
    let subject = event.subject_id.clone();
    match event.action.as_str() {
        "tenant.updated" if changed("transitiveGroups") => vec![Mark::Everything],
        "application.updated" if subject == application && changed("transitiveGroups") => {
            vec![Mark::Everything]
        }
        "group.member_added" | "group.member_removed" => match Kind::parse(&detail("memberType")) {
            Some(Kind::Group) => vec![Mark::PeopleBelow(detail("memberId"))],
            _ => vec![Mark::User(detail("memberId"))],
        },
        "app_role.updated" if subject == application => vec![Mark::PeopleWithRole(detail("id"))],
        "assignment.created" | "assignment.deleted" if event.subject_id != application => Vec::new(),
        "assignment.created" | "assignment.deleted" => match Kind::parse(&detail("principalType")) {
            Some(Kind::Group) => {
                vec![Mark::Group(detail("principalId")), Mark::PeopleBelow(detail("principalId"))]
            }
            _ => vec![Mark::User(detail("principalId"))],
        },
        "group.deleted" => vec![Mark::Group(subject.clone()), Mark::PeopleBelow(subject)],
        action if action.starts_with("user.") => vec![Mark::User(subject)],
        action if action.starts_with("group.") => vec![Mark::Group(subject)],
        _ => Vec::new(),
    }
}
