//! Names as a place lists them.

/// A list, read with patience: one name that is none must not hide the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed<T> {
    pub names: Vec<T>,
    /// What is listed beside them and is no name: nothing can be asked for by it.
    pub strange: Vec<String>,
}

impl<T> From<Vec<T>> for Listed<T> {
    fn from(names: Vec<T>) -> Self {
        Self { names, strange: vec![] }
    }
}
