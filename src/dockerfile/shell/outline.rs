//! How a script is put together: its statements, and what `&&` joins in one. For who edits scripts.

use tree_sitter::{Node, Tree};

use super::super::text::Text;
use super::{ShellReader, next};
use crate::diag::Span;

/// The statements of a script's top level.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    pub statements: Vec<Statement>,
    /// It sets variables or options, changes the directory, or ends the shell: what follows it in the same shell would
    /// notice.
    pub changes_shell: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub span: Span,
    /// What `&&` joins, in order; the statement itself where it is anything else.
    pub parts: Vec<Span>,
    /// Every part is a command, a pipe, or something in brackets: it can be joined to others by `&&`.
    pub joinable: bool,
}

/// What dash, busybox and bash do themselves and what may leave something behind in them, by itself or by what it runs;
/// from their manuals, as of November 2026.
#[rustfmt::skip] // as a block of words
const BUILTIN: [&str; 56] = [
    ".", "alias", "bg", "bind", "break", "builtin", "caller", "cd", "chdir", "command", "compgen", "complete", "compopt",
    "continue", "coproc", "dirs", "disown", "enable", "eval", "exec", "exit", "export", "fc", "fg", "getopts", "hash",
    "help", "history", "jobs", "kill", "let", "local", "logout", "mapfile", "popd", "printf", "pushd", "read", "readarray",
    "readonly", "return", "set", "shift", "shopt", "source", "suspend", "time", "times", "trap", "typeset", "ulimit",
    "umask", "unalias", "unset", "wait", "declare",
];

impl ShellReader {
    /// None for text with errors, here-documents, functions, or something in the background.
    pub fn outline(&mut self, text: &Text) -> Option<Outline> {
        let tree = self.parse(text.as_str())?;
        let root = tree.root_node();
        if root.has_error() {
            return None;
        }
        let changes_shell = changes_shell(&tree, text)?;
        let mut cursor = root.walk();
        let children = root.children(&mut cursor).filter(|node| node.is_named() && node.kind() != "comment");
        let statements = children.map(|node| statement(node, text)).collect();
        Some(Outline { statements, changes_shell })
    }
}

fn statement(node: Node, text: &Text) -> Statement {
    let parts = joined(node).unwrap_or_else(|| vec![node]);
    Statement {
        span: text.span(node.byte_range()),
        joinable: parts.iter().all(|part| is_joinable(*part)),
        parts: parts.into_iter().map(|part| text.span(part.byte_range())).collect(),
    }
}

/// The commands that nothing but `&&` joins.
fn joined(list: Node<'_>) -> Option<Vec<Node<'_>>> {
    let mut parts = Vec::new();
    let mut node = list;
    while node.kind() == "list" {
        let mut cursor = node.walk();
        let children: Vec<_> = node.children(&mut cursor).collect();
        let [left, operator, right] = children[..] else { return None };
        if operator.kind() != "&&" || right.kind() == "list" {
            return None;
        }
        parts.push(right);
        node = left;
    }
    parts.push(node);
    parts.reverse();
    Some(parts)
}

fn is_joinable(part: Node) -> bool {
    let mut cursor = part.walk();
    match part.kind() {
        "command" | "subshell" | "compound_statement" | "test_command" => true,
        "pipeline" | "redirected_statement" => !part.children(&mut cursor).any(|child| child.kind() == "list"),
        _ => false,
    }
}

/// Whether what follows would notice; none where that, or where statements end, cannot be told.
fn changes_shell(tree: &Tree, text: &Text) -> Option<bool> {
    let mut changes = false;
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let parent = || node.parent().map_or("", |parent| parent.kind());
        match node.kind() {
            "heredoc_redirect" | "function_definition" | "ERROR" => return None,
            "&" if matches!(parent(), "program" | "list" | "compound_statement" | "subshell") => return None,
            "variable_assignment" | "variable_assignments" => changes |= parent() != "command",
            "declaration_command" | "unset_command" | "for_statement" | "c_style_for_statement" => changes = true,
            "command_name" => changes |= is_changing(&text.as_str()[node.byte_range()]),
            // `${A:=1}` and `$((A += 1))`
            "expansion" | "arithmetic_expansion" => changes |= assigns(&text.as_str()[node.byte_range()]),
            _ => {}
        }
        if !cursor.goto_first_child() && next(&mut cursor).is_none() {
            return Some(changes);
        }
    }
}

/// Whether a command may change the shell that it runs in, as far as its name tells.
fn is_changing(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./+:@%[".contains(c);
    !name.chars().all(plain) || BUILTIN.contains(&name)
}

fn assigns(expansion: &str) -> bool {
    expansion.contains('=') || expansion.contains("++") || expansion.contains("--")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &str) -> Option<Outline> {
        let mut whole = Text::default();
        whole.push(text, 0);
        ShellReader::default().outline(&whole)
    }

    fn parts(text: &str) -> Vec<Vec<&str>> {
        let statements = outline(text).unwrap().statements;
        let slice = |span: &Span| &text[span.range()];
        statements.iter().map(|statement| statement.parts.iter().map(slice).collect()).collect()
    }

    #[test]
    fn statements_are_told_from_what_is_joined() {
        assert_eq!(parts("a b && c | d && (e; f) && g"), [["a b", "c | d", "(e; f)", "g"]]);
        // The grammar takes a redirection at the end for one of the whole list.
        assert_eq!(parts("a && b > c"), [["a && b > c"]]);
        assert_eq!(
            parts("set -ex; a && b;\nif c; then d; fi"),
            [vec!["set -ex"], vec!["a", "b"], vec!["if c; then d; fi"]]
        );
        assert_eq!(parts("a && b || c"), [["a && b || c"]]);
        assert_eq!(parts("a # said\nb"), [["a"], ["b"]]);
        assert!(outline("a && b").unwrap().statements[0].joinable);
        for text in ["a || b", "if a; then b; fi", "! a"] {
            assert!(!outline(text).unwrap().statements[0].joinable, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_edited_has_no_outline() {
        for text in ["a &", "a & b", "f() { a; }", "cat <<E\na\nE", "a && (", "{ a & }"] {
            assert_eq!(outline(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_next_command_would_notice_is_seen() {
        for text in [
            "cd /a && b",
            "A=b; c",
            "export A=b",
            "set -e; a",
            "for x in a; do b; done",
            "a && exit 1",
            "command cd /a && b",
            "builtin cd /a",
            "time cd /a",
            "\\cd /a",
            "$A b",
            "printf -v A b",
            ": ${A:=b} && c",
            "echo ${A=b}",
            "echo $((A += 1))",
        ] {
            assert!(outline(text).unwrap().changes_shell, "{text}");
        }
        for text in ["A=b c", "a 2>&1 && b", "if a; then b; fi", "echo a && [ -f b ] && c", "/bin/a.sh ${B:-c}"] {
            assert!(!outline(text).unwrap().changes_shell, "{text}");
        }
    }
}
