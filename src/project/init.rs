//! A first project file out of what a folder holds. Looks at names only, and at git's own configuration.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use ignore::WalkBuilder;

use crate::diag::{Lang, Wording, say};
use crate::dockerfile::is_dockerfile;

/// What a starter is written from; paths are relative to the folder, with `/`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The git remote's name, or else the folder's.
    pub name: Option<String>,
    pub dockerfiles: BTreeSet<String>,
    /// Directories in the OCI image layout.
    pub layouts: BTreeSet<String>,
}

const MAX_DEPTH: usize = 8;
const MAX_ENTRIES: usize = 20_000;

/// Looks through `folder` as git would: what it ignores is left out, links are not followed. What cannot be read is
/// left out as well: a starter is a help, not a record.
#[must_use]
pub fn scan(folder: &Path) -> Found {
    let mut found = Found { name: project_name(folder), ..Found::default() };
    let walk = WalkBuilder::new(folder).max_depth(Some(MAX_DEPTH)).require_git(false).build();
    for entry in walk.filter_map(Result::ok).take(MAX_ENTRIES) {
        let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
        let Some(path) = entry.path().strip_prefix(folder).ok().filter(|_| is_file).and_then(plain) else { continue };
        let (parent, name) = path.rsplit_once('/').unwrap_or(("", &path));
        if name == "oci-layout" && !parent.is_empty() {
            found.layouts.insert(parent.to_owned());
        } else if is_dockerfile(name) {
            found.dockerfiles.insert(path);
        }
    }
    found
}

/// A path as it can stand in a line of a project file.
fn plain(path: &Path) -> Option<String> {
    let path = path.to_str()?.replace(std::path::MAIN_SEPARATOR, "/");
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\\' | '\u{2028}' | '\u{2029}');
    path.chars().all(is_plain).then_some(path)
}

fn project_name(folder: &Path) -> Option<String> {
    let folder = folder.canonicalize().ok()?;
    let own = || folder.file_name().map(|name| name.to_string_lossy().into_owned());
    remote_name(&folder).or_else(own)
}

/// The last part of the first remote's URL.
fn remote_name(folder: &Path) -> Option<String> {
    const MOST: u64 = 64 * 1024;
    let mut config = String::new();
    std::fs::File::open(folder.join(".git/config")).ok()?.take(MOST).read_to_string(&mut config).ok()?;
    let remote = config.lines().skip_while(|line| !line.trim_start().starts_with("[remote "));
    let url = remote.filter_map(|line| line.trim().split_once('=')).find(|(key, _)| key.trim() == "url")?.1.trim();
    let name = url.trim_end_matches('/').trim_end_matches(".git").rsplit(['/', ':']).next()?;
    (!name.is_empty()).then(|| name.to_owned())
}

/// The text of a project file that plans at once and says what could be added.
#[must_use]
pub fn starter(found: &Found, lang: Lang) -> String {
    let mut text = commented(&HEAD, lang) + "\n";
    // Writing to a string cannot fail.
    let _ = writeln!(text, "project {} version=1", quoted(&name(found.name.as_deref().unwrap_or_default())));
    text.push_str(&dockerfiles(found, lang));
    text.push_str(&shown(&WHERE, REGISTRIES, lang));
    for (index, layout) in found.layouts.iter().enumerate() {
        let place = quoted(&format!("oci-layout:./{layout}"));
        let _ = writeln!(text, "registry \"images-{}\" {place}", index + 1);
    }
    text.push_str(&shown(&PATH, NETWORKS, lang));
    text.push_str(&shown(&WHAT, MIGRATIONS, lang));
    text
}

/// `name` with `-` for what a project's name may not hold.
fn name(name: &str) -> String {
    const LONGEST: usize = 64;
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
    let name: String = name.chars().map(|c| if is_plain(c) { c } else { '-' }).collect();
    let name = &name[..name.floor_char_boundary(LONGEST)];
    if name.is_empty() { "project".to_owned() } else { name.to_owned() }
}

fn dockerfiles(found: &Found, lang: Lang) -> String {
    const SHOWN: usize = 20;
    if found.dockerfiles.is_empty() {
        return shown(&NO_DOCKERFILES, "//dockerfiles \"**/Dockerfile\"\n", lang);
    }
    let mut text = shown(&DOCKERFILES, "", lang);
    for path in found.dockerfiles.iter().take(SHOWN) {
        let _ = writeln!(text, "//   {path}");
    }
    if let Some(more @ 1..) = found.dockerfiles.len().checked_sub(SHOWN) {
        let _ = writeln!(text, "//   {}", say!("and {more} more", "还有 {more} 个", more).get(lang));
    }
    let names: BTreeSet<&str> =
        found.dockerfiles.iter().map(|path| path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name)).collect();
    let patterns: Vec<String> = names.iter().map(|name| quoted(&format!("**/{}", globset::escape(name)))).collect();
    let _ = writeln!(text, "dockerfiles {} {{", patterns.join(" "));
    let _ = write!(text, "    {}{POLICY}", commented(&PROFILE, lang));
    text
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A block of lines behind its comment.
fn shown(comment: &Wording, lines: &str, lang: Lang) -> String {
    format!("\n{}{lines}", commented(comment, lang))
}

fn commented(text: &Wording, lang: Lang) -> String {
    text.get(lang).lines().fold(String::new(), |all, line| all + "// " + line + "\n")
}

// Lines that start with `//` and no blank are to be used: a test reads them without their `//`.

const HEAD: Wording = say!(
    "What `swrctl plan` compares and `swrctl apply` carries out. The file is KDL 1, see kdl.dev.\n\
     Lines behind `//` show what else there is; swr.kdl.example of swrctl shows every option.",
    "`swrctl plan` 比较、`swrctl apply` 执行的内容。文件格式是 KDL 1，见 kdl.dev。\n\
     `//` 之后的行展示还可以写什么；swrctl 的 swr.kdl.example 展示全部选项。"
);

const DOCKERFILES: Wording = say!(
    "The Dockerfiles that must pass the rules before anything is moved. Found here:",
    "搬运镜像之前必须通过规则的 Dockerfile。在这里找到："
);

const NO_DOCKERFILES: Wording = say!(
    "Dockerfiles that must pass the rules before anything is moved. None was found here.",
    "搬运镜像之前必须通过规则的 Dockerfile。这里没有找到。"
);

const PROFILE: Wording = say!(
    "The 17 practices of SWR's documents; also `all` and `none`.",
    "SWR 文档里的 17 条实践；也可以写 `all` 或 `none`。"
);

const POLICY: &str = "    \
    profile \"swr\"
    //allow \"missing-healthcheck\" in=\"jobs/**\" until=\"2030-12-31\" reason=\"jobs end by themselves\"
}
";

const WHERE: Wording = say!(
    "Where images live: a name of your own, then a host or `oci-layout:DIR`. Secrets are never written here.",
    "镜像所在的地方：先写自定的名字，再写主机或 `oci-layout:DIR`。密钥从不写在这里。"
);

const REGISTRIES: &str = "\
//registry \"hub\" \"docker.io\"
//registry \"swr\" \"swr.cn-north-4.myhuaweicloud.com\" {
//    provider \"swr\" edition=\"basic\"
//    organization \"my-organization\"
//    auth { access-key env=\"SWR_AK\"; secret-key env=\"SWR_SK\"; }
//}
";

const PATH: Wording = say!(
    "How the network reaches a registry: proved before anything is moved.",
    "网络怎样到达镜像仓库：搬运之前先验证。"
);

const NETWORKS: &str = "//network \"swr\" { mode \"public\"; }\n";

const WHAT: Wording = say!("What is copied from where to where.", "从哪里复制什么到哪里。");

const MIGRATIONS: &str = "\
//migrate \"hub\" to=\"swr\" {
//    image \"nginx\" tags=\">=1.26, <2\" as=\"nginx\"
//}
";

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::diag::Source;
    use crate::project::Project;

    fn parsed(text: &str) -> Project {
        let source = Arc::new(Source::new("swr.kdl", text));
        let (project, warnings) =
            Project::parse(source, PathBuf::from(".")).unwrap_or_else(|found| panic!("{found:#?}"));
        assert!(warnings.is_empty(), "{warnings:?}");
        project
    }

    /// The starter with everything it shows in use.
    fn in_use(text: &str) -> String {
        let line = |line: &str| match line.trim_start().strip_prefix("//") {
            Some(code) if !code.starts_with(' ') || code.starts_with("    ") => code.to_owned(),
            _ => line.to_owned(),
        };
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    fn write(folder: &Path, name: &str) {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }

    fn texts() -> impl Strategy<Value = Vec<String>> {
        prop::collection::vec(any::<String>(), 0..4)
    }

    #[test]
    fn a_folder_is_seen_as_git_sees_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["Dockerfile", "api/Dockerfile.dev", "web/app.dockerfile", "web/Dockerfile.dockerignore", "README"]
        {
            write(folder.path(), name);
        }
        write(folder.path(), "images/oci-layout");
        write(folder.path(), "build/Dockerfile");
        std::fs::write(folder.path().join(".gitignore"), "build/\n").unwrap();
        std::fs::create_dir(folder.path().join(".git")).unwrap();
        let config = "[core]\n\tbare = false\n[remote \"origin\"]\n\turl = git@host.example:team/shop.git\n";
        std::fs::write(folder.path().join(".git/config"), config).unwrap();
        let found = scan(folder.path());
        let dockerfiles: Vec<&str> = found.dockerfiles.iter().map(String::as_str).collect();
        assert_eq!(dockerfiles, ["Dockerfile", "api/Dockerfile.dev", "web/app.dockerfile"]);
        assert_eq!(found.layouts.iter().collect::<Vec<_>>(), ["images"]);
        assert_eq!(found.name.as_deref(), Some("shop"));
    }

    #[test]
    fn a_starter_is_a_project_file_with_and_without_what_it_shows() {
        let found = Found {
            name: Some("my shop".to_owned()),
            dockerfiles: ["Dockerfile", "a/Dockerfile", "a/we[i]rd.dockerfile"].map(String::from).into(),
            layouts: ["images".to_owned()].into(),
        };
        let starts =
            [found, Found::default()].into_iter().flat_map(|found| Lang::ALL.map(|lang| (found.clone(), lang)));
        for (found, lang) in starts {
            let text = starter(&found, lang);
            let project = parsed(&text);
            assert_eq!(project.dockerfiles.len(), usize::from(!found.dockerfiles.is_empty()));
            assert_eq!(project.registries.len(), found.layouts.len());
            let project = parsed(&in_use(&text));
            assert_eq!((project.dockerfiles.len(), project.networks.len(), project.migrations.len()), (1, 1, 1));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_starter_parses(name: String, paths in texts(), layouts in texts()) {
            let plain = |texts: Vec<String>| texts.iter().filter_map(|text| plain(Path::new(text))).collect();
            let found = Found { name: Some(name), dockerfiles: plain(paths), layouts: plain(layouts) };
            parsed(&starter(&found, Lang::En));
        }
    }
}
