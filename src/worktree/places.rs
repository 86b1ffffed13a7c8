//! Where files and folders really are, past links.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where a file really is, but for a link that it may be itself.
pub(super) fn located(path: &Path) -> PathBuf {
    Places::default().locate(path)
}

/// Where folders really are: a thousand files may lie below one.
#[derive(Default)]
pub(super) struct Places(HashMap<PathBuf, PathBuf>);

impl Places {
    pub(super) fn locate(&mut self, path: &Path) -> PathBuf {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        match (self.folder(parent), path.file_name()) {
            (Ok(parent), Some(name)) => parent.join(name),
            _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
        }
    }

    fn folder(&mut self, folder: &Path) -> io::Result<PathBuf> {
        if let Some(known) = self.0.get(folder) {
            return Ok(known.clone());
        }
        let found = match (folder.parent(), folder.file_name()) {
            (Some(above), Some(name)) if !above.as_os_str().is_empty() => {
                // Only a link leads elsewhere than into the folder above.
                let is_link = above.join(name).symlink_metadata()?.is_symlink();
                if is_link { folder.canonicalize()? } else { self.folder(above)?.join(name) }
            }
            _ => folder.canonicalize()?,
        };
        self.0.insert(folder.to_owned(), found.clone());
        Ok(found)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn every_way_to_a_folder_leads_to_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        symlink("a", root.join("link")).unwrap();
        symlink(root.join("a/b"), root.join("a/far")).unwrap();
        let mut places = Places::default();
        for way in ["a/b", "link/b", "a/far", "link/far", "link/./b", "a/../link/b", "link/../a/b"] {
            let file = root.join(way).join("Dockerfile");
            assert_eq!(places.locate(&file), root.join("a/b/Dockerfile"), "{way}");
            assert_eq!(located(&file), root.join("a/b/Dockerfile"), "{way}");
        }
    }

    #[test]
    fn a_file_that_is_a_link_stays_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir(root.join("a")).unwrap();
        fs::write(root.join("Dockerfile"), "").unwrap();
        symlink("../Dockerfile", root.join("a/Dockerfile")).unwrap();
        assert_eq!(located(&root.join("a/Dockerfile")), root.join("a/Dockerfile"));
        assert_eq!(located(&root.join("absent/Dockerfile")), root.join("absent/Dockerfile"));
    }
}
