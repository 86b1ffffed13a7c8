//! How many pulls a registry says are left (Docker Hub's `ratelimit-limit` and `ratelimit-remaining`).
//!
//! There a pull is a GET of a manifest; HEAD requests cost nothing and tell the numbers too.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::header::HeaderMap;

use crate::diag::{Wording, say};

/// Pulls within a window of time that moves along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pulls {
    pub left: u32,
    pub limit: u32,
    pub window: Duration,
}

impl Pulls {
    /// `12 of 100 pulls in 6 hours`.
    #[must_use]
    pub fn wording(&self) -> Wording {
        let Self { left, limit, window } = self;
        let window = length(*window);
        say!("{left} of {limit} pulls in {window}", "{left} 次拉取（限额：{window} {limit} 次）", left, limit, window)
    }
}

/// `6 hours`.
fn length(window: Duration) -> Wording {
    let seconds = window.as_secs();
    let (number, unit) = match seconds {
        _ if seconds.is_multiple_of(3600) => (seconds / 3600, say!("hour", "小时")),
        _ if seconds.is_multiple_of(60) => (seconds / 60, say!("minute", "分钟")),
        _ => (seconds, say!("second", "秒")),
    };
    Wording::counted(number, &unit)
}

/// What is known of them; nothing where the registry does not count.
#[derive(Default)]
pub(super) struct Quota(Mutex<Option<Pulls>>);

impl Quota {
    pub(super) fn known(&self) -> Option<Pulls> {
        *self.lock()
    }

    pub(super) fn note(&self, headers: &HeaderMap) {
        if let Some(pulls) = read(headers) {
            *self.lock() = Some(pulls);
        }
    }

    /// Takes one pull, or tells that none is left.
    pub(super) fn spend(&self) -> Result<(), Pulls> {
        let mut known = self.lock();
        match known.as_mut() {
            Some(pulls) if pulls.left == 0 => Err(*pulls),
            Some(pulls) => {
                pulls.left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Pulls>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an answer says about pulls of which none is left; nothing where it counts none, or has some.
pub(super) fn used_up(headers: &HeaderMap) -> Option<Wording> {
    let (left, window) = pair(headers, "ratelimit-remaining")?;
    (left == 0).then(|| match read(headers) {
        Some(pulls) => say!("it says that {pulls} are left", "它称还剩 {pulls}", pulls = pulls.wording()),
        None => {
            say!("it says that no pull is left within {window}", "它称 {window}内不再允许拉取", window = length(window))
        }
    })
}

/// `ratelimit-remaining: 76;w=21600`. Others send headers of these names too, without a window, about other things.
fn read(headers: &HeaderMap) -> Option<Pulls> {
    let ((left, window), (limit, _)) = (pair(headers, "ratelimit-remaining")?, pair(headers, "ratelimit-limit")?);
    Some(Pulls { left, limit, window })
}

fn pair(headers: &HeaderMap, name: &str) -> Option<(u32, Duration)> {
    let (number, window) = headers.get(name)?.to_str().ok()?.split_once(";w=")?;
    Some((number.trim().parse().ok()?, Duration::from_secs(window.trim().parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(headers: &[(&'static str, &'static str)]) -> Quota {
        let quota = Quota::default();
        quota.note(&headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect());
        quota
    }

    #[test]
    fn docker_hub_s_headers_are_read_and_others_are_not() {
        let hub = quota(&[("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "1;w=21600")]);
        assert_eq!(hub.known().unwrap().wording().english(), "1 of 100 pulls in 6 hours");
        assert_eq!(hub.spend(), Ok(()));
        assert_eq!(hub.spend().unwrap_err().left, 0);
        hub.note(&HeaderMap::new());
        assert!(hub.spend().is_err(), "an answer that says nothing changes nothing");

        let gitlab = quota(&[("ratelimit-limit", "100"), ("ratelimit-remaining", "0"), ("ratelimit-reset", "1")]);
        assert_eq!((gitlab.known(), gitlab.spend()), (None, Ok(())));
        assert_eq!(quota(&[("ratelimit-remaining", "0;w=21600")]).known(), None);
    }

    #[test]
    fn none_left_is_told_with_the_window() {
        let told = |headers: &[(&'static str, &str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            used_up(&headers).map(|told| told.english().to_owned())
        };
        let (limit, none) = (("ratelimit-limit", "100;w=21600"), ("ratelimit-remaining", "0;w=21600"));
        assert_eq!(told(&[limit, none]).unwrap(), "it says that 0 of 100 pulls in 6 hours are left");
        assert_eq!(told(&[none]).unwrap(), "it says that no pull is left within 6 hours");
        assert_eq!(told(&[limit, ("ratelimit-remaining", "1;w=21600")]), None);
        assert_eq!(told(&[("ratelimit-remaining", "0")]), None, "GitLab's, of requests a minute");
    }
}
