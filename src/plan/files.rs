//! Files in which the project keeps lines, as steps: one a file, in front of the gates of the registries they are about.

use super::address::Address;
use super::step::{FileEdit, FileWork, Step, Work};
use crate::image::Digest;
use crate::lint::fix::diff::{AROUND, unified};
use crate::network::managed::FileFacts;

impl FileEdit {
    /// What becomes of a file of the project that people call `file`.
    #[must_use]
    pub fn new(file: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> Self {
        Self::showing(AROUND, file, before, after)
    }

    /// What becomes of a file that the project keeps lines in. Other people's lines are not shown: the next one may be a
    /// secret, as in BIND's `key` statements.
    #[must_use]
    pub fn managed(file: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> Self {
        Self::showing(0, file, before, after)
    }

    fn showing(around: usize, file: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> Self {
        let lossy = |text: Option<&[u8]>| text.map(|text| String::from_utf8_lossy(text).into_owned());
        Self {
            file: file.to_owned(),
            before: before.map(Digest::sha256),
            after: after.map(Digest::sha256),
            bytes: after.map_or(0, <[u8]>::len) as u64,
            diff: unified(file, lossy(before).as_deref(), lossy(after).as_deref(), around),
        }
    }
}

pub(super) fn file_step(facts: &FileFacts) -> Step {
    let address = Address::file(&facts.name);
    let work = |edit| Work::File(FileWork { edit, serial: facts.day });
    let before = facts.before.as_deref();
    let change = match &facts.change {
        Ok(change) => change,
        Err(why) => {
            let nothing = FileEdit::managed(&facts.name, None, None);
            return Step::blocked(address, why.clone(), work(nothing));
        }
    };
    let edit = FileEdit::managed(&facts.name, before, change.after.as_deref());
    Step { address, action: edit.action(), reason: facts.reason.clone(), help: None, work: work(edit) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_diff_of_a_managed_file_shows_nobody_elses_lines() {
        let key = |name: &str| format!("key \"{name}\" {{\n    secret \"c2VjcmV0\";\n}};\n");
        let file = |lines: &str| format!("{}{lines}{}", key("a"), key("b"));
        let texts = ["", "zone \"x\" {\n};\n", "zone \"y\" {\n};\n"].map(file);
        for (before, after) in [(0, 1), (1, 2), (2, 0)].map(|(before, after)| (&texts[before], &texts[after])) {
            let edit = FileEdit::managed("named.conf", Some(before.as_bytes()), Some(after.as_bytes()));
            assert!(edit.diff.contains("zone \""), "{}", edit.diff);
            assert!(!edit.diff.contains("key") && !edit.diff.contains("secret"), "{}", edit.diff);
        }
    }
}
