//! One large blob over several connections, where a single one is the limit: parts of it are asked for at a time and
//! put back in order. One blob of a registry at a time: several blobs are several connections anyway.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;

use super::download::Download;
use super::{Client, Error, Kind};
use crate::image::{BlobError, BlobStream};

/// Smaller blobs are there before it would be known what limits them.
pub(super) const LARGE: u64 = 64 * 1024 * 1024;
/// Parts at a time, and bytes of a part: together what is held of a blob in memory.
const AT_A_TIME: usize = 4;
const PART: u64 = 4 * 1024 * 1024;
/// After so many bytes it is judged who waits for whom.
const SAMPLE: u64 = 8 * 1024 * 1024;

/// How the bytes come at present.
enum Way {
    One(Download, Sample),
    Many(Parts),
}

/// How long the reader waited for the connection, of how long it took.
struct Sample {
    began: Instant,
    waited: Duration,
    bytes: u64,
}

struct Parts {
    coming: BoxStream<'static, Result<Vec<Bytes>, Error>>,
    arrived: VecDeque<Bytes>,
    /// The byte that comes next.
    at: u64,
    /// What is asked for where the server sends no parts after all.
    whole: Download,
    _turn: OwnedSemaphorePermit,
}

/// The bytes of `download`, which may be taken over by several connections.
pub(super) fn stream(client: Client, download: Download) -> BlobStream {
    let way = Way::One(download, Sample::new());
    stream::unfold(Some((client, way)), |state| async move {
        let (client, way) = state?;
        match next(&client, way).await {
            Ok(Some((chunk, way))) => {
                client.transport().bandwidth().take(chunk.len()).await;
                Some((Ok(chunk), Some((client, way))))
            }
            Ok(None) => None,
            Err(error) => Some((Err(BlobError::from(error)), None)),
        }
    })
    .boxed()
}

async fn next(client: &Client, mut way: Way) -> Result<Option<(Bytes, Way)>, Error> {
    loop {
        way = match way {
            Way::One(mut download, mut sample) => {
                let Some(chunk) = sample.watch(&mut download).await? else { return Ok(None) };
                return Ok(Some((chunk, sample.judge(client, download))));
            }
            Way::Many(mut parts) => match parts.next().await {
                Ok(Some(chunk)) => return Ok(Some((chunk, Way::Many(parts)))),
                Ok(None) => return Ok(None),
                Err(error) if *error.kind() == Kind::Protocol => Way::One(parts.give_up(), Sample::never()),
                Err(error) => return Err(error),
            },
        };
    }
}

impl Sample {
    fn new() -> Self {
        Self { began: Instant::now(), waited: Duration::ZERO, bytes: 0 }
    }

    /// One that is never judged.
    fn never() -> Self {
        Self { bytes: u64::MAX, ..Self::new() }
    }

    async fn watch(&mut self, download: &mut Download) -> Result<Option<Bytes>, Error> {
        let began = Instant::now();
        let chunk = download.next().await?;
        self.waited += began.elapsed();
        self.bytes = self.bytes.saturating_add(chunk.as_ref().map_or(0, |chunk| chunk.len() as u64));
        Ok(chunk)
    }

    /// Three quarters of the time waited for one connection: more of them may bring more.
    fn judge(self, client: &Client, download: Download) -> Way {
        if self.bytes < SAMPLE || self.bytes == u64::MAX {
            return Way::One(download, self);
        }
        let narrow = self.waited >= self.began.elapsed() * 3 / 4;
        let turn = if narrow && download.missing() > SAMPLE { client.transport().parts_turn() } else { None };
        match turn {
            Some(turn) => Way::Many(Parts::new(download, turn)),
            None => Way::One(download, Self::new()),
        }
    }
}

impl Parts {
    fn new(mut whole: Download, turn: OwnedSemaphorePermit) -> Self {
        whole.hang_up();
        let (at, end) = (whole.at(), whole.at() + whole.missing());
        let starts = std::iter::successors(Some(at), |from| Some(from + PART)).take_while(move |from| *from < end);
        let rest = whole.part(at, end);
        let parts = stream::iter(starts).map(move |from| rest.part(from, end.min(from + PART)).collect());
        let coming = parts.buffered(AT_A_TIME).boxed();
        Self { coming, arrived: VecDeque::new(), at, whole, _turn: turn }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while self.arrived.is_empty() {
            match self.coming.next().await {
                Some(part) => self.arrived.extend(part?),
                None => return Ok(None),
            }
        }
        let chunk = self.arrived.pop_front();
        self.at += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Ok(chunk)
    }

    /// One connection again, from here on.
    fn give_up(self) -> Download {
        self.whole.without_ranges(self.at)
    }
}
