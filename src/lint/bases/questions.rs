//! What registries have to be asked so that a Dockerfile can be judged, and what cannot be judged without answers.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::super::images::has_bare_environment;
use super::super::policy::{Level, Policy, Profile};
use super::super::rule::{Rule, is_named};
use super::super::rules::latest_tag::taken_from;
use super::super::rules::{undefined_variable, wrong_base_platform};
use super::BaseImages;
use crate::diag::Span;
use crate::dockerfile::{Base, Dockerfile, Instruction, Keyword, Undefined, Word};
use crate::image::{Platform, Reference};

/// Images to ask for, each once: which platforms they are for, and the variables that they set on these. `None` stands
/// for the platform that nothing names: linux/amd64, or else the first that there is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseQuestions(pub BTreeMap<Reference, BTreeSet<Option<Platform>>>);

impl BaseQuestions {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        others.0.into_iter().for_each(|(image, platforms)| self.add(image, platforms));
        self
    }

    fn add(&mut self, image: Reference, platforms: impl IntoIterator<Item = Option<Platform>>) {
        self.0.entry(image).or_default().extend(platforms);
    }
}

/// An image that a build pulls, and the platforms that it has to be for; empty where the build alone knows them.
#[derive(Debug)]
pub(in super::super) struct Pulled {
    pub(in super::super) image: Reference,
    /// Its name.
    pub(in super::super) span: Span,
    /// Where the file itself names the platform.
    pub(in super::super) said: Option<Span>,
    pub(in super::super) wanted: Vec<Platform>,
}

/// What is to be asked for a Dockerfile under a policy. Nothing is where the answer could change no finding.
#[must_use]
pub fn base_questions(dockerfile: &Dockerfile, policy: &Policy) -> BaseQuestions {
    let mut questions = BaseQuestions::default();
    if policy.online && platforms_count(policy) {
        let known = pulled(dockerfile, policy).into_iter().filter(|pulled| !pulled.wanted.is_empty());
        known.for_each(|pulled| questions.add(pulled.image, []));
    }
    if policy.online && variables_count(policy) {
        for root in open_roots(dockerfile, policy) {
            if let Some(image) = root_image(dockerfile, root) {
                questions.add(image, variable_platforms(dockerfile, policy, root));
            }
        }
    }
    questions
}

/// Rules that cannot say all there is to say about a Dockerfile, for want of what its images are.
pub(in super::super) fn unjudged(
    dockerfile: &Dockerfile,
    policy: &Policy,
    images: &BaseImages,
) -> BTreeSet<&'static str> {
    let unknown = |pulled: &Pulled| pulled.wanted.is_empty() || images.get(&pulled.image).is_none();
    let platforms = platforms_count(policy) && pulled(dockerfile, policy).iter().any(unknown);
    let unset = |root| variables_of(dockerfile, policy, images, root).is_none();
    let variables = variables_count(policy) && open_roots(dockerfile, policy).into_iter().any(unset);
    let rules = [(platforms, &wrong_base_platform::RULE), (variables, &undefined_variable::RULE)];
    rules.into_iter().filter(|(unjudged, _)| *unjudged).map(|(_, rule)| rule.name).collect()
}

fn platforms_count(policy: &Policy) -> bool {
    counts(policy, &wrong_base_platform::RULE)
}

/// hadolint knows of no variables of base images.
fn variables_count(policy: &Policy) -> bool {
    policy.profile != Profile::Hadolint && counts(policy, &undefined_variable::RULE)
}

/// Whether some finding of the rule may have a level.
fn counts(policy: &Policy, rule: &Rule) -> bool {
    let named = || policy.overrides.iter().filter(|entry| entry.level != Level::Off).flat_map(|entry| &entry.rules);
    rule.level_in(policy.profile) != Level::Off || named().any(|name| is_named(rule.name, rule.aliases, name))
}

/// Every image that a build pulls: for FROM, `COPY --from` and `RUN --mount=from=`.
pub(in super::super) fn pulled(dockerfile: &Dockerfile, policy: &Policy) -> Vec<Pulled> {
    let mut all = Vec::new();
    for stage in &dockerfile.stages {
        if let (Base::Image(name), Some(from)) = (&stage.base, dockerfile.from_of(stage))
            && let (Some(image), Some(word)) = (reference(name), dockerfile.image_of(stage))
        {
            let said = from.flag("platform").map(Word::span);
            all.push(Pulled { image, span: word.span(), said, wanted: wanted(dockerfile, policy, from) });
        }
    }
    let stages: HashSet<&str> =
        dockerfile.stages.iter().filter_map(|stage| Some(stage.name.as_ref()?.as_str())).collect();
    for (span, name) in taken_from(dockerfile) {
        let image = name.filter(|name| {
            let number = name.bytes().all(|byte| byte.is_ascii_digit());
            !number && name != "scratch" && !stages.contains(name.to_ascii_lowercase().as_str())
        });
        if let Some(image) = image.and_then(|name| reference(&name)) {
            all.push(Pulled { image, span, said: None, wanted: policy.platforms.clone() });
        }
    }
    all
}

fn reference(name: &str) -> Option<Reference> {
    name.parse().ok().map(Reference::normalized)
}

/// The platforms that the image of a FROM has to be for: its own `--platform`, with the defaults of ARGs, or those that
/// the policy builds for. Which machine builds, the build alone knows.
fn wanted(dockerfile: &Dockerfile, policy: &Policy, from: &Instruction) -> Vec<Platform> {
    let targets = &policy.platforms;
    let Some(flag) = from.flag("platform") else { return targets.clone() };
    if let Some(said) = &flag.value {
        return said.parse().into_iter().collect();
    }
    let for_target = |target: &Platform| {
        let whole = target.to_string();
        let given = |name: &str| match name {
            "TARGETPLATFORM" => Some(whole.as_str()),
            "TARGETOS" => Some(target.os.as_str()),
            "TARGETARCH" => Some(target.architecture.as_str()),
            "TARGETVARIANT" => Some(target.variant.as_deref().unwrap_or_default()),
            _ => None,
        };
        dockerfile.from_word(flag, given)?.trim_end_matches('/').parse().ok()
    };
    targets.iter().map(for_target).collect::<Option<_>>().unwrap_or_default()
}

/// The variables that the image below a stage sets on some platform that it is pulled for; `None` where that is not known.
pub(in super::super) fn variables_of<'i>(
    dockerfile: &Dockerfile,
    policy: &Policy,
    images: &'i BaseImages,
    root: usize,
) -> Option<BTreeSet<&'i str>> {
    if images.is_empty() {
        return None;
    }
    let image = images.get(&root_image(dockerfile, root)?)?;
    let mut set = BTreeSet::new();
    for platform in variable_platforms(dockerfile, policy, root) {
        set.extend(image.variables.get(&platform)?.iter().map(String::as_str));
    }
    Some(set)
}

fn variable_platforms(dockerfile: &Dockerfile, policy: &Policy, root: usize) -> Vec<Option<Platform>> {
    let from = dockerfile.stages.get(root).and_then(|stage| dockerfile.from_of(stage));
    let wanted = from.map(|from| wanted(dockerfile, policy, from)).unwrap_or_default();
    if wanted.is_empty() { vec![None] } else { wanted.into_iter().map(Some).collect() }
}

fn root_image(dockerfile: &Dockerfile, root: usize) -> Option<Reference> {
    if let Base::Image(name) = &dockerfile.stages.get(root)?.base { reference(name) } else { None }
}

/// The stages at the bottom of those with variables that only the base image may set, as far as their images are not known
/// by their names.
fn open_roots(dockerfile: &Dockerfile, policy: &Policy) -> BTreeSet<usize> {
    let mut roots: Vec<usize> = Vec::with_capacity(dockerfile.stages.len());
    for (index, stage) in dockerfile.stages.iter().enumerate() {
        roots.push(if let Base::Stage(parent) = stage.base { roots[parent] } else { index });
    }
    let by_name = |root: usize| {
        let base = &dockerfile.stages[root].base;
        matches!(base, Base::Image(_)) && !has_bare_environment(Some(base))
    };
    let root_of = |index| roots.get(dockerfile.stage_of(index)?).copied().filter(|root| by_name(*root));
    let instructions = dockerfile.instructions.iter().enumerate();
    let open = instructions.filter(|(index, instruction)| uses_open_variables(dockerfile, policy, *index, instruction));
    open.filter_map(|(index, _)| root_of(index)).collect()
}

fn uses_open_variables(dockerfile: &Dockerfile, policy: &Policy, index: usize, instruction: &Instruction) -> bool {
    let counts = |variable: &Undefined| !variable.guarded || policy.profile == Profile::Buildkit;
    let flags = instruction.flags.iter().filter_map(|flag| flag.value.as_ref());
    let pairs = instruction.pairs().iter().flat_map(|pair| std::iter::once(&pair.name).chain(&pair.value));
    let mut words = instruction.words().iter().chain(flags).chain(pairs);
    !instruction.is(Keyword::From)
        && !instruction.on_build
        && (words.any(|word| word.undefined.iter().any(counts))
            || dockerfile.undefined_in_heredocs(index).iter().any(counts))
}
