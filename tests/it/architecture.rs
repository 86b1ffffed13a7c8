//! Holds the architecture that `src/lib.rs` draws: imports go downward only, and foreign crates stay where they belong.

use std::collections::BTreeMap;

use crate::support::sources::{Source, Token, files, rust_files, tokens};

/// Imports within one layer, each for a reason; they must stay acyclic.
const SIDEWAYS: [(&str, &str); 2] = [
    ("image", "diag"),   // a broken blob is a problem like any other
    ("network", "lint"), // checks have the levels that rules have
];

type Layers = BTreeMap<String, usize>;

/// The table of `src/lib.rs`: each module's layer.
fn layers(lib: &str) -> Layers {
    let mut layers = Layers::new();
    for line in lib.lines() {
        let cells: Vec<&str> = line.trim_start_matches("//!").split('|').map(str::trim).collect();
        let ["", layer, modules, ""] = cells[..] else { continue };
        let Ok(layer) = layer.parse() else { continue };
        for linked in modules.split("[`").skip(1) {
            let name = linked.split_once("`]").expect("a link closes").0;
            layers.insert(name.to_owned(), layer);
        }
    }
    layers
}

/// Modules that `lib.rs` declares and its table does not name, or the other way around.
fn table_mismatches(lib: &str) -> Vec<String> {
    let layers = layers(lib);
    let tokens = tokens(lib);
    let declared: Vec<&str> =
        tokens.windows(3).filter(|w| w[0].text == "mod" && w[2].text == ";").map(|w| w[1].text).collect();
    let missing = declared.iter().filter(|name| !layers.contains_key(**name));
    let stale = layers.keys().filter(|name| !declared.contains(&name.as_str()));
    missing
        .map(|name| format!("src/lib.rs: module `{name}` is missing in the table of layers"))
        .chain(stale.map(|name| format!("src/lib.rs: the table of layers names `{name}`, which is no module")))
        .collect()
}

/// The top-level modules that a file names through `crate`, the crate's name, or `super` up to the root.
fn imports<'a>(path: &str, tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let mut found = Vec::new();
    let mut open_blocks = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let preceding = at.checked_sub(1).map_or("", |before| tokens[before].text);
        let inline_modules = open_blocks.iter().filter(|is_module| **is_module).count();
        let supers =
            tokens[at..].chunks(2).take_while(|pair| matches!(pair, [a, b] if a.text == "super" && b.text == "::"));
        match tokens[at].text {
            "{" => open_blocks.push(at >= 2 && tokens[at - 2].text == "mod"),
            "}" => drop(open_blocks.pop()),
            "crate" | "swrctl" if preceding != "::" && text_at(tokens, at + 1) == "::" => {
                found.extend(heads(&tokens[at + 2..]));
            }
            "super" if preceding != "::" => {
                let count = supers.count();
                if count > 0 && count >= module_depth(path) + inline_modules {
                    found.extend(heads(&tokens[at + 2 * count..]));
                }
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// The first segments of what follows a `::`: one name, or those of a braced group.
fn heads<'a>(tokens: &[Token<'a>]) -> Vec<Token<'a>> {
    let Some(first) = tokens.first() else { return Vec::new() };
    if first.text != "{" {
        return vec![*first];
    }
    let mut depth = 0_usize;
    let mut heads = Vec::new();
    for pair in tokens.windows(2) {
        match pair[0].text {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            break;
        }
        if depth == 1 && matches!(pair[0].text, "{" | ",") && pair[1].text != "}" {
            heads.push(pair[1]);
        }
    }
    heads
}

fn text_at<'a>(tokens: &[Token<'a>], at: usize) -> &'a str {
    tokens.get(at).map_or("", |token| token.text)
}

/// How many modules stand above a file's items: 1 for `src/a/mod.rs`, 2 for `src/a/b.rs`.
fn module_depth(path: &str) -> usize {
    path.trim_start_matches("src/").trim_end_matches("/mod.rs").split('/').count()
}

/// The top-level module that a file belongs to; `lib` and `main` for the two roots.
fn module_of(path: &str) -> &str {
    let inside = path.trim_start_matches("src/");
    inside.split('/').next().map_or(inside, |first| first.trim_end_matches(".rs"))
}

fn broken_layers(layers: &Layers, sources: &[Source]) -> Vec<String> {
    let mut broken = Vec::new();
    for source in sources.iter().filter(|source| source.path != "src/lib.rs") {
        let own = module_of(&source.path);
        for Token { line, text: target } in imports(&source.path, &tokens(&source.text)) {
            let allowed = match (layers.get(own), layers.get(target)) {
                (None, _) => own == "main" && target == "cli",
                (_, None) => false,
                (Some(from), Some(to)) => own == target || to < from || SIDEWAYS.contains(&(own, target)),
            };
            if !allowed {
                let layer = |name| layers.get(name).map_or("no layer".to_owned(), |layer| format!("layer {layer}"));
                let (from, to) = (layer(own), layer(target));
                broken.push(format!("{}:{line}: `{own}` ({from}) imports `{target}` ({to})", source.path));
            }
        }
    }
    broken
}

/// Whether a word of a foreign crate, or of the standard library, may stand in a file.
fn may_use(path: &str, word: &str) -> bool {
    let bridge = path.starts_with("src/project/kdl/") || path == "src/project/kdl.rs";
    let planner = path.starts_with("src/plan/");
    match word {
        "knuffel" => bridge || path.ends_with("/kdl.rs"),
        "petgraph" => path == "src/plan/graph.rs",
        "reqwest" => path.starts_with("src/registry/"),
        "miette" => bridge || path.starts_with("src/report/"),
        "tokio" | "SystemTime" | "Instant" | "std::fs" | "std::net" | "std::env" | "std::process" => !planner,
        _ => true,
    }
}

fn misplaced_crates(sources: &[Source]) -> Vec<String> {
    let mut misplaced = Vec::new();
    for source in sources {
        let tokens = tokens(&source.text);
        let mut report = |line: usize, word: &str| {
            if !may_use(&source.path, word) {
                misplaced.push(format!("{}:{line}: `{word}` does not belong here", source.path));
            }
        };
        for (at, token) in tokens.iter().enumerate() {
            report(token.line, token.text);
            if token.text == "std" && text_at(&tokens, at + 1) == "::" {
                for head in heads(&tokens[at + 2..]) {
                    report(head.line, &format!("std::{}", head.text));
                }
            }
        }
    }
    misplaced
}

/// Folders under `tests/cases` that no test names.
fn unclaimed_cases(cases: &[Source], tests: &[Source]) -> Vec<String> {
    let claimed = |case: &&Source| {
        let folder: Vec<&str> = case.path.split('/').take(3).collect();
        let folder = folder.join("/");
        tests.iter().any(|test| test.text.contains(&folder))
    };
    cases.iter().filter(|case| !claimed(case)).map(|case| format!("{}: no test names its folder", case.path)).collect()
}

#[track_caller]
fn assert_none(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

fn lib() -> String {
    rust_files("src").into_iter().find(|source| source.path == "src/lib.rs").expect("the crate has a root").text
}

#[test]
fn the_table_of_layers_names_every_module() {
    assert_none(&table_mismatches(&lib()));
    assert!(layers(&lib()).len() >= 16, "the table was not read");
}

#[test]
fn imports_go_downward_only() {
    let sources = rust_files("src");
    assert!(sources.len() > 20, "the sources were not found");
    assert_none(&broken_layers(&layers(&lib()), &sources));
}

#[test]
fn foreign_crates_stay_where_they_belong() {
    assert_none(&misplaced_crates(&rust_files("src")));
}

#[test]
fn every_case_file_is_claimed_by_a_test() {
    let tests: Vec<Source> = rust_files("src").into_iter().chain(rust_files("tests/it")).collect();
    assert_none(&unclaimed_cases(&files("tests/cases"), &tests));
}

mod these_checks_find {
    use super::*;

    fn table() -> Layers {
        [("diag", 0), ("image", 0), ("lint", 2), ("network", 2), ("project", 3), ("plan", 4), ("cli", 6)]
            .map(|(name, layer)| (name.to_owned(), layer))
            .into()
    }

    fn broken(path: &str, text: &str) -> Vec<String> {
        broken_layers(&table(), &[Source::new(path, text)])
    }

    #[test]
    fn an_upward_import() {
        let expected = "src/lint/rule.rs:2: `lint` (layer 2) imports `plan` (layer 4)";
        assert_eq!(broken("src/lint/rule.rs", "use crate::diag::Span;\nuse crate::plan::Step;"), [expected]);
        assert_eq!(broken("src/lint/rule.rs", "\nuse crate::{diag, plan::{a, b}};"), [expected]);
        assert_eq!(broken("src/lint/rule.rs", "\nfn f(x: &crate::plan::Step) {}"), [expected]);
        assert_eq!(broken("src/lint/rule.rs", "\nuse super::super::plan::Step;"), [expected]);
    }

    #[test]
    fn an_upward_import_inside_an_inline_module() {
        let text = "mod tests {\n    use super::super::super::plan::Step;\n    use super::super::policy;\n}";
        assert_eq!(broken("src/lint/rule.rs", text), ["src/lint/rule.rs:2: `lint` (layer 2) imports `plan` (layer 4)"]);
        assert_eq!(broken("src/lint/mod.rs", "mod tests { use super::super::plan; }").len(), 1);
    }

    #[test]
    fn a_sideways_import_that_is_not_agreed_on() {
        assert_none(&broken("src/network/mod.rs", "use crate::lint::policy::Level;"));
        assert_eq!(broken("src/lint/mod.rs", "use crate::network::Mode;").len(), 1);
    }

    #[test]
    fn the_crate_root_as_a_module() {
        assert_eq!(broken("src/cli/plan.rs", "use crate::*;").len(), 1);
    }

    #[test]
    fn a_binary_that_goes_past_the_command_line() {
        assert_none(&broken("src/main.rs", "fn main() { swrctl::cli::run() }"));
        assert_eq!(broken("src/main.rs", "use swrctl::plan::plan;").len(), 1);
    }

    #[test]
    fn nothing_in_comments_and_literals() {
        let text =
            "//! crate::plan\n/* crate::plan */ const A: &str = \"crate::plan\"; const B: char = '\"'; // crate::plan";
        assert_none(&broken("src/lint/mod.rs", text));
        assert_none(&broken("src/lint/mod.rs", "const A: &str = r#\"use \"crate::plan\"\"#; fn f<'a>(x: &'a str) {}"));
        assert_eq!(broken("src/lint/mod.rs", "const C: char = '\\''; use crate::plan;").len(), 1);
    }

    #[test]
    fn a_crate_out_of_its_place() {
        let found = |path: &str, text: &str| misplaced_crates(&[Source::new(path, text)]);
        assert_eq!(
            found("src/plan/step.rs", "\nuse petgraph::Graph;"),
            ["src/plan/step.rs:2: `petgraph` does not belong here"]
        );
        assert_none(&found("src/plan/graph.rs", "use petgraph::Graph;"));
        assert_eq!(found("src/lint/rule.rs", "#[derive(knuffel::Decode)] struct A;").len(), 1);
        assert_none(&found("src/lint/kdl.rs", "#[derive(knuffel::Decode)] struct A;"));
        assert_eq!(found("src/plan/mod.rs", "use std::{fmt, fs};").len(), 1);
        assert_eq!(found("src/plan/mod.rs", "let now = std::time::Instant::now();").len(), 1);
        assert_eq!(found("src/probe/tls.rs", "reqwest::get(url)").len(), 1);
        assert_eq!(found("src/cli/mod.rs", "use miette::Report;").len(), 1);
    }

    #[test]
    fn a_module_without_a_layer() {
        let lib = "//! | layer | modules |\n//! | 0 | [`diag`] words; [`gone`] x |\npub mod diag;\npub mod new;";
        let expected = [
            "src/lib.rs: module `new` is missing in the table of layers",
            "src/lib.rs: the table of layers names `gone`, which is no module",
        ];
        assert_eq!(table_mismatches(lib), expected);
    }

    #[test]
    fn a_case_that_no_test_reads() {
        let cases = [Source::new("tests/cases/rules/a.md", ""), Source::new("tests/cases/other/b.md", "")];
        let tests = [Source::new("src/lint/mod.rs", "walk(\"tests/cases/rules\")")];
        assert_eq!(unclaimed_cases(&cases, &tests), ["tests/cases/other/b.md: no test names its folder"]);
    }
}
