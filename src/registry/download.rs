//! The bytes of one blob, over as many connections as it takes: what breaks off goes on where it stopped.
//!
//! Counts bytes and holds the server to what it says about them; whether they are the right ones is for the digest.

use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, HeaderMap, HeaderValue, RANGE};

use super::exchange::Request;
use super::http::{Response, content_length};
use super::retry::Backoff;
use super::{Client, Error, Kind};
use crate::diag::say;
use crate::image::{BlobError, BlobStream};

/// A connection that brought so many bytes was no failure: patience starts anew.
const PROGRESS: u64 = 1024 * 1024;
/// Nor was one that brought such a part of a smaller blob.
const PART_OF_BLOB: u64 = 1000;

pub(super) struct Download {
    client: Client,
    request: Request,
    /// The byte that comes next.
    at: u64,
    /// Where it ends: at the end of the blob, or of a part of it.
    end: u64,
    size: u64,
    /// The answer that is being read, once its first `skip` bytes are dropped.
    response: Option<Response>,
    skip: u64,
    /// Whether to ask for parts; who answers with a wrong one is asked for everything.
    ranges: bool,
    backoff: Backoff,
    /// Bytes since the last failure.
    gained: u64,
}

impl Download {
    /// The bytes of a blob of `size` from `at` on; nothing is asked for yet.
    pub(super) fn new(client: &Client, request: Request, at: u64, size: u64) -> Self {
        let (client, backoff) = (client.clone(), client.backoff());
        let (response, skip, ranges, gained) = (None, 0, true, 0);
        Self { client, request, at, end: size, size, response, skip, ranges, backoff, gained }
    }

    /// Asks for the bytes of a blob of `size` from `at` on, until the registry answers.
    pub(super) async fn open(client: &Client, request: Request, at: u64, size: u64) -> Result<Self, Error> {
        let mut download = Self::new(client, request, at, size);
        while let Err(error) = download.connect().await {
            download.backoff.wait(error).await?;
        }
        Ok(download)
    }

    /// The same download for the bytes from `from` up to `end`; nothing is asked for yet.
    pub(super) fn part(&self, from: u64, end: u64) -> Self {
        Self { end, ..Self::new(&self.client, self.request.clone(), from, self.size) }
    }

    /// The rest, without asking for ranges.
    pub(super) fn without_ranges(mut self, from: u64) -> Self {
        (self.at, self.ranges) = (from, false);
        self
    }

    pub(super) fn at(&self) -> u64 {
        self.at
    }

    pub(super) fn missing(&self) -> u64 {
        self.end.saturating_sub(self.at)
    }

    /// Everything at once: for a part.
    pub(super) async fn collect(mut self) -> Result<Vec<Bytes>, Error> {
        let mut chunks = Vec::new();
        while let Some(chunk) = self.next().await? {
            chunks.push(chunk);
        }
        Ok(chunks)
    }

    /// Everything as it comes: for a part.
    pub(super) fn chunks(self) -> impl Stream<Item = Result<Bytes, Error>> + Send + Unpin {
        let next = |download: Option<Self>| async move {
            let mut download = download?;
            match download.next().await {
                Ok(chunk) => Some((Ok(chunk?), Some(download))),
                Err(error) => Some((Err(error), None)),
            }
        };
        Box::pin(stream::unfold(Some(self), next))
    }

    pub(super) fn stream(self) -> BlobStream {
        stream::unfold(Some(self), |download| async move {
            let mut download = download?;
            match download.next().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(download))),
                Ok(None) => None,
                Err(error) => Some((Err(BlobError::from(error)), None)),
            }
        })
        .boxed()
    }

    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let failure = match self.read().await {
                Ok(Some(chunk)) if chunk.is_empty() => continue,
                Ok(Some(chunk)) => return Ok(Some(chunk)),
                Ok(None) => return Ok(None),
                Err(_) if self.at == self.end => return Ok(None),
                Err(failure) => failure,
            };
            self.response = None;
            if self.gained >= (self.size / PART_OF_BLOB).clamp(1, PROGRESS) {
                self.backoff = self.client.backoff();
            }
            self.gained = 0;
            self.backoff.wait(failure).await?;
        }
    }

    async fn read(&mut self) -> Result<Option<Bytes>, Error> {
        if self.response.is_none() {
            self.connect().await?;
        }
        let Some(response) = &mut self.response else { return Ok(None) };
        let Some(mut chunk) = response.chunk().await? else {
            if self.at >= self.end {
                return Ok(None);
            }
            let detail = say!(
                "its answer ended after {at} of {end} bytes",
                "应答在 {end} 字节中的第 {at} 字节处结束",
                at = self.at,
                end = self.end
            );
            return Err(response.error(Kind::Interrupted, detail));
        };
        // What is skipped came over the line, too.
        self.client.transport().bandwidth().take(chunk.len()).await;
        let skipped = self.skip.min(chunk.len() as u64);
        self.skip -= skipped;
        let chunk = chunk.split_off(usize::try_from(skipped).unwrap_or(chunk.len()));
        self.at += chunk.len() as u64;
        self.gained += chunk.len() as u64;
        if self.at > self.end {
            let detail = say!(
                "its answer goes on after the {end} bytes that were asked for",
                "应答超出了请求的 {end} 字节",
                end = self.end
            );
            return Err(response.error(Kind::DigestInvalid, detail));
        }
        Ok(Some(chunk))
    }

    /// Asks for what is missing, login and redirects anew: links to storage hosts are good for a while only.
    async fn connect(&mut self) -> Result<(), Error> {
        let mut request = self.request.clone();
        if let Some(range) = self.range() {
            request = request.header(RANGE, range);
        }
        let connected = match Box::pin(self.client.exchange(&request)).await {
            Ok(response) => self.first_byte(&response).map(|first| (response, first)),
            Err(error) => Err(error),
        };
        let refused_range = |error: &Error| {
            error.status() == Some(StatusCode::RANGE_NOT_SATISFIABLE.as_u16()) || *error.kind() == Kind::Protocol
        };
        match connected {
            Ok((response, first)) => {
                self.skip = self.at - first;
                self.response = Some(response);
                Ok(())
            }
            Err(error) if self.is_part() && refused_range(&error) => {
                let detail = say!("it sends no part of the blob ({error})", "它不提供数据块的一部分（{error}）", error);
                Err(Error::new(Kind::Protocol, &self.request.method, &self.request.url, detail))
            }
            Err(error) if self.at > 0 && self.ranges && refused_range(&error) => {
                self.ranges = false;
                Err(error.temporary())
            }
            Err(error) => Err(error),
        }
    }

    fn is_part(&self) -> bool {
        self.end < self.size
    }

    /// What to ask for, unless it is everything.
    fn range(&self) -> Option<HeaderValue> {
        let range = match self.end {
            end if end < self.size => format!("bytes={}-{}", self.at, end - 1),
            _ if self.at > 0 && self.ranges => format!("bytes={}-", self.at),
            _ => return None,
        };
        Some(HeaderValue::from_str(&range).expect("digits are a header value"))
    }

    /// The byte of the blob with which an answer starts.
    fn first_byte(&self, response: &Response) -> Result<u64, Error> {
        if response.status() == StatusCode::PARTIAL_CONTENT {
            return match content_range(response.headers()) {
                Some((first, total)) if first == self.at && total.is_none_or(|total| total == self.size) => Ok(first),
                _ => {
                    let detail = say!(
                        "another part of the blob than the one from byte {at} on",
                        "不是数据块从第 {at} 字节起的部分",
                        at = self.at
                    );
                    Err(response.error(Kind::Protocol, detail))
                }
            };
        }
        match content_length(response.headers()) {
            Some(size) if size != self.size => {
                let detail = say!(
                    "the blob has {size} bytes, its manifest says {expected}",
                    "数据块有 {size} 字节，清单说是 {expected}",
                    size,
                    expected = self.size
                );
                Err(response.error(Kind::DigestInvalid, detail))
            }
            _ if self.is_part() => Err(response
                .error(Kind::Protocol, say!("everything where a part was asked for", "请求的是一部分，却给了全部"))),
            // Who does not know ranges sends everything again.
            _ => Ok(0),
        }
    }
}

/// First byte and whole size of `Content-Range: bytes 5-9/10`; the size may be unknown (`*`).
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let (range, total) = headers.get(CONTENT_RANGE)?.to_str().ok()?.strip_prefix("bytes ")?.split_once('/')?;
    let first = range.split_once('-')?.0.trim().parse().ok()?;
    let total = total.trim();
    Some((first, if total == "*" { None } else { Some(total.parse().ok()?) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_tells_where_it_starts() {
        let read = |text: &str| content_range(&HeaderMap::from_iter([(CONTENT_RANGE, text.parse().unwrap())]));
        assert_eq!(read("bytes 5-9/10"), Some((5, Some(10))));
        assert_eq!(read("bytes 5-9/*"), Some((5, None)));
        for wrong in ["bytes */10", "bytes 5-9", "lines 5-9/10", "bytes x-9/10", "bytes 5-9/x", ""] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
