//! Whether an upload still moves.
//!
//! What was handed on may lie in buffers long after that where the line is slow, and nobody tells when it leaves them: the
//! time that this may take is granted. A peer that takes nothing at all is found by the kernel, which sees the wire
//! (`TCP_USER_TIMEOUT`, where there is one).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{self, Stream};
use tokio::time::Instant;

use super::http::Times;
use crate::diag::{Problem, Wording, say};
use crate::image::{BlobError, BlobStream};

/// Most bytes of one upload that lie between us and the wire: the kernel's send buffer (4 MiB on Linux) and what the HTTP
/// client holds before it.
const BUFFERS: u64 = 5 * 1024 * 1024;
/// Bytes a second that an upload of several over one slow line makes at least.
const SLOWEST: u64 = 8 * 1024;
/// A line may get so many times slower than it was so far.
const SLOWDOWN: u64 = 4;

/// Follows one upload; clones follow the same one.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Mutex<Course>>);

#[derive(Default)]
struct Course {
    state: State,
    /// When the first bytes were handed on, and how many there were since.
    begun: Option<Instant>,
    handed: u64,
}

#[derive(Default)]
enum State {
    /// For its turn, or for bytes of the source: the registry is not to blame.
    #[default]
    Waiting,
    /// The registry has had bytes to take since then.
    Sending(Instant),
    /// There are no more since then.
    Sent(Instant),
    Failed(BlobError),
}

/// How long a registry may take for what.
struct Patience {
    since: Instant,
    limit: Duration,
    what: Wording,
}

impl Watch {
    /// The bytes to send, exactly `size` of them, followed on their way.
    pub(super) fn over(
        &self,
        bytes: BlobStream,
        size: u64,
    ) -> impl Stream<Item = Result<Bytes, BlobError>> + Send + 'static {
        let watch = self.clone();
        stream::unfold(Some((bytes, size)), move |state| {
            let watch = watch.clone();
            async move {
                let (mut bytes, left) = state?;
                watch.lock().state = State::Waiting;
                let item = match bytes.next().await {
                    Some(Ok(chunk)) if chunk.len() as u64 > left => Err(wrong_length(say!(
                        "the source gave more bytes than the blob has",
                        "源给出的字节比数据块多"
                    ))),
                    None if left > 0 => Err(wrong_length(say!(
                        "the source gave less bytes than the blob has",
                        "源给出的字节比数据块少"
                    ))),
                    Some(item) => item,
                    None => {
                        watch.lock().state = State::Sent(Instant::now());
                        return None;
                    }
                };
                let state = match &item {
                    Ok(chunk) => {
                        let left = left - chunk.len() as u64;
                        watch.lock().hand_on(chunk.len() as u64, left, Instant::now());
                        Some((bytes, left))
                    }
                    Err(error) => {
                        watch.lock().state = State::Failed(error.clone());
                        None
                    }
                };
                Some((item, state))
            }
        })
    }

    /// Why the bytes stopped coming.
    pub(super) fn failure(&self) -> Option<BlobError> {
        match &self.lock().state {
            State::Failed(failure) => Some(failure.clone()),
            _ => None,
        }
    }

    /// Returns when the registry has taken nothing for too long.
    pub(super) async fn stalled(&self, times: &Times) -> Wording {
        loop {
            let patience = self.lock().patience(times);
            let now = Instant::now();
            match patience {
                Some(Patience { since, limit, what }) if now >= since + limit => {
                    let seconds = limit.as_secs_f32().round();
                    return say!("{what} for {seconds} seconds", "{seconds} 秒内{what}", what, seconds);
                }
                Some(Patience { since, limit, .. }) => tokio::time::sleep_until(since + limit).await,
                None => tokio::time::sleep(times.stall).await,
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Course {
    fn hand_on(&mut self, bytes: u64, left: u64, now: Instant) {
        self.begun.get_or_insert(now);
        self.handed += bytes;
        self.state = if left == 0 { State::Sent(now) } else { State::Sending(now) };
    }

    /// None while it is not the registry's turn.
    fn patience(&self, times: &Times) -> Option<Patience> {
        let buffered = self.handed.min(BUFFERS);
        match self.state {
            State::Sending(since) => {
                let limit = times.stall + time(buffered, SLOWEST);
                Some(Patience { since, limit, what: say!("nothing moved", "没有进展") })
            }
            State::Sent(since) => {
                let limit = times.commit + time(buffered, self.slowest_by(since));
                let what = say!("the last byte was handed on, and no answer came", "最后一个字节已交出，却没有应答");
                Some(Patience { since, limit, what })
            }
            State::Waiting | State::Failed(_) => None,
        }
    }

    /// Bytes a second to reckon with, by what must have left the buffers until `now`.
    fn slowest_by(&self, now: Instant) -> u64 {
        let passed = self.begun.map_or(Duration::ZERO, |begun| now.saturating_duration_since(begun));
        let left = u128::from(self.handed.saturating_sub(BUFFERS)) * 1000 / passed.as_millis().max(1);
        u64::try_from(left).map_or(u64::MAX, |rate| rate / SLOWDOWN).max(SLOWEST)
    }
}

fn time(bytes: u64, bytes_per_second: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1000) / bytes_per_second)
}

fn wrong_length(message: Wording) -> BlobError {
    BlobError { problem: Problem::new("blob-size", message), temporary: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: u64 = 1024;
    const MIB: u64 = 1024 * KIB;
    const SECOND: Duration = Duration::from_secs(1);

    /// Until when a registry has time after `handed` bytes, the last of them after `seconds`, with `left` to come.
    fn limit(handed: &[u64], seconds: u32, left: u64) -> (u64, String) {
        let begun = Instant::now();
        let mut course = Course { begun: Some(begun), ..Course::default() };
        for (number, bytes) in handed.iter().enumerate() {
            let last = number + 1 == handed.len();
            let at = if last { begun + SECOND * seconds } else { begun };
            course.hand_on(*bytes, if last { left } else { 1 }, at);
        }
        let Patience { since, limit, what } = course.patience(&Times::default()).unwrap();
        assert_eq!(since, begun + SECOND * seconds);
        (limit.as_secs(), what.english().to_owned())
    }

    #[test]
    fn what_may_lie_in_buffers_has_the_time_that_a_slow_line_takes() {
        assert_eq!(limit(&[8 * KIB], 0, 1).0, 61);
        assert_eq!(limit(&[512 * KIB], 0, 1).0, 60 + 64, "a chunk alone takes longer than a minute");
        assert_eq!(limit(&[MIB, 3 * MIB], 100, 1).0, 60 + 512);
        assert_eq!(limit(&[900 * MIB, MIB], 100, 1).0, 60 + 640, "no buffer holds more");
    }

    #[test]
    fn the_time_to_answer_begins_when_the_last_byte_may_have_left() {
        assert_eq!(limit(&[8 * KIB], 0, 0).0, 301);
        assert_eq!(limit(&[2 * MIB, 2 * MIB], 400, 0).0, 300 + 512);
        assert_eq!(limit(&[900 * MIB, MIB], 10, 0).0, 300, "a fast line has emptied them at once");
        let (limit, what) = limit(&[14 * MIB, MIB], 1024, 0);
        assert_eq!(limit, 300 + 640, "10 KiB a second so far");
        assert!(!what.contains("every byte"), "nobody knows what arrived: {what}");
    }

    #[tokio::test]
    async fn who_waits_for_the_source_is_not_late() {
        let watch = Watch::default();
        let bytes = stream::iter([Ok(Bytes::from_static(b"ab")), Ok(Bytes::from_static(b"c"))]);
        let mut sent = Box::pin(watch.over(bytes.chain(stream::pending()).boxed(), 4));
        assert!(watch.lock().patience(&Times::default()).is_none());
        assert!(sent.next().await.unwrap().is_ok() && watch.lock().patience(&Times::default()).is_some());
        assert!(sent.next().await.unwrap().is_ok());
        assert!(futures_util::FutureExt::now_or_never(sent.next()).is_none());
        assert!(watch.lock().patience(&Times::default()).is_none());
    }
}
