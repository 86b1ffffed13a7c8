//! Practice 17: an ignore file that lets through what no image should hold.

use super::super::context::Context;
use super::super::paths::has_extension;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::missing_dockerignore::whole_context_copies;

pub(super) static RULE: Rule = Rule {
    name: "dockerignore-gap",
    aliases: &[],
    practice: Some(17),
    level: Level::Warning,
    by_policy: false,
    summary: "the whole context is copied, with files that belong to the developer or are secret",
    explanation: "Version control, dependencies installed on the host, keys and local settings make the image \
                  large, break the cache with every commit, and hand secrets to everyone who can pull it. Only \
                  what really lies in the context directory is reported.",
    help: "add the names to .dockerignore",
    check,
};

/// Names that never belong into an image.
fn is_unwanted(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        ".git", ".hg", ".svn", "node_modules", ".env", ".ssh", ".aws", ".gnupg", ".venv", "__pycache__", ".terraform",
        "id_rsa", "id_ed25519", ".npmrc", ".pypirc", ".netrc",
    ];
    let local_settings = name.starts_with(".env.") && has_extension(name, &["local"]);
    local_settings || NAMES.contains(&name) || has_extension(name, &["pem"])
}

fn check(context: &Context, sink: &mut Sink) {
    // Without any ignore file another rule speaks.
    let Some(ignored) = &context.ignored else { return };
    let unwanted = context.build.entries.iter().filter(|name| is_unwanted(name) && !ignored.covers(name));
    let names: Vec<_> = unwanted.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return;
    }
    for word in whole_context_copies(context) {
        sink.report(word.span(), format!("this copies {} too", names.join(", ")));
    }
}
