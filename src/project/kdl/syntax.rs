//! knuffel's syntax tree as our nodes, and its errors as our faults: the one place that knows knuffel.

use knuffel::ast;
use knuffel::span::Span as KdlSpan;
use knuffel_miette::Diagnostic as KdlDiagnostic;

use super::faults::{Fault, Faults};
use super::node::{Literal, Node, Property, Value};
use crate::diag::{Span, Spanned};

/// Parses a text that [`super::scan`] found nothing wrong with. On `None`, `faults` says why.
pub(super) fn parse(text: &str, faults: &Faults) -> Option<Vec<Node>> {
    match knuffel::parse_ast::<KdlSpan>("", text) {
        Ok(document) => Some(document.nodes.iter().map(node).collect()),
        Err(error) => {
            bridge(&error, text.len(), faults);
            None
        }
    }
}

fn node(node: &ast::SpannedNode<KdlSpan>) -> Node {
    let name = Spanned::new(node.node_name.to_string(), span(node.node_name.span()));
    let arguments: Vec<Value> = node.arguments.iter().map(value).collect();
    let property = |(name, literal): (&ast::SpannedName<KdlSpan>, &ast::Value<KdlSpan>)| Property {
        name: Spanned::new(name.to_string(), span(name.span())),
        value: value(literal),
    };
    let mut properties: Vec<Property> = node.properties.iter().map(property).collect();
    properties.sort_by_key(|property| property.name.span);
    let values = arguments.iter().map(|value| value.span).chain(properties.iter().map(Property::span));
    let header = values.fold(name.span, Span::join);
    let children = node.children().map(self::node).collect();
    Node { name, arguments, properties, children, header }
}

fn value(value: &ast::Value<KdlSpan>) -> Value {
    let literal = match &*value.literal {
        ast::Literal::Null => Literal::Null,
        ast::Literal::Bool(boolean) => Literal::Boolean(*boolean),
        ast::Literal::Int(integer) => Literal::Integer(i64::try_from(integer).ok()),
        ast::Literal::Decimal(_) => Literal::Decimal,
        ast::Literal::String(text) => Literal::Text(text.to_string()),
    };
    Spanned::new(literal, span(value.literal.span()))
}

fn span(span: &KdlSpan) -> Span {
    Span::new(span.0, span.1)
}

fn bridge(error: &knuffel::Error, length: usize, faults: &Faults) {
    let before = faults.any_error();
    for related in error.related().into_iter().flatten() {
        let mut fault = Fault::new("syntax", related.to_string());
        for label in related.labels().into_iter().flatten() {
            let start = label.offset().min(length);
            let end = label.offset().saturating_add(label.len()).min(length);
            fault = fault.at(Span::new(start, end), label.label().unwrap_or_default());
        }
        faults.add(match related.help() {
            Some(help) => fault.help(help.to_string()),
            None => fault.help("the file is KDL 1: `node \"argument\" property=\"value\" { children; }`"),
        });
    }
    if !before && !faults.any_error() {
        faults.add(Fault::new("syntax", "the file is not KDL 1").at(Span::new(0, 0), ""));
    }
}
