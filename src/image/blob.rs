//! Blob bytes on their way from one place to another.

use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};

use super::{Descriptor, Hasher};
use crate::diag::{Problem, Wording, say};

/// The bytes of a blob as they arrive.
pub type BlobStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// Why the bytes of a blob stopped coming.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{problem}")]
pub struct BlobError {
    pub problem: Problem,
    /// Asking again may help: a cut connection, a server error.
    pub temporary: bool,
}

impl BlobError {
    /// Whether bytes came in their whole length, and were others.
    #[must_use]
    pub fn is_other_digest(&self) -> bool {
        self.problem.code.as_str() == OTHER_DIGEST
    }
}

const OTHER_DIGEST: &str = "blob-digest";

/// Lets through only what `expected` names: the last bytes are held back until size and digest are known to be
/// right, so that whoever reads this never has a whole wrong blob.
///
/// A wrong size is temporary (a cut connection looks like it), a wrong digest of the right size is not.
#[must_use]
pub fn verified(stream: BlobStream, expected: Descriptor) -> BlobStream {
    verified_until(stream, expected, || false)
}

/// As [`verified`], until `enough` says that somebody else verifies them: what comes then is counted only.
#[must_use]
pub fn verified_until(
    stream: BlobStream,
    expected: Descriptor,
    enough: impl FnMut() -> bool + Send + 'static,
) -> BlobStream {
    let hasher = Some(Hasher::new(expected.digest.algorithm()));
    let state = Verifier { stream, enough, hasher, ended: false, seen: 0, held: None, expected };
    stream::unfold(Some(state), |state| async move {
        let mut state = state?;
        match state.next().await {
            Ok(Some(chunk)) => Some((Ok(chunk), Some(state))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
    .boxed()
}

struct Verifier<F> {
    stream: BlobStream,
    enough: F,
    /// Taken when the stream has ended or somebody else verifies it.
    hasher: Option<Hasher>,
    ended: bool,
    seen: u64,
    held: Option<Bytes>,
    expected: Descriptor,
}

impl<F: FnMut() -> bool> Verifier<F> {
    async fn next(&mut self) -> Result<Option<Bytes>, BlobError> {
        loop {
            if self.hasher.is_none() && self.held.is_some() || self.ended {
                return Ok(self.held.take());
            }
            let Some(chunk) = self.stream.next().await else {
                self.ended = true;
                self.finish()?;
                continue;
            };
            let chunk = chunk?;
            if (self.enough)() {
                self.hasher = None;
            }
            self.take(&chunk)?;
            if let Some(ready) = self.held.replace(chunk) {
                return Ok(Some(ready));
            }
        }
    }

    fn take(&mut self, chunk: &Bytes) -> Result<(), BlobError> {
        self.seen += chunk.len() as u64;
        if self.seen > self.expected.size {
            return Err({
                let size = self.expected.size;
                self.wrong(
                    "blob-size",
                    &say!("more than its {size} bytes arrived", "收到的内容超过它的 {size} 字节", size),
                    true,
                )
            });
        }
        if let Some(hasher) = &mut self.hasher {
            hasher.update(chunk);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), BlobError> {
        if self.seen != self.expected.size {
            let reason = say!(
                "only {seen} of its {size} bytes arrived",
                "只收到它 {size} 字节中的 {seen} 字节",
                seen = self.seen,
                size = self.expected.size
            );
            return Err(self.wrong("blob-size", &reason, true));
        }
        let Some(hasher) = self.hasher.take() else { return Ok(()) };
        let found = hasher.finish();
        if found != self.expected.digest {
            return Err(self.wrong(
                OTHER_DIGEST,
                &say!("its bytes have the digest {found}", "其内容的摘要是 {found}", found),
                false,
            ));
        }
        Ok(())
    }

    fn wrong(&self, code: &'static str, reason: &Wording, temporary: bool) -> BlobError {
        let message = say!(
            "blob {digest} is not what its name says: {reason}",
            "数据块 {digest} 名不副实：{reason}",
            digest = self.expected.digest,
            reason
        );
        let problem = Problem::new(code, message).with_help(say!(
            "the source is damaged, or something between changes bytes; push the image to the source again",
            "源已损坏，或者途中有设备改动了内容；重新把镜像推送到源"
        ));
        BlobError { problem, temporary }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::{Digest, MediaType};

    fn stream(chunks: &[&'static str]) -> BlobStream {
        stream::iter(chunks.iter().map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))).collect::<Vec<_>>()).boxed()
    }

    fn read(chunks: &[&'static str], text: &str) -> (String, Option<BlobError>) {
        let expected = Descriptor {
            media_type: MediaType::OciLayerTar,
            digest: Digest::sha256(text.as_bytes()),
            size: text.len() as u64,
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut verified = verified(stream(chunks), expected);
            let (mut got, mut error) = (String::new(), None);
            while let Some(item) = verified.next().await {
                match item {
                    Ok(bytes) => got.push_str(std::str::from_utf8(&bytes).unwrap()),
                    Err(e) => error = Some(e),
                }
            }
            (got, error)
        })
    }

    #[test]
    fn right_bytes_pass_whole() {
        assert_eq!(read(&["ab", "c"], "abc"), ("abc".to_owned(), None));
        assert_eq!(read(&[], ""), (String::new(), None));
    }

    #[tokio::test]
    async fn what_somebody_else_verifies_is_counted_only() {
        let expected = Descriptor { media_type: MediaType::OciLayerTar, digest: Digest::sha256(b"abcdef"), size: 6 };
        let until_third = || {
            let mut asked = 0;
            move || {
                asked += 1;
                asked == 3
            }
        };
        let read = |chunks: &[&'static str]| {
            verified_until(stream(chunks), expected.clone(), until_third()).collect::<Vec<Result<Bytes, BlobError>>>()
        };
        let passed = read(&["ab", "cd", "x", "y"]).await;
        assert_eq!(passed, ["ab", "cd", "x", "y"].map(|chunk| Ok(Bytes::from_static(chunk.as_bytes()))));
        assert!(!read(&["abc", "xyz"]).await.pop().unwrap().unwrap_err().temporary, "it ended before that");
        for wrong in [&["ab", "cd", "e"][..], &["ab", "cd", "ef", "g"]] {
            assert!(read(wrong).await.pop().unwrap().unwrap_err().temporary, "{wrong:?}");
        }
    }

    #[test]
    fn a_wrong_blob_is_never_whole() {
        for (chunks, temporary) in [(&["ab", "x"][..], false), (&["ab"], true), (&["abc", "d"], true)] {
            let (got, error) = read(chunks, "abc");
            assert!(got.len() < 3, "{chunks:?}");
            assert_eq!(error.unwrap().temporary, temporary, "{chunks:?}");
        }
    }
}
