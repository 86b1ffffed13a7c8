//! KDL read for the sections: text to nodes, nodes checked against their shapes, typed values out of them. Every fault is
//! collected, none ends the reading. Knows no section; knuffel stays in `syntax`.

mod cursor;
mod faults;
mod lexer;
mod misfit;
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
    let scan::Scanned { duplicates, unended } = scan::scan(text, faults)?;
    let nodes = syntax::parse(text, &unended, faults)?;
    shape::check_document(&nodes, document, &duplicates, faults);
    Some(nodes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Tokens that meet often as KDL; a `\` before a node is the one thing that only knuffel finds.
    fn soup() -> impl Strategy<Value = String> {
        let words = [
            "a",
            "a {",
            "registry",
            "\"a\"",
            "r#\"b\"#",
            " ",
            " ",
            " ",
            "{",
            "}",
            ";",
            "\n",
            "\n",
            "=",
            "v=1",
            "1",
            "-1.5e3",
            "true",
            "null",
            "truex",
            "nullable=1",
            "r",
            "/-",
            "/* x */",
            "// y\n",
            "\u{feff}",
            "\u{2028}",
            "é",
            "+",
            "-",
            "!",
            "-a",
            "#",
            "\r\n",
            "\u{85}",
            "0x1",
            "1e",
            "1_",
            "1.",
            "<",
        ];
        prop::collection::vec(prop::sample::select(words.to_vec()), 0..9).prop_map(|words| words.concat())
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn what_the_scan_lets_pass_knuffel_reads(text in soup()) {
            let faults = Faults::default();
            if let Some(scanned) = scan::scan(&text, &faults) {
                prop_assert!(syntax::parse(&text, &scanned.unended, &faults).is_some());
            }
        }
    }
}
