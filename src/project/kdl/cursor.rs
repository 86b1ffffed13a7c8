//! A node as a section reads it: typed values by name; a value of the wrong type is a fault and then absent.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use super::faults::{Fault, Faults};
use super::node::{Literal, Node, Value};
use super::shape::not_there_yet;
use crate::diag::{Span, Spanned, Wording, say};

#[derive(Clone, Copy)]
pub(crate) struct Cursor<'a> {
    node: &'a Node,
    faults: &'a Faults,
}

/// The words that a value may be, each with its meaning.
pub(crate) type Words<T> = [(&'static str, T)];

impl<'a> Cursor<'a> {
    pub(crate) fn new(node: &'a Node, faults: &'a Faults) -> Self {
        Self { node, faults }
    }

    pub(crate) fn name(self) -> Spanned<&'a str> {
        Spanned::new(self.node.name.as_str(), self.node.name.span)
    }

    /// The first argument, when it is a text; nothing is said when it is not.
    pub(crate) fn quiet_name(self) -> Option<Spanned<&'a str>> {
        let value = self.value(0)?;
        match &value.value {
            Literal::Text(text) => Some(Spanned::new(text, value.span)),
            _ => None,
        }
    }

    /// Has it neither arguments nor properties nor children?
    pub(crate) fn is_bare(self) -> bool {
        self.node.arguments.is_empty() && self.node.properties.is_empty() && self.node.children.is_empty()
    }

    /// Name, arguments and properties.
    pub(crate) fn header(self) -> Span {
        self.node.header
    }

    pub(crate) fn add(self, fault: Fault) {
        self.faults.add(fault);
    }

    pub(crate) fn mask(self, span: Span) {
        self.faults.mask(span);
    }

    /// Refuses what `what` names because this version does not have it.
    pub(crate) fn refuse(self, what: &Wording, span: Span, instead: &Wording) {
        self.add(not_there_yet(what, instead).on(span));
    }

    pub(crate) fn child(self, name: &str) -> Option<Self> {
        self.children(name).next()
    }

    pub(crate) fn children(self, name: &str) -> impl Iterator<Item = Self> {
        self.all_children().filter(move |child| child.node.name.value == name)
    }

    pub(crate) fn all_children(self) -> impl Iterator<Item = Self> {
        self.node.children.iter().map(move |node| Self { node, faults: self.faults })
    }

    pub(crate) fn value(self, index: usize) -> Option<&'a Value> {
        self.node.arguments.get(index)
    }

    pub(crate) fn property(self, name: &str) -> Option<&'a Value> {
        self.node.properties.iter().find(|property| *property.name == *name).map(|property| &property.value)
    }

    /// Where a property stands, name and value.
    pub(crate) fn property_span(self, name: &str) -> Option<Span> {
        self.node.properties.iter().find(|property| *property.name == *name).map(super::node::Property::span)
    }

    pub(crate) fn argument(self, index: usize) -> Option<Spanned<&'a str>> {
        self.text(self.value(index)?)
    }

    /// All arguments from `first` on.
    pub(crate) fn arguments(self, first: usize) -> Vec<Spanned<&'a str>> {
        self.node.arguments.iter().skip(first).filter_map(|value| self.text(value)).collect()
    }

    pub(crate) fn text_of(self, property: &str) -> Option<Spanned<&'a str>> {
        self.text(self.property(property)?)
    }

    pub(crate) fn path_of(self, property: &str) -> Option<Spanned<PathBuf>> {
        self.path(self.text_of(property)?)
    }

    pub(crate) fn flag_of(self, property: &str) -> Option<bool> {
        self.flag(self.property(property)?)
    }

    pub(crate) fn text(self, value: &'a Value) -> Option<Spanned<&'a str>> {
        match &value.value {
            Literal::Text(text) => Some(Spanned::new(text, value.span)),
            other => {
                let (expected, help) = (say!("a string", "字符串"), say!("write it in double quotes", "写在双引号里"));
                self.wrong_type(other, value.span, &expected, help)
            }
        }
    }

    pub(crate) fn flag(self, value: &Value) -> Option<bool> {
        match &value.value {
            Literal::Boolean(flag) => Some(*flag),
            other => {
                let expected = say!("`true` or `false`", "`true` 或 `false`");
                let help = say!("write `true` or `false` without quotes", "写 `true` 或 `false`，不带引号");
                self.wrong_type(other, value.span, &expected, help)
            }
        }
    }

    pub(crate) fn number(self, value: &Value, range: RangeInclusive<u32>) -> Option<u32> {
        let number = match &value.value {
            Literal::Integer(number) => number.and_then(|number| u32::try_from(number).ok()),
            other => {
                let help = say!("write digits without quotes", "只写数码，不带引号");
                return self.wrong_type(other, value.span, &say!("a number", "数字"), help);
            }
        };
        let number = number.filter(|number| range.contains(number));
        if number.is_none() {
            let (least, most) = (range.start(), range.end());
            let message =
                say!("the number is not in {least} to {most}", "数字不在 {least} 到 {most} 之间", least, most);
            let help =
                say!("write a whole number from {least} to {most}", "写 {least} 到 {most} 之间的整数", least, most);
            self.add(Fault::new("bad-number", message).at(value.span, say!("out of range", "超出范围")).help(help));
        }
        number
    }

    fn wrong_type<T>(self, found: &Literal, span: Span, expected: &Wording, help: Wording) -> Option<T> {
        let message =
            say!("expected {expected}, found {found}", "应为{expected}，却是{found}", expected, found = found.kind());
        let label = say!("not {expected}", "不是{expected}", expected);
        self.add(Fault::new("wrong-type", message).at(span, label).help(help));
        None
    }

    pub(crate) fn path(self, text: Spanned<&str>) -> Option<Spanned<PathBuf>> {
        if text.is_empty() || text.contains('\0') {
            let fault = Fault::new("bad-path", say!("not the path of a file", "不是文件路径")).on(text.span);
            self.add(fault.help(say!(
                "write a path relative to the project file's directory, or an absolute one",
                "写相对于项目文件所在目录的路径，或者绝对路径"
            )));
            return None;
        }
        Some(text.map(PathBuf::from))
    }

    /// A text as a type of its own; its parser's error is the message. `help` may be empty.
    pub(crate) fn parsed<T>(self, text: Spanned<&str>, code: &'static str, help: Wording) -> Option<Spanned<T>>
    where
        T: FromStr,
        T::Err: Into<Wording>,
    {
        match text.parse() {
            Ok(value) => Some(Spanned::new(value, text.span)),
            Err(error) => {
                let fault = Fault::new(code, error.into()).on(text.span);
                self.add(if help.is_empty() { fault } else { fault.help(help) });
                None
            }
        }
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(self, text: Spanned<&str>, what: &Wording, words: &Words<T>) -> Option<Spanned<T>> {
        if let Some((_, meaning)) = words.iter().find(|(word, _)| *word == text.value) {
            return Some(Spanned::new(*meaning, text.span));
        }
        let message = if self.faults.is_masked(text.span) {
            say!("not a known {what}", "不是已知的{what}", what)
        } else {
            say!("`{word}` is not a known {what}", "`{word}` 不是已知的{what}", word = text.escape_debug(), what)
        };
        let fault = Fault::new("unknown-value", message).at(text.span, say!("unknown", "未知"));
        self.add(fault.help_with(text.value, words.iter().map(|(word, _)| *word)));
        None
    }
}
