//! `project`: the name of the project and the version of the file.

use super::arguments;
use crate::diag::{Spanned, say};
use crate::project::kdl::{Cursor, Fault, Shape};

/// The version of the project file that this program reads.
const VERSION: u32 = 1;

pub(super) static PROJECT: Shape = Shape::new("project", "project \"portal\" version=1")
    .takes(&[arguments::NAME])
    .properties(&["version"])
    .required(&["version"]);

pub(super) fn read(cursor: Cursor) -> Option<Spanned<String>> {
    let version = cursor.property("version");
    if let Some(value) = version
        && let Some(version) = cursor.number(value, 0..=u32::MAX)
        && version != VERSION
    {
        let fault = Fault::new(
            "unknown-version",
            say!("project files of version {version} are not known", "不认识版本 {version} 的项目文件", version),
        );
        let help = say!(
            "write `version={known}`, or use a swrctl that knows version {version}",
            "写 `version={known}`，或者使用认识版本 {version} 的 swrctl",
            known = VERSION,
            version
        );
        cursor.add(fault.at(value.span, say!("only {known} is known", "只认识 {known}", known = VERSION)).help(help));
    }
    super::registry::name(cursor, &say!("project", "项目"))
}
