//! What a node may hold, as tables: names of arguments, properties and children. Checking a document against them finds
//! everything unknown, missing, repeated or not there yet; values are [`super::Cursor`]'s.

use std::collections::HashMap;

use super::faults::{Fault, Faults};
use super::node::Node;
use super::scan::Duplicates;
use crate::diag::{Span, Wording, say};

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
    pub planned: &'static [(&'static str, &'static Wording)],
}

pub(crate) struct Arguments {
    /// What each is, for messages.
    pub names: &'static [&'static Wording],
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
    pub(crate) const fn takes(self, names: &'static [&'static Wording]) -> Self {
        Self { arguments: Arguments { names, required: names.len(), repeats: false }, ..self }
    }

    /// At least one of these.
    pub(crate) const fn takes_many(self, names: &'static [&'static Wording]) -> Self {
        Self { arguments: Arguments { names, required: names.len(), repeats: true }, ..self }
    }

    /// None or one of these.
    pub(crate) const fn may_take(self, names: &'static [&'static Wording]) -> Self {
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

    pub(crate) const fn planned(self, planned: &'static [(&'static str, &'static Wording)]) -> Self {
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
            let message = say!("`{node}` has no {part}", "`{node}` 缺少{part}", node = shape.name, part = names[given]);
            self.faults.add(Fault::new("missing", message).on(node.header).help(as_in(shape)));
        }
        if let Some(extra) = node.arguments.get(names.len()).filter(|_| !repeats) {
            let message = match names {
                [] => say!("`{node}` takes no argument", "`{node}` 不接受参数", node = shape.name),
                [only] => {
                    say!(
                        "`{node}` takes one argument, its {only}",
                        "`{node}` 只接受一个参数：{only}",
                        node = shape.name,
                        only
                    )
                }
                names => say!(
                    "`{node}` takes {count} arguments: {names}",
                    "`{node}` 接受 {count} 个参数：{names}",
                    node = shape.name,
                    count = names.len(),
                    names = Wording::list(names.iter().copied())
                ),
            };
            self.faults.add(
                Fault::new("extra-argument", message).at(extra.span, say!("one too many", "多余")).help(as_in(shape)),
            );
        }
    }

    fn properties(&self, node: &Node, shape: &Shape) {
        for property in &node.properties {
            let name = &property.name;
            let hidden = self.faults.is_masked(name.span);
            let named = if hidden {
                say!("a property", "某个属性")
            } else {
                say!("property `{name}`", "属性 `{name}`", name = shown(name))
            };
            for repeated in self.duplicates.get(&name.span.start).into_iter().flatten() {
                let fault =
                    Fault::new("duplicate-property", say!("{named} is written twice", "{named} 写了两次", named));
                let fault =
                    fault.at(*repeated, say!("again", "又一次")).at(name.span, say!("first here", "第一次在这里"));
                self.faults.add(fault.help(say!("keep one of them", "只保留一个")));
            }
            if shape.properties.contains(&name.as_str()) {
                continue;
            }
            if let Some(help) = planned(shape, name) {
                self.faults.add(not_there_yet(&named, help).on(name.span));
                continue;
            }
            let message = say!("{named} is not known to `{node}`", "`{node}` 没有 {named}", named, node = shape.name);
            let fault = Fault::new("unknown-property", message).at(name.span, say!("unknown property", "未知属性"));
            self.faults.add(match shape.child(name) {
                Some(child) => {
                    let as_in = as_in(child.shape);
                    fault.help(say!("it is a node of its own: {as_in}", "它是单独的节点：{as_in}", as_in))
                }
                None => fault.help_with(name, shape.properties.iter().copied()),
            });
        }
        for required in shape.required {
            if !node.properties.iter().any(|property| *property.name == *required) {
                let fault = Fault::new(
                    "missing",
                    say!(
                        "`{node}` has no property `{required}`",
                        "`{node}` 缺少属性 `{required}`",
                        node = shape.name,
                        required
                    ),
                );
                self.faults.add(fault.on(node.header).help(as_in(shape)));
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
                    let message = say!("`{node}` is written twice", "`{node}` 写了两次", node = child.shape.name);
                    let fault = Fault::new("duplicate-node", message).at(node.name.span, say!("again", "又一次"));
                    let fault = fault.at(*first, say!("first here", "第一次在这里"));
                    self.faults.add(fault.help(say!("keep one of them", "只保留一个")));
                }
                Some(_) => {}
                None => _ = first.insert(child.shape.name, node.name.span),
            }
            self.node(node, child.shape);
        }
        for child in shape.children.iter().filter(|child| child.required && !first.contains_key(child.shape.name)) {
            let message =
                say!("{whole} has no `{node}`", "{whole} 缺少 `{node}`", whole = whole(shape), node = child.shape.name);
            self.faults.add(Fault::new("missing", message).on(parent).help(as_in(child.shape)));
        }
    }

    fn unknown_child(&self, node: &Node, shape: &Shape) {
        let name = node.name.as_str();
        let span = node.name.span;
        if let Some(help) = planned(shape, name) {
            return {
                let what = Wording::same(format!("`{name}`"));
                self.faults.add(not_there_yet(&what, help).on(span));
            };
        }
        if self.faults.is_masked(span) {
            let message = say!("{whole} has no such node", "{whole} 没有这样的节点", whole = whole(shape));
            let fault = Fault::new("unknown-node", message).on(span);
            return self.faults.add(fault.help(as_in(shape)));
        }
        let message =
            say!("{whole} has no `{node}`", "{whole} 没有 `{node}`", whole = whole(shape), node = shown(name));
        let fault = Fault::new("unknown-node", message).at(span, say!("unknown node", "未知节点"));
        self.faults.add(if shape.properties.contains(&name) {
            fault.help(say!("it is a property: {as_in}", "它是属性：{as_in}", as_in = as_in(shape)))
        } else {
            fault.help_with(name, shape.children.iter().map(|child| child.shape.name))
        });
    }
}

/// The fault of an option that this version does not have.
pub(super) fn not_there_yet(what: &Wording, instead: &Wording) -> Fault {
    Fault::new("not-there-yet", say!("{what} is not there yet", "{what} 目前还不支持", what)).help(instead.clone())
}

fn planned(shape: &Shape, name: &str) -> Option<&'static Wording> {
    shape.planned.iter().find(|(planned, _)| *planned == name).map(|(_, help)| *help)
}

fn as_in(shape: &Shape) -> Wording {
    say!("write it as in `{example}`", "写法如 `{example}`", example = shape.example)
}

fn whole(shape: &Shape) -> Wording {
    if shape.name.is_empty() {
        say!("a project file", "项目文件")
    } else {
        Wording::same(format!("`{}`", shape.name))
    }
}

/// A name out of the file as a message may show it.
fn shown(name: &str) -> String {
    const SHOWN: usize = 60;
    name.chars().take(SHOWN).collect::<String>().escape_debug().to_string()
}
