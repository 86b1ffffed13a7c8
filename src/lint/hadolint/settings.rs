//! Takes hadolint's settings one by one, from whichever place, and keeps what is wrong with them.

use std::sync::Arc;

use globset::GlobBuilder;

use super::Settings;
use super::yaml::{self, Node, Value};
use crate::diag::{Diagnostic, Source, Span, Spanned, Wording, did_you_mean, say};
use crate::lint::policy::{LabelFormat, Level, Override, PragmaPolicy, RequiredLabel};

/// Names of the settings file.
const KEYS: [&str; 10] = [
    "ignored",
    "override",
    "trustedRegistries",
    "label-schema",
    "strict-labels",
    "disable-ignore-pragma",
    "failure-threshold",
    "no-fail",
    "no-color",
    "format",
];

const LEVELS: [(&str, Level); 4] =
    [("style", Level::Style), ("info", Level::Info), ("warning", Level::Warning), ("error", Level::Error)];

#[derive(Debug)]
pub(super) struct Reader {
    /// Where what is read now stands.
    source: Arc<Source>,
    settings: Settings,
    /// By level, `Off` for what is ignored.
    weights: Vec<(Level, Spanned<String>, Arc<Source>)>,
    found: Vec<Diagnostic>,
}

impl Default for Reader {
    fn default() -> Self {
        let source = Arc::new(Source::new("", ""));
        Self { source, settings: Settings::default(), weights: Vec::new(), found: Vec::new() }
    }
}

impl Reader {
    pub(super) fn enter(&mut self, source: &Arc<Source>) {
        self.source = Arc::clone(source);
    }

    pub(super) fn file(&mut self, source: &Arc<Source>) {
        self.enter(source);
        match yaml::read(source) {
            Ok(Some(root)) if !is_null(&root) => {
                for (key, value) in self.map(&root, &KEYS) {
                    self.setting(key, value);
                }
            }
            // An empty file sets nothing.
            Ok(_) => {}
            Err(diagnostic) => self.found.push(diagnostic),
        }
    }

    /// What all of it says: the weakest level first, so that the strongest wins, and what is ignored in the end.
    pub(super) fn finish(mut self) -> (Settings, Vec<Diagnostic>) {
        self.weights.sort_by_key(|(level, ..)| (*level == Level::Off, *level));
        for (level, rule, source) in self.weights {
            let entry =
                Override { rules: vec![rule], level, within: None, until: None, reason: None, source: Some(source) };
            self.settings.policy.overrides.push(entry);
        }
        (self.settings, self.found)
    }

    fn setting(&mut self, key: &str, value: &Node) {
        match key {
            "ignored" => self.texts(value).into_iter().for_each(|rule| self.ignore(rule)),
            "override" => {
                for (level, rules) in self.map(value, &LEVELS.map(|(name, _)| name)) {
                    self.texts(rules).into_iter().for_each(|rule| self.weigh(level, rule));
                }
            }
            "trustedRegistries" => self.texts(value).into_iter().for_each(|host| self.trust(host)),
            "label-schema" => self.label_schema(value),
            "strict-labels" => self.flag(value).into_iter().for_each(|strict| self.strict_labels(strict)),
            "disable-ignore-pragma" => self.flag(value).into_iter().for_each(|off| self.disable_pragmas(off)),
            "no-fail" => self.flag(value).into_iter().for_each(|no_fail| self.no_fail(no_fail)),
            // Colours are for terminals that want them, and for `--color`.
            "no-color" => drop(self.flag(value)),
            "failure-threshold" => self.text(value).into_iter().for_each(|level| self.threshold(level)),
            _ => self.text(value).into_iter().for_each(|format| self.format(format)),
        }
    }

    pub(super) fn ignore(&mut self, rule: Spanned<&str>) {
        self.rule(Level::Off, rule);
    }

    /// `level` is one of hadolint's words.
    pub(super) fn weigh(&mut self, level: &str, rule: Spanned<&str>) {
        if let Some((_, level)) = LEVELS.iter().find(|(name, _)| *name == level) {
            self.rule(*level, rule);
        }
    }

    fn rule(&mut self, level: Level, rule: Spanned<&str>) {
        let shellcheck = rule.strip_prefix("SC").is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        if !shellcheck && crate::lint::rule(rule.value).is_none() {
            let message = say!("there is no rule `{name}`", "没有规则 `{name}`", name = rule.escape_debug());
            let near = did_you_mean(rule.value, crate::lint::rule_names().filter(|name| name.starts_with("DL")));
            let help = near.map_or_else(|| say!("delete it", "删除它"), meant);
            let unknown = Diagnostic::warning("unknown-rule", message).at(
                &self.source,
                rule.span,
                say!("unknown rule", "未知规则"),
            );
            self.found.push(unknown.with_help(help));
            return;
        }
        self.weights.push((level, rule.map(str::to_owned), Arc::clone(&self.source)));
    }

    /// `*` at the start or the end stands for anything; Docker Hub has two names.
    pub(super) fn trust(&mut self, host: Spanned<&str>) {
        self.trust_name(host);
        if host.value == "hub.docker.com" {
            self.trust_name(Spanned::new("docker.io", host.span));
        }
    }

    fn trust_name(&mut self, host: Spanned<&str>) {
        let name = host.value;
        let pattern = if name == "*" { "**".to_owned() } else { format!("{name}/**") };
        match GlobBuilder::new(&pattern).literal_separator(true).build() {
            Ok(glob) => self.settings.policy.base_images.push(Spanned::new(glob, host.span)),
            Err(error) => self.fault(
                "bad-pattern",
                say!("not a registry: {reason}", "不是镜像仓库：{reason}", reason = error.kind()),
                host.span,
                say!("write its host name, like `docker.io` or `*.gcr.io`", "写主机名，例如 `docker.io` 或 `*.gcr.io`"),
            ),
        }
    }

    pub(super) fn label(&mut self, name: Spanned<&str>, format: Spanned<&str>) {
        let formats = [
            ("text", LabelFormat::Text),
            ("rawtext", LabelFormat::Text),
            ("", LabelFormat::Text),
            ("url", LabelFormat::Url),
            ("semver", LabelFormat::Semver),
            ("hash", LabelFormat::Hash),
            ("rfc3339", LabelFormat::Rfc3339),
            ("spdx", LabelFormat::Spdx),
            ("email", LabelFormat::Email),
        ];
        let Some((_, format)) = formats.iter().find(|(known, _)| *known == format.value) else {
            let help = say!(
                "write text, url, semver, hash, rfc3339, spdx or email",
                "写 text、url、semver、hash、rfc3339、spdx 或 email"
            );
            self.fault(
                "unknown-format",
                say!("`{format}` is no format of a label", "`{format}` 不是标签的格式", format = format.escape_debug()),
                format.span,
                help,
            );
            return;
        };
        self.settings.policy.labels.required.push(RequiredLabel { name: name.map(str::to_owned), format: *format });
    }

    pub(super) fn strict_labels(&mut self, strict: bool) {
        self.settings.policy.labels.forbid_others = strict;
    }

    pub(super) fn disable_pragmas(&mut self, off: bool) {
        self.settings.policy.pragmas = if off { PragmaPolicy::Ignored } else { PragmaPolicy::Allowed };
    }

    pub(super) fn no_fail(&mut self, no_fail: bool) {
        self.settings.no_fail = no_fail;
    }

    pub(super) fn threshold(&mut self, level: Spanned<&str>) {
        let known = LEVELS.iter().find(|(name, _)| *name == level.value).map(|(_, level)| *level);
        let all = matches!(level.value, "ignore" | "none").then_some(Level::Style);
        match known.or(all) {
            Some(level) => self.settings.fail_on = Some(level),
            None => {
                let help = say!(
                    "write error, warning, info, style, ignore or none",
                    "写 error、warning、info、style、ignore 或 none"
                );
                self.fault(
                    "unknown-level",
                    say!("`{level}` is no level", "`{level}` 不是级别", level = level.escape_debug()),
                    level.span,
                    help,
                );
            }
        }
    }

    pub(super) fn format(&mut self, format: Spanned<&str>) {
        #[rustfmt::skip] // as a block of words
        const FORMATS: [&str; 10] = [
            "tty", "json", "checkstyle", "codeclimate", "gitlab_codeclimate", "gnu", "codacy", "sonarqube", "sarif", "junit",
        ];
        if FORMATS.contains(&format.value) {
            self.settings.format = Some(format.value.to_owned());
        } else {
            let help = one_of(&FORMATS);
            self.fault(
                "unknown-format",
                say!("`{format}` is no output format", "`{format}` 不是输出格式", format = format.escape_debug()),
                format.span,
                help,
            );
        }
    }

    fn label_schema(&mut self, node: &Node) {
        let Value::Map(pairs) = &node.value else {
            self.expected(&say!("a mapping of labels to formats", "标签到格式的映射"), node);
            return;
        };
        for (name, format) in pairs {
            if let (Some(name), Some(format)) = (self.text(name), self.text(format)) {
                self.label(name, format);
            }
        }
    }

    /// The entries of a mapping whose names are known, each once.
    fn map<'n>(&mut self, node: &'n Node, known: &[&'static str]) -> Vec<(&'n str, &'n Node)> {
        let Value::Map(pairs) = &node.value else {
            let names = Wording::joined(known, &say!(", ", "、"));
            self.expected(&say!("a mapping with {names}", "含有 {names} 的映射", names), node);
            return Vec::new();
        };
        let mut entries: Vec<(&str, &Node)> = Vec::new();
        for (key, value) in pairs {
            let Some(name) = self.text(key) else { continue };
            if !known.contains(&name.value) {
                let near = did_you_mean(name.value, known.iter().copied());
                let help = near.map_or_else(|| one_of(known), meant);
                self.fault(
                    "unknown-setting",
                    say!(
                        "hadolint has no setting `{name}` here",
                        "hadolint 在这里没有设置 `{name}`",
                        name = name.escape_debug()
                    ),
                    name.span,
                    help,
                );
            } else if entries.iter().any(|(first, _)| *first == name.value) {
                self.fault(
                    "duplicate-setting",
                    say!("`{name}` is set twice", "`{name}` 设置了两次", name = name.value),
                    name.span,
                    say!("keep one of them", "只保留一个"),
                );
            } else {
                entries.push((name.value, value));
            }
        }
        entries
    }

    /// A list of texts, or a single one.
    fn texts<'n>(&mut self, node: &'n Node) -> Vec<Spanned<&'n str>> {
        match &node.value {
            Value::List(items) => items.iter().filter_map(|item| self.text(item)).collect(),
            Value::Scalar(..) if !is_null(node) => self.text(node).into_iter().collect(),
            _ => {
                self.expected(&say!("a list", "列表"), node);
                Vec::new()
            }
        }
    }

    fn text<'n>(&mut self, node: &'n Node) -> Option<Spanned<&'n str>> {
        match &node.value {
            Value::Scalar(text, plain) if !(*plain && is_no_text(text)) => Some(Spanned::new(text, node.span)),
            _ => {
                self.expected(&say!("a text", "文本"), node);
                None
            }
        }
    }

    fn flag(&mut self, node: &Node) -> Option<bool> {
        let value = match &node.value {
            Value::Scalar(text, true) => match text.as_str() {
                "true" | "True" | "TRUE" => Some(true),
                "false" | "False" | "FALSE" => Some(false),
                _ => None,
            },
            _ => None,
        };
        if value.is_none() {
            self.expected(&say!("`true` or `false`", "`true` 或 `false`"), node);
        }
        value
    }

    fn expected(&mut self, what: &Wording, node: &Node) {
        let found = match &node.value {
            Value::Scalar(..) if is_null(node) => say!("nothing", "空值"),
            Value::Scalar(..) => say!("another value", "别的值"),
            Value::List(_) => say!("a list", "列表"),
            Value::Map(_) => say!("a mapping", "映射"),
        };
        let message = say!("{what} is needed here, not {found}", "这里需要{what}，而不是{found}", what, found);
        self.fault("wrong-type", message, node.span, say!("write {what}", "写{what}", what));
    }

    fn fault(&mut self, code: &'static str, message: Wording, span: Span, help: Wording) {
        self.found.push(Diagnostic::error(code, message).on(&self.source, span).with_help(help));
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.value, Value::Scalar(text, true) if matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"))
}

/// What YAML takes for a number, a truth value or nothing when no quotes stand around it.
fn is_no_text(text: &str) -> bool {
    text.parse::<f64>().is_ok() || matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "~" | "")
}

fn meant(near: &str) -> Wording {
    say!("did you mean `{near}`?", "是不是想写 `{near}`？", near)
}

fn one_of(names: &[&str]) -> Wording {
    say!("write one of {names}", "写其中之一：{names}", names = Wording::joined(names, &say!(", ", "、")))
}
