//! One download for several takers: every byte is read once, and no taker gets far ahead of the others.

use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use tokio::sync::{mpsc, oneshot};

use crate::image::{BlobError, BlobStream};

/// Chunks that a taker may lag behind before the others wait for it.
const LAG: usize = 2;

/// The bytes for one taker, and when to ask for them.
pub(super) struct Taker {
    /// Comes when the taker before has begun, or never will. Takers wait for places among the uploads of their
    /// registries while holding the places they have; asked for in one order, nobody waits in a circle.
    pub(super) turn: oneshot::Receiver<()>,
    pub(super) bytes: BlobStream,
}

/// Splits `source`. The future moves the bytes once every taker has begun or gone away, and ends with the source or the
/// last taker; a taker that goes away is not waited for.
pub(super) fn tee(source: BlobStream, takers: usize) -> (impl Future<Output = ()>, Vec<Taker>) {
    let (first, mut turn) = oneshot::channel();
    let _ = first.send(());
    let (mut senders, mut split) = (Vec::with_capacity(takers), Vec::with_capacity(takers));
    for _ in 0..takers {
        let (sender, receiver) = mpsc::channel(LAG);
        let (begun, next) = oneshot::channel();
        senders.push(sender);
        split.push(Taker { turn, bytes: bytes(receiver, begun) });
        turn = next;
    }
    (pump(source, senders, turn), split)
}

type Chunk = Result<Bytes, BlobError>;

fn bytes(receiver: mpsc::Receiver<Chunk>, begun: oneshot::Sender<()>) -> BlobStream {
    stream::unfold((receiver, Some(begun)), |(mut receiver, begun)| async move {
        if let Some(begun) = begun {
            let _ = begun.send(());
        }
        Some((receiver.recv().await?, (receiver, None)))
    })
    .boxed()
}

async fn pump(mut source: BlobStream, mut takers: Vec<mpsc::Sender<Chunk>>, all_begun: oneshot::Receiver<()>) {
    let _ = all_begun.await;
    loop {
        takers.retain(|taker| !taker.is_closed());
        if takers.is_empty() {
            return;
        }
        let Some(chunk) = source.next().await else { return };
        for taker in &takers {
            // Who is gone is dropped before the next chunk.
            let _ = taker.send(chunk.clone()).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join;

    use super::*;
    use crate::diag::{Problem, Wording};

    fn numbers(count: u8) -> BlobStream {
        stream::iter((0..count).map(|number| Ok(Bytes::from(vec![number])))).boxed()
    }

    async fn read(taker: Taker, limit: usize) -> Vec<Chunk> {
        let _ = taker.turn.await;
        taker.bytes.take(limit).collect().await
    }

    fn all(count: u8) -> Vec<Chunk> {
        (0..count).map(|number| Ok(Bytes::from(vec![number]))).collect()
    }

    #[tokio::test]
    async fn every_taker_gets_everything() {
        let (pump, mut takers) = tee(numbers(100), 2);
        let (second, first) = (takers.pop().unwrap(), takers.pop().unwrap());
        let ((), (first, second)) = join(pump, join(read(first, usize::MAX), read(second, usize::MAX))).await;
        assert_eq!((first, second), (all(100), all(100)));
    }

    #[tokio::test]
    async fn a_taker_that_goes_away_spoils_nothing() {
        for gone_after in [0, 1, 50] {
            let (pump, mut takers) = tee(numbers(100), 2);
            let (second, first) = (takers.pop().unwrap(), takers.pop().unwrap());
            let ((), (first, second)) = join(pump, join(read(first, gone_after), read(second, usize::MAX))).await;
            assert_eq!((first, second), (all(100)[..gone_after].to_vec(), all(100)));
        }
    }

    #[tokio::test]
    async fn nothing_is_read_for_nobody() {
        let (pump, takers) = tee(stream::pending().boxed(), 2);
        drop(takers);
        pump.await;
    }

    #[tokio::test]
    async fn a_broken_source_is_told_to_all() {
        let error = BlobError { problem: Problem::new("x", Wording::same("broken")), temporary: true };
        let (pump, takers) = tee(stream::iter([Err(error.clone())]).boxed(), 2);
        let reads = takers.into_iter().map(|taker| read(taker, usize::MAX));
        let ((), read) = join(pump, futures_util::future::join_all(reads)).await;
        assert_eq!(read, [vec![Err(error.clone())], vec![Err(error)]]);
    }

    #[tokio::test]
    async fn a_slow_taker_holds_the_others_back() {
        let (pump, mut takers) = tee(numbers(100), 2);
        let (mut slow, fast) = (takers.pop().unwrap(), takers.pop().unwrap());
        let pump = tokio::spawn(pump);
        let fast = tokio::spawn(read(fast, usize::MAX));
        assert_eq!(slow.bytes.next().await, Some(Ok(Bytes::from_static(&[0]))));
        for _ in 0..1_000 {
            tokio::task::yield_now().await;
        }
        assert!(!fast.is_finished(), "it has at most {LAG} chunks more than the slow one");
        assert_eq!(slow.bytes.count().await, 99);
        assert_eq!(fast.await.unwrap().len(), 100);
        pump.await.unwrap();
    }
}
