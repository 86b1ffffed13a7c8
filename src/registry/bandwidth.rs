//! Bytes a second: of one registry, and of all together.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Limits that blob bytes pass, in both directions; clones share them. None by default.
#[derive(Clone, Debug, Default)]
pub struct Bandwidth(Vec<Arc<Bucket>>);

#[derive(Debug)]
struct Bucket {
    bytes_per_second: u64,
    /// When everything that was taken so far is paid for.
    paid: Mutex<Instant>,
}

impl Bandwidth {
    /// These limits, and another one beside them.
    #[must_use]
    pub fn and(&self, bytes_per_second: u64) -> Self {
        let bucket = Bucket { bytes_per_second: bytes_per_second.max(1), paid: Mutex::new(Instant::now()) };
        Self(self.0.iter().cloned().chain([Arc::new(bucket)]).collect())
    }

    /// Returns when `bytes` more are within every limit; whoever comes next waits longer.
    pub(super) async fn take(&self, bytes: usize) {
        let now = Instant::now();
        if let Some(until) = self.0.iter().map(|bucket| bucket.take(now, bytes as u64)).max() {
            tokio::time::sleep_until(until).await;
        }
    }
}

impl Bucket {
    fn take(&self, now: Instant, bytes: u64) -> Instant {
        let nanoseconds = u128::from(bytes) * 1_000_000_000 / u128::from(self.bytes_per_second);
        let time = Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX));
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        *paid = (*paid).max(now) + time;
        *paid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_paid_for_in_time() {
        let bandwidth = Bandwidth::default().and(1000);
        let now = Instant::now() + Duration::from_secs(1);
        let bucket = &bandwidth.0[0];
        assert_eq!(bucket.take(now, 500), now + Duration::from_millis(500));
        assert_eq!(bucket.take(now, 500), now + Duration::from_secs(1));
        let later = now + Duration::from_mins(1);
        assert_eq!(bucket.take(later, 1), later + Duration::from_millis(1), "what was not used is not saved up");
    }

    #[tokio::test]
    async fn the_narrowest_limit_counts_and_clones_share_it() {
        let all = Bandwidth::default().and(10_000);
        let (one, other) = (all.and(1_000_000), all.clone());
        let begin = Instant::now();
        tokio::join!(one.take(1000), other.take(1000));
        assert!(begin.elapsed() >= Duration::from_millis(200), "{:?}", begin.elapsed());
    }

    #[tokio::test]
    async fn without_limits_nobody_waits() {
        tokio::time::timeout(Duration::from_mins(1), Bandwidth::default().take(usize::MAX)).await.unwrap();
    }
}
