//! How a script ends: the programs that are left to run below the shell because no `exec` puts them in its place.

use std::collections::{HashMap, HashSet};

use tree_sitter::{Node, Tree};

use super::super::text::Text;
use super::quotes::ShellWord;
use super::{next, words};

/// A program that some path through a script ends with, below the shell.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The program and its arguments; at least one word.
    pub words: Vec<ShellWord>,
}

/// Commands after which nothing is left to run, or that are no programs of their own.
const NO_PROGRAMS: [&str; 42] = [
    "exec", "exit", "return", "break", "continue", ":", "true", "false", "echo", "printf", "test", "[", "set", "unset",
    "export", "cd", "pushd", "popd", "read", "shift", "trap", "kill", "wait", "source", ".", "local", "readonly",
    "declare", "mkdir", "cp", "mv", "rm", "ln", "chmod", "chown", "cat", "ls", "touch", "sed", "grep", "date", "env",
];

/// Every path's last program that is not started by `exec`; none for text with errors and for scripts that handle
/// signals themselves, by `trap`.
pub(super) fn endings(tree: &Tree, text: &Text) -> Vec<Ending> {
    let root = tree.root_node();
    let Some(functions) = functions(tree, text).filter(|_| !root.has_error()) else { return Vec::new() };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = last_statement(root, text);
    waiting.extend(left_early(tree, text));
    while let Some(node) = waiting.pop() {
        match node.kind() {
            "command" => {
                let mut words = words(node, text);
                // `command nginx` is nginx, and no `exec`.
                let through = words.iter().take_while(|word| matches!(word.text(), "command" | "builtin")).count();
                words.drain(..through);
                // `command -v nginx` asks where it is.
                let Some(name) = words.first().filter(|name| through == 0 || !name.is_option()) else { continue };
                match functions.get(name.text()) {
                    Some(body) if seen.insert(body.id()) => waiting.push(*body),
                    None if is_program(&words) => found.push(Ending { words }),
                    _ => {}
                }
            }
            "list" => waiting.extend(either_side(node, text)),
            "redirected_statement" => waiting.extend(node.child_by_field_name("body")),
            "pipeline" | "negated_command" => waiting.extend(node.named_child(0)),
            "if_statement" => waiting.extend(branches(node, text)),
            "case_statement" => waiting.extend(items(node)),
            "case_item" | "else_clause" | "elif_clause" | "compound_statement" | "subshell" => {
                waiting.extend(last_statement(node, text));
            }
            _ => {}
        }
    }
    found.sort_by_key(|ending| ending.words[0].span);
    found.dedup_by_key(|ending| ending.words[0].span);
    found
}

fn is_program(words: &[ShellWord]) -> bool {
    let name = words[0].text();
    let exec = |word: &ShellWord| word.text().contains("exec ") || word.text() == "exec";
    !NO_PROGRAMS.contains(&name) && !words.iter().any(exec)
}

/// Bodies of functions by their names; `None` when the script sets a trap.
fn functions<'t>(tree: &'t Tree, text: &Text) -> Option<HashMap<String, Node<'t>>> {
    let mut functions = HashMap::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        match node.kind() {
            "command_name" if &text.as_str()[node.byte_range()] == "trap" => return None,
            "function_definition" => {
                let name = node.child_by_field_name("name").map(|name| text.as_str()[name.byte_range()].to_owned());
                functions.extend(name.zip(node.child_by_field_name("body")));
            }
            _ => {}
        }
        if !cursor.goto_first_child() && next(&mut cursor).is_none() {
            return Some(functions);
        }
    }
}

/// Commands that are given the container's own arguments, in front of an `exit` in the middle of the script, and those
/// whose result an `exit $?` there passes on.
fn left_early<'t>(tree: &'t Tree, text: &Text) -> Vec<Node<'t>> {
    /// Each is looked for among all that stands beside it.
    const MOST: usize = 64;
    let (mut found, mut exits) = (Vec::new(), 0);
    let mut cursor = tree.walk();
    while exits < MOST {
        let node = cursor.node();
        let written = |node: Node| text.as_str()[node.byte_range()].trim();
        if node.kind() == "command" && is_exit(written(node)) {
            exits += 1;
            let before = node.prev_named_sibling().filter(|before| before.kind() == "command");
            let passed_on = written(node).contains("$?");
            let given = |node: Node| ["$@", "$*"].iter().any(|all| written(node).contains(all));
            found.extend(before.filter(|before| passed_on || given(*before)));
        }
        if !cursor.goto_first_child() && next(&mut cursor).is_none() {
            break;
        }
    }
    found
}

/// Whether the result of the script is that of the command in front.
fn is_exit(written: &str) -> bool {
    matches!(written, "exit" | "exit $?" | "exit \"$?\"" | "return $?")
}

/// The only program of a body that is in the background while the shell waits for it.
fn waited_for<'t>(children: &[Node<'t>], text: &Text) -> Option<Node<'t>> {
    let is_wait = |node: &Node| {
        let written = text.as_str()[node.byte_range()].trim();
        node.kind() == "command" && (written == "wait" || written.starts_with("wait "))
    };
    children.iter().rev().find(|node| node.is_named() && node.kind() != "comment").filter(|last| is_wait(last))?;
    let behind = children.iter().zip(children.iter().skip(1)).filter(|(_, after)| after.kind() == "&");
    let mut programs = behind.map(|(node, _)| *node);
    let only = programs.next().filter(|node| matches!(node.kind(), "command" | "redirected_statement"))?;
    programs.next().is_none().then_some(only)
}

/// The last statement of a body, unless it is sent to the background; before a bare `exit` or `exit $?` it is the one
/// whose result that is.
fn last_statement<'t>(body: Node<'t>, text: &Text) -> Vec<Node<'t>> {
    let mut cursor = body.walk();
    let children: Vec<_> = body.children(&mut cursor).collect();
    // The patterns of a case item, and the condition of an elif.
    let first = children.iter().position(|child| matches!(child.kind(), ")" | "then")).map_or(0, |at| at + 1);
    let first = if matches!(body.kind(), "case_item" | "elif_clause") { first } else { 0 };
    last_of(&children[first..], text).into_iter().collect()
}

fn last_of<'t>(children: &[Node<'t>], text: &Text) -> Option<Node<'t>> {
    let statement =
        |node: &Node| node.is_named() && !matches!(node.kind(), "comment" | "function_definition" | "heredoc_body");
    let mut rest = children;
    loop {
        let at = rest.iter().rposition(statement)?;
        if let Some(waited) = waited_for(rest, text) {
            return Some(waited);
        }
        let background = children.get(at + 1).is_some_and(|after| after.kind() == "&");
        let written = text.as_str()[rest[at].byte_range()].trim();
        if background {
            return None;
        }
        if !is_exit(written) {
            return Some(rest[at]);
        }
        rest = &rest[..at];
    }
}

/// Of `a || exit 1` the left side is what runs last; of `a && b` the right one.
fn either_side<'t>(list: Node<'t>, text: &Text) -> Vec<Node<'t>> {
    let (Some(left), Some(right)) = (list.named_child(0), list.named_child(1)) else { return Vec::new() };
    let mut cursor = list.walk();
    let or = list.children(&mut cursor).any(|child| child.kind() == "||");
    let guard = text.as_str()[left.byte_range()].trim_start();
    let tests = guard.starts_with('[') || guard.starts_with("test ") || guard.starts_with('!');
    if or && !tests { vec![left, right] } else { vec![right] }
}

/// What an `if` may end with: in each branch the last statement.
fn branches<'t>(statement: Node<'t>, text: &Text) -> Vec<Node<'t>> {
    let mut cursor = statement.walk();
    let children: Vec<_> = statement.children(&mut cursor).collect();
    let then = children.iter().position(|child| child.kind() == "then").map_or(0, |at| at + 1);
    let clause = |child: &Node| matches!(child.kind(), "elif_clause" | "else_clause");
    let end = children.iter().position(|child| clause(child) || child.kind() == "fi").unwrap_or(children.len());
    let body = children.get(then..end).and_then(|body| last_of(body, text));
    body.into_iter().chain(children.iter().copied().filter(clause)).collect()
}

fn items(statement: Node<'_>) -> Vec<Node<'_>> {
    let mut cursor = statement.walk();
    statement.children(&mut cursor).filter(|child| child.kind() == "case_item").collect()
}
