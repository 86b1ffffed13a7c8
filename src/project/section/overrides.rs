//! `deny`, `warn`, `info` and `allow`: levels of rules, perhaps only for some files and until some day.

use globset::GlobSet;
use jiff::civil::Date;

use super::{arguments, dockerfiles, rule_name};
use crate::diag::{Spanned, say};
use crate::lint::policy::{Level, Override};
use crate::project::kdl::{Cursor, Fault, Shape};

pub(super) static DENY: Shape = shape("deny", "deny \"upgrade-in-build\"");
pub(super) static WARN: Shape = shape("warn", "warn \"missing-healthcheck\"");
pub(super) static INFO: Shape = shape("info", "info \"missing-healthcheck\"");
pub(super) static ALLOW: Shape =
    shape("allow", "allow \"missing-healthcheck\" in=\"jobs/**\" until=\"2027-01-31\" reason=\"batch jobs\"");

const fn shape(name: &'static str, example: &'static str) -> Shape {
    Shape::new(name, example).takes_many(&[arguments::RULE]).properties(&["in", "until", "reason"])
}

/// Every override of a `dockerfiles` node, in the order of the file.
pub(super) fn read_all(cursor: Cursor) -> Vec<Override> {
    let level = |name: &str| match name {
        "deny" => Some(Level::Error),
        "warn" => Some(Level::Warning),
        "info" => Some(Level::Info),
        "allow" => Some(Level::Off),
        _ => None,
    };
    let overrides = cursor.all_children().filter_map(|child| Some((child, level(*child.name())?)));
    overrides.map(|(child, level)| read(child, level)).collect()
}

fn read(cursor: Cursor, level: Level) -> Override {
    let reason = cursor.text_of("reason");
    if let Some(reason) = reason.filter(|reason| reason.trim().is_empty()) {
        let fault = Fault::new("missing", say!("the reason is empty", "理由是空的")).on(reason.span);
        cursor.add(fault.help(say!("say why, or remove `reason`", "写明理由，或者删除 `reason`")));
    }
    Override {
        rules: cursor.arguments(0).into_iter().map(|rule| rule_name(cursor, rule)).collect(),
        level,
        within: cursor.text_of("in").and_then(|text| within(cursor, text)),
        until: cursor.text_of("until").and_then(|text| until(cursor, text)),
        reason: reason.map(|reason| reason.value.to_owned()),
        source: None,
    }
}

fn within(cursor: Cursor, text: Spanned<&str>) -> Option<GlobSet> {
    let glob = dockerfiles::path_glob(cursor, text)?;
    GlobSet::builder().add(glob.value).build().ok()
}

fn until(cursor: Cursor, text: Spanned<&str>) -> Option<Spanned<Date>> {
    let date = text.parse::<Date>().ok().filter(|_| text.len() == "2027-01-31".len());
    if date.is_none() {
        let fault = Fault::new(
            "bad-date",
            say!("`{text}` is not a day of the calendar", "`{text}` 不是日历上的日期", text = text.escape_debug()),
        );
        cursor.add(fault.on(text.span).help(say!(
            "write the last day on which it holds: `until=\"2027-01-31\"`",
            "写生效的最后一天：`until=\"2027-01-31\"`"
        )));
    }
    Some(Spanned::new(date?, text.span))
}
