//! Uploads that broke off: how much of one the registry kept, and going on from there.
//!
//! Not every registry goes on with one (Distribution before 3.0 keeps the bytes, but signs how many it has into the link of
//! an upload, and knows no link once bytes came that it did not confirm): then the blob is sent anew. What a registry says
//! it kept is believed; whether it is right shows in the digest, which it checks at the end.

use reqwest::Method;
use reqwest::header::{HeaderMap, RANGE};
use url::Url;

use super::auth::Scope;
use super::exchange::Request;
use super::{Client, Error, Kind, Upload};
use crate::image::Repository;

impl Upload {
    /// Bytes that the registry has already.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// Where it can be found again. It may let in who knows it: not to be shown.
    #[must_use]
    pub fn location(&self) -> &str {
        self.location.as_str()
    }
}

impl Client {
    /// The upload that an earlier run left at `location`; `None` where that is none of this repository's: ended there, the
    /// blob would be another's.
    #[must_use]
    pub fn remembered_upload(&self, repository: &Repository, location: &str) -> Option<Upload> {
        let location: Url = location.parse().ok()?;
        let folder = format!("{}{repository}/blobs/uploads/", self.api().path());
        let own = self.is_own(&location) && location.path().starts_with(&folder);
        own.then(|| Upload { repository: repository.clone(), location, kept: 0 })
    }

    /// An upload of a blob of `size` bytes that broke off, ready to go on; `None` where the registry kept nothing.
    ///
    /// # Errors
    /// When the registry does not answer at all.
    pub async fn resume_upload(&self, upload: &Upload, size: u64) -> Result<Option<Upload>, Error> {
        let request = Request::new(Method::GET, upload.location.clone(), vec![Scope::push(&upload.repository)]);
        let mut backoff = self.backoff();
        let response = loop {
            match self.exchange(&request).await {
                Ok(response) => break response,
                Err(error) if *error.kind() == Kind::UploadUnknown || !error.is_temporary() => return Ok(None),
                Err(error) => backoff.wait(error).await?,
            }
        };
        let Some(kept) = kept(response.headers()).filter(|kept| (1..=size).contains(kept)) else { return Ok(None) };
        let location = response.location().unwrap_or_else(|_| upload.location.clone());
        Ok(Some(Upload { repository: upload.repository.clone(), location, kept }))
    }
}

/// `Range: 0-41` is 42 bytes; `0-0` is how nothing is said.
fn kept(headers: &HeaderMap) -> Option<u64> {
    let text = headers.get(RANGE)?.to_str().ok()?.trim();
    let last: u64 = text.strip_prefix("bytes=").unwrap_or(text).strip_prefix("0-")?.parse().ok()?;
    if last == 0 { None } else { last.checked_add(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_is_said_by_its_last_byte() {
        let read = |text: &str| kept(&HeaderMap::from_iter([(RANGE, text.parse().unwrap())]));
        assert_eq!(read("0-41"), Some(42));
        assert_eq!(read("bytes=0-41"), Some(42));
        for nothing in ["0-0", "", "41", "5-41", "0-x", "0--1", "0-18446744073709551615"] {
            assert_eq!(read(nothing), None, "{nothing}");
        }
        assert_eq!(kept(&HeaderMap::new()), None);
    }
}
