//! When to ask again: backoff with jitter, and what the registry says about it in `Retry-After`.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use reqwest::header::{HeaderMap, RETRY_AFTER};

use super::Error;

/// Longest pause that is waited for; a registry that asks for more is not asked again.
pub(super) const LONGEST_PAUSE: Duration = Duration::from_mins(2);

/// The pauses between the tries of one request.
pub(super) struct Backoff(ExponentialBackoff);

impl Backoff {
    pub(super) fn new(retries: u32) -> Self {
        let delays = ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(10))
            .with_max_times(retries as usize);
        Self(delays.build())
    }

    /// Returns when it is time to try again.
    ///
    /// # Errors
    /// `error` itself when trying again does not help or has been done often enough.
    pub(super) async fn wait(&mut self, error: Error) -> Result<(), Error> {
        if !error.is_temporary() {
            return Err(error);
        }
        let Some(delay) = self.0.next() else { return Err(error) };
        tokio::time::sleep(delay.max(error.retry_after().unwrap_or_default())).await;
        Ok(())
    }
}

/// The pause asked for by `Retry-After`, in seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = if let Ok(seconds) = text.parse() {
        Duration::from_secs(seconds)
    } else {
        SystemTime::from(http_date(text)?).duration_since(now).unwrap_or_default()
    };
    Some(pause)
}

/// A date of a header (RFC 9110, 5.6.7).
pub(super) fn http_date(text: &str) -> Option<jiff::Timestamp> {
    jiff::fmt::rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(text: &str) -> Option<u64> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777); // Sun, 06 Nov 1994 08:49:37 GMT
        let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
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
    }
}
