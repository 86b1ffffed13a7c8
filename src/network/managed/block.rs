//! Blocks: the lines between two markers that name their owner. What stands outside of them stays byte for byte.
//!
//! ```text
//! # BEGIN swrctl portal/swr (written by `swrctl apply` for /srv/portal/swr.kdl)
//! 172.16.0.12 swr.cn-north-4.myhuaweicloud.com
//! # END swrctl portal/swr
//! ```

use std::fmt;
use std::ops::Range;

use crate::diag::{Wording, say};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
const NOTE: &str = "written by `swrctl apply`";
const OF: &str = " for ";

/// Who writes: a project by its name, and by its file, which tells projects of one name apart.
#[derive(Clone, Debug)]
pub struct Writer {
    pub project: String,
    /// The project file as everybody finds it; none where that cannot stand in a line.
    pub file: Option<String>,
    /// Whether such a file is there: nobody misses the lines of one that is gone.
    pub exists: fn(&str) -> bool,
}

/// Whose block it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owner {
    pub project: String,
    /// Name of its `registry` section.
    pub registry: String,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.project, self.registry)
    }
}

/// What a block has to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    pub registry: String,
    /// Without line ends.
    pub lines: Vec<String>,
}

/// Why the blocks of a file cannot be told from the rest; lines from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Damage {
    /// UTF-16 perhaps: lines cannot be added to it.
    NotText,
    /// A marker without the name of its owner.
    Nameless {
        line: usize,
    },
    Unended {
        line: usize,
        owner: Owner,
    },
    Unbegun {
        line: usize,
        owner: Owner,
    },
    Repeated {
        line: usize,
        first: usize,
        owner: Owner,
    },
}

impl Damage {
    /// After the name of the file: "line 5 begins …".
    #[must_use]
    pub fn wording(&self) -> Wording {
        match self {
            Self::NotText => {
                say!("it is no text of one byte a letter or more: it holds a NUL", "它不是文本：含有 NUL 字节")
            }
            Self::Nameless { line } => {
                say!(
                    "line {line} is a marker of swrctl without `PROJECT/REGISTRY`",
                    "第 {line} 行是缺少 `PROJECT/REGISTRY` 的 swrctl 标记",
                    line
                )
            }
            Self::Unended { line, owner } => {
                say!(
                    "line {line} begins the block of {owner}, and no line ends it",
                    "第 {line} 行开始了 {owner} 的区块，却没有结束行",
                    line,
                    owner
                )
            }
            Self::Unbegun { line, owner } => {
                say!(
                    "line {line} ends a block of {owner} that no line begins",
                    "第 {line} 行结束了 {owner} 的区块，却没有开始行",
                    line,
                    owner
                )
            }
            Self::Repeated { line, first, owner } => say!(
                "line {line} begins the block of {owner} again, after line {first}",
                "第 {line} 行又一次开始了 {owner} 的区块，第 {first} 行已有一个",
                line,
                owner,
                first
            ),
        }
    }
}

/// The lines of a file and the blocks among them.
#[derive(Debug)]
pub(super) struct Blocks<'a> {
    writer: &'a Writer,
    mark: &'a [u8],
    /// With their ends.
    lines: Vec<&'a [u8]>,
    standing: Vec<Standing>,
    /// What comments begin with.
    sign: &'static str,
}

#[derive(Debug)]
struct Standing {
    owner: Owner,
    /// The project file that it was written for, as far as it says so.
    file: Option<String>,
    /// Markers included, from 0.
    lines: Range<usize>,
}

#[derive(Clone, Copy, PartialEq)]
enum Edge {
    Begin,
    End,
}

impl<'a> Blocks<'a> {
    /// # Errors
    /// When somebody changed the markers: then nobody knows what belongs to whom.
    pub(super) fn read(text: &'a [u8], sign: &'static str, writer: &'a Writer) -> Result<Self, Damage> {
        if text.contains(&0) {
            return Err(Damage::NotText);
        }
        let (mark, rest) = text.split_at(if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 });
        let lines: Vec<_> = rest.split_inclusive(|byte| *byte == b'\n').collect();
        let mut standing: Vec<Standing> = Vec::new();
        let mut open: Option<(Owner, Option<String>, usize)> = None;
        for (index, line) in lines.iter().enumerate() {
            let line = marker(line, sign).map_err(|()| Damage::Nameless { line: index + 1 })?;
            match (line, open.take()) {
                (None, still) => open = still,
                (Some((Edge::Begin, owner, file)), None) => {
                    if let Some(first) = standing.iter().find(|block| block.owner == owner) {
                        return Err(Damage::Repeated { line: index + 1, first: first.lines.start + 1, owner });
                    }
                    open = Some((owner, file, index));
                }
                (Some((Edge::End, owner, _)), Some((opened, file, begin))) if owner == opened => {
                    standing.push(Standing { owner, file, lines: begin..index + 1 });
                }
                (Some(_), Some((owner, _, begin))) => return Err(Damage::Unended { line: begin + 1, owner }),
                (Some((Edge::End, owner, _)), None) => return Err(Damage::Unbegun { line: index + 1, owner }),
            }
        }
        match open {
            Some((owner, _, begin)) => Err(Damage::Unended { line: begin + 1, owner }),
            None => Ok(Self { writer, mark, lines, standing, sign }),
        }
    }

    /// What stands in a block, without line ends; a line that is no UTF-8 is as good as another.
    pub(super) fn body(&self, registry: &str) -> Option<Vec<String>> {
        self.named().find(|block| block.owner.registry == registry).map(|block| self.body_of(block))
    }

    /// Registries that the project has blocks of.
    pub(super) fn registries(&self) -> impl Iterator<Item = &str> {
        self.named().filter(|block| self.namesake(block).is_none()).map(|block| block.owner.registry.as_str())
    }

    /// The line, from 1, where another project of the same name says something else for the same registry, and its file.
    pub(super) fn rival(&self, wanted: &Wanted) -> Option<(usize, &str)> {
        let block = self.named().find(|block| block.owner.registry == wanted.registry)?;
        let file = self.namesake(block).filter(|_| self.body_of(block) != wanted.lines)?;
        Some((block.lines.start + 1, file))
    }

    /// Whose block the line is in, from 1.
    pub(super) fn owner_of(&self, line: usize) -> Option<&Owner> {
        self.standing.iter().find(|block| block.lines.contains(&(line - 1))).map(|block| &block.owner)
    }

    /// The text with empty lines in place of what the project says, these registries among it: line numbers stay.
    pub(super) fn without(&self, said: impl Fn(&str) -> bool) -> String {
        let mut lines: Vec<_> = self.lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
        for block in self.named().filter(|block| said(&block.owner.registry) || self.namesake(block).is_none()) {
            lines[block.lines.clone()].fill("\n".into());
        }
        lines.concat()
    }

    /// The file with exactly these blocks of the project. Those that say what they should stay as they are.
    pub(super) fn with(&self, wanted: &[Wanted]) -> Vec<u8> {
        let mut text = Vec::new();
        let mut next = 0;
        for block in &self.standing {
            text.extend(self.lines[next..block.lines.start].concat());
            next = block.lines.end;
            let whole = || self.lines[block.lines.clone()].concat();
            match wanted.iter().find(|wanted| wanted.registry == block.owner.registry) {
                _ if block.owner.project != self.writer.project => text.extend(whole()),
                Some(wanted) if self.body_of(block) == wanted.lines => text.extend(whole()),
                Some(wanted) => text.extend(self.written(wanted).bytes()),
                None if self.namesake(block).is_some() => text.extend(whole()),
                None => {}
            }
        }
        text.extend(self.lines[next..].concat());
        let is_new = |wanted: &&Wanted| self.named().all(|block| block.owner.registry != wanted.registry);
        let new: String = wanted.iter().filter(is_new).map(|wanted| self.written(wanted)).collect();
        // Behind a last line without an end a block could not be taken away again without a trace.
        let at_end = text.is_empty() || text.ends_with(b"\n");
        let parts = if at_end { [self.mark, &text, new.as_bytes()] } else { [self.mark, new.as_bytes(), &text] };
        parts.concat()
    }

    /// Blocks that have the project's name.
    fn named(&self) -> impl Iterator<Item = &Standing> {
        self.standing.iter().filter(|block| block.owner.project == self.writer.project)
    }

    /// The file of another project of the same name, whose block this is.
    fn namesake<'b>(&self, block: &'b Standing) -> Option<&'b str> {
        block.file.as_deref().filter(|file| self.writer.file.as_deref() != Some(*file) && (self.writer.exists)(file))
    }

    fn body_of(&self, block: &Standing) -> Vec<String> {
        let body = &self.lines[block.lines.start + 1..block.lines.end - 1];
        body.iter().map(|line| String::from_utf8_lossy(line).trim_end_matches(['\r', '\n']).to_owned()).collect()
    }

    fn written(&self, wanted: &Wanted) -> String {
        let (sign, end, Writer { project, file, .. }) = (self.sign, self.line_end(), self.writer);
        let (owner, of) =
            (format!("swrctl {project}/{}", wanted.registry), file.as_ref().map(|file| format!("{OF}{file}")));
        let body: String = wanted.lines.iter().flat_map(|line| [line.as_str(), end]).collect();
        format!("{sign} BEGIN {owner} ({NOTE}{}){end}{body}{sign} END {owner}{end}", of.unwrap_or_default())
    }

    /// As the file's first line ends.
    fn line_end(&self) -> &'static str {
        match self.lines.first() {
            Some(line) if line.ends_with(b"\r\n") => "\r\n",
            Some(line) if line.ends_with(b"\n") => "\n",
            _ if cfg!(windows) => "\r\n",
            _ => "\n",
        }
    }
}

/// `SIGN BEGIN swrctl PROJECT/REGISTRY … for FILE)`, or `END`.
fn marker(line: &[u8], sign: &str) -> Result<Option<(Edge, Owner, Option<String>)>, ()> {
    let Ok(line) = std::str::from_utf8(line) else { return Ok(None) };
    let mut words = line.split_whitespace();
    let edge = match [words.next(), words.next(), words.next()] {
        [Some(first), Some("BEGIN"), Some("swrctl")] if first == sign => Edge::Begin,
        [Some(first), Some("END"), Some("swrctl")] if first == sign => Edge::End,
        _ => return Ok(None),
    };
    let (project, registry) = words.next().and_then(|owner| owner.split_once('/')).ok_or(())?;
    if project.is_empty() || registry.is_empty() {
        return Err(());
    }
    let file = line.trim_end().split_once(NOTE).and_then(|(_, of)| of.strip_prefix(OF)?.strip_suffix(')'));
    let owner = Owner { project: project.to_owned(), registry: registry.to_owned() };
    Ok(Some((edge, owner, file.map(str::to_owned))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(registry: &str, lines: &[&str]) -> Wanted {
        Wanted { registry: registry.to_owned(), lines: lines.iter().map(ToString::to_string).collect() }
    }

    fn writer() -> Writer {
        Writer { project: "p".to_owned(), file: None, exists: |_| true }
    }

    fn with(text: &[u8], wanted: &[Wanted]) -> Vec<u8> {
        Blocks::read(text, "#", &writer()).unwrap().with(wanted)
    }

    fn damage(text: &str) -> String {
        Blocks::read(text.as_bytes(), "#", &writer()).unwrap_err().wording().get(crate::diag::Lang::En).to_owned()
    }

    #[test]
    fn a_block_is_added_changed_in_its_place_and_removed() {
        let added = with(b"127.0.0.1 localhost\n", &[wanted("swr", &["10.0.0.1 a"])]);
        let expected =
            "127.0.0.1 localhost\n# BEGIN swrctl p/swr (written by `swrctl apply`)\n10.0.0.1 a\n# END swrctl p/swr\n";
        assert_eq!(String::from_utf8(added.clone()).unwrap(), expected);
        let followed = [added.as_slice(), b"10.9.9.9 by-hand\n"].concat();
        let changed = with(&followed, &[wanted("swr", &["10.0.0.2 a"])]);
        assert_eq!(
            String::from_utf8(changed).unwrap(),
            expected.replace("10.0.0.1", "10.0.0.2") + "10.9.9.9 by-hand\n"
        );
        assert_eq!(with(&followed, &[]), b"127.0.0.1 localhost\n10.9.9.9 by-hand\n");
    }

    #[test]
    fn windows_files_keep_their_line_ends_and_their_mark() {
        let before = b"\xef\xbb\xbf# hosts\r\n127.0.0.1 localhost\r\n";
        let after = with(before, &[wanted("swr", &["10.0.0.1 a"])]);
        assert!(after.starts_with(before));
        let text = String::from_utf8(after.clone()).unwrap();
        assert_eq!((text.matches('\n').count(), text.matches("\r\n").count()), (5, 5));
        assert_eq!(with(&after, &[]), before);
    }

    #[test]
    fn blocks_of_other_projects_stay() {
        let other = b"# BEGIN swrctl other/swr\n10.0.0.9 a\n# END swrctl other/swr\n";
        let both = with(other, &[wanted("swr", &["10.0.0.1 a"])]);
        assert!(both.starts_with(other));
        assert_eq!(with(&both, &[]), other);
        let writer = writer();
        let blocks = Blocks::read(&both, "#", &writer).unwrap();
        assert_eq!(blocks.registries().collect::<Vec<_>>(), ["swr"]);
        assert_eq!(blocks.owner_of(2).unwrap().to_string(), "other/swr");
        assert_eq!(blocks.without(|_| false), String::from_utf8(other.to_vec()).unwrap() + "\n\n\n");
    }

    #[test]
    fn a_project_of_the_same_name_keeps_its_block_as_long_as_its_file_is_there() {
        let at = |file: &str| Writer {
            project: "p".to_owned(),
            file: Some(file.to_owned()),
            exists: |file| file == "/a (1)/k",
        };
        let (one, other) = (at("/a (1)/k"), at("/b/k"));
        let wants = |address: &str| wanted("swr", &[address]);
        let text = Blocks::read(b"", "#", &one).unwrap().with(&[wants("10.0.0.1 a")]);
        let expected =
            "# BEGIN swrctl p/swr (written by `swrctl apply` for /a (1)/k)\n10.0.0.1 a\n# END swrctl p/swr\n";
        assert_eq!(String::from_utf8(text.clone()).unwrap(), expected);
        let blocks = Blocks::read(&text, "#", &other).unwrap();
        assert_eq!(blocks.with(&[]), text, "it is not the other's to remove");
        assert_eq!(blocks.rival(&wants("10.0.0.2 a")), Some((1, "/a (1)/k")));
        assert_eq!((blocks.rival(&wants("10.0.0.1 a")), blocks.with(&[wants("10.0.0.1 a")])), (None, text.clone()));
        assert_eq!(Blocks::read(&text, "#", &one).unwrap().with(&[]), b"");
        let moved = Writer { exists: |_| false, ..other };
        assert_eq!(Blocks::read(&text, "#", &moved).unwrap().with(&[]), b"", "nobody misses it");
    }

    #[test]
    fn markers_that_somebody_changed_are_told_with_their_line() {
        assert_eq!(damage("a\n# BEGIN swrctl p/swr\nb\n"), "line 2 begins the block of p/swr, and no line ends it");
        assert_eq!(damage("# END swrctl p/swr\n"), "line 1 ends a block of p/swr that no line begins");
        let nested = "# BEGIN swrctl p/swr\n# BEGIN swrctl p/b\n# END swrctl p/b\n# END swrctl p/swr\n";
        assert_eq!(damage(nested), "line 1 begins the block of p/swr, and no line ends it");
        let twice = "# BEGIN swrctl p/swr\n# END swrctl p/swr\n".repeat(2);
        assert_eq!(damage(&twice), "line 3 begins the block of p/swr again, after line 1");
        assert_eq!(damage("# BEGIN swrctl\n"), "line 1 is a marker of swrctl without `PROJECT/REGISTRY`");
        assert!(damage("a\0\n\0").starts_with("it is no text"));
    }

    fn lines() -> impl Strategy<Value = Vec<Wanted>> {
        let body = || prop::collection::vec("[0-9a-f.: ]{0,12}x", 0..4);
        (prop::option::of(body()), prop::option::of(body())).prop_map(|(one, two)| {
            let part = |registry: &str, lines| Wanted { registry: registry.to_owned(), lines };
            one.map(|lines| part("one", lines)).into_iter().chain(two.map(|lines| part("two", lines))).collect()
        })
    }

    proptest! {
        #[test]
        fn what_was_there_comes_back_byte_for_byte(
            before in prop::collection::vec(1..=255_u8, 0..200), crlf: bool, first in lines(), second in lines()
        ) {
            let before = if crlf { [b"a\r\n", before.as_slice()].concat() } else { before };
            let once = with(&before, &first);
            prop_assert_eq!(&with(&once, &first), &once);
            let other = with(&once, &second);
            prop_assert_eq!(&with(&other, &second), &other);
            prop_assert_eq!(with(&other, &[]), before);
        }
    }
}
