//! knuffel's syntax tree as our nodes, and its errors as our faults: the one place that knows knuffel.

use knuffel::ast;
use knuffel::span::Span as KdlSpan;
use knuffel_miette::Diagnostic as KdlDiagnostic;

use super::faults::{Fault, Faults};
use super::node::{Literal, Node, Property, Value};
use crate::diag::{Span, Spanned, Wording, say};

/// Parses a text that [`super::scan`] found nothing wrong with, as if there was a `;` at every place of `unended`. On
/// `None`, `faults` says why.
pub(super) fn parse(text: &str, unended: &[usize], faults: &Faults) -> Option<Vec<Node>> {
    let mut ended = String::with_capacity(text.len() + unended.len());
    let mut copied = 0;
    for at in unended {
        ended.push_str(&text[copied..*at]);
        ended.push(';');
        copied = *at;
    }
    ended.push_str(&text[copied..]);
    let reader = Reader { length: text.len(), unended };
    match knuffel::parse_ast::<KdlSpan>("", &ended) {
        Ok(document) => Some(document.nodes.iter().map(|node| reader.node(node)).collect()),
        Err(error) => {
            reader.bridge(&error, faults);
            None
        }
    }
}

/// Leads from places of the text that knuffel read to those of the file.
struct Reader<'a> {
    length: usize,
    unended: &'a [usize],
}

impl Reader<'_> {
    fn node(&self, node: &ast::SpannedNode<KdlSpan>) -> Node {
        let name = Spanned::new(node.node_name.to_string(), self.span(node.node_name.span()));
        let arguments: Vec<Value> = node.arguments.iter().map(|literal| self.value(literal)).collect();
        let property = |(name, literal): (&ast::SpannedName<KdlSpan>, &ast::Value<KdlSpan>)| Property {
            name: Spanned::new(name.to_string(), self.span(name.span())),
            value: self.value(literal),
        };
        let mut properties: Vec<Property> = node.properties.iter().map(property).collect();
        properties.sort_by_key(|property| property.name.span);
        let values = arguments.iter().map(|value| value.span).chain(properties.iter().map(Property::span));
        let header = values.fold(name.span, Span::join);
        let children = node.children().map(|node| self.node(node)).collect();
        Node { name, arguments, properties, children, header }
    }

    fn value(&self, value: &ast::Value<KdlSpan>) -> Value {
        let literal = match &*value.literal {
            ast::Literal::Null => Literal::Null,
            ast::Literal::Bool(boolean) => Literal::Boolean(*boolean),
            ast::Literal::Int(integer) => Literal::Integer(i64::try_from(integer).ok()),
            ast::Literal::Decimal(_) => Literal::Decimal,
            ast::Literal::String(text) => Literal::Text(text.to_string()),
        };
        Spanned::new(literal, self.span(value.literal.span()))
    }

    fn span(&self, span: &KdlSpan) -> Span {
        Span::new(self.offset(span.0), self.offset(span.1))
    }

    fn offset(&self, offset: usize) -> usize {
        let (mut low, mut high) = (0, self.unended.len());
        while low < high {
            let middle = low.midpoint(high);
            // So many `;` stand before that one.
            if self.unended[middle] + middle < offset {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        (offset - low).min(self.length)
    }

    fn bridge(&self, error: &knuffel::Error, faults: &Faults) {
        let before = faults.any_error();
        for related in error.related().into_iter().flatten() {
            let mut fault = Fault::new("syntax", Wording::foreign(related.to_string()));
            for label in related.labels().into_iter().flatten() {
                let end = label.offset().saturating_add(label.len());
                let span = Span::new(self.offset(label.offset()), self.offset(end));
                fault = fault.at(span, Wording::foreign(label.label().unwrap_or_default()));
            }
            faults.add(match related.help() {
                Some(help) => fault.help(Wording::foreign(help.to_string())),
                None => fault.help(say!(
                    "the file is KDL 1: `node \"argument\" property=\"value\" { children; }`",
                    "文件是 KDL 1：`node \"argument\" property=\"value\" { children; }`"
                )),
            });
        }
        if !before && !faults.any_error() {
            faults.add(Fault::new("syntax", say!("the file is not KDL 1", "文件不是 KDL 1")).on(Span::new(0, 0)));
        }
    }
}
