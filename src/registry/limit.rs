//! Politeness towards one registry: requests at a time, each in its turn.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::Method;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use url::Url;

use super::Error;
use super::closed::Closed;
use super::pace::Pace;
use super::retry::LONGEST_PAUSE;

/// No process lives longer.
const FOREVER: Duration = Duration::from_hours(24 * 365);

/// What a registry is asked of at a time; `None` is this module's default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Limits {
    /// Metadata requests at a time, and as many blob downloads.
    pub concurrency: Option<u32>,
    /// Blob uploads at a time.
    pub uploads: Option<u32>,
    /// Connections over which one large blob is read.
    pub connections_per_blob: Option<u32>,
}

impl Limits {
    pub const DEFAULT_CONCURRENCY: u32 = 16;
    /// Unless `concurrency` is lower. More of them fill buffers, not lines.
    pub const DEFAULT_UPLOADS: u32 = 8;

    pub(super) fn connections_per_blob(&self) -> u32 {
        self.connections_per_blob.unwrap_or(1)
    }
}

/// Kinds of requests, each with permits of its own: a download that waits for an upload's permit, or any of them for a
/// login, never holds what the other one needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Metadata,
    /// Whatever brings the login of another request.
    Login,
    Download,
    Upload,
    /// The end of an upload of which every byte is there.
    Commit,
}

/// When requests to one host may leave: it counts them whoever of us sends them, and who is told that it is busy, or wants
/// to be left alone, knows it for all. Clones share it.
#[derive(Clone)]
pub struct Pacer(Arc<Mutex<Host>>);

struct Host {
    pace: Pace,
    closed: Closed,
}

impl Pacer {
    #[must_use]
    pub fn new(requests_per_second: Option<u32>) -> Self {
        let pace = Pace::new(requests_per_second, Instant::now());
        Self(Arc::new(Mutex::new(Host { pace, closed: Closed::default() })))
    }

    fn lock(&self) -> MutexGuard<'_, Host> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Pacer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pacer").finish_non_exhaustive()
    }
}

/// A place among the requests at a time.
pub(super) struct Place {
    pub(super) lane: Lane,
    /// Held, not read.
    _permit: OwnedSemaphorePermit,
}

pub(super) struct Limiter {
    metadata: Arc<Semaphore>,
    logins: Arc<Semaphore>,
    downloads: Arc<Semaphore>,
    uploads: Arc<Semaphore>,
    pacer: Pacer,
}

impl Limiter {
    pub(super) fn new(limits: Limits, pacer: Pacer) -> Self {
        let concurrency = limits.concurrency.unwrap_or(Limits::DEFAULT_CONCURRENCY);
        let semaphore = |permits: u32| Arc::new(Semaphore::new(permits.max(1) as usize));
        Self {
            metadata: semaphore(concurrency),
            logins: semaphore(concurrency),
            downloads: semaphore(concurrency),
            uploads: semaphore(limits.uploads.unwrap_or(concurrency.min(Limits::DEFAULT_UPLOADS))),
            pacer,
        }
    }

    /// Waits for a place among the requests at a time, to be kept as long as the request, body included.
    pub(super) async fn enter(&self, lane: Lane) -> Place {
        let semaphore = match lane {
            Lane::Metadata => &self.metadata,
            Lane::Login => &self.logins,
            Lane::Download => &self.downloads,
            Lane::Upload | Lane::Commit => &self.uploads,
        };
        let permit = Arc::clone(semaphore).acquire_owned().await.expect("the semaphores are never closed");
        Place { lane, _permit: permit }
    }

    /// Waits until a request that has a place may leave, or is known not to be sent at all.
    pub(super) async fn turn(&self) {
        loop {
            let now = Instant::now();
            let turn = {
                let mut host = self.pacer.lock();
                if host.closed.is_closed(now) { now } else { host.pace.turn(now) }
            };
            // Even a timer that is over already goes off with the next millisecond.
            if turn <= now {
                return;
            }
            tokio::time::sleep_until(turn).await;
            // The registry may have asked for a pause meanwhile.
            if !self.pacer.lock().pace.is_paused(Instant::now()) {
                return;
            }
        }
    }

    /// Why a request is not to be sent.
    pub(super) fn refuses(&self, method: &Method, url: &Url) -> Option<Error> {
        self.pacer.lock().closed.refuses(Instant::now(), method, url)
    }

    /// Sends nothing more: the registry said that every further request does harm.
    pub(super) fn close(&self, error: &Error) {
        self.pacer.lock().closed.close(error, None);
    }

    /// Holds back every request for a while: the registry asked for it by `error`. Those that would have to wait too long
    /// are not sent.
    pub(super) fn pause(&self, time: Duration, error: &Error) {
        let (now, time) = (Instant::now(), time.min(FOREVER));
        let mut host = self.pacer.lock();
        host.pace.pause(now, time);
        if time > LONGEST_PAUSE {
            host.closed.close(error, Some(now + time));
        }
    }

    /// How long every request is held back from now on.
    pub(super) fn paused_for(&self) -> Duration {
        let now = Instant::now();
        self.pacer.lock().pace.paused_until().saturating_duration_since(now)
    }

    /// Sends fewer requests for a while: the registry is too busy.
    pub(super) fn slow_down(&self) {
        self.pacer.lock().pace.refused(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;
    use crate::registry::Kind;

    #[tokio::test]
    async fn who_is_free_to_go_waits_for_no_timer() {
        for (limits, uploads) in [
            (Limits::default(), 8),
            (Limits { concurrency: Some(3), ..Limits::default() }, 3),
            (Limits { uploads: Some(20), ..Limits::default() }, 20),
        ] {
            let limiter = Limiter::new(limits, Pacer::new(None));
            let at_once = || limiter.enter(Lane::Upload).now_or_never();
            let permits: Vec<_> = std::iter::from_fn(at_once).collect();
            assert_eq!(permits.len(), uploads, "{limits:?}");
        }
    }

    #[tokio::test]
    async fn a_pause_holds_every_lane_and_those_who_wait_already() {
        let limiter = Limiter::new(Limits::default(), Pacer::new(Some(10)));
        limiter.turn().await;
        let start = Instant::now();
        let busy = Error::new(Kind::RateLimited, &Method::GET, &"https://h/v2/".parse().unwrap(), None);
        let pause = async { limiter.pause(Duration::from_millis(300), &busy) };
        let ((), (), ()) = tokio::join!(limiter.turn(), limiter.turn(), pause);
        assert!(start.elapsed() >= Duration::from_millis(300));
    }

    #[tokio::test]
    async fn lanes_do_not_wait_for_each_other() {
        let limiter = Limiter::new(Limits { concurrency: Some(1), ..Limits::default() }, Pacer::new(None));
        let _download = limiter.enter(Lane::Download).await;
        let _upload = limiter.enter(Lane::Upload).await;
        let _metadata = limiter.enter(Lane::Metadata).await;
        let _login = limiter.enter(Lane::Login).await;
        let second = tokio::time::timeout(Duration::from_millis(100), limiter.enter(Lane::Download)).await;
        assert!(second.is_err());
    }
}
