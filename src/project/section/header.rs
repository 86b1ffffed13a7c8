//! `project`: the name of the project and the version of the file.

use crate::diag::Spanned;
use crate::project::kdl::{Cursor, Fault, Shape};

/// The version of the project file that this program reads.
const VERSION: u32 = 1;

pub(super) static PROJECT: Shape = Shape::new("project", "project \"portal\" version=1")
    .takes(&["name"])
    .properties(&["version"])
    .required(&["version"]);

pub(super) fn read(cursor: Cursor) -> Option<Spanned<String>> {
    let version = cursor.property("version");
    if let Some(value) = version
        && let Some(version) = cursor.number(value, 0..=u32::MAX)
        && version != VERSION
    {
        let fault = Fault::new("unknown-version", format!("project files of version {version} are not known"));
        let help = format!("write `version={VERSION}`, or use a swrctl that knows version {version}");
        cursor.add(fault.at(value.span, format!("only {VERSION} is known")).help(help));
    }
    super::registry::name(cursor, "project")
}
