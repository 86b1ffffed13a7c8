//! Changes files, if they are still what they were when the change was planned.

use std::path::Path;
use std::sync::Arc;

use super::{Context, files};
use crate::diag::{Problem, say};
use crate::plan::{FileEdit, FileWork, FixWork, Outcome};
use crate::project::Project;
use crate::worktree::{managed_files, read_managed, writer};

/// Writes a file that was fixed.
pub(super) async fn fix(work: &FixWork, context: &Context) -> Outcome {
    let FixWork { edit, text } = work.clone();
    in_background(context, move |project| {
        let path = project.root.join(&edit.file);
        let found = read_managed(&path, &edit.file)?;
        let (found, after) = (found.as_deref(), Some(text.as_bytes()));
        carry_out(&edit, &FileEdit::new(&edit.file, found, after), &path, (found, after), files::create)
    })
    .await
}

/// Writes the lines that the project keeps in a file: those and no others, whatever a saved plan says.
pub(super) async fn file(work: &FileWork, context: &Context) -> Outcome {
    let FileWork { edit, serial } = work.clone();
    in_background(context, move |project| {
        let managed = managed_files(project).into_iter().find(|file| file.name == edit.file);
        let managed = managed.ok_or_else(|| {
            let message =
                say!("the project file names no file `{file}`", "项目文件里没有 `{file}` 这个文件", file = edit.file);
            Problem::new("unknown-file", message).with_help(say!("plan again", "重新制定计划"))
        })?;
        let found = read_managed(&managed.path, &managed.name)?;
        let change = managed.change(&writer(project), found.as_deref(), serial);
        let change = change.map_err(|error| error.problem(&managed.name))?;
        let after = change.map_or_else(|| found.clone(), |change| change.after);
        let (found, after) = (found.as_deref(), after.as_deref());
        let now = FileEdit::managed(&edit.file, found, after);
        carry_out(&edit, &now, &managed.path, (found, after), files::create_for_everybody)
    })
    .await
}

async fn in_background<F>(context: &Context, work: F) -> Outcome
where
    F: FnOnce(&Project) -> Result<Outcome, Problem> + Send + 'static,
{
    let project = Arc::clone(&context.project);
    let written = tokio::task::spawn_blocking(move || work(&project));
    written.await.expect("writing does not panic").unwrap_or_else(Outcome::failed)
}

/// Makes `after` out of what was `found`, which is the edit `now`.
fn carry_out(
    edit: &FileEdit,
    now: &FileEdit,
    path: &Path,
    (found, after): (Option<&[u8]>, Option<&[u8]>),
    create: fn(&Path, &str, &[u8]) -> Result<(), Problem>,
) -> Result<Outcome, Problem> {
    if now.before == edit.after {
        return Ok(Outcome::Unchanged { note: say!("done already", "已经完成") });
    }
    if now.before != edit.before {
        return Err(changed(&edit.file));
    }
    // What people agreed to is what the diff showed.
    if now != edit {
        let message = say!(
            "the diff of `{file}` in the plan is not what would be written",
            "计划里 `{file}` 的 diff 与将要写入的内容不符",
            file = edit.file
        );
        return Err(Problem::new("other-diff", message).with_help(say!("plan again", "重新制定计划")));
    }
    let _whole = files::begin_change();
    match (found, after) {
        (Some(found), Some(after)) => {
            files::replace(path, &edit.file, found, after)?;
            Ok(Outcome::Updated { bytes: 0, digest: None })
        }
        (None, Some(after)) => {
            create(path, &edit.file, after)?;
            Ok(Outcome::Created { bytes: 0, digest: None })
        }
        (Some(found), None) => {
            files::remove(path, &edit.file, found)?;
            Ok(Outcome::Deleted)
        }
        (None, None) => Ok(Outcome::Unchanged { note: say!("not there", "不存在") }),
    }
}

fn changed(file: &str) -> Problem {
    let message = say!("`{file}` is not what it was when the plan was made", "`{file}` 在制定计划之后被改动过", file);
    Problem::new(files::FILE_CHANGED, message).with_help(say!(
        "run `swrctl plan` to see what is to be changed in it now",
        "运行 `swrctl plan` 查看它现在要改什么"
    ))
}
