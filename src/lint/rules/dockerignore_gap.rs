//! Practice 17: an ignore file that lets through what no image should hold.

use super::super::build::BuildContext;
use super::super::context::Context;
use super::super::example::Example;
use super::super::paths::has_extension;
use super::super::policy::Level;
use super::super::rule::{Rule, Sink};
use super::super::tree::is_local_settings;
use super::missing_dockerignore::whole_context_copies;
use crate::diag::say;

pub(super) static RULE: Rule = Rule {
    name: "dockerignore-gap",
    aliases: &[],
    practice: Some(17),
    level: Level::Warning,
    by_policy: false,
    summary: say!(
        "the whole context is copied, with files that belong to the developer or are secret",
        "整个构建上下文都被复制，连同开发者自己的和机密的文件"
    ),
    explanation: say!(
        "Version control, dependencies installed on the host, keys and local settings make the image large, break the \
         cache with every commit, and hand secrets to everyone who can pull it. Only what really lies in the context \
         is reported, in the folders below it too: to Docker `node_modules` and `*.pem` mean the top alone, and \
         `**/node_modules` every folder. Keys are told by their text, and what lies in folders of tests is left out.",
        "版本库、宿主机上安装的依赖、密钥和本地配置会使镜像变大，每次提交都使缓存失效，还会把机密交给所有能拉取镜像的\
         人。只报告上下文里确实存在的文件，包括下级目录：对 Docker 来说，`node_modules` 和 `*.pem` 只指顶层，\
         `**/node_modules` 才指每个目录。密钥按内容判断，测试目录里的不报告。"
    ),
    help: say!(
        "add the names to .dockerignore, with `**/` in front for every folder",
        "把这些名字加入 .dockerignore，在前面写 `**/` 表示每个目录"
    ),
    example: Example::new(
        "FROM node:20.11-alpine\n\
         COPY . /app\n",
        "FROM node:20.11-alpine\n\
         COPY . /app\n",
    )
    .bad_beside(&[(".dockerignore", "node_modules\n"), (".env", "DATABASE_PASSWORD=example\n")])
    .good_beside(&[(".dockerignore", "node_modules\n.env\n"), (".env", "DATABASE_PASSWORD=example\n")]),
    check,
};

/// Whether something in the context's directory never belongs into an image.
pub(in crate::lint) fn is_unwanted(build: &BuildContext, name: &str) -> bool {
    const NAMES: [&str; 16] = [
        ".git", ".hg", ".svn", "node_modules", ".env", ".ssh", ".aws", ".gnupg", ".venv", "__pycache__", ".terraform",
        "id_rsa", "id_ed25519", ".npmrc", ".pypirc", ".netrc",
    ];
    let harmless = name == ".npmrc" && build.text(name).is_some_and(|text| !text.lines().any(is_login));
    is_local_settings(name) || (NAMES.contains(&name) && !harmless) || has_extension(name, &["pem"])
}

/// Whether a line of `.npmrc` holds a secret itself; the build needs the others.
pub(in crate::lint) fn is_login(line: &str) -> bool {
    let (name, value) = line.split_once('=').unwrap_or_default();
    let value = value.trim().trim_matches('"');
    let secret = ["_auth", "_authToken", "_password"].iter().any(|end| name.trim().rsplit(':').next() == Some(end));
    secret && !value.is_empty() && !value.starts_with("${")
}

/// More of them tell nobody more.
const MOST_NAMES: usize = 8;

fn check(context: &Context, sink: &mut Sink) {
    // Without any ignore file another rule speaks.
    let Some(ignored) = context.ignored() else { return };
    let copies = whole_context_copies(context);
    if copies.is_empty() {
        return;
    }
    let (entries, tree) = (&context.build.folder.entries, &context.build.tree);
    let at_top = entries.iter().map(String::as_str).filter(|name| is_unwanted(context.build, name));
    let secrets = tree.secrets_at_top().filter(|name| !is_unwanted(context.build, name));
    let unwanted = at_top.chain(secrets).chain(tree.unwanted_below()).filter(|path| !ignored.covers(path));
    let names: Vec<_> = unwanted.take(MOST_NAMES).map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return;
    }
    let names = names.join(", ");
    for word in copies {
        sink.report(word.span(), say!("this copies {names} too", "这会把 {names} 也复制进去", names));
    }
}
