//! One large blob over several connections, where somebody says that a single one is the limit: parts of it are asked for at
//! a time and put back in order. What is read in parts, and in how many, is told by the size alone, so that a plan can
//! count them.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::sync::OwnedSemaphorePermit;

use super::download::Download;
use super::{Client, Error, Kind, Limits};
use crate::image::{BlobError, BlobStream};

/// Smaller blobs are there soon over one connection.
const LARGE: u64 = 64 * 1024 * 1024;
/// Bytes of a part: those that are asked for at a time are held in memory.
const PART: u64 = 4 * 1024 * 1024;

impl Limits {
    /// How many requests a blob of `size` bytes takes.
    #[must_use]
    pub fn requests_for(&self, size: u64) -> u64 {
        if self.connections_per_blob() > 1 && size >= LARGE { size.div_ceil(PART) } else { 1 }
    }
}

/// How the bytes come at present.
enum Way {
    One(Download),
    Many(Parts),
}

struct Parts {
    coming: BoxStream<'static, Result<Bytes, Error>>,
    /// The byte that comes next.
    at: u64,
    /// What is asked for where the server sends no parts after all.
    whole: Download,
    _turn: Option<OwnedSemaphorePermit>,
}

/// The bytes of `download`, of which nothing is asked for yet.
pub(super) fn stream(client: &Client, download: Download) -> BlobStream {
    let way = Way::Many(Parts::new(client, download));
    stream::unfold(Some(way), |way| async move {
        match next(way?).await {
            Ok(Some((chunk, way))) => Some((Ok(chunk), Some(way))),
            Ok(None) => None,
            Err(error) => Some((Err(BlobError::from(error)), None)),
        }
    })
    .boxed()
}

async fn next(mut way: Way) -> Result<Option<(Bytes, Way)>, Error> {
    loop {
        way = match way {
            Way::One(mut download) => return Ok(download.next().await?.map(|chunk| (chunk, Way::One(download)))),
            Way::Many(mut parts) => match parts.next().await {
                Ok(chunk) => return Ok(chunk.map(|chunk| (chunk, Way::Many(parts)))),
                Err(error) if *error.kind() == Kind::Protocol => Way::One(parts.whole.without_ranges(parts.at)),
                Err(error) => return Err(error),
            },
        };
    }
}

impl Parts {
    fn new(client: &Client, whole: Download) -> Self {
        let (at, end) = (whole.at(), whole.at() + whole.missing());
        let starts = std::iter::successors(Some(at), |from| Some(from + PART)).take_while(move |from| *from < end);
        let rest = whole.part(at, end);
        let parts = stream::iter(starts).map(move |from| rest.part(from, end.min(from + PART)));
        // One blob of a registry has many connections, so that memory is bounded: the others are many anyway.
        let turn = client.transport().parts_turn();
        let coming = match turn {
            Some(_) => {
                let at_a_time = client.transport().limits().connections_per_blob();
                let collected = parts.map(Download::collect).buffered(at_a_time as usize);
                collected.map_ok(|chunks| stream::iter(chunks.into_iter().map(Ok))).try_flatten().boxed()
            }
            None => parts.flat_map(Download::chunks).boxed(),
        };
        Self { coming, at, whole, _turn: turn }
    }

    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = self.coming.try_next().await?;
        self.at += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_alone_tells_how_many_requests_a_blob_takes() {
        let requests = |connections_per_blob| {
            let limits = Limits { connections_per_blob, ..Limits::default() };
            [0, LARGE - 1, LARGE, LARGE + 1].map(|size| limits.requests_for(size))
        };
        assert_eq!(requests(None), [1; 4]);
        assert_eq!(requests(Some(1)), [1; 4]);
        assert_eq!(requests(Some(4)), [1, 1, 16, 17]);
    }
}
