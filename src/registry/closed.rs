//! Registries that are not to be asked for now: what they said about it, and until when. Knows no clock: it is told what
//! time it is.

use std::time::Duration;

use reqwest::Method;
use tokio::time::Instant;
use url::Url;

use super::Error;
use super::retry::LONGEST_PAUSE;

/// Open by default.
#[derive(Default)]
pub(super) struct Closed(Option<(Error, Option<Instant>)>);

impl Closed {
    /// Closes for a while, or as long as this process lives, since `error` was the answer to a request.
    pub(super) fn close(&mut self, error: &Error, until: Option<Instant>) {
        let longer = match &self.0 {
            Some((_, before)) => before.is_some_and(|before| until.is_none_or(|until| until > before)),
            None => true,
        };
        if longer {
            self.0 = Some((error.clone(), until));
        }
    }

    /// Why a request is not to be sent; who would have to wait for a bearable time only may wait.
    pub(super) fn refuses(&self, now: Instant, method: &Method, url: &Url) -> Option<Error> {
        let (error, wait) = self.at(now)?;
        Some(error.unsent(method, url, wait))
    }

    pub(super) fn is_closed(&self, now: Instant) -> bool {
        self.at(now).is_some()
    }

    fn at(&self, now: Instant) -> Option<(&Error, Option<Duration>)> {
        let (error, until) = self.0.as_ref()?;
        let wait = until.map(|until| until.saturating_duration_since(now));
        wait.is_none_or(|wait| wait > LONGEST_PAUSE).then_some((error, wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Kind;

    fn refusal(closed: &Closed, now: Instant) -> Option<String> {
        let url = "https://h/v2/other/tags/list".parse().unwrap();
        closed.refuses(now, &Method::HEAD, &url).map(|error| {
            assert!(!error.is_temporary() && error.status().is_none(), "{error:?}");
            error.to_string()
        })
    }

    fn said(kind: Kind) -> Error {
        Error::new(kind, &Method::GET, &"https://h/v2/one/tags/list".parse().unwrap(), None)
    }

    #[test]
    fn it_opens_when_the_rest_can_be_waited_for() {
        let now = Instant::now();
        let mut closed = Closed::default();
        assert_eq!(refusal(&closed, now), None);
        closed.close(&said(Kind::RateLimited), Some(now + Duration::from_mins(10)));
        closed.close(&said(Kind::RateLimited), Some(now + Duration::from_mins(5)));
        let told = refusal(&closed, now + Duration::from_mins(1)).unwrap();
        assert!(told.contains("HEAD https://h/v2/other/tags/list"), "{told}");
        assert!(told.contains("not sent") && told.contains("540 s") && !told.contains("one"), "{told}");
        assert_eq!(refusal(&closed, now + Duration::from_mins(8)), None);
    }

    #[test]
    fn a_blocked_tenant_stays_blocked() {
        let now = Instant::now();
        let mut closed = Closed::default();
        closed.close(&said(Kind::BlockedTenant), None);
        closed.close(&said(Kind::RateLimited), Some(now + Duration::from_mins(10)));
        let told = refusal(&closed, now + Duration::from_hours(5)).unwrap();
        assert!(told.contains("blocks this account") && told.contains("not sent"), "{told}");
    }
}
