//! Layers compressed with zstd become layers compressed with gzip, for registries that take Docker's media types only.
//!
//! What a layer becomes is known at its end, and an upload says its digest before: the new layer waits in a temporary
//! file without a name, which goes with the last who needs it, however the process ends.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bytes::{Buf, Bytes};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::{Semaphore, mpsc};

use super::transfer::{Errand, Transfers};
use crate::diag::{Problem, Wording, say};
use crate::image::rewrite::{DOCKER_GZIP_LAYER, ImageTree};
use crate::image::{Algorithm, BlobStream, Descriptor, Digest, Hasher, MediaType, Repository};
use crate::store::{Error, Store};

/// Chunks of a layer between the network and its decompression.
const CHUNKS_AHEAD: usize = 4;
const BUFFER: usize = 128 * 1024;

/// A recompressed layer.
struct Gzip {
    descriptor: Descriptor,
    /// Locked while a chunk is read: all share its position.
    file: Mutex<File>,
}

impl Gzip {
    /// Its bytes from the one numbered `from` on.
    fn bytes(self: Arc<Self>, from: u64) -> BlobStream {
        let chunks = stream::try_unfold((self, from), |(gzip, at)| async move {
            let read = tokio::task::spawn_blocking(move || (gzip.chunk(at), gzip));
            let (chunk, gzip) = read.await.expect("reading does not panic");
            let chunk = chunk.map_err(|error| unreadable(&error))?;
            let next = at + chunk.len() as u64;
            Ok((!chunk.is_empty()).then_some((chunk, (gzip, next))))
        });
        chunks.boxed()
    }

    /// Empty at the end.
    fn chunk(&self, at: u64) -> io::Result<Bytes> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(at))?;
        let mut chunk = Vec::with_capacity(BUFFER);
        Read::by_ref(&mut *file).take(BUFFER as u64).read_to_end(&mut chunk)?;
        Ok(chunk.into())
    }
}

/// What layers became in this run, by their digest at the source: none is recompressed twice as long as its file is
/// there, and its file is not missed where targets hold it.
pub(super) struct Recompressions {
    layers: Mutex<HashMap<Digest, Entry>>,
    /// One a processor.
    turns: Semaphore,
}

/// Locked while the layer is being recompressed.
type Entry = Arc<tokio::sync::Mutex<Known>>;

#[derive(Default)]
struct Known {
    descriptor: Option<Descriptor>,
    gzip: Weak<Gzip>,
}

/// The recompressed layers of an image that goes to several targets: none reads the source again because another was done
/// sooner.
#[derive(Clone, Default)]
pub(super) struct Kept(Arc<Mutex<Vec<Arc<Gzip>>>>);

impl Kept {
    fn add(&self, gzip: &Arc<Gzip>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(gzip));
    }
}

impl Default for Recompressions {
    fn default() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self { layers: Mutex::default(), turns: Semaphore::new(processors) }
    }
}

impl std::fmt::Debug for Recompressions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recompressions").finish_non_exhaustive()
    }
}

impl Recompressions {
    fn entry(&self, layer: &Digest) -> Entry {
        Arc::clone(self.layers.lock().unwrap_or_else(PoisonError::into_inner).entry(layer.clone()).or_default())
    }
}

impl Transfers<'_> {
    /// The image as it is written once the target repository holds its layers, recompressed.
    pub(super) async fn recompress(&self, image: &ImageTree) -> Result<ImageTree, Error> {
        let mut layers = BTreeMap::new();
        for layer in &image.recompress {
            layers.insert(layer.digest.clone(), self.place_recompressed(layer).await?);
        }
        Ok(image.with_recompressed(&layers))
    }

    async fn place_recompressed(&self, layer: &Descriptor) -> Result<Descriptor, Error> {
        let source = self.recompressing(layer);
        let known = source.known().await;
        // Its file stays until the target holds it.
        let (descriptor, _gzip) = match known {
            Some(descriptor) => (descriptor, None),
            None => {
                let gzip = self.retried(|| source.gzip()).await?;
                self.kept.iter().for_each(|kept| kept.add(&gzip));
                (gzip.descriptor.clone(), Some(gzip))
            }
        };
        self.place_from(Errand::new(&descriptor), |from| source.clone().bytes(from)).await?;
        Ok(descriptor)
    }

    /// Sends a blob of the image again, which may be what one of `recompressed` became.
    pub(super) async fn mend(&self, recompressed: &[Descriptor], blob: &Descriptor) -> Result<(), Error> {
        for layer in recompressed {
            let source = self.recompressing(layer);
            if source.known().await.as_ref() == Some(blob) {
                return self.send_again(blob, |from| source.clone().bytes(from)).await;
            }
        }
        self.send_again(blob, |from| self.download(blob, from)).await
    }

    fn recompressing(&self, layer: &Descriptor) -> Source {
        Source {
            all: Arc::clone(&self.shelves.recompressions),
            store: self.source.clone(),
            repository: self.work.source.repository.clone(),
            layer: layer.clone(),
        }
    }
}

/// Where a layer comes from.
#[derive(Clone)]
struct Source {
    all: Arc<Recompressions>,
    store: Store,
    repository: Repository,
    layer: Descriptor,
}

impl Source {
    /// What the layer became, where that is known.
    async fn known(&self) -> Option<Descriptor> {
        self.all.entry(&self.layer.digest).lock().await.descriptor.clone()
    }

    async fn gzip(&self) -> Result<Arc<Gzip>, Error> {
        let entry = self.all.entry(&self.layer.digest);
        let mut known = entry.lock().await;
        if let Some(gzip) = known.gzip.upgrade() {
            return Ok(gzip);
        }
        let _turn = self.all.turns.acquire().await.expect("it is never closed");
        let gzip = Arc::new(recompress(self.store.blob(&self.repository, &self.layer).await?, &self.layer).await?);
        *known = Known { descriptor: Some(gzip.descriptor.clone()), gzip: Arc::downgrade(&gzip) };
        Ok(gzip)
    }

    /// The new layer's bytes from the one numbered `from` on.
    fn bytes(self, from: u64) -> BlobStream {
        let opened = async move { Ok::<_, Error>(self.gzip().await?.bytes(from)) };
        stream::once(opened).try_flatten().boxed()
    }
}

async fn recompress(mut bytes: BlobStream, layer: &Descriptor) -> Result<Gzip, Error> {
    let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
    let digest = layer.digest.clone();
    let worker = tokio::task::spawn_blocking(move || write_gzip(Chunks { chunks, current: Bytes::new() }, &digest));
    let mut broken = None;
    while let Some(chunk) = bytes.next().await {
        match chunk {
            // Where nobody takes it, the worker has ended and says why.
            Ok(chunk) => {
                if sender.send(chunk).await.is_err() {
                    break;
                }
            }
            Err(error) => {
                broken = Some(error);
                break;
            }
        }
    }
    drop(sender);
    let written = worker.await.expect("recompressing does not panic");
    broken.map_or(written, Err)
}

/// Blocks until there is a chunk.
struct Chunks {
    chunks: mpsc::Receiver<Bytes>,
    current: Bytes,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() {
            match self.chunks.blocking_recv() {
                Some(chunk) => self.current = chunk,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.current.len());
        self.current.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

fn write_gzip(zstd: impl Read, layer: &Digest) -> Result<Gzip, Error> {
    let file = tempfile::tempfile().map_err(|error| no_room(&error))?;
    let output = Hashed { file: BufWriter::new(file), hasher: Hasher::new(Algorithm::Sha256), size: 0 };
    let mut gzip = GzEncoder::new(output, Compression::default());
    let mut tar = zstd::Decoder::new(zstd).map_err(|error| damaged(layer, &error))?;
    let mut buffer = vec![0; BUFFER];
    let output = loop {
        let written = match tar.read(&mut buffer).map_err(|error| damaged(layer, &error))? {
            0 => break gzip.finish().and_then(Hashed::finish),
            count => gzip.write_all(&buffer[..count]),
        };
        written.map_err(|error| no_room(&error))?;
    };
    let (file, digest, size) = output.map_err(|error| no_room(&error))?;
    let media_type = MediaType::parse(DOCKER_GZIP_LAYER);
    Ok(Gzip { descriptor: Descriptor { media_type, digest, size }, file: Mutex::new(file) })
}

/// Writes and hashes.
struct Hashed {
    file: BufWriter<File>,
    hasher: Hasher,
    size: u64,
}

impl Hashed {
    fn finish(self) -> io::Result<(File, Digest, u64)> {
        let file = self.file.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((file, self.hasher.finish(), self.size))
    }
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.size += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn damaged(layer: &Digest, error: &io::Error) -> Error {
    let message =
        say!("the layer {layer} cannot be decompressed: {error}", "无法解压层 {layer}：{error}", layer, error);
    let problem = Problem::new("bad-layer", message).with_help(say!(
        "push the image to the source again, or leave this tag out with `except`",
        "把镜像重新推送到源，或者用 `except` 排除这个标签"
    ));
    Error { problem, temporary: false }
}

fn unreadable(error: &io::Error) -> Error {
    let (folder, reason) = (std::env::temp_dir(), Wording::of_system(error));
    let message = say!(
        "a recompressed layer cannot be read back from a temporary file in {path}: {reason}",
        "无法从 {path} 里的临时文件读回重新压缩的层：{reason}",
        path = folder.display(),
        reason
    );
    let help = say!(
        "check the disk, or set TMPDIR to a folder on another one",
        "检查磁盘，或者把 TMPDIR 设为其他磁盘上的文件夹"
    );
    Error { problem: Problem::new("temporary-file", message).with_help(help), temporary: false }
}

fn no_room(error: &io::Error) -> Error {
    let folder = std::env::temp_dir();
    let path = folder.display();
    let reason = Wording::of_system(error);
    let message = say!(
        "a layer cannot be recompressed into {path}: {reason}",
        "无法把层重新压缩到 {path}：{reason}",
        path,
        reason
    );
    let problem = Problem::new("temporary-file", message).with_help(say!(
        "set TMPDIR to a folder with room for the largest layers",
        "把 TMPDIR 设为放得下最大的层的文件夹"
    ));
    Error { problem, temporary: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gunzip(bytes: &[u8]) -> Vec<u8> {
        let mut content = Vec::new();
        flate2::read::GzDecoder::new(bytes).read_to_end(&mut content).unwrap();
        content
    }

    async fn read(gzip: &Arc<Gzip>, from: u64) -> Vec<u8> {
        let chunks: Vec<Bytes> = Arc::clone(gzip).bytes(from).try_collect().await.unwrap();
        chunks.concat()
    }

    #[tokio::test]
    async fn a_layer_of_several_frames_keeps_its_content() {
        let halves: [Vec<u8>; 2] = [vec![7; 300_000], (0..=255).cycle().take(200_000).collect()];
        let zstd = halves.iter().flat_map(|half| zstd::encode_all(half.as_slice(), 3).unwrap()).collect::<Vec<_>>();
        let layer = Digest::sha256(&zstd);
        let gzip = Arc::new(write_gzip(zstd.as_slice(), &layer).unwrap());
        let bytes = read(&gzip, 0).await;
        assert_eq!(gunzip(&bytes), halves.concat());
        assert_eq!(
            (gzip.descriptor.digest.clone(), gzip.descriptor.size),
            (Digest::sha256(&bytes), bytes.len() as u64)
        );
        let again = Arc::new(write_gzip(zstd.as_slice(), &layer).unwrap());
        assert_eq!(read(&again, 0).await, bytes, "the same layer becomes the same again");
    }

    #[tokio::test]
    async fn several_read_one_file_from_where_they_want() {
        let tar: Vec<u8> = (0..400_000_u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()).collect();
        let zstd = zstd::encode_all(tar.as_slice(), 3).unwrap();
        let gzip = Arc::new(write_gzip(zstd.as_slice(), &Digest::sha256(&zstd)).unwrap());
        assert!(gzip.descriptor.size > 5 * BUFFER as u64, "several chunks");
        let (whole, rest) = tokio::join!(read(&gzip, 0), read(&gzip, 100_001));
        assert_eq!(gunzip(&whole), tar);
        assert_eq!(rest, whole[100_001..]);
        assert_eq!(read(&gzip, gzip.descriptor.size).await, b"");
    }

    #[test]
    fn a_damaged_layer_is_told_by_its_digest() {
        let mut zstd = zstd::encode_all([1; 5000].as_slice(), 3).unwrap();
        zstd.truncate(zstd.len() - 3);
        let layer = Digest::sha256(&zstd);
        let error = write_gzip(zstd.as_slice(), &layer).map(|_| ()).unwrap_err();
        assert!(error.problem.message.english().contains(&layer.to_string()) && !error.temporary);
        assert!(write_gzip(b"no zstd".as_slice(), &layer).is_err());
    }
}
