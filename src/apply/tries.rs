//! How often something is tried at one step, and how long is waited in between: the only place where apply decides that.
//! Single requests are tried again by the registry's client, below; here it is about the bytes of whole blobs.

use std::time::Duration;

use super::Context;
use crate::plan::{Event, Step};
use crate::store::{Error, Store};

/// Wait before the first retry; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// The tries of one thing at one step.
pub(super) struct Tries<'a> {
    context: &'a Context,
    step: &'a Step,
    target: &'a Store,
    /// After the first.
    allowed: u32,
    failed: u32,
    pause: Duration,
}

impl<'a> Tries<'a> {
    /// With so many that failed already.
    pub(super) fn new((context, step, target): (&'a Context, &'a Step, &'a Store), allowed: u32, failed: u32) -> Self {
        Self { context, step, target, allowed, failed, pause: FIRST_PAUSE }
    }

    pub(super) fn failed(&self) -> u32 {
        self.failed
    }

    /// Returns when it is time to try again.
    ///
    /// # Errors
    /// `error` itself when trying again does not help or has been done often enough.
    pub(super) async fn wait(&mut self, error: Error) -> Result<(), Error> {
        // It would be held back that long anyway.
        let pause = self.pause.max(self.target.paused_for());
        self.note(error, pause)?;
        tokio::time::sleep(pause).await;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        Ok(())
    }

    /// As [`Self::wait`], for what is tried again on another way, at once.
    ///
    /// # Errors
    /// As [`Self::wait`].
    pub(super) fn go_on(&mut self, error: Error) -> Result<(), Error> {
        self.note(error, Duration::ZERO)
    }

    /// There was progress: patience starts anew.
    pub(super) fn start_anew(&mut self) {
        (self.failed, self.pause) = (0, FIRST_PAUSE);
    }

    fn note(&mut self, error: Error, pause: Duration) -> Result<(), Error> {
        if !error.temporary || self.failed >= self.allowed {
            return Err(error);
        }
        self.failed += 1;
        self.context.send(Event::Retried {
            address: self.step.address.clone(),
            attempt: self.failed,
            retries: self.allowed,
            pause,
            problem: error.problem,
        });
        Ok(())
    }
}
