//! Holds `schema/swr.kdl-schema.kdl` against the tables that project files are checked with, and against files.

use std::collections::BTreeMap;
use std::path::Path;

use regex::Regex;

use super::examples;
use super::kdl::{self, Literal, Node, Shape, Value};
use super::section::DOCUMENT;

const SCHEMA: &str = include_str!("../../schema/swr.kdl-schema.kdl");

fn nodes(text: &str) -> Vec<Node> {
    kdl::read(text, &DOCUMENT, &kdl::Faults::default()).expect("KDL 1")
}

fn child<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    node.children.iter().find(|child| *child.name == name)
}

fn named<'a>(node: &'a Node, name: &'a str) -> impl Iterator<Item = &'a Node> {
    node.children.iter().filter(move |child| *child.name == name)
}

fn text(value: &Value) -> &str {
    match &value.value {
        Literal::Text(text) => text,
        other => panic!("{} instead of a string", other.kind().english()),
    }
}

fn number(node: Option<&Node>) -> Option<i64> {
    match node?.arguments[0].value {
        Literal::Integer(number) => number,
        _ => None,
    }
}

/// How often a node or value may be there, as the schema says it.
fn bounds(node: Option<&Node>) -> (i64, Option<i64>) {
    let bound = |name| node.and_then(|node| number(child(node, name)));
    (bound("min").unwrap_or(0), bound("max"))
}

/// What a document may hold: by path, a line of facts.
type Facts = BTreeMap<String, String>;

/// The `node`s of the schema's `document` or `children`.
fn of_schema(path: &str, parent: &Node, facts: &mut Facts) {
    for node in named(parent, "node") {
        let path = format!("{path}/{}", text(&node.arguments[0]));
        let value = child(node, "value");
        let arguments = value.map_or((0, Some(0)), |value| bounds(Some(value)));
        facts.insert(path.clone(), format!("{:?} times, {arguments:?} arguments", bounds(Some(node))));
        for property in named(node, "prop") {
            let required = child(property, "required").is_some();
            facts.insert(format!("{path}@{}", text(&property.arguments[0])), format!("required: {required}"));
        }
        if let Some(children) = child(node, "children") {
            of_schema(&path, children, facts);
        }
    }
}

fn of_tables(path: &str, shape: &Shape, facts: &mut Facts) {
    for child in shape.children {
        let path = format!("{path}/{}", child.shape.name);
        let times = (i64::from(child.required), (!child.repeats).then_some(1));
        let kdl::Arguments { names, required, repeats } = &child.shape.arguments;
        let count = |count: usize| i64::try_from(count).unwrap();
        let arguments = (count(*required), (!repeats).then_some(count(names.len())));
        facts.insert(path.clone(), format!("{times:?} times, {arguments:?} arguments"));
        for property in child.shape.properties {
            let required = child.shape.required.contains(property);
            facts.insert(format!("{path}@{property}"), format!("required: {required}"));
        }
        of_tables(&path, child.shape, facts);
    }
}

#[test]
fn schema_and_tables_say_the_same() {
    let schema = nodes(SCHEMA);
    let (mut said, mut read) = (Facts::new(), Facts::new());
    of_schema("", &schema[0], &mut said);
    of_tables("", &DOCUMENT, &mut read);
    assert_eq!(said, read);
}

/// Does `value` pass the validations in `rule`, a `value` or `prop` of the schema?
fn check(value: &Value, rule: &Node, at: &str) {
    let as_text = match &value.value {
        Literal::Text(text) => text.clone(),
        Literal::Integer(number) => number.unwrap().to_string(),
        Literal::Boolean(flag) => flag.to_string(),
        Literal::Null | Literal::Decimal => panic!("{at}: {}", value.kind().english()),
    };
    for validation in &rule.children {
        let bound = number(Some(validation));
        let passes = match validation.name.as_str() {
            "type" => value.kind().english().ends_with(text(&validation.arguments[0])),
            "enum" => validation.arguments.iter().any(|one| match (&one.value, &value.value) {
                (Literal::Text(one), Literal::Text(other)) => one == other,
                (Literal::Integer(one), Literal::Integer(other)) => one == other,
                (Literal::Boolean(one), Literal::Boolean(other)) => one == other,
                _ => false,
            }),
            "pattern" => Regex::new(text(&validation.arguments[0])).unwrap().is_match(&as_text),
            "min-length" => as_text.len() >= usize::try_from(bound.unwrap()).unwrap(),
            "max-length" => as_text.len() <= usize::try_from(bound.unwrap()).unwrap(),
            ">=" => as_text.parse::<i64>().unwrap() >= bound.unwrap(),
            "<=" => as_text.parse::<i64>().unwrap() <= bound.unwrap(),
            "format" => as_text.parse::<jiff::civil::Date>().is_ok(),
            "min" | "max" | "required" => true,
            other => panic!("the schema's validation `{other}` is not known here"),
        };
        assert!(passes, "{at}: `{as_text}` is not as `{}` says", validation.name.value);
    }
}

fn check_nodes(nodes: &[Node], rules: &Node, path: &str) {
    for node in nodes {
        let path = format!("{path}/{}", node.name.value);
        let rule = named(rules, "node").find(|rule| text(&rule.arguments[0]) == *node.name).expect(&path);
        for argument in &node.arguments {
            check(argument, child(rule, "value").expect(&path), &path);
        }
        for property in &node.properties {
            let rule = named(rule, "prop").find(|rule| text(&rule.arguments[0]) == *property.name).expect(&path);
            check(&property.value, rule, &format!("{path}@{}", property.name.value));
        }
        if !node.children.is_empty() {
            check_nodes(&node.children, child(rule, "children").expect(&path), &path);
        }
    }
}

#[test]
fn the_schema_accepts_every_valid_file() {
    let schema = nodes(SCHEMA);
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let valid = examples::kdl_files(&root.join("tests/cases/project/valid"));
    for file in valid.into_iter().chain(examples::files()).chain([root.join("swr.kdl.example")]) {
        let text = std::fs::read_to_string(&file).unwrap();
        check_nodes(&nodes(&text), &schema[0], &file.display().to_string());
    }
}
