//! Sets tags for many tasks with few writes: what gathers while one write is under way goes into the next, so that
//! thousands of tags do not write a large `index.json` thousands of times.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, oneshot};

use super::blocking;
use super::directory::{Directory, TagChange};
use super::error::{Error, Fault};

/// The tags of one layout that wait to be set.
#[derive(Debug, Default)]
pub(super) struct Tagging {
    queue: Mutex<Vec<Request>>,
    turn: Turn<()>,
}

#[derive(Debug)]
struct Request {
    change: TagChange,
    done: oneshot::Sender<Result<(), Error>>,
}

impl Tagging {
    /// Returns when the change is durable.
    pub(super) async fn set(&self, directory: &Arc<Directory>, change: TagChange) -> Result<(), Error> {
        let (done, mut result) = oneshot::channel();
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push(Request { change, done });
        let _turn = self.turn.lock().await;
        // Whoever had the turn may have set this tag too.
        if let Ok(result) = result.try_recv() {
            return result;
        }
        let batch = std::mem::take(&mut *self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        let shared = Arc::clone(directory);
        blocking(directory.path(), move || {
            set_all(&shared, batch);
            Ok(())
        })
        .await?;
        result.await.unwrap_or_else(|_| Err(Error::new(directory.path(), Fault::Stopped)))
    }
}

fn set_all(directory: &Directory, batch: Vec<Request>) {
    let (changes, waiting): (Vec<_>, Vec<_>) = batch.into_iter().map(|request| (request.change, request.done)).unzip();
    for (result, done) in directory.set_tags(&changes).into_iter().zip(waiting) {
        // A task that was stopped waits for nothing.
        let _ = done.send(result);
    }
}
