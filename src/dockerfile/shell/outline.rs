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

/// Commands that change the shell they run in.
const CHANGING: [&str; 24] = [
    "cd", "pushd", "popd", "set", "shopt", "source", ".", "exec", "exit", "alias", "unalias", "umask", "trap",
    "ulimit", "eval", "shift", "return", "read", "wait", "export", "readonly", "break", "continue", "getopts",
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
            "command_name" => changes |= CHANGING.contains(&&text.as_str()[node.byte_range()]),
            _ => {}
        }
        if !cursor.goto_first_child() && next(&mut cursor).is_none() {
            return Some(changes);
        }
    }
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
        for text in ["cd /a && b", "A=b; c", "export A=b", "set -e; a", "for x in a; do b; done", "a && exit 1"] {
            assert!(outline(text).unwrap().changes_shell, "{text}");
        }
        for text in ["A=b c", "a 2>&1 && b", "if a; then b; fi"] {
            assert!(!outline(text).unwrap().changes_shell, "{text}");
        }
    }
}
