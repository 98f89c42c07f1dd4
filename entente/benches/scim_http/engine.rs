//! What the engine itself can do: the rows that a create leaves, inserted and committed as the server does it, by as
//! many at once, and nothing else.

use std::sync::Arc;
use std::time::Instant;

use store::testing::{TestStore, fresh};
use store::{Engine, NewEvent, StoreError, Tx};

const AT_ONCE: usize = 64;
const INSTANCE: &str = "ssoins-0123456789abcdef";

pub struct Limit(Arc<TestStore>);

impl Limit {
    pub async fn open(engine: Engine) -> Self {
        Self(Arc::new(fresh(engine, center::MIGRATIONS).await))
    }

    /// Users in a second; each round has names of its own.
    pub async fn rate(&self, round: usize, users: usize) -> f64 {
        let began = Instant::now();
        let tasks: Vec<_> = (0..AT_ONCE)
            .map(|task| {
                let of = self.0.clone();
                tokio::spawn(async move {
                    for number in (task..users).step_by(AT_ONCE) {
                        let name = format!("limit-{round}-{number:06}");
                        of.store.write(move |tx| insert(tx, &name)).await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        users as f64 / began.elapsed().as_secs_f64()
    }
}

fn insert(tx: &mut Tx<'_>, name: &str) -> Result<(), StoreError> {
    let (email, external) = (format!("{name}@example.com"), format!("external-{name}"));
    let resource = crate::requests::user(&email);
    let shown = resource.to_string();
    tx.exec(
        "INSERT INTO users (instance_id, id, user_name, user_name_key, display_name, display_name_key, \
         external_id, primary_email_key, active, owner, resource, created_at, updated_at) \
         VALUES (?1, ?2, ?3, ?3, ?3, ?3, ?4, ?3, 1, 'api', ?5, 0, 0)",
        &[INSTANCE.into(), name.into(), (&email).into(), (&external).into(), (&shown).into()],
    )?;
    tx.exec(
        "INSERT INTO user_emails (instance_id, email_key, user_id) VALUES (?1, ?2, ?3)",
        &[INSTANCE.into(), (&email).into(), name.into()],
    )?;
    tx.append_event(&NewEvent {
        realm: INSTANCE,
        at: 0,
        actor: "api",
        action: "user.created",
        subject_type: "user",
        subject_id: name,
        before: None,
        after: Some(&resource),
    })
}
