//! Whether requests may be sent still: a process that lost its lease while it was stopped sends nothing more.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use futures::FutureExt;
use futures::future::BoxFuture;

use super::problem::{Problem, TargetError};

/// Asked whether requests may be sent still.
pub type Permit = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// The outcome of a request; `None` where it may not be sent any more. Asked each time before it is polled, and not
/// once before it: a process that is stopped while it connects would else send when it wakes up.
pub(super) async fn while_permitted<T>(
    permit: Option<&Permit>,
    request: impl Future<Output = T>,
) -> Option<T> {
    let Some(permit) = permit else { return Some(request.await) };
    let (mut request, mut asked) = (pin!(request), None);
    let permitted = poll_fn(|cx| {
        let mut asking = asked.take().unwrap_or_else(|| permit());
        match asking.poll_unpin(cx) {
            Poll::Ready(true) => request.as_mut().poll(cx).map(Some),
            Poll::Ready(false) => Poll::Ready(None),
            Poll::Pending => {
                asked = Some(asking);
                Poll::Pending
            }
        }
    });
    permitted.await
}

/// What is said of a request that may not be sent any more.
pub(super) fn superseded(request: &str) -> TargetError {
    TargetError {
        problem: Problem::Superseded,
        request: request.to_owned(),
        status: None,
        reason: "not sent: the lease of the job ran out".to_owned(),
    }
}
