//! KDL read for the sections: text to nodes, nodes checked against their shapes, typed values out of them. Every fault is
//! collected, none ends the reading. Knows no section; knuffel stays in `syntax`.

mod cursor;
mod faults;
mod lexer;
mod node;
mod scan;
mod secrets;
mod shape;
mod syntax;

pub(crate) use cursor::Cursor;
pub(crate) use faults::{Fault, Faults};
#[cfg(test)]
pub(crate) use node::Value;
pub(crate) use node::{Literal, Node};
pub(crate) use secrets::is_variable;
#[cfg(test)]
pub(crate) use shape::Arguments;
pub(crate) use shape::{Child, Shape};

/// The nodes of `text`, checked against `document`. On `None`, `faults` says why it is not KDL 1.
pub(super) fn read(text: &str, document: &'static Shape, faults: &Faults) -> Option<Vec<Node>> {
    let duplicates = scan::scan(text, faults)?;
    let nodes = syntax::parse(text, faults)?;
    shape::check_document(&nodes, document, &duplicates, faults);
    Some(nodes)
}
