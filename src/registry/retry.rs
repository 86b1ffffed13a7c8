//! When to ask again: backoff with jitter, and what the registry says about it in `Retry-After`.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::Error;
use crate::diag::Problem;

/// Longest pause that is waited for; a registry that asks for more is not asked again.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// A request that is tried again, or a download that goes on.
#[derive(Clone, Debug)]
pub struct Retry {
    /// From 1.
    pub attempt: u32,
    /// Tries that are allowed after the first.
    pub retries: u32,
    pub pause: Duration,
    pub problem: Problem,
}

/// Who hears of retries.
#[derive(Clone, Default)]
pub(super) struct Watcher(Option<Arc<dyn Fn(Retry) + Send + Sync>>);

impl Watcher {
    pub(super) fn new(tell: impl Fn(Retry) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(tell)))
    }
}

/// The pauses between the tries of one request.
pub(super) struct Backoff {
    delays: ExponentialBackoff,
    failed: u32,
    retries: u32,
    watcher: Watcher,
}

impl Backoff {
    pub(super) fn new(retries: u32, watcher: Watcher) -> Self {
        let delays = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(10))
            .with_max_times(retries as usize);
        Self { delays: delays.build(), failed: 0, retries, watcher }
    }

    /// Returns when it is time to try again.
    ///
    /// # Errors
    /// `error` itself when trying again does not help or has been done often enough.
    pub(super) async fn wait(&mut self, error: Error) -> Result<(), Error> {
        if !error.is_temporary() {
            return Err(error);
        }
        let Some(delay) = self.delays.next() else { return Err(error) };
        let pause = delay.max(error.retry_after().unwrap_or_default());
        self.failed += 1;
        if let Some(tell) = &self.watcher.0 {
            tell(Retry { attempt: self.failed, retries: self.retries, pause, problem: error.problem() });
        }
        tokio::time::sleep(pause).await;
        Ok(())
    }
}

/// The pause asked for by `Retry-After`, in seconds or as a date; by Docker Hub's API in `X-Retry-After`, as Unix time.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let seconds = |text: &str| text.parse().ok().map(Duration::from_secs);
    let until = |moment: SystemTime| moment.duration_since(now).unwrap_or_default();
    if let Some(value) = headers.get(RETRY_AFTER) {
        let text = value.to_str().ok()?.trim();
        return seconds(text).or_else(|| Some(until(http_date(text)?.into())));
    }
    let moment = seconds(headers.get("x-retry-after")?.to_str().ok()?.trim())?;
    Some(until(SystemTime::UNIX_EPOCH.checked_add(moment)?))
}

/// A date of a header (RFC 9110, 5.6.7).
pub(super) fn http_date(text: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderName;

    use super::*;

    fn pause(text: &str) -> Option<u64> {
        pause_by("retry-after", text)
    }

    fn pause_by(name: &'static str, text: &str) -> Option<u64> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        let headers = HeaderMap::from_iter([(HeaderName::from_static(name), text.parse().unwrap())]);
        retry_after(&headers, now).map(|pause| pause.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(pause("7"), Some(7));
        assert_eq!(pause("86400"), Some(86_400));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:47 GMT"), Some(10));
        assert_eq!(pause("Sun, 06 Nov 1994 08:49:00 GMT"), Some(0));
        assert_eq!(pause("Sun, 06 Nov 1994 08:59:37 GMT"), Some(600));
        assert_eq!(pause("soon"), None);
        assert_eq!(pause("-1"), None);
        assert_eq!(pause_by("x-retry-after", "784111780"), Some(3));
        assert_eq!(pause_by("x-retry-after", "1"), Some(0));
        assert_eq!(pause_by("x-retry-after", "18446744073709551615"), None);
    }
}
