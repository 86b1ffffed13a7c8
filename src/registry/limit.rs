//! Politeness towards one registry: requests at a time, requests a second, pauses it asks for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

/// What a registry is asked of at a time; `None` is this module's default or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    pub requests_per_second: Option<u32>,
    /// Metadata requests at a time, and as many blob downloads.
    pub concurrency: Option<u32>,
    /// Blob uploads at a time; as `concurrency` when not given.
    pub uploads: Option<u32>,
}

impl Limits {
    pub const DEFAULT_CONCURRENCY: u32 = 16;
}

/// Kinds of requests, each with permits of its own: a download that waits for an upload's permit, or for that of a
/// metadata request, never holds what the other one needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Metadata,
    Download,
    Upload,
}

pub(super) struct Limiter {
    metadata: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    /// Time between two requests.
    interval: Duration,
    /// When the next request may leave.
    next: Mutex<Instant>,
}

impl Limiter {
    pub(super) fn new(limits: Limits) -> Self {
        let concurrency = limits.concurrency.unwrap_or(Limits::DEFAULT_CONCURRENCY);
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits.max(1) as usize));
        Self {
            metadata: semaphore(concurrency),
            downloads: semaphore(concurrency),
            uploads: semaphore(limits.uploads.unwrap_or(concurrency)),
            interval: limits.requests_per_second.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.max(1)),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits until a request may leave; the permit is to be kept as long as the request, body included.
    pub(super) async fn enter(&self, lane: Lane) -> OwnedSemaphorePermit {
        let semaphore = match lane {
            Lane::Metadata => &self.metadata,
            Lane::Download => &self.downloads,
            Lane::Upload => &self.uploads,
        };
        let permit = Arc::clone(semaphore).acquire_owned().await.expect("the semaphores are never closed");
        let turn = {
            let mut next = self.next.lock().await;
            let turn = (*next).max(Instant::now());
            *next = turn + self.interval;
            turn
        };
        tokio::time::sleep_until(turn).await;
        permit
    }

    /// Holds back every request from now on: the registry asked for it.
    pub(super) async fn pause(&self, time: Duration) {
        let mut next = self.next.lock().await;
        *next = (*next).max(Instant::now() + time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn requests_are_spaced() {
        let limiter = Limiter::new(Limits { requests_per_second: Some(50), ..Limits::default() });
        let start = Instant::now();
        for _ in 0..5 {
            drop(limiter.enter(Lane::Metadata).await);
        }
        assert!(start.elapsed() >= Duration::from_millis(80));
    }

    #[tokio::test]
    async fn a_pause_holds_every_lane() {
        let limiter = Limiter::new(Limits::default());
        limiter.pause(Duration::from_millis(100)).await;
        let start = Instant::now();
        drop(limiter.enter(Lane::Upload).await);
        assert!(start.elapsed() >= Duration::from_millis(100));
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
