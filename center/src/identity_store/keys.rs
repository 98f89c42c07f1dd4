//! The keys by which names are compared, where an earlier version made them in another way.

use store::{Store, StoreError};

use super::IdentityError;
use super::store::keys;

/// Brings keys up to date, once for an instance: until then a name beyond ASCII could not be found by another way to
/// write it. Where two have the same key by now, the one that had it keeps it; the other stays as it is, is found by
/// its id, and the log says so. No event is written, for nobody changed anything.
///
/// # Errors
/// The engine's.
pub(crate) async fn bring_up_to_date(store: &Store, instance_id: &str) -> Result<(), StoreError> {
    let instance = instance_id.to_owned();
    if !store.read(move |tx| keys::are_old(tx, &instance)).await? {
        return Ok(());
    }
    for keyed in keys::KEYED {
        let mut after = Some(String::new());
        while let Some(place) = after {
            let instance = instance_id.to_owned();
            let (left, next) = store.write(move |tx| keys::renew(tx, &instance, keyed, &place)).await?;
            left.iter().for_each(warn);
            after = next;
        }
    }
    let mut after = Some(String::new());
    while let Some(place) = after {
        let instance = instance_id.to_owned();
        after = store.write(move |tx| keys::renew_emails(tx, &instance, &place)).await?;
    }
    renew_extensions(store, instance_id).await?;
    let instance = instance_id.to_owned();
    store.write(move |tx| keys::are_new(tx, &instance)).await
}

async fn renew_extensions(store: &Store, instance_id: &str) -> Result<(), StoreError> {
    let instance = instance_id.to_owned();
    for (kind, id) in store.read(move |tx| keys::extended(tx, &instance)).await? {
        let (instance, whose) = (instance_id.to_owned(), id.clone());
        match store.write(move |tx| keys::renew_extension(tx, &instance, kind, &whose)).await {
            Ok(()) => {}
            Err(IdentityError::Store(error)) => return Err(error),
            Err(error) => {
                let (what, taken_by) = (kind.kind(), holder(&error));
                tracing::warn!(
                    what,
                    id,
                    taken_by,
                    "a value must be unique, and another has it: change one of the two"
                );
            }
        }
    }
    Ok(())
}

/// The value itself is not for the log.
fn holder(error: &IdentityError) -> &str {
    match error {
        IdentityError::ValueTaken { id, .. } => id,
        _ => "",
    }
}

fn warn(left: &keys::Left) {
    let keys::Left { table, column, id, taken_by } = left;
    tracing::warn!(
        table,
        column,
        id,
        taken_by,
        "two names differ in letter case, width or accents alone, and only one of them can be looked up: rename one"
    );
}
