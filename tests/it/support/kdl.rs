//! Project files for tests, put together from sections.

/// A whole file.
pub fn project(sections: &[String]) -> String {
    format!("project \"test\" version=1\n{}", sections.concat())
}

/// A registry over plain HTTP, with what else stands in its block.
pub fn registry(name: &str, host: &str, block: &str) -> String {
    format!("registry \"{name}\" \"{host}\" {{\n    tls plain-http=true\n    {block}\n}}\n")
}

/// A registry over plain HTTP that needs no login.
pub fn anonymous(name: &str, host: &str) -> String {
    registry(name, host, "auth \"anonymous\"")
}

/// A migration from `source` to `target`, with its `image` nodes and options.
pub fn migrate(block: &str) -> String {
    format!("migrate \"source\" to=\"target\" {{\n    {block}\n}}\n")
}
