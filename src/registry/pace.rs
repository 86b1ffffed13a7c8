//! When the next request may leave: the user's limit, pauses that the registry asks for, and slowing down by itself
//! where the registry is busy. Knows no clock: it is told what time it is.

use std::time::Duration;

use tokio::time::Instant;

/// Requests a second.
type Rate = f64;

/// Busy registries are asked no less often than this.
const SLOWEST: Rate = 0.5;
/// Refusals so near each other are one: requests under way cannot have known better.
const ONE_REFUSAL: Duration = Duration::from_secs(1);

pub(super) struct Pace {
    limit: Option<Rate>,
    next: Instant,
    paused_until: Instant,
    slowed: Option<Slowed>,
    /// Since when requests are counted, how many there were since, and how many a second before that.
    counted: (Instant, u32, Rate),
}

/// Halved when the registry was too busy, and growing since by a tenth of what was too much, each second.
struct Slowed {
    since: Instant,
    rate: Rate,
    too_much: Rate,
}

impl Pace {
    pub(super) fn new(limit: Option<u32>, now: Instant) -> Self {
        let limit = limit.map(|rate| Rate::from(rate.max(1)));
        Self { limit, next: now, paused_until: now, slowed: None, counted: (now, 0, 0.0) }
    }

    /// When a request that is ready now may leave.
    pub(super) fn turn(&mut self, now: Instant) -> Instant {
        let turn = self.next.max(self.paused_until).max(now);
        self.next = turn + self.rate(now).map_or(Duration::ZERO, |rate| Duration::from_secs_f64(1.0 / rate));
        let (since, count, _) = self.counted;
        let passed = now.duration_since(since).as_secs_f64();
        self.counted =
            if passed < 1.0 { (since, count + 1, self.counted.2) } else { (now, 1, Rate::from(count) / passed) };
        turn
    }

    /// The registry asked for a pause: who had a turn in it needs another one.
    pub(super) fn pause(&mut self, now: Instant, time: Duration) {
        self.paused_until = self.paused_until.max(now + time);
        if let Some(slowed) = &mut self.slowed {
            slowed.since = slowed.since.max(self.paused_until);
        }
    }

    pub(super) fn is_paused(&self, now: Instant) -> bool {
        now < self.paused_until
    }

    pub(super) fn paused_until(&self) -> Instant {
        self.paused_until
    }

    /// The registry is too busy (429, 503): from now on half as many requests.
    pub(super) fn refused(&mut self, now: Instant) {
        if self.slowed.as_ref().is_some_and(|slowed| now < slowed.since + ONE_REFUSAL) {
            return;
        }
        let (_, count, before) = self.counted;
        let too_much = self.rate(now).unwrap_or_else(|| before.max(Rate::from(count)));
        self.slowed = Some(Slowed { since: now, rate: (too_much / 2.0).max(SLOWEST), too_much });
    }

    /// Requests a second now, where anything limits them.
    fn rate(&mut self, now: Instant) -> Option<Rate> {
        let Some(Slowed { since, rate, too_much }) = &self.slowed else { return self.limit };
        let recovery = (too_much / 10.0).max(1.0);
        let rate = rate + recovery * now.saturating_duration_since(*since).as_secs_f64();
        // Without a limit of the user's own, twice what was too much is none.
        if rate < self.limit.unwrap_or(too_much * 2.0) {
            return Some(rate);
        }
        self.slowed = None;
        self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Requests that leave within the second after `now`, of many that are ready.
    fn in_a_second(pace: &mut Pace, now: Instant) -> usize {
        let first = pace.turn(now);
        (0..10_000).take_while(|_| pace.turn(now) < first + SECOND).count() + 1
    }

    #[test]
    fn requests_are_spaced() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(50), now);
        let turns: Vec<Duration> = (0..4).map(|_| pace.turn(now) - now).collect();
        assert_eq!(turns, [0, 20, 40, 60].map(Duration::from_millis));
        let mut free = Pace::new(None, now);
        assert!((0..1000).all(|_| free.turn(now) == now));
    }

    #[test]
    fn a_pause_holds_everything_that_comes() {
        let now = Instant::now();
        let mut pace = Pace::new(None, now);
        pace.pause(now, 7 * SECOND);
        assert_eq!(pace.turn(now), now + 7 * SECOND);
        assert!(pace.is_paused(now + 6 * SECOND) && !pace.is_paused(now + 7 * SECOND));
        pace.pause(now, SECOND);
        assert_eq!(pace.turn(now), now + 7 * SECOND, "a shorter one shortens nothing");
    }

    #[test]
    fn a_busy_registry_halves_the_rate_and_it_grows_back() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(100), now);
        pace.refused(now);
        pace.refused(now);
        assert_eq!(in_a_second(&mut pace, now), 50, "refusals at the same time are one");
        let later = now + 3 * SECOND;
        assert_eq!(in_a_second(&mut pace, later), 80);
        pace.refused(later);
        assert_eq!(in_a_second(&mut pace, later + 2 * SECOND), 56);
        assert_eq!(in_a_second(&mut pace, later + 60 * SECOND), 100);
    }

    #[test]
    fn without_a_limit_what_was_too_much_is_measured() {
        let mut now = Instant::now();
        let mut pace = Pace::new(None, now);
        for _ in 0..80 {
            assert_eq!(pace.turn(now), now);
            now += SECOND / 40;
        }
        pace.refused(now);
        assert_eq!(in_a_second(&mut pace, now), 20);
        assert!(in_a_second(&mut pace, now + 60 * SECOND) > 1000, "and forgotten");
    }

    #[test]
    fn refusals_without_end_lead_to_few_requests_not_to_none() {
        let mut now = Instant::now();
        let mut pace = Pace::new(Some(15), now);
        for _ in 0..20 {
            pace.refused(now);
            now += SECOND;
        }
        assert!(pace.turn(now) <= now + 20 * SECOND);
        let (first, second) = (pace.turn(now), pace.turn(now));
        assert!(second - first <= 2 * SECOND);
    }

    #[test]
    fn a_pause_is_no_recovery() {
        let now = Instant::now();
        let mut pace = Pace::new(Some(100), now);
        pace.refused(now);
        pace.pause(now, 60 * SECOND);
        assert_eq!(in_a_second(&mut pace, now + 60 * SECOND), 50);
    }
}
