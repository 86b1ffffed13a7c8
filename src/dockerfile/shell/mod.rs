//! The commands in shell text, found in the syntax tree that tree-sitter builds; spans point into the Dockerfile.
//!
//! tree-sitter-bash was measured beside brush-parser: both read 5 to 8 MB/s; this one goes on after an error, has byte
//! spans throughout and reaches commands within substitutions in one walk, for 4 crates instead of 35. yash-syntax is
//! under the GPL. Where the grammar differs from shells: it ends comments at the line's end only
//! ([`inline_comments`]), sees one here-document a command ([`ShellReader::read_with`]), and is ambiguous in long pipes.
//!
//! Lists, pipes, subshells, substitutions, `sudo` and its like, `sh -c "…"` and scripts fed to a shell as
//! here-documents are all seen through. Nothing is run and nothing expanded.

mod argv;
mod endings;
mod inline_comments;
mod outline;
mod quotes;
mod variables;

use std::ops::{ControlFlow, Range};
use std::time::Duration;

use tree_sitter::{Node, ParseOptions, Parser, Tree, TreeCursor};

use super::text::Text;
use crate::diag::Span;
pub use argv::Invocation;
pub use endings::Ending;
pub use outline::{Outline, Statement};
pub use quotes::ShellWord;
use variables::Assigned;

/// Longest shell text that is parsed, in bytes.
const MAX_SCRIPT: usize = 64 * 1024;

/// Longest pipe that is parsed: the grammar is ambiguous there and takes memory by the square of the length.
const MAX_PIPE: usize = 100;

/// Time of the processor that one script, and all scripts of a Dockerfile, may take. Sixty-four kilobytes of honest text take a
/// fiftieth of it; recovery from errors in hostile text takes hours, and its cost cannot be told beforehand.
const SCRIPT_TIME: Duration = Duration::from_secs(1);
const TOTAL_TIME: Duration = Duration::from_secs(10);

/// How deep `$($(…))` is looked into: the words of each command hold all that is within them.
const MAX_SUBSTITUTIONS: usize = 32;

/// How deep `sh -c "sh -c …"` is followed.
const MAX_NESTING: u32 = 4;

/// What a shell text runs.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// In the order of their places.
    pub invocations: Vec<Invocation>,
    /// Every `&` that sends a command to the background.
    pub background: Vec<Span>,
    /// Every `|` and `|&` between two commands.
    pub pipes: Vec<Span>,
    /// Scripts that commands carry: of `sh -c`, and here-documents that are fed to a shell.
    pub carried: Vec<Span>,
    /// Files that `>` and its like write.
    pub written: Vec<ShellWord>,
    /// Text too large or too tangled to be parsed: nothing is known about it.
    pub skipped: Vec<Span>,
    /// Variables that the text itself sets.
    assigned: Assigned,
}

impl Script {
    fn extend(&mut self, other: Self) {
        self.invocations.extend(other.invocations);
        self.background.extend(other.background);
        self.pipes.extend(other.pipes);
        self.carried.extend(other.carried);
        self.written.extend(other.written);
        self.skipped.extend(other.skipped);
        self.assigned.extend(other.assigned);
    }

    /// Whether the command that `marker` belongs to is a shell without a script of its own: the last in front of it,
    /// or the next when an operator parts them.
    fn feeds_shell(&self, command: &Text, marker: &Range<usize>) -> bool {
        let place = command.span(marker.clone());
        let after = self.invocations.partition_point(|invocation| invocation.span.start < place.start);
        let before = after.checked_sub(1).map(|index| &self.invocations[index]).filter(|invocation| {
            let between = command.as_str().get(command.offset_of(invocation.span.end)..marker.start);
            !between.unwrap_or_default().contains([';', '&', '|', '(', '{'])
        });
        before.or_else(|| self.invocations.get(after)).is_some_and(argv::reads_script)
    }
}

/// A shell parser for the scripts of one Dockerfile.
pub struct ShellReader {
    parser: Parser,
    time_left: Duration,
}

impl std::fmt::Debug for ShellReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ShellReader").finish_non_exhaustive()
    }
}

impl Default for ShellReader {
    fn default() -> Self {
        let mut parser = Parser::new();
        parser.set_language(&tree_sitter_bash::LANGUAGE.into()).expect("the grammar is built for this tree-sitter");
        Self { parser, time_left: TOTAL_TIME }
    }
}

impl ShellReader {
    pub fn read(&mut self, text: &Text) -> Script {
        let mut script = Script::default();
        let mut waiting = vec![(text.clone(), 0)];
        while let Some((text, depth)) = waiting.pop() {
            let Some(tree) = self.parse(text.as_str()) else {
                script.skipped.push(text.whole());
                continue;
            };
            let nested = collect(&tree, &text, &mut script);
            if depth < MAX_NESTING {
                script.carried.extend(nested.iter().map(Text::whole));
                waiting.extend(nested.into_iter().map(|text| (text, depth + 1)));
            }
        }
        script.invocations.sort_by_key(|invocation| invocation.span);
        script.background.sort_unstable();
        script.pipes.sort_unstable();
        script.written.sort_by_key(|word| word.span);
        script
    }

    /// A command line with the here-documents it announces: each with its marker, as a range of `command`, and its
    /// body. They are taken out first, for the grammar does not see more than one; a body that is fed to a shell is
    /// read too.
    pub fn read_with(&mut self, command: &Text, documents: &[(Range<usize>, Text)]) -> Script {
        let holes: Vec<_> = documents.iter().map(|(marker, _)| marker.clone()).collect();
        let mut script = self.read(&command.without(&holes));
        let fed: Vec<_> = documents.iter().filter(|(marker, _)| script.feeds_shell(command, marker)).collect();
        for (_, body) in fed {
            script.carried.push(body.whole());
            script.extend(self.read(body));
        }
        script
    }

    /// A command line that is no shell text: the words of an exec form. `["sh", "-c", "…"]` is seen through.
    pub fn read_exec(&mut self, words: &[Text]) -> Script {
        let words = words.iter().map(|text| ShellWord::literal(text.clone())).collect();
        let mut script = Script::default();
        if let Some(text) = add(words, &mut script) {
            script.carried.push(text.whole());
            script.extend(self.read(&text));
        }
        script
    }

    /// Programs that a path through the script ends with and that no `exec` puts in the shell's place.
    ///
    /// None for what cannot be told: text with errors, text too large, and scripts that handle signals by `trap`.
    pub fn endings(&mut self, text: &Text) -> Vec<Ending> {
        self.parse(text.as_str()).map(|tree| endings::endings(&tree, text)).unwrap_or_default()
    }

    /// `None` when the text is too large or too tangled. Text without errors takes time by its length.
    fn parse(&mut self, text: &str) -> Option<Tree> {
        if text.len() > MAX_SCRIPT || longest_pipe(text) > MAX_PIPE {
            return None;
        }
        let started = worked();
        let limit = self.time_left.min(SCRIPT_TIME);
        let mut watch = |_: &tree_sitter::ParseState| {
            if worked().saturating_sub(started) >= limit { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut watch);
        let text = inline_comments::blanked(text);
        let bytes = text.as_bytes();
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let tree = self.parser.parse_with_options(&mut read, None, Some(options));
        self.time_left = self.time_left.saturating_sub(worked().saturating_sub(started));
        if tree.is_none() {
            self.parser.reset();
        }
        tree
    }
}

/// How long this thread has worked: what a busy machine does in between must not change what is found.
#[cfg(unix)]
fn worked() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

/// Other systems tell the time of day alone.
#[cfg(not(unix))]
fn worked() -> Duration {
    static START: std::sync::LazyLock<std::time::Instant> = std::sync::LazyLock::new(std::time::Instant::now);
    START.elapsed()
}

/// Most `|` in a row that no list operator or line break parts.
fn longest_pipe(text: &str) -> usize {
    let parts = text.split([';', '&', '\n']);
    parts.map(|part| part.bytes().filter(|byte| *byte == b'|').count()).max().unwrap_or(0)
}

/// Visits every node once; returns the scripts that commands carry as arguments or here-documents.
fn collect(tree: &Tree, text: &Text, script: &mut Script) -> Vec<Text> {
    let mut nested = Vec::new();
    let mut cursor = tree.walk();
    let mut depth = 0;
    // How deep the substitutions lie that the node is within.
    let mut substitutions = Vec::new();
    loop {
        let node = cursor.node();
        while substitutions.last().is_some_and(|outer| *outer >= depth) {
            substitutions.pop();
        }
        let mut tangled = false;
        match node.kind() {
            "command_substitution" | "process_substitution" => {
                tangled = substitutions.len() == MAX_SUBSTITUTIONS;
                substitutions.push(depth);
            }
            "command" => nested.extend(add(words(node, text), script)),
            "redirected_statement" => nested.extend(fed_script(node, text)),
            "|" | "|&" if node.parent().is_some_and(|parent| parent.kind() == "pipeline") => {
                script.pipes.push(text.span(node.byte_range()));
            }
            "file_redirect" => script.written.extend(written(node, text)),
            "variable_assignment" | "for_statement" => script.assigned.add(node, text),
            "&" if is_separator(&cursor, node) => script.background.push(text.span(node.byte_range())),
            _ => {}
        }
        if tangled {
            script.skipped.push(text.span(node.byte_range()));
        } else if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        let Some(climbed) = next(&mut cursor) else { return nested };
        depth -= climbed;
    }
}

/// Goes on behind the node; returns how many levels higher that is.
fn next(cursor: &mut TreeCursor) -> Option<usize> {
    let mut climbed = 0;
    loop {
        if cursor.goto_next_sibling() {
            return Some(climbed);
        }
        if !cursor.goto_parent() {
            return None;
        }
        climbed += 1;
    }
}

/// `&` also stands in arithmetic and in what could not be parsed.
fn is_separator(cursor: &TreeCursor, node: Node) -> bool {
    let parent = cursor.node().parent();
    !node.is_named()
        && !node.is_missing()
        && parent.is_some_and(|node| !matches!(node.kind(), "binary_expression" | "ERROR"))
}

/// The words of a command, without assignments in front and redirections.
fn words(command: Node, text: &Text) -> Vec<ShellWord> {
    let mut cursor = command.walk();
    let children = command.children(&mut cursor);
    let kept = children.filter(|child| {
        child.is_named()
            && !matches!(child.kind(), "variable_assignment" | "comment")
            && !child.kind().ends_with("_redirect")
    });
    kept.map(|child| ShellWord::read(&text.slice(child.byte_range()))).collect()
}

/// The file that a redirection writes.
fn written(redirect: Node, text: &Text) -> Option<ShellWord> {
    let mut cursor = redirect.walk();
    let writes = redirect.children(&mut cursor).any(|child| matches!(child.kind(), ">" | ">>" | ">|" | "&>" | "&>>"));
    let destination = redirect.child_by_field_name("destination").filter(|_| writes)?;
    Some(ShellWord::read(&text.slice(destination.byte_range())))
}

/// The script that `bash <<EOF` is fed.
fn fed_script(statement: Node, text: &Text) -> Option<Text> {
    let command = statement.child_by_field_name("body").filter(|body| body.kind() == "command")?;
    let (invocation, _) = argv::unwrap(words(command, text))?;
    if !argv::reads_script(&invocation) {
        return None;
    }
    let mut cursor = statement.walk();
    let redirect = statement.children(&mut cursor).find(|child| child.kind() == "heredoc_redirect")?;
    let mut cursor = redirect.walk();
    let body = redirect.children(&mut cursor).find(|child| child.kind() == "heredoc_body")?;
    Some(text.slice(body.byte_range()))
}

/// Adds a command; returns the script it carries.
fn add(words: Vec<ShellWord>, script: &mut Script) -> Option<Text> {
    let (invocation, nested) = argv::unwrap(words)?;
    script.invocations.push(invocation);
    nested
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Script {
        let mut whole = Text::default();
        whole.push(text, 0);
        ShellReader::default().read(&whole)
    }

    fn commands(text: &str) -> Vec<String> {
        let script = read(text);
        for invocation in &script.invocations {
            assert!(text.get(invocation.span.range()).is_some());
        }
        script
            .invocations
            .iter()
            .map(|invocation| invocation.words.iter().map(ShellWord::text).collect::<Vec<_>>().join(" "))
            .collect()
    }

    #[test]
    fn every_command_is_found() {
        assert_eq!(commands("a=1 b c && d | e; (f) & { g; }"), ["b c", "d", "e", "f", "g"]);
        assert_eq!(commands("if a; then b; else c; fi; for x in 1; do d; done"), ["a", "b", "c", "d"]);
        assert_eq!(commands("a \"$(b \"x y\")\" `c` > /x 2>&1"), ["a $(b \"x y\") `c`", "b x y", "c"]);
    }

    #[test]
    fn files_that_are_written_are_found() {
        let script = read("a > /x 2>&1 && { b; } >> '/y z' < /c; d &> $E");
        let written: Vec<_> = script.written.iter().map(ShellWord::text).collect();
        assert_eq!(written, ["/x", "/y z", "$E"]);
    }

    #[test]
    fn wrappers_are_seen_through() {
        assert_eq!(commands("sudo -E -u root env -i A=1 /usr/bin/apt-get 'up'date"), ["/usr/bin/apt-get update"]);
        assert_eq!(commands("sh -ec \"a \\\"b c\\\" && sudo d\""), ["sh -ec a \"b c\" && sudo d", "a b c", "d"]);
        assert_eq!(commands("bash -e <<'EOF'\na b\nc\nEOF\nd"), ["bash -e", "a b", "c", "d"]);
        assert_eq!(commands("cat <<EOF > /x\nrm -rf /\nEOF\n"), ["cat"]);
        assert_eq!(commands("timeout -k 5 10 nice -n 3 a"), ["a"]);
    }

    #[test]
    fn comments_in_backticks_end_there() {
        assert_eq!(commands("a `# b` c && d \"`# e`\" && f"), ["a c", "d `# e`", "f"]);
        assert_eq!(commands("a `b` # `c\nd"), ["a `b`", "b", "d"]);
        assert_eq!(commands("a '`# b`' && c \\`# d"), ["a `# b`", "c `# d"]);
    }

    fn expanded(text: &str) -> Vec<String> {
        let lookup = |name: &str| match name {
            "APT" => Some("apt-get"),
            "INSTALL" => Some("sudo apt-get install"),
            "PACKAGES" => Some(" a b=1 "),
            "EMPTY" => Some(""),
            "NESTED" => Some("$APT"),
            _ => None,
        };
        let script = read(text).expanded(lookup);
        let words = |found: &Invocation| found.words.iter().map(ShellWord::text).collect::<Vec<_>>().join(" ");
        script.invocations.iter().map(words).collect()
    }

    #[test]
    fn variables_that_are_whole_words_are_filled_in() {
        assert_eq!(expanded("$APT upgrade && ${APT} $PACKAGES"), ["apt-get upgrade", "apt-get a b=1"]);
        assert_eq!(
            expanded("$INSTALL -y x; env A=1 $INSTALL \"$PACKAGES\""),
            ["apt-get install -y x", "apt-get install  a b=1 "]
        );
        assert_eq!(expanded("$EMPTY a $EMPTY; $EMPTY"), ["a", "$EMPTY"]);
        assert_eq!(expanded("'$APT' a; $OTHER b; $NESTED; x$APT"), ["$APT a", "$OTHER b", "$NESTED", "x$APT"]);
    }

    #[test]
    fn what_the_text_sets_goes_before() {
        assert_eq!(expanded("X=\"apt-get -y\"; $X upgrade"), ["apt-get -y upgrade"]);
        assert_eq!(expanded("export APT=apk && $APT upgrade"), ["apk upgrade"]);
        assert_eq!(expanded("APT=a; APT=b; $APT c"), ["$APT c"]);
        assert_eq!(expanded("APT=$(x); $APT c"), ["x", "$APT c"]);
        assert_eq!(expanded("for APT in a b; do $APT c; done; read X; $X d"), ["$APT c", "read X", "$X d"]);
        assert_eq!(expanded("APT+=s; $APT c"), ["$APT c"]);
    }

    #[test]
    fn background_is_told_from_other_ampersands() {
        assert_eq!(read("a & b 2>&1 && c; echo $((1 & 2)) '&' \\&").background, [Span::new(2, 3)]);
    }

    fn ends(text: &str) -> Vec<String> {
        let mut whole = Text::default();
        whole.push(text, 0);
        let endings = ShellReader::default().endings(&whole);
        endings.iter().map(|end| end.words.iter().map(ShellWord::text).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn every_path_ends_with_exec_or_is_found() {
        assert_eq!(ends("set -e\nnpm run migrate\nnpm start\n"), ["npm start"]);
        assert_eq!(ends("if [ $1 = a ]; then\n  b\nelif c; then d; else exec e; fi\n# end\n"), ["b", "d"]);
        assert_eq!(ends("case $1 in\n a) exec b;;\n c|d) e f;;\n *) \"$@\";;\nesac"), ["e f", "$@"]);
        assert_eq!(ends("main() { a; b \"$@\"; }\nmain \"$@\""), ["b $@"]);
        assert_eq!(ends("a || exit 1"), ["a"]);
        assert_eq!(ends("a > /log 2>&1"), ["a"]);
        assert_eq!(ends("a\nexit $?\n"), ["a"]);
        assert_eq!(ends("if [ $1 = x ]; then gosu x \"$@\"; exit; fi\nexec \"$@\""), ["gosu x $@"]);
        assert_eq!(ends("if [ $1 = x ]; then usage; exit; fi\nexec \"$@\""), [] as [&str; 0]);
        assert_eq!(ends("a | tee /log"), ["a"]);
        assert_eq!(ends("[ -n \"$A\" ] && b"), ["b"]);
        assert_eq!(ends("a b &\nwait"), ["a b"]);
        assert_eq!(ends("case $1 in a) exec b;; *) c > /d & wait $!;; esac"), ["c"]);
        assert_eq!(ends("if [ -z $A ]; then java -jar a; exit $?; fi\nexec \"$@\""), ["java -jar a"]);
        assert_eq!(ends("command nginx -g x"), ["nginx -g x"]);
    }

    #[test]
    fn scripts_that_give_way_are_no_findings() {
        for text in [
            "",
            "exec \"$@\"",
            "if a; then exec b; fi\nexec gosu app tini -- c",
            "case $1 in a) exec b;; *) echo usage; exit 1;; esac",
            "trap 'kill $!' TERM\na &\nwait",
            "run() { exec a; }\nrun",
            "f() { f; }\nf",
            "a &",
            "A=1 exec b > /log",
            "a && exec b",
            "sh -c 'exec a'",
            "a\n)(",
            "a &\nb &\nwait",
            "command -v nginx",
        ] {
            assert_eq!(ends(text), [] as [&str; 0], "{text}");
        }
    }

    #[test]
    fn deep_scripts_end_in_time() {
        let deep = |open: &str, close: &str| format!("{}a{}", open.repeat(1_000), close.repeat(1_000));
        for text in [
            deep("{ ", "; }"),
            deep("if x; then ", "; fi"),
            deep("(", ")"),
            "a || ".repeat(5_000) + "b",
            "if x; then a; fi; ".repeat(3_000),
            (0..3_000).fold(String::new(), |text, at| text + &format!("f{at}() {{ f{}; }}\n", at + 1)) + "f0",
        ] {
            let started = worked();
            ends(&text);
            assert!(worked() < started + 5 * SCRIPT_TIME, "{}", &text[..20]);
        }
    }

    #[test]
    fn tangled_text_comes_to_an_end() {
        for piece in [
            "(",
            "$(",
            "`",
            "\"$(",
            "<<A ",
            "${a:-",
            "if ",
            "case x in ",
            "{ ",
            "[[ ",
            "((",
            "'",
            "a|",
            ")",
            "a)",
            "x=(",
            "f(){ ",
            "a&&",
            "\\\n",
        ] {
            let started = worked();
            let text = piece.repeat(MAX_SCRIPT / piece.len());
            read(&text);
            ends(&text);
            assert!(worked() < started + 10 * SCRIPT_TIME, "{piece}");
        }
    }

    #[test]
    fn substitutions_are_looked_into_up_to_a_depth() {
        let nested = |depth: usize| format!("a {}b{} && c $(d)", "$(".repeat(depth), ")".repeat(depth));
        let whole = read(&nested(MAX_SUBSTITUTIONS));
        assert!(whole.skipped.is_empty());
        assert_eq!(whole.invocations.last().unwrap().words[0].text(), "d");
        let cut = read(&nested(MAX_SUBSTITUTIONS + 1));
        assert_eq!(cut.skipped.len(), 1);
        let programs: Vec<_> = cut.invocations.iter().map(|command| command.words[0].text().to_owned()).collect();
        assert_eq!(programs[programs.len() - 2..], ["c", "d"]);
    }
}
