//! Politeness towards one registry: requests at a time, each in its turn.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::pace::Pace;

/// What a registry is asked of at a time; `None` is this module's default or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    pub requests_per_second: Option<u32>,
    /// Metadata requests at a time, and as many blob downloads.
    pub concurrency: Option<u32>,
    /// Blob uploads at a time.
    pub uploads: Option<u32>,
}

impl Limits {
    pub const DEFAULT_CONCURRENCY: u32 = 16;
    /// Unless `concurrency` is lower. More of them fill buffers, not lines.
    pub const DEFAULT_UPLOADS: u32 = 8;
}

/// Kinds of requests, each with permits of its own: a download that waits for an upload's permit, or for that of a
/// metadata request, never holds what the other one needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Metadata,
    Download,
    Upload,
    /// The end of an upload of which every byte is there.
    Commit,
}

pub(super) struct Limiter {
    metadata: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    pace: Mutex<Pace>,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        let concurrency = limits.concurrency.unwrap_or(Limits::DEFAULT_CONCURRENCY);
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits.max(1) as usize));
        Self {
            metadata: semaphore(concurrency),
            downloads: semaphore(concurrency),
            uploads: semaphore(limits.uploads.unwrap_or(concurrency.min(Limits::DEFAULT_UPLOADS))),
            pace: Mutex::new(Pace::new(limits.requests_per_second, Instant::now())),
        }
    }

    /// Waits until a request may leave; the permit is to be kept as long as the request, body included.
    pub(super) async fn enter(&self, lane: Lane) -> OwnedSemaphorePermit {
        let semaphore = match lane {
            Lane::Metadata => &self.metadata,
            Lane::Download => &self.downloads,
            Lane::Upload | Lane::Commit => &self.uploads,
        };
        let permit = Arc::clone(semaphore).acquire_owned().await.expect("the semaphores are never closed");
        loop {
            let now = Instant::now();
            let turn = self.pace().turn(now);
            // Even a timer that is over already goes off with the next millisecond.
            if turn <= now {
                return permit;
            }
            tokio::time::sleep_until(turn).await;
            // The registry may have asked for a pause meanwhile.
            if !self.pace().is_paused(Instant::now()) {
                return permit;
            }
        }
    }

    /// Holds back every request for a while: the registry asked for it.
    pub(super) fn pause(&self, time: Duration) {
        self.pace().pause(Instant::now(), time);
    }

    /// Sends fewer requests for a while: the registry is too busy.
    pub(super) fn slow_down(&self) {
        self.pace().refused(Instant::now());
    }

    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[tokio::test]
    async fn who_is_free_to_go_waits_for_no_timer() {
        for (limits, uploads) in [
            (Limits::default(), 8),
            (Limits { concurrency: Some(3), ..Limits::default() }, 3),
            (Limits { uploads: Some(20), ..Limits::default() }, 20),
        ] {
            let limiter = Limiter::new(limits);
            let at_once = || limiter.enter(Lane::Upload).now_or_never();
            let permits: Vec<_> = std::iter::from_fn(at_once).collect();
            assert_eq!(permits.len(), uploads, "{limits:?}");
        }
    }

    #[tokio::test]
    async fn a_pause_holds_every_lane_and_those_who_wait_already() {
        let limiter = Limiter::new(Limits { requests_per_second: Some(10), ..Limits::default() });
        drop(limiter.enter(Lane::Metadata).await);
        let start = Instant::now();
        let pause = async { limiter.pause(Duration::from_millis(300)) };
        let (first, second, ()) = tokio::join!(limiter.enter(Lane::Metadata), limiter.enter(Lane::Upload), pause);
        drop((first, second));
        assert!(start.elapsed() >= Duration::from_millis(300));
    }

    #[tokio::test]
    async fn lanes_do_not_wait_for_each_other() {
        let limiter = Limiter::new(Limits { concurrency: Some(1), ..Limits::default() });
        let _download = limiter.enter(Lane::Download).await;
        let _upload = limiter.enter(Lane::Upload).await;
        let _metadata = limiter.enter(Lane::Metadata).await;
        let second = tokio::time::timeout(Duration::from_millis(100), limiter.enter(Lane::Download)).await;
        assert!(second.is_err());
    }
}
