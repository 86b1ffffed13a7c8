//! How far this machine's clock is ahead of the registry's, by the `Date` header of its first answer (RFC 9110, 6.6.1).

use std::sync::OnceLock;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap};

use super::retry::http_date;

#[derive(Default)]
pub(super) struct Skew(OnceLock<SignedDuration>);

impl Skew {
    pub(super) fn known(&self) -> Option<SignedDuration> {
        self.0.get().copied()
    }

    pub(super) fn note(&self, headers: &HeaderMap, now: Timestamp) {
        if self.0.get().is_some() {
            return;
        }
        if let Some(date) = date(headers) {
            let _ = self.0.set(now.duration_since(date));
        }
    }
}

/// What time it is where an answer comes from, as far as it says so.
pub(super) fn date(headers: &HeaderMap) -> Option<Timestamp> {
    http_date(headers.get(DATE)?.to_str().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_date_counts() {
        let skew = Skew::default();
        let headers = |date: &str| HeaderMap::from_iter([(DATE, date.parse().unwrap())]);
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        skew.note(&headers("nonsense"), now);
        assert_eq!(skew.known(), None);
        skew.note(&headers("Sat, 21 Nov 2026 11:59:00 GMT"), now);
        skew.note(&headers("Sat, 21 Nov 2026 12:30:00 GMT"), now);
        assert_eq!(skew.known(), Some(SignedDuration::from_mins(1)));
    }
}
