//! `swrctl init`

use std::path::Path;
use std::process::ExitCode;

use crate::diag::{Problem, Wording, say};
use crate::project::init;

use super::args::{InitArgs, file_option};
use super::output::{Failure, Output};
use super::plan::write_whole;

pub(super) fn run(file: &Path, args: &InitArgs, output: &Output) -> Result<ExitCode, Failure> {
    if file.exists() && !args.force {
        let problem = Problem::new("exists", say!("{file} is there already", "{file} 已经存在", file = file.display()));
        let help =
            say!("edit it, or replace it with `swrctl init --force`", "编辑它，或者用 `swrctl init --force` 替换它");
        return Err(problem.with_help(help).into());
    }
    let folder = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let text = init::starter(&init::scan(folder), output.stdout.lang);
    write_whole(file, &text).map_err(|error| {
        let (file, reason) = (file.display(), Wording::of_system(&error));
        Problem::new("cannot-write", say!("cannot write {file}: {reason}", "无法写入 {file}：{reason}", file, reason))
            .with_help(say!(
                "name a file in a directory that you may write to with --file",
                "用 --file 指定有写权限的目录里的文件"
            ))
    })?;
    let plan = format!("swrctl {}plan", file_option(file));
    let done = say!(
        "Wrote {file}. Edit it, then run `{plan}`.",
        "已写入 {file}。编辑它，然后运行 `{plan}`。",
        file = file.display(),
        plan
    );
    Output::print(&format!("{}\n", done.get(output.stdout.lang)))?;
    Ok(ExitCode::SUCCESS)
}
