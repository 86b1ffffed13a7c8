//! Answers that are good for a moment: what proves a path and what comes right after it would ask the same.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long nobody asks again.
const FRESH: Duration = Duration::from_secs(30);

/// Answers by what was asked; who asks meanwhile waits for the same one. A failure is not kept.
pub(super) struct Recent<K, T> {
    slots: Mutex<HashMap<K, Arc<Slot<T>>>>,
    fresh: Duration,
}

type Slot<T> = tokio::sync::Mutex<Option<(Instant, T)>>;

impl<K, T> Default for Recent<K, T> {
    fn default() -> Self {
        Self { slots: Mutex::default(), fresh: FRESH }
    }
}

impl<K: Eq + Hash, T: Clone> Recent<K, T> {
    pub(super) async fn get<E>(&self, key: K, ask: impl Future<Output = Result<T, E>>) -> Result<T, E> {
        let slot = Arc::clone(self.slots.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default());
        let mut slot = slot.lock().await;
        if let Some((_, answer)) = slot.as_ref().filter(|(at, _)| at.elapsed() < self.fresh) {
            return Ok(answer.clone());
        }
        let answer = ask.await?;
        *slot = Some((Instant::now(), answer.clone()));
        Ok(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_an_answer_that_is_fresh_is_given_again() {
        let recent = Recent::default();
        assert_eq!(recent.get("a", async { Err(1) }).await, Err(1));
        assert_eq!(recent.get("a", async { Ok::<_, ()>(2) }).await, Ok(2));
        assert_eq!(recent.get("a", async { Err::<u8, _>(3) }).await, Ok(2));
        assert_eq!(recent.get("b", async { Err::<u8, _>(3) }).await, Err(3));
        let stale = Recent { fresh: Duration::ZERO, ..recent };
        assert_eq!(stale.get("a", async { Ok::<_, ()>(4) }).await, Ok(4));
    }
}
