//! The rows of jobs.

use store::{NewEvent, StoreError, Tx, Val};
use web::Timestamp;

use super::job::{Job, OutOfScope, Quarantine, Reason, State, Window};
use super::lease;
use super::mapping::Mappings;
use super::personality::PersonalityChoice;

const COLUMNS: &str = "tenant_id, application_id, id, state, quarantine_reason, quarantine_detail, \
    quarantined_at, next_attempt_at, failures, base_url, token_sealed, allow_private, sync_all, \
    removal_limit, removals_allowed, window_began_at, window_removals, mappings, cursor, total, cycle_id, \
    cycle_began_at, cycle_ended_at, steady_at, out_of_scope, personality, \
    compare_every_hours, compare_due_at";

/// The job of an application.
///
/// # Errors
/// The engine's, and [`StoreError::BadRow`] for a row that fits no state.
pub fn find(tx: &mut Tx<'_>, tenant: &str, application: &str) -> Result<Option<Job>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM provisioning_jobs WHERE tenant_id = ?1 AND application_id = ?2");
    tx.row(&sql, &[tenant.into(), application.into()])?.map(|row| read(&row)).transpose()
}

/// The applications of the tenant whose jobs run.
///
/// # Errors
/// The engine's.
pub fn running(tx: &mut Tx<'_>, tenant: &str) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT j.application_id FROM provisioning_jobs j \
               JOIN applications a ON a.tenant_id = j.tenant_id AND a.id = j.application_id \
               WHERE j.tenant_id = ?1 AND j.state IN ('active', 'quarantine')";
    tx.rows(sql, &[tenant.into()])?.iter().map(|row| row.text(0)).collect()
}

fn read(row: &store::Row) -> Result<Job, StoreError> {
    let moment =
        |column| -> Result<Option<Timestamp>, StoreError> { Ok(row.opt_int(column)?.map(Timestamp)) };
    let bad = |column, why| StoreError::BadRow { column, why };
    let mappings = match row.opt_text(17)? {
        Some(text) => serde_json::from_str(&text).map_err(|_| bad(17, "mappings expected"))?,
        None => Mappings::default(),
    };
    let cursor =
        row.opt_text(18)?.map(|t| t.parse().map_err(|()| bad(18, "a cursor expected"))).transpose()?;
    Ok(Job {
        tenant_id: row.text(0)?,
        application_id: row.text(1)?,
        id: row.text(2)?,
        state: read_state(row)?,
        failures: row.int(8)?,
        wait_until: match row.text(3)?.as_str() {
            "active" => moment(7)?,
            _ => None,
        },
        base_url: row.opt_text(9)?,
        token_sealed: read_token(row)?,
        allow_private: row.bool(11)?,
        sync_all: row.bool(12)?,
        out_of_scope: OutOfScope::parse(&row.text(24)?).ok_or(bad(24, "disable, delete or skip expected"))?,
        personality: match row.opt_text(25)? {
            Some(text) => PersonalityChoice::parse(&text).ok_or(bad(25, "Aws or Generic expected"))?,
            None => PersonalityChoice::Automatic,
        },
        removal_limit: row.opt_int(13)?,
        removals_allowed: row.int(14)?,
        window: Window { began: Timestamp(row.int(15)?), removals: row.int(16)? },
        mappings,
        cursor,
        total: row.int(19)?,
        cycle_id: row.opt_text(20)?,
        cycle_began: moment(21)?,
        cycle_ended: moment(22)?,
        steady: moment(23)?,
        compare_every: row.opt_int(26)?,
        compare_due: moment(27)?,
    })
}

fn read_state(row: &store::Row) -> Result<State, StoreError> {
    let bad = |column, why| StoreError::BadRow { column, why };
    Ok(match row.text(3)?.as_str() {
        "not_configured" => State::NotConfigured,
        "paused" => State::Paused,
        "active" => State::Active,
        "quarantine" => State::Quarantine(Quarantine {
            reason: Reason::parse(&row.text(4)?).ok_or(bad(4, "a quarantine reason expected"))?,
            detail: row.text(5)?,
            since: Timestamp(row.int(6)?),
            next_attempt: Timestamp(row.int(7)?),
        }),
        _ => return Err(bad(3, "a state expected")),
    })
}

/// No bytes there are read as NULL by [`store::Row::bytes`]'s refusal, which names no other cause here.
fn read_token(row: &store::Row) -> Result<Option<Vec<u8>>, StoreError> {
    match row.opt_text(10) {
        Ok(None) => Ok(None),
        _ => row.bytes(10).map(Some),
    }
}

/// Adds a job.
///
/// # Errors
/// The engine's; [`StoreError::Unique`] where the application has one.
pub fn insert(tx: &mut Tx<'_>, job: &Job, now: Timestamp) -> Result<(), StoreError> {
    let sql = "INSERT INTO provisioning_jobs (tenant_id, application_id, id, state, failures, allow_private, \
               sync_all, removals_allowed, window_began_at, window_removals, total, created_at, updated_at) \
               VALUES (?1, ?2, ?3, 'not_configured', 0, 0, 0, 0, 0, 0, 0, ?4, ?4)";
    let at = now.micros();
    tx.exec(sql, &[(&job.tenant_id).into(), (&job.application_id).into(), (&job.id).into(), at.into()])?;
    save(tx, job, now)
}

/// Writes every column that changes.
///
/// # Errors
/// The engine's.
pub fn save(tx: &mut Tx<'_>, job: &Job, now: Timestamp) -> Result<(), StoreError> {
    let quarantine = match &job.state {
        State::Quarantine(q) => Some(q),
        _ => None,
    };
    let mappings = (job.mappings != Mappings::default())
        .then(|| serde_json::to_string(&job.mappings).map_err(|e| StoreError::Database(e.to_string())))
        .transpose()?;
    let cursor = job.cursor.map(|c| c.to_string());
    let micros = |t: Option<Timestamp>| t.map(Timestamp::micros);
    let params: Vec<Val<'_>> = vec![
        (&job.tenant_id).into(),
        (&job.application_id).into(),
        job.state.as_str().into(),
        quarantine.map(|q| q.reason.as_str()).into(),
        quarantine.map(|q| q.detail.as_str()).into(),
        quarantine.map(|q| q.since.micros()).into(),
        quarantine.map(|q| q.next_attempt).or(job.wait_until).map(Timestamp::micros).into(),
        job.failures.into(),
        (&job.base_url).into(),
        job.token_sealed.as_ref().into(),
        job.allow_private.into(),
        job.sync_all.into(),
        job.removal_limit.into(),
        job.removals_allowed.into(),
        job.window.began.micros().into(),
        job.window.removals.into(),
        (&mappings).into(),
        (&cursor).into(),
        job.total.into(),
        (&job.cycle_id).into(),
        micros(job.cycle_began).into(),
        micros(job.cycle_ended).into(),
        micros(job.steady).into(),
        now.micros().into(),
        job.out_of_scope.as_str().into(),
        (job.personality != PersonalityChoice::Automatic).then(|| job.personality.as_str()).into(),
        job.compare_every.into(),
        micros(job.compare_due).into(),
    ];
    let sql = "UPDATE provisioning_jobs SET state = ?3, quarantine_reason = ?4, quarantine_detail = ?5, \
               quarantined_at = ?6, next_attempt_at = ?7, failures = ?8, base_url = ?9, token_sealed = ?10, \
               allow_private = ?11, sync_all = ?12, removal_limit = ?13, removals_allowed = ?14, \
               window_began_at = ?15, window_removals = ?16, mappings = ?17, cursor = ?18, total = ?19, \
               cycle_id = ?20, cycle_began_at = ?21, cycle_ended_at = ?22, steady_at = ?23, updated_at = ?24, \
               out_of_scope = ?25, personality = ?26, compare_every_hours = ?27, compare_due_at = ?28 \
               WHERE tenant_id = ?1 AND application_id = ?2";
    tx.exec(sql, &params).map(|_| ())
}

/// Appends `provisioning.{verb}` about the job's application.
///
/// # Errors
/// The engine's.
pub fn event(
    tx: &mut Tx<'_>,
    job: &Job,
    now: Timestamp,
    actor: &str,
    verb: &str,
    after: &serde_json::Value,
) -> Result<(), StoreError> {
    tx.append_event(&NewEvent {
        realm: &job.tenant_id,
        at: now.micros(),
        actor,
        action: &format!("provisioning.{verb}"),
        subject_type: "application",
        subject_id: &job.application_id,
        before: None,
        after: Some(after),
    })
}

const TABLES: [&str; 10] = [
    "comparisons",
    "filtered",
    "jobs",
    "links",
    "log",
    "members",
    "pending",
    "plans",
    "unsure",
    "unsure_members",
];

/// Removes what is known of applications that are no more, tokens with it. Nothing is sent to their targets:
/// who deletes an application has not asked for the people in it to go.
///
/// # Errors
/// The engine's.
pub fn forget_orphans(tx: &mut Tx<'_>, tenant: &str) -> Result<(), StoreError> {
    let sql = "SELECT j.application_id FROM provisioning_jobs j WHERE j.tenant_id = ?1 AND NOT EXISTS \
               (SELECT 1 FROM applications a WHERE a.tenant_id = j.tenant_id AND a.id = j.application_id)";
    for row in tx.rows(sql, &[tenant.into()])? {
        let application = row.text(0)?;
        lease::forget(tx, tenant, &application)?;
        for table in TABLES {
            let sql =
                format!("DELETE FROM provisioning_{table} WHERE tenant_id = ?1 AND application_id = ?2");
            tx.exec(&sql, &[tenant.into(), (&application).into()])?;
        }
    }
    Ok(())
}
