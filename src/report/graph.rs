//! The DAG of a plan for Graphviz and Mermaid.

use std::fmt::Write as _;

use crate::plan::{Action, Plan};

/// Graphviz DOT, left to right.
#[must_use]
pub fn dot(plan: &Plan) -> String {
    let mut text = "digraph plan {\n  rankdir = LR;\n  node [shape = box];\n".to_owned();
    for (id, step) in plan.graph().ids().zip(plan.steps()) {
        let label = format!("{} {}", step.action.symbol(), step.address).replace('\\', "\\\\").replace('"', "\\\"");
        let style = if step.action == Action::Blocked { ", color = red" } else { "" };
        let _ = writeln!(text, "  s{} [label = \"{label}\"{style}];", id.index());
    }
    for id in plan.graph().ids() {
        for gate in plan.graph().gates(id) {
            let _ = writeln!(text, "  s{} -> s{};", gate.index(), id.index());
        }
    }
    text.push_str("}\n");
    text
}

/// A Mermaid flowchart, as GitHub and GitLab draw it in Markdown.
#[must_use]
pub fn mermaid(plan: &Plan) -> String {
    let mut text = "flowchart LR\n".to_owned();
    for (id, step) in plan.graph().ids().zip(plan.steps()) {
        // Mermaid writes a quote inside a label as an entity.
        let address = step.address.to_string().replace('#', "#35;").replace('"', "#quot;");
        let _ = writeln!(text, "  s{}[\"{} {address}\"]", id.index(), step.action.symbol());
    }
    for id in plan.graph().ids() {
        for gate in plan.graph().gates(id) {
            let _ = writeln!(text, "  s{} --> s{}", gate.index(), id.index());
        }
    }
    text
}
