//! Which files ADD would unpack: it goes by how they begin, and not by their names.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// How many bytes say what a file is: the header of a tar archive.
const HEADER: usize = 512;

/// Those of `paths` below `directory` that are archives; nothing outside of it is opened.
pub(super) fn archives(directory: &Path, paths: &BTreeSet<String>) -> BTreeSet<String> {
    let start = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let Ok(root) = start.canonicalize() else { return BTreeSet::new() };
    paths.iter().filter(|path| is_archive(&root, path) == Some(true)).cloned().collect()
}

/// None for what cannot be looked at.
fn is_archive(root: &Path, path: &str) -> Option<bool> {
    let file = root.join(path).canonicalize().ok().filter(|file| file.starts_with(root))?;
    // Opening something else, like a pipe, may never return.
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut start = Vec::with_capacity(HEADER);
    File::open(&file).ok()?.take(HEADER as u64).read_to_end(&mut start).ok()?;
    Some(begins_archive(&start))
}

/// What the builder unpacks: tar archives, as they are or compressed by gzip, bzip2, xz or zstd.
fn begins_archive(start: &[u8]) -> bool {
    const COMPRESSED: [&[u8]; 4] = [b"\x1f\x8b", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd"];
    COMPRESSED.iter().any(|magic| start.starts_with(magic)) || is_tar_header(start)
}

/// A header holds the sum of its bytes, its own place counted as blanks.
fn is_tar_header(start: &[u8]) -> bool {
    const SUM: std::ops::Range<usize> = 148..156;
    let Some(stated) = start.get(SUM).filter(|_| start.len() == HEADER) else { return false };
    let stated = std::str::from_utf8(stated).unwrap_or_default().trim_matches([' ', '\0']);
    let byte = |(at, byte): (usize, &u8)| u32::from(if SUM.contains(&at) { b' ' } else { *byte });
    u32::from_str_radix(stated, 8).is_ok_and(|stated| stated == start.iter().enumerate().map(byte).sum::<u32>())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The first block of an archive with one empty file, by the rules that are older than `ustar`.
    fn tar() -> Vec<u8> {
        let mut header = vec![0; HEADER];
        header[..1].copy_from_slice(b"a");
        header[100..107].copy_from_slice(b"0000644");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        header
    }

    #[test]
    fn archives_are_known_by_their_bytes() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        let gzip = b"\x1f\x8b\x08\0".to_vec();
        let text = "x".repeat(2 * HEADER).into_bytes();
        for (name, bytes) in [("base", tar()), ("layer.dat", gzip), ("long", text), ("empty", Vec::new())] {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let paths = ["base", "layer.dat", "long", "empty", "src", "later", "../base"];
        let found = archives(folder.path(), &paths.map(str::to_owned).into());
        assert_eq!(found, ["base", "layer.dat"].map(str::to_owned).into());
    }
}
