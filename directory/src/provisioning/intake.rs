//! Takes in what happened in the directory: everything at first, then the events after the cursor.

use serde_json::Value as Json;
use store::{Event, EventCursor, StoreError};

use super::cycle::Engine;
use super::job::{Job, ProvisioningError};
use super::scope::Scope;
use super::target::Target;
use super::{Kind, direction, pending};

/// Events read at once.
pub(super) const EVENTS: i64 = 500;
/// Objects marked in one transaction.
const MARKS: usize = 2000;

impl Engine {
    /// The initial cycle: everything in scope and everything linked is marked, as read in one snapshot
    /// together with the place in the event log. The cursor is saved last: a crash before that begins anew.
    pub(super) async fn begin(&self, job: Job, target: &Target) -> Result<Option<Job>, ProvisioningError> {
        if let Err(error) = self.probe(&job, target).await {
            self.quarantine_for_trouble(job, &error).await?;
            return Ok(None);
        }
        let read = job.clone();
        let (head, found) = self
            .directory
            .store
            .read(move |tx| {
                let head = tx.event_head(&read.tenant_id)?;
                Ok::<_, StoreError>((head, Scope::of(tx, &read)?.everything(tx)?))
            })
            .await?;
        for chunk in found.chunks(MARKS) {
            let (job, chunk) = (job.clone(), chunk.to_vec());
            self.directory
                .store
                .write(move |tx| chunk.iter().try_for_each(|(kind, id)| pending::mark(tx, &job, *kind, id)))
                .await?;
        }
        let began = job.clone();
        let marked = self.update(&job.application_id, move |tx, job, now| {
            let settings = |job: &Job| (job.base_url.clone(), job.sync_all, job.mappings.clone());
            if settings(job) != settings(&began) {
                // What was read is out of date: the next round begins anew.
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
                    Mark::User(id) => pending::mark(tx, job, Kind::User, id)?,
                    Mark::Group(id) => pending::mark(tx, job, Kind::Group, id)?,
                    Mark::PeopleBelow(id) => pending::mark_people_below(tx, job, id)?,
                    Mark::Everything => {}
                }
            }
            direction::judge(tx, job)?;
            // Without a cursor the next round begins as an initial cycle does; so it is where settings took it away
            // meanwhile.
            job.cursor = job.cursor.filter(|_| !everything).map(|_| last);
            Ok(())
        })
        .await
    }
}

/// What an event asks to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mark {
    User(String),
    Group(String),
    /// The people in a group and below it.
    PeopleBelow(String),
    /// A rule changed that everybody's standing depends on.
    Everything,
}

pub(super) fn marks_of(event: &Event, application: &str) -> Vec<Mark> {
    let detail = |name: &str| -> String {
        let from = |json: &Option<Json>| Some(json.as_ref()?.get(name)?.as_str()?.to_owned());
        from(&event.after).or_else(|| from(&event.before)).unwrap_or_default()
    };
    let subject = event.subject_id.clone();
    match event.action.as_str() {
        "tenant.updated" => vec![Mark::Everything],
        "group.member_added" | "group.member_removed" => match Kind::parse(&detail("memberType")) {
            Some(Kind::Group) => vec![Mark::PeopleBelow(detail("memberId"))],
            _ => vec![Mark::User(detail("memberId"))],
        },
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
