//! Goes away from a future at any of its waits, as a browser that hangs up does.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

/// Drops the future when it has to wait for the nth time. `Some`: it came to its end before.
pub(crate) async fn leave_at_wait<F: Future>(n: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut waits = 0;
    poll_fn(|context| {
        if let Poll::Ready(output) = future.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        waits += 1;
        if waits == n {
            Poll::Ready(None)
        } else {
            Poll::Pending
        }
    })
    .await
}
