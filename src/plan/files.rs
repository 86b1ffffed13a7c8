//! Files in which the project keeps lines, as steps: one a file, in front of the gates of the registries they are about.

use super::address::Address;
use super::step::{Action, FileEdit, FileWork, Step, Work};
use crate::image::Digest;
use crate::lint::fix::diff::unified;
use crate::network::managed::FileFacts;

impl FileEdit {
    /// What becomes of the file that people call `file`.
    #[must_use]
    pub fn new(file: &str, before: Option<&[u8]>, after: Option<&[u8]>) -> Self {
        let lossy = |text: Option<&[u8]>| text.map(|text| String::from_utf8_lossy(text).into_owned());
        Self {
            file: file.to_owned(),
            before: before.map(Digest::sha256),
            after: after.map(Digest::sha256),
            bytes: after.map_or(0, <[u8]>::len) as u64,
            diff: unified(file, lossy(before).as_deref(), lossy(after).as_deref()),
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
            let nothing = FileEdit::new(&facts.name, None, None);
            return Step::blocked(address, why.clone(), work(nothing));
        }
    };
    let action = match (before, &change.after) {
        (None, _) => Action::Create,
        (Some(_), Some(_)) => Action::Update,
        (Some(_), None) => Action::Delete,
    };
    let edit = FileEdit::new(&facts.name, before, change.after.as_deref());
    Step { address, action, reason: facts.reason.clone(), help: None, work: work(edit) }
}
