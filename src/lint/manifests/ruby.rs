//! `bundle install`: `Gemfile` and `Gemfile.lock`.

use super::options::{Options, operands};
use super::{Reads, Sources};
use crate::dockerfile::shell::Invocation;

const OPTIONS: Options = Options {
    flags: &["--quiet", "--no-cache", "--full-index", "--prefer-local"],
    valued: &["--jobs", "-j", "--retry", "--without", "--with"],
    urls: &[],
};

pub(super) fn reads(command: &Invocation, sources: Sources) -> Option<Reads> {
    let rest = operands(command, 0, &OPTIONS)?;
    // Words behind `--without` are groups.
    let groups = |words: &[&str]| words.iter().all(|word| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_'));
    let installs = rest.first().is_none_or(|verb| *verb == "install") && groups(&rest);
    if !installs || sources.any(&[".bundle", "gems.rb", "vendor"]) {
        return None;
    }
    sources.text("Gemfile").filter(|text| text.lines().all(is_plain))?;
    if sources.has("Gemfile.lock") {
        sources.text("Gemfile.lock").filter(|text| !text.lines().any(|line| line == "PATH"))?;
    }
    Some(Reads { files: sources.with("Gemfile", &["Gemfile.lock"]), fills: &["vendor/bundle", ".bundle"] })
}

/// A Gemfile is a program: of it only lines are known that name gems, where they come from, and groups of them.
fn is_plain(line: &str) -> bool {
    const WORDS: [&str; 8] = ["source", "gem", "group", "end", "ruby", "platforms", "platform", "git_source"];
    const LEADING: [&str; 9] = ["path", "file:", "File", "Dir", "__", "`", "eval", "require '", "require \""];
    let line = line.trim();
    let word = line.split([' ', '(']).next().unwrap_or_default();
    line.is_empty()
        || line.starts_with('#')
        || (WORDS.contains(&word) && !LEADING.iter().any(|part| line.contains(part)) && !line.contains("%x"))
}
