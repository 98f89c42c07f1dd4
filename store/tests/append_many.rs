//! Many entries with one statement stand in the log in their order.

use store::testing::engines;
use store::{EventCursor, NewEvent, StoreError};

#[tokio::test]
async fn many_entries_keep_their_order_and_wake_readers_once() {
    for test in engines(&[]).await {
        let changed = test.store.changed();
        let written = test.store.write(|tx| -> Result<(), StoreError> {
            let ids: Vec<String> = (0..123).map(|n| format!("{n:03}")).collect();
            let event = |id| NewEvent {
                realm: "r",
                at: 1,
                actor: "system",
                action: "thing.created",
                subject_type: "thing",
                subject_id: id,
                before: None,
                after: None,
            };
            let events: Vec<NewEvent<'_>> = ids.iter().map(|id| event(id)).collect();
            tx.append_events(&events)?;
            tx.append_events(&[])
        });
        written.await.expect("written");
        assert_eq!(*changed.borrow(), 123);
        // On PostgreSQL an entry can be read once every older transaction of the server has ended, those
        // of other tests among them.
        let mut read = Vec::new();
        for _ in 0..500 {
            read =
                test.store.read(|tx| tx.events_after("r", EventCursor::default(), 1000)).await.expect("read");
            if !read.is_empty() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        let ids: Vec<String> = read.into_iter().map(|event| event.subject_id).collect();
        let expected: Vec<String> = (0..123).map(|n| format!("{n:03}")).collect();
        assert_eq!(ids, expected);
    }
}
