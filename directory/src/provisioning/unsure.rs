//! What was perhaps sent. A process can end between a request and the record of its outcome; when the
//! change was then taken back here, the record alone would say that nothing is left to do. So every step is
//! written down before it is sent, and what is found written down is compared with the target itself. What a
//! comparison found to be changed there by others is in the same doubt.

use store::{StoreError, Tx, Val};

use super::Kind;
use super::effect::{Effect, Outcome};
use super::job::Job;
use super::plan::{Link, Step};

/// Writes down what is about to be sent.
///
/// # Errors
/// The engine's: then nothing may be sent.
pub fn announce(tx: &mut Tx<'_>, job: &Job, steps: &[Step]) -> Result<(), StoreError> {
    for step in steps {
        match step {
            Step::Skip(..) | Step::Unmapped(..) | Step::Unfit(..) => {}
            Step::Provision(link, wanted, _) => {
                let name = wanted.get(job.mappings.matching(link.kind)).and_then(|v| v.as_str());
                add(tx, job, link, name)?;
            }
            Step::Disable(link, _) | Step::Delete(link) | Step::Recall(link, ..) => add(tx, job, link, None)?,
            Step::Update(link, ..) | Step::Compare(link, ..) | Step::Refer(link, ..) => {
                add(tx, job, link, None)?;
            }
            Step::AddMembers(members) | Step::RemoveMembers(members) => {
                for user in &members.users {
                    let sql = "INSERT INTO provisioning_unsure_members (tenant_id, application_id, group_id, \
                               user_id) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING";
                    tx.exec(sql, &member(job, &members.group, user))?;
                }
            }
        }
    }
    Ok(())
}

/// The first name stays: under it the object was perhaps made, and it is looked for there before another is.
fn add(tx: &mut Tx<'_>, job: &Job, link: &Link, creating: Option<&str>) -> Result<(), StoreError> {
    let sql = "INSERT INTO provisioning_unsure (tenant_id, application_id, kind, source_id, creating) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (tenant_id, application_id, kind, source_id) \
               DO UPDATE SET creating = COALESCE(provisioning_unsure.creating, excluded.creating)";
    let [tenant, application, kind, id] = object(job, link.kind, &link.id);
    tx.exec(sql, &[tenant, application, kind, id, creating.into()]).map(|_| ())
}

/// Crosses out what an effect has made sure of. After a failure nobody knows: a time-out may have come after
/// the target had done its work.
///
/// # Errors
/// The engine's.
pub fn settled(tx: &mut Tx<'_>, job: &Job, effect: &Effect) -> Result<(), StoreError> {
    let sql = "DELETE FROM provisioning_unsure_members WHERE tenant_id = ?1 AND application_id = ?2 \
               AND group_id = ?3 AND user_id = ?4";
    for (group, user) in effect.added.iter().chain(&effect.removed) {
        tx.exec(sql, &member(job, group, user))?;
    }
    // An effect on members says nothing about the group itself.
    let itself = (effect.entry.kind, &effect.entry.source_id);
    let others_lost = effect.lost.iter().any(|(kind, id)| (*kind, id) != itself);
    let about_members = !effect.added.is_empty() || !effect.removed.is_empty() || others_lost;
    if effect.outcome != Outcome::Done || about_members {
        return Ok(());
    }
    let sql = "DELETE FROM provisioning_unsure WHERE tenant_id = ?1 AND application_id = ?2 \
               AND kind = ?3 AND source_id = ?4";
    tx.exec(sql, &object(job, effect.entry.kind, &effect.entry.source_id)).map(|_| ())
}

/// Why only the target knows what it has of an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// For a creation: the name it was begun under.
    pub creating: Option<String>,
    /// What others changed there, in words.
    pub drift: Option<String>,
}

/// Whether something about an object itself was perhaps sent, or changed there by others.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str) -> Result<Option<Doubt>, StoreError> {
    let sql = "SELECT creating, drift FROM provisioning_unsure WHERE tenant_id = ?1 AND application_id = ?2 \
               AND kind = ?3 AND source_id = ?4";
    let row = tx.row(sql, &object(job, kind, id))?;
    row.map(|row| Ok(Doubt { creating: row.opt_text(0)?, drift: row.opt_text(1)? })).transpose()
}

/// Writes down that others changed an object in the target, so that it is compared.
///
/// # Errors
/// The engine's.
pub fn drifted(tx: &mut Tx<'_>, job: &Job, kind: Kind, id: &str, words: &str) -> Result<(), StoreError> {
    let sql = "INSERT INTO provisioning_unsure (tenant_id, application_id, kind, source_id, drift) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let [tenant, application, kind, id] = object(job, kind, id);
    tx.exec(sql, &[tenant, application, kind, id, words.into()]).map(|_| ())
}

/// Writes down that others changed a membership there, so that it is sent or taken back.
///
/// # Errors
/// The engine's.
pub fn drifted_member(
    tx: &mut Tx<'_>,
    job: &Job,
    (group, user): (&str, &str),
    words: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO provisioning_unsure_members (tenant_id, application_id, group_id, user_id, drift) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
    let [tenant, application, group, user] = member(job, group, user);
    tx.exec(sql, &[tenant, application, group, user, words.into()]).map(|_| ())
}

/// Whether a membership is in doubt.
///
/// # Errors
/// The engine's.
pub fn has_member(tx: &mut Tx<'_>, job: &Job, (group, user): (&str, &str)) -> Result<bool, StoreError> {
    let sql = "SELECT user_id FROM provisioning_unsure_members WHERE tenant_id = ?1 AND application_id = ?2 \
               AND group_id = ?3 AND user_id = ?4";
    tx.exists(sql, &member(job, group, user))
}

/// A membership (group, user) in doubt, and what others changed there, in words.
pub type DoubtfulMember = ((String, String), Option<String>);

/// The memberships of a group or a user that were perhaps sent or taken back, or changed there by others.
///
/// # Errors
/// The engine's.
pub fn memberships(
    tx: &mut Tx<'_>,
    job: &Job,
    kind: Kind,
    id: &str,
) -> Result<Vec<DoubtfulMember>, StoreError> {
    let column = match kind {
        Kind::User => "user_id",
        Kind::Group => "group_id",
    };
    let sql = format!(
        "SELECT group_id, user_id, drift FROM provisioning_unsure_members \
         WHERE tenant_id = ?1 AND application_id = ?2 AND {column} = ?3"
    );
    let rows = tx.rows(&sql, &[(&job.tenant_id).into(), (&job.application_id).into(), id.into()])?;
    rows.iter().map(|row| Ok(((row.text(0)?, row.text(1)?), row.opt_text(2)?))).collect()
}

fn object<'a>(job: &'a Job, kind: Kind, id: &'a str) -> [Val<'a>; 4] {
    [(&job.tenant_id).into(), (&job.application_id).into(), kind.as_str().into(), id.into()]
}

fn member<'a>(job: &'a Job, group: &'a str, user: &'a str) -> [Val<'a>; 4] {
    [(&job.tenant_id).into(), (&job.application_id).into(), group.into(), user.into()]
}
