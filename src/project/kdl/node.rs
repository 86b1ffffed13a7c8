//! Nodes of a project file as plain data: what the sections are read from, whoever parsed them.

use crate::diag::{Span, Spanned, Wording, say};

/// One node with everything on it. Not `Debug`: it may hold a secret that should not have been written.
pub(crate) struct Node {
    pub name: Spanned<String>,
    pub arguments: Vec<Value>,
    /// In the order of the file.
    pub properties: Vec<Property>,
    pub children: Vec<Node>,
    /// From the name to the last value.
    pub header: Span,
}

pub(crate) struct Property {
    pub name: Spanned<String>,
    pub value: Value,
}

/// A value and its place, quotes included.
pub(crate) type Value = Spanned<Literal>;

pub(crate) enum Literal {
    Null,
    Boolean(bool),
    /// `None` when it does not fit.
    Integer(Option<i64>),
    Decimal,
    Text(String),
}

impl Literal {
    pub(crate) fn kind(&self) -> Wording {
        match self {
            Self::Null => Wording::same("null"),
            Self::Boolean(_) => say!("a boolean", "布尔值"),
            Self::Integer(_) => say!("a number", "数字"),
            Self::Decimal => say!("a number with decimals", "小数"),
            Self::Text(_) => say!("a string", "字符串"),
        }
    }
}

impl Property {
    /// Name and value.
    pub(crate) fn span(&self) -> Span {
        self.name.span.join(self.value.span)
    }
}
