//! What a node may hold, as tables: names of arguments, properties and children. Checking a document against them finds
//! everything unknown, missing, repeated or not there yet; values are [`super::Cursor`]'s.

use std::collections::HashMap;

use super::faults::{Fault, Faults};
use super::node::Node;
use super::scan::Duplicates;
use crate::diag::Span;

/// One kind of node.
pub(crate) struct Shape {
    pub name: &'static str,
    /// The node as it is usually written, for help.
    pub example: &'static str,
    pub arguments: Arguments,
    pub properties: &'static [&'static str],
    /// Those of the properties that must be there.
    pub required: &'static [&'static str],
    pub children: &'static [Child],
    /// Properties and children that are known but not there yet, each with what to do instead.
    pub planned: &'static [(&'static str, &'static str)],
}

pub(crate) struct Arguments {
    /// What each is, for messages.
    pub names: &'static [&'static str],
    /// So many must be there.
    pub required: usize,
    /// The last may be repeated.
    pub repeats: bool,
}

pub(crate) struct Child {
    pub shape: &'static Shape,
    pub required: bool,
    pub repeats: bool,
}

impl Shape {
    pub(crate) const fn new(name: &'static str, example: &'static str) -> Self {
        let arguments = Arguments { names: &[], required: 0, repeats: false };
        Self { name, example, arguments, properties: &[], required: &[], children: &[], planned: &[] }
    }

    /// Exactly these arguments.
    pub(crate) const fn takes(self, names: &'static [&'static str]) -> Self {
        Self { arguments: Arguments { names, required: names.len(), repeats: false }, ..self }
    }

    /// At least one of these.
    pub(crate) const fn takes_many(self, names: &'static [&'static str]) -> Self {
        Self { arguments: Arguments { names, required: names.len(), repeats: true }, ..self }
    }

    /// None or one of these.
    pub(crate) const fn may_take(self, names: &'static [&'static str]) -> Self {
        Self { arguments: Arguments { names, required: 0, repeats: false }, ..self }
    }

    pub(crate) const fn properties(self, properties: &'static [&'static str]) -> Self {
        Self { properties, ..self }
    }

    pub(crate) const fn required(self, required: &'static [&'static str]) -> Self {
        Self { required, ..self }
    }

    pub(crate) const fn children(self, children: &'static [Child]) -> Self {
        Self { children, ..self }
    }

    pub(crate) const fn planned(self, planned: &'static [(&'static str, &'static str)]) -> Self {
        Self { planned, ..self }
    }

    fn child(&self, name: &str) -> Option<&'static Child> {
        self.children.iter().find(|child| child.shape.name == name)
    }
}

impl Child {
    pub(crate) const fn once(shape: &'static Shape) -> Self {
        Self { shape, required: false, repeats: false }
    }

    pub(crate) const fn many(shape: &'static Shape) -> Self {
        Self { shape, required: false, repeats: true }
    }

    pub(crate) const fn required(self) -> Self {
        Self { required: true, ..self }
    }
}

struct Checker<'a> {
    duplicates: &'a Duplicates,
    faults: &'a Faults,
}

pub(super) fn check_document(nodes: &[Node], document: &'static Shape, duplicates: &Duplicates, faults: &Faults) {
    Checker { duplicates, faults }.children(nodes, document, Span::new(0, 0));
}

impl Checker<'_> {
    fn node(&self, node: &Node, shape: &'static Shape) {
        self.arguments(node, shape);
        self.properties(node, shape);
        self.children(&node.children, shape, node.name.span);
    }

    fn arguments(&self, node: &Node, shape: &Shape) {
        let Arguments { names, required, repeats } = &shape.arguments;
        let given = node.arguments.len();
        if given < *required {
            let message = format!("`{}` has no {}", shape.name, names[given]);
            self.faults.add(Fault::new("missing", message).at(node.header, "").help(as_in(shape)));
        }
        if let Some(extra) = node.arguments.get(names.len()).filter(|_| !repeats) {
            let message = match names {
                [] => format!("`{}` takes no argument", shape.name),
                [only] => format!("`{}` takes one argument, its {only}", shape.name),
                names => format!("`{}` takes {} arguments: {}", shape.name, names.len(), names.join(" and ")),
            };
            self.faults.add(Fault::new("extra-argument", message).at(extra.span, "one too many").help(as_in(shape)));
        }
    }

    fn properties(&self, node: &Node, shape: &Shape) {
        for property in &node.properties {
            let name = &property.name;
            let hidden = self.faults.is_masked(name.span);
            let named = if hidden { "a property".to_owned() } else { format!("property `{}`", shown(name)) };
            for repeated in self.duplicates.get(&name.span.start).into_iter().flatten() {
                let fault = Fault::new("duplicate-property", format!("{named} is written twice"));
                let fault = fault.at(*repeated, "again").at(name.span, "first here");
                self.faults.add(fault.help("keep one of them"));
            }
            if shape.properties.contains(&name.as_str()) {
                continue;
            }
            if let Some(help) = planned(shape, name) {
                self.faults.add(not_there_yet(&named, help).at(name.span, ""));
                continue;
            }
            let fault = Fault::new("unknown-property", format!("{named} is not known to `{}`", shape.name));
            let fault = fault.at(name.span, "unknown property");
            self.faults.add(match shape.child(name) {
                Some(child) => fault.help(format!("it is a node of its own: {}", as_in(child.shape))),
                None => fault.help_with(name, shape.properties.iter().copied()),
            });
        }
        for required in shape.required {
            if !node.properties.iter().any(|property| *property.name == *required) {
                let fault = Fault::new("missing", format!("`{}` has no property `{required}`", shape.name));
                self.faults.add(fault.at(node.header, "").help(as_in(shape)));
            }
        }
    }

    /// `parent`: the name of the node that holds `nodes`.
    fn children(&self, nodes: &[Node], shape: &'static Shape, parent: Span) {
        let mut first: HashMap<&str, Span> = HashMap::new();
        for node in nodes {
            let Some(child) = shape.child(&node.name) else {
                self.unknown_child(node, shape);
                continue;
            };
            match first.get(child.shape.name) {
                Some(first) if !child.repeats => {
                    let fault = Fault::new("duplicate-node", format!("`{}` is written twice", child.shape.name));
                    let fault = fault.at(node.name.span, "again").at(*first, "first here");
                    self.faults.add(fault.help("keep one of them"));
                }
                Some(_) => {}
                None => _ = first.insert(child.shape.name, node.name.span),
            }
            self.node(node, child.shape);
        }
        for child in shape.children.iter().filter(|child| child.required && !first.contains_key(child.shape.name)) {
            let message = format!("{} has no `{}`", whole(shape), child.shape.name);
            self.faults.add(Fault::new("missing", message).at(parent, "").help(as_in(child.shape)));
        }
    }

    fn unknown_child(&self, node: &Node, shape: &Shape) {
        let name = node.name.as_str();
        let span = node.name.span;
        if let Some(help) = planned(shape, name) {
            return self.faults.add(not_there_yet(&format!("`{name}`"), help).at(span, ""));
        }
        if self.faults.is_masked(span) {
            let fault = Fault::new("unknown-node", format!("{} has no such node", whole(shape))).at(span, "");
            return self.faults.add(fault.help(as_in(shape)));
        }
        let fault = Fault::new("unknown-node", format!("{} has no `{}`", whole(shape), shown(name)));
        let fault = fault.at(span, "unknown node");
        self.faults.add(if shape.properties.contains(&name) {
            fault.help(format!("it is a property: {}", as_in(shape)))
        } else {
            fault.help_with(name, shape.children.iter().map(|child| child.shape.name))
        });
    }
}

/// The fault of an option that this version does not have.
pub(super) fn not_there_yet(what: &str, instead: &str) -> Fault {
    Fault::new("not-there-yet", format!("{what} is not there yet")).help(instead)
}

fn planned(shape: &Shape, name: &str) -> Option<&'static str> {
    shape.planned.iter().find(|(planned, _)| *planned == name).map(|(_, help)| *help)
}

fn as_in(shape: &Shape) -> String {
    format!("write it as in `{}`", shape.example)
}

fn whole(shape: &Shape) -> String {
    if shape.name.is_empty() { "a project file".to_owned() } else { format!("`{}`", shape.name) }
}

/// A name out of the file as a message may show it.
fn shown(name: &str) -> String {
    const SHOWN: usize = 60;
    name.chars().take(SHOWN).collect::<String>().escape_debug().to_string()
}
