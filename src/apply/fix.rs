//! Writes a fixed file, if the file is still the one that was fixed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::{Context, files};
use crate::diag::{Problem, Wording, say};
use crate::image::Digest;
use crate::lint::fix::diff::unified;
use crate::plan::{FixWork, Outcome};

pub(super) async fn fix(work: &FixWork, context: &Context) -> Outcome {
    let (project, work) = (Arc::clone(&context.project), work.clone());
    let written = tokio::task::spawn_blocking(move || write(&work, &project.root));
    written.await.expect("writing does not panic").unwrap_or_else(|problem| Outcome::Failed { problem })
}

fn write(work: &FixWork, root: &Path) -> Result<Outcome, Problem> {
    let path = root.join(&work.file);
    let found = match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unreadable(&work.file, &error)),
    };
    let digest = found.as_deref().map(Digest::sha256);
    if digest.as_ref() == Some(&work.after) {
        return Ok(Outcome::Unchanged { note: say!("fixed already", "已经修复") });
    }
    if digest != work.before {
        return Err(changed(&work.file));
    }
    // What people agreed to is what the diff showed.
    let before = found.as_deref().map(String::from_utf8_lossy);
    if unified(&work.file, before.as_deref(), &work.text) != work.diff {
        let message = say!(
            "the diff of `{file}` in the plan is not what would be written",
            "计划里 `{file}` 的 diff 与将要写入的内容不符",
            file = work.file
        );
        return Err(Problem::new("other-diff", message).with_help(say!("plan again", "重新制定计划")));
    }
    match found {
        Some(found) => {
            files::replace(&path, &work.file, &found, work.text.as_bytes())?;
            Ok(Outcome::Updated { bytes: 0 })
        }
        None => {
            files::create(&path, &work.file, work.text.as_bytes())?;
            Ok(Outcome::Created { bytes: 0 })
        }
    }
}

fn changed(file: &str) -> Problem {
    let message = say!("`{file}` is not what it was when the plan was made", "`{file}` 在制定计划之后被改动过", file);
    Problem::new(files::FILE_CHANGED, message).with_help(say!(
        "run `swrctl plan` to see what is to be fixed in it now",
        "运行 `swrctl plan` 查看它现在有什么要修复"
    ))
}

fn unreadable(file: &str, error: &io::Error) -> Problem {
    let reason = Wording::of_system(error);
    let message = say!("`{file}` cannot be read: {reason}", "无法读取 `{file}`：{reason}", file, reason);
    Problem::new("unreadable-file", message).with_help(say!("make it readable", "让它可读"))
}
