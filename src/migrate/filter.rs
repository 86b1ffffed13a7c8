//! Which tags of a repository are meant.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use globset::{GlobBuilder, GlobMatcher};
use jiff::Timestamp;
use regex::Regex;
use semver::{BuildMetadata, Prerelease, Version, VersionReq};

use crate::diag::{Spanned, Wording, say};
use crate::image::Tag;

/// Tags by pattern, with exceptions and a limit. The default is every tag.
#[derive(Clone, Debug, Default)]
pub struct TagFilter {
    /// A tag is meant when any of these matches; empty means every tag.
    pub include: Vec<Spanned<TagPattern>>,
    pub except: Vec<Spanned<TagPattern>>,
    pub newest: Option<Newest>,
}

/// Of the tags that are meant, only so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    pub count: usize,
    pub by: Age,
}

/// What makes a tag newer than another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Age {
    /// The higher version; tags that are none are left out. Tags with a suffix (`2.0-rc1`, `2.0-alpine`) count only where
    /// all of them have one.
    Version,
    /// The later time at which its image was created; then the higher version, then the higher name, as builds that can be
    /// repeated all say the same time. What does not say when is the oldest.
    Created,
}

/// One pattern, told apart by how it is written.
#[derive(Clone, Debug)]
pub enum TagPattern {
    Literal(Tag),
    /// `1.*`, `{a,b}`, `v?`
    Glob(GlobMatcher),
    /// `/regular expression/`, unanchored.
    Regex(Regex),
    /// `>=1.25, <2`
    Range(VersionRange),
}

/// A semver range over tags; see [`version_of`] for how a tag is read as a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRange(VersionReq);

impl TagFilter {
    /// The tags themselves, when the filter names each one and needs no list of what there is.
    #[must_use]
    pub fn literals(&self) -> Option<Vec<&Tag>> {
        if self.include.is_empty() || self.newest.is_some() || !self.except.is_empty() {
            return None;
        }
        let literal = |pattern: &'_ Spanned<TagPattern>| matches!(pattern.value, TagPattern::Literal(_));
        if !self.include.iter().all(literal) {
            return None;
        }
        let tags = self.include.iter().filter_map(|pattern| match &pattern.value {
            TagPattern::Literal(tag) => Some(tag),
            _ => None,
        });
        Some(tags.collect())
    }

    /// Does it take the time at which images were created to select?
    #[must_use]
    pub fn needs_created(&self) -> bool {
        self.newest.is_some_and(|newest| newest.by == Age::Created)
    }

    /// The tags of `listed` that patterns and exceptions leave, in their order.
    #[must_use]
    pub fn meant<'a>(&self, listed: &'a [Tag]) -> Vec<&'a Tag> {
        let meant = |tag: &&Tag| {
            (self.include.is_empty() || self.include.iter().any(|pattern| pattern.matches(tag)))
                && !self.except.iter().any(|pattern| pattern.matches(tag))
        };
        listed.iter().filter(meant).collect()
    }

    /// The tags of `listed` that are meant, in their order; with `newest`, the newest first. `created` is asked only where
    /// [`Self::needs_created`].
    #[must_use]
    pub fn select<'a>(&self, listed: &'a [Tag], created: impl Fn(&Tag) -> Option<Timestamp>) -> Vec<&'a Tag> {
        let mut meant = self.meant(listed);
        let Some(newest) = self.newest else { return meant };
        match newest.by {
            Age::Version => meant = by_version(meant),
            Age::Created => meant.sort_by_cached_key(|tag| std::cmp::Reverse((created(tag), version_of(tag), *tag))),
        }
        meant.truncate(newest.count);
        meant
    }

    /// The tags that are meant whether they are listed or not: those that are named, not matched, and not left out again.
    pub fn required(&self) -> impl Iterator<Item = &Tag> {
        let named = self.include.iter().filter_map(|pattern| match &pattern.value {
            TagPattern::Literal(tag) => Some(tag),
            _ => None,
        });
        named.filter(|tag| self.newest.is_none() && !self.except.iter().any(|pattern| pattern.matches(tag)))
    }

    /// Tags that patterns and exceptions leave, and of which nobody can tell whether they are among the newest: no
    /// versions, and versions with a suffix beside others without.
    #[must_use]
    pub fn undecided<'a>(&self, listed: &'a [Tag]) -> Vec<&'a Tag> {
        if self.newest.is_none_or(|newest| newest.by != Age::Version) {
            return vec![];
        }
        let meant = self.meant(listed);
        let decided: HashSet<&Tag> = by_version(meant.clone()).into_iter().collect();
        meant.into_iter().filter(|tag| !decided.contains(tag)).collect()
    }

    /// Patterns of `include` and `except` that match none of `listed`: findings, at their place. A tag that is
    /// [required](Self::required) is told otherwise.
    #[must_use]
    pub fn unmatched(&self, listed: &[Tag]) -> Vec<&Spanned<TagPattern>> {
        let required: HashSet<&Tag> = self.required().collect();
        let is_required = |pattern: &&Spanned<TagPattern>| matches!(&pattern.value, TagPattern::Literal(tag) if required.contains(tag));
        let idle = |pattern: &&Spanned<TagPattern>| !listed.iter().any(|tag| pattern.matches(tag));
        let included = self.include.iter().filter(|pattern| !is_required(pattern));
        included.chain(&self.except).filter(idle).collect()
    }
}

/// Those that are versions, the highest first.
fn by_version(tags: Vec<&Tag>) -> Vec<&Tag> {
    let mut versions: Vec<(Version, &Tag)> = tags.into_iter().filter_map(|tag| Some((version_of(tag)?, tag))).collect();
    if versions.iter().any(|(version, _)| version.pre.is_empty()) {
        versions.retain(|(version, _)| version.pre.is_empty());
    }
    versions.sort_by(|a, b| b.cmp(a));
    versions.into_iter().map(|(_, tag)| tag).collect()
}

impl TagPattern {
    #[must_use]
    pub fn matches(&self, tag: &Tag) -> bool {
        match self {
            Self::Literal(literal) => literal == tag,
            Self::Glob(glob) => glob.is_match(tag.as_str()),
            Self::Regex(regex) => regex.is_match(tag.as_str()),
            Self::Range(range) => version_of(tag).is_some_and(|version| range.0.matches(&version)),
        }
    }
}

impl FromStr for TagPattern {
    type Err = Wording;

    /// The error is a sentence that says what is wrong with the pattern.
    fn from_str(text: &str) -> Result<Self, Wording> {
        if let Some(inner) = text.strip_prefix('/') {
            let inner =
                inner.strip_suffix('/').ok_or(say!("a regular expression ends with `/`", "正则表达式以 `/` 结尾"))?;
            return Regex::new(inner).map(Self::Regex).map_err(|error| {
                let reason = last_line(&error.to_string());
                say!("bad regular expression: {reason}", "正则表达式有误：{reason}", reason)
            });
        }
        if text.starts_with(['<', '>', '=', '^', '~']) {
            let range = VersionReq::parse(text)
                .map_err(|reason| say!("bad version range: {reason}", "版本范围有误：{reason}", reason))?;
            return Ok(Self::Range(VersionRange(range)));
        }
        if text.contains(['*', '?', '[', '{', '!']) {
            let glob = GlobBuilder::new(text).literal_separator(true).build();
            return glob.map(|glob| Self::Glob(glob.compile_matcher())).map_err(|error| bad_glob(&error));
        }
        if text.contains(',') {
            return Err(say!(
                "a list of tags is written as separate strings: `tags \"a\" \"b\"`",
                "多个标签要写成单独的字符串：`tags \"a\" \"b\"`"
            ));
        }
        text.parse().map(Self::Literal).map_err(|error: crate::image::NameError| error.message())
    }
}

pub(super) fn bad_glob(error: &globset::Error) -> Wording {
    let reason = last_line(&error.to_string());
    say!("bad glob: {reason}", "通配模式有误：{reason}", reason)
}

/// Errors of other crates draw pictures over several lines, of which the last says what is wrong.
fn last_line(text: &str) -> String {
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    last.trim_start_matches("error: ").to_owned()
}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Literal(tag) => write!(f, "{tag}"),
            Self::Glob(glob) => write!(f, "{}", glob.glob()),
            Self::Regex(regex) => write!(f, "/{regex}/"),
            Self::Range(range) => write!(f, "{}", range.0),
        }
    }
}

/// A tag as a version: an optional `v`, one to three numbers, then perhaps `-suffix` and `_build`: tags cannot hold `+`, for
/// which Helm writes `_`. A suffix (`1.25-alpine`) is a pre-release: ranges skip it unless they name one, and it is lower
/// than the bare version.
#[must_use]
pub fn version_of(tag: &Tag) -> Option<Version> {
    let text = tag.as_str();
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers_end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(numbers_end);
    let mut parts = numbers.split('.').map(|part| part.parse::<u64>().ok());
    let major = parts.next()??;
    let minor = parts.next().unwrap_or(Some(0))?;
    let patch = parts.next().unwrap_or(Some(0))?;
    if parts.next().is_some() {
        return None;
    }
    let mut version = Version::new(major, minor, patch);
    if rest.ends_with(['-', '_']) {
        return None;
    }
    // `-rc.1_build`, and `_9-jdk` as well.
    let (suffix, build) = match rest.chars().next() {
        None => return Some(version),
        Some('-') => rest[1..].split_once('_').unwrap_or((&rest[1..], "")),
        Some('_') => rest[1..].split_once('-').map_or(("", &rest[1..]), |(build, suffix)| (suffix, build)),
        Some(_) => return None,
    };
    let plain = |text: &str| text.replace('_', "-");
    version.pre = Prerelease::new(&plain(suffix)).ok()?;
    version.build = BuildMetadata::new(&plain(build)).ok()?;
    Some(version)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Span;

    fn tags(names: &[&str]) -> Vec<Tag> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    fn patterns(texts: &[&str]) -> Vec<Spanned<TagPattern>> {
        texts.iter().map(|text| Spanned::new(text.parse().unwrap(), Span::default())).collect()
    }

    fn selected(filter: &TagFilter, listed: &[&str]) -> Vec<String> {
        filter.select(&tags(listed), |_| None).into_iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_way_of_writing_selects() {
        let listed = ["1.24", "1.25.3", "v1.26", "2.0", "1.26-alpine", "latest"];
        let by = |text: &str| selected(&TagFilter { include: patterns(&[text]), ..TagFilter::default() }, &listed);
        assert_eq!(by(">=1.25, <2"), ["1.25.3", "v1.26"]);
        assert_eq!(by("1.*"), ["1.24", "1.25.3", "1.26-alpine"]);
        assert_eq!(by("/^v|la/"), ["v1.26", "latest"]);
        assert_eq!(by("latest"), ["latest"]);
        assert_eq!(by("absent"), Vec::<String>::new());
    }

    #[test]
    fn exceptions_and_newest() {
        let filter = TagFilter {
            include: vec![],
            except: patterns(&["*-debian-*"]),
            newest: Some(Newest { count: 2, by: Age::Version }),
        };
        assert_eq!(selected(&filter, &["1.9", "1.10", "1.10.1", "1.11-debian-1", "latest"]), ["1.10.1", "1.10"]);
        assert_eq!(selected(&filter, &["1.9", "2.0-rc1", "latest"]), ["1.9"]);
        assert_eq!(selected(&filter, &["1.9-alpine", "1.10-alpine", "1.8-alpine"]), ["1.10-alpine", "1.9-alpine"]);
    }

    #[test]
    fn the_newest_by_time_are_those_created_last() {
        let newest = |count| {
            let filter = TagFilter {
                except: patterns(&["*-rc"]),
                newest: Some(Newest { count, by: Age::Created }),
                ..TagFilter::default()
            };
            let created = |tag: &Tag| match tag.as_str() {
                "blue" | "green" => Timestamp::from_second(200).ok(),
                "red" => Timestamp::from_second(100).ok(),
                "3.0-rc" => Timestamp::from_second(300).ok(),
                _ => None,
            };
            let listed = tags(&["1.0", "blue", "red", "3.0-rc", "green"]);
            filter.select(&listed, created).into_iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(newest(2), ["green", "blue"]);
        assert_eq!(newest(9), ["green", "blue", "red", "1.0"]);
    }

    #[test]
    fn of_tags_created_at_one_time_the_higher_version_is_the_newer() {
        let newest = Some(Newest { count: 2, by: Age::Created });
        let filter = TagFilter { newest, ..TagFilter::default() };
        assert_eq!(selected(&filter, &["v8", "v9", "v10", "x"]), ["v10", "v9"]);
    }

    #[test]
    fn who_is_no_version_among_versions_is_undecided() {
        let undecided = |listed: &[&str]| {
            let newest = Some(Newest { count: 1, by: Age::Version });
            let filter = TagFilter { except: patterns(&["x*"]), newest, ..TagFilter::default() };
            filter.undecided(&tags(listed)).into_iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(undecided(&["1.2", "1.3", "1.2.3.4", "latest", "xyz"]), ["1.2.3.4", "latest"]);
        assert_eq!(undecided(&["1.2-alpine", "1.3-alpine"]), Vec::<String>::new());
        assert_eq!(undecided(&["1.2-alpine", "1.3-alpine", "2.0"]), ["1.2-alpine", "1.3-alpine"]);
        assert_eq!(TagFilter::default().undecided(&tags(&["latest"])), Vec::<&Tag>::new());
    }

    #[test]
    fn what_is_named_is_required_unless_it_is_left_out_or_one_of_the_newest() {
        let filter =
            TagFilter { include: patterns(&["1.*", "prod", "x-rc"]), except: patterns(&["*-rc"]), newest: None };
        assert_eq!(filter.required().map(Tag::as_str).collect::<Vec<_>>(), ["prod"]);
        let idle = filter.unmatched(&tags(&["2.0"]));
        let idle: Vec<String> = idle.into_iter().map(|pattern| pattern.to_string()).collect();
        assert_eq!(idle, ["1.*", "x-rc", "*-rc"]);
        let newest = Some(Newest { count: 1, by: Age::Version });
        assert_eq!(TagFilter { newest, ..filter }.required().count(), 0);
    }

    #[test]
    fn only_plain_lists_need_no_listing() {
        let filter = TagFilter { include: patterns(&["a", "b"]), ..TagFilter::default() };
        assert_eq!(filter.literals().unwrap().len(), 2);
        assert!(TagFilter::default().literals().is_none());
        assert_eq!(TagFilter { include: patterns(&["a", "b*"]), ..TagFilter::default() }.literals(), None);
    }

    #[test]
    fn bad_patterns_say_why() {
        for text in ["/(/", "/a", ">=x", "a,b", "[", "a b", ""] {
            assert!(text.parse::<TagPattern>().is_err(), "{text}");
        }
    }

    #[test]
    fn versions_are_read_from_tags() {
        let version = |text: &str| version_of(&text.parse().unwrap()).map(|version| version.to_string());
        assert_eq!(version("v1.2").as_deref(), Some("1.2.0"));
        assert_eq!(version("1.2.3-rc.1").as_deref(), Some("1.2.3-rc.1"));
        assert_eq!(version("1.2.0_x").as_deref(), Some("1.2.0+x"), "as Helm writes 1.2.0+x");
        assert_eq!(version("1.2.0-rc.1_x_2").as_deref(), Some("1.2.0-rc.1+x-2"));
        assert_eq!(version("11.0.21_9-jdk-alpine").as_deref(), Some("11.0.21-jdk-alpine+9"));
        for none in ["latest", "1.2.3.4", "1.2rc1", "1.2-", "1.2_", "1.2-rc_"] {
            assert_eq!(version(none), None, "{none}");
        }
        assert_eq!(version("20240101").as_deref(), Some("20240101.0.0"));
    }
}
