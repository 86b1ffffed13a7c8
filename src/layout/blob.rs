//! Blobs as files: read in chunks, written whole or not at all.

use std::io::{Seek as _, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufWriter};

use super::blocking;
use super::directory::Directory;
use super::error::{Action, Error, Fault};
use super::file;
use crate::image::{BlobError, BlobStream, Descriptor, Digest, verified};

const CHUNK: usize = 512 * 1024;

/// Bytes of a blob; none when it is not there.
///
/// An empty file is a blob only under the digest of nothing: crashed writers that do not sync leave such files.
pub(super) fn size(directory: &Directory, digest: &Digest) -> Result<Option<u64>, Error> {
    let path = directory.blob_path(digest);
    match std::fs::metadata(&path) {
        Ok(found) if !found.is_file() || (found.len() == 0 && !digest.matches(b"")) => Ok(None),
        Ok(found) => Ok(Some(found.len())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => directory.exists().map(|_| None),
        Err(error) => Err(Error::io(Action::Read, &path, &error)),
    }
}

/// The blob's bytes, verified on the way.
pub(super) async fn read(directory: Arc<Directory>, blob: Descriptor) -> Result<BlobStream, Error> {
    Ok(verified(read_from(directory, blob.clone(), 0).await?, blob))
}

/// The blob's bytes from the one numbered `from` on.
pub(super) async fn read_from(directory: Arc<Directory>, blob: Descriptor, from: u64) -> Result<BlobStream, Error> {
    let path = directory.blob_path(&blob.digest);
    let opened = path.clone();
    let open = move || {
        let mut file = open(&directory, &blob, &opened)?;
        file.seek(SeekFrom::Start(from)).map_err(|error| Error::io(Action::Read, &opened, &error))?;
        Ok(file)
    };
    Ok(chunks(blocking(&path, open).await?, path))
}

fn chunks(file: std::fs::File, path: PathBuf) -> BlobStream {
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(CHUNK);
    let chunks = stream::try_unfold(file, move |mut file| {
        let path = path.clone();
        async move {
            let mut chunk = BytesMut::with_capacity(CHUNK);
            match file.read_buf(&mut chunk).await {
                Ok(0) => Ok(None),
                Ok(_) => Ok(Some((chunk.freeze(), file))),
                Err(error) => {
                    Err(BlobError { problem: Error::io(Action::Read, &path, &error).problem(), temporary: false })
                }
            }
        }
    });
    chunks.boxed()
}

fn open(directory: &Directory, blob: &Descriptor, path: &std::path::Path) -> Result<std::fs::File, Error> {
    let Some((file, metadata)) = file::open(path)? else {
        let fault = if directory.exists()? { Fault::BlobMissing(blob.digest.clone()) } else { Fault::Missing };
        let path = if fault == Fault::Missing { directory.path() } else { path };
        return Err(Error::new(path, fault));
    };
    if metadata.len() != blob.size {
        let (digest, expected, found) = (blob.digest.clone(), blob.size, metadata.len());
        return Err(Error::new(path, Fault::BlobSize { digest, expected, found }));
    }
    Ok(file)
}

/// Stores what `bytes` brings, when it is what `blob` names.
pub(super) async fn write(directory: Arc<Directory>, blob: &Descriptor, bytes: BlobStream) -> Result<(), Error> {
    let path = directory.blob_path(&blob.digest);
    let digest = blob.digest.clone();
    let draft = blocking(&path, move || directory.blob_draft(&digest)).await?;
    let (file, pending) = draft.into_parts();
    let mut file = tokio::fs::File::from_std(file);
    file.set_max_buf_size(CHUNK);
    let mut writer = BufWriter::with_capacity(CHUNK, file);
    let mut bytes = verified(bytes, blob.clone());
    let failed = |error: std::io::Error| Error::io(Action::Write, &path, &error);
    while let Some(chunk) = bytes.next().await {
        let chunk: Bytes = chunk.map_err(|error| Error::new(&path, Fault::Source(error)))?;
        writer.write_all(&chunk).await.map_err(failed)?;
    }
    writer.flush().await.map_err(failed)?;
    let file = writer.into_inner().into_std().await;
    blocking(&path, move || pending.publish(&file)).await
}
