//! YAML as a tree whose nodes know where they stand. Only what settings need: no aliases, one document.

use saphyr_parser::{Event, Parser, ScalarStyle};

use crate::diag::{Diagnostic, Source, Span, Wording, say};
use std::sync::Arc;

/// Settings nest three levels deep.
const MAX_DEPTH: usize = 16;

#[derive(Debug)]
pub(super) struct Node {
    pub(super) span: Span,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    /// Text, and whether it is written without quotes: then it may be no text but a number, say.
    Scalar(String, bool),
    List(Vec<Node>),
    /// In the order of the file; names may repeat.
    Map(Vec<(Node, Node)>),
}

/// A list or a mapping whose end is not read yet.
struct Open {
    start: usize,
    map: bool,
    nodes: Vec<Node>,
}

/// The document, or `None` when there is none.
///
/// # Errors
/// What is no YAML, or more of it than is read.
pub(super) fn read(source: &Arc<Source>) -> Result<Option<Node>, Diagnostic> {
    let text = source.text();
    let offsets: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
    let byte = |index: usize| offsets.get(index).copied().unwrap_or(text.len());
    let fault = |message: Wording, span: Span| {
        Diagnostic::error("bad-yaml", message)
            .on(source, span)
            .with_help(say!("write it as YAML 1.2", "按 YAML 1.2 来写"))
    };
    let mut root = None;
    let mut open: Vec<Open> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let at = byte(error.marker().index());
            fault(say!("this is no YAML: {reason}", "这不是 YAML：{reason}", reason = error.info()), Span::new(at, at))
        })?;
        let span = Span::new(byte(span.start.index()), byte(span.end.index()));
        let done = match event {
            Event::Scalar(value, style, ..) => {
                Some(Node { span, value: Value::Scalar(value.into_owned(), style == ScalarStyle::Plain) })
            }
            Event::DocumentStart(_) if root.is_some() => {
                return Err(fault(say!("there is a second document", "这里有第二个文档"), span));
            }
            Event::SequenceStart(..) | Event::MappingStart(..) if open.len() == MAX_DEPTH => {
                return Err(fault(say!("lists and mappings are nested too deeply", "列表和映射嵌套太深"), span));
            }
            Event::SequenceStart(..) => {
                open.push(Open { start: span.start, map: false, nodes: Vec::new() });
                None
            }
            Event::MappingStart(..) => {
                open.push(Open { start: span.start, map: true, nodes: Vec::new() });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|open| close(open, span)),
            Event::Alias(_) => return Err(fault(say!("aliases are not read here", "这里不支持别名"), span)),
            _ => None,
        };
        match (done, open.last_mut()) {
            (Some(node), Some(outer)) => outer.nodes.push(node),
            (Some(node), None) => root = Some(node),
            (None, _) => {}
        }
    }
    Ok(root)
}

/// What is written without brackets ends with its last node.
fn close(open: Open, end: Span) -> Node {
    let last = open.nodes.last().filter(|_| end.is_empty()).map_or(end.end, |last| last.span.end);
    let span = Span::new(open.start, last);
    if !open.map {
        return Node { span, value: Value::List(open.nodes) };
    }
    let mut pairs = Vec::with_capacity(open.nodes.len() / 2);
    let mut nodes = open.nodes.into_iter();
    while let (Some(name), Some(value)) = (nodes.next(), nodes.next()) {
        pairs.push((name, value));
    }
    Node { span, value: Value::Map(pairs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(text: &str) -> Result<Option<Node>, Diagnostic> {
        read(&Arc::new(Source::new("f", text)))
    }

    #[test]
    fn nodes_know_their_places_in_bytes() {
        let text = "# é\nignored:\n  - DL3008\n  - \"é\"\n";
        let root = read_text(text).unwrap().unwrap();
        let Value::Map(pairs) = &root.value else { panic!("{root:?}") };
        assert_eq!(&text[pairs[0].0.span.range()], "ignored");
        let Value::List(items) = &pairs[0].1.value else { panic!("{root:?}") };
        let shown: Vec<_> = items.iter().map(|item| &text[item.span.range()]).collect();
        assert_eq!(shown, ["DL3008", "\"é\""]);
    }

    #[test]
    fn what_is_no_settings_file_is_told() {
        assert!(read_text("").unwrap().is_none());
        for text in ["a: [", "a: *b", "a: b\n---\nc: d\n", "a: b\n---\n[", &"[".repeat(100_000)] {
            assert_eq!(read_text(text).unwrap_err().problem.code.as_str(), "bad-yaml", "{}", text.len());
        }
    }
}
