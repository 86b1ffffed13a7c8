//! `migrate`: from where to where, and how; its `image` nodes are [`super::image`]'s.

use super::{Names, arguments, image};
use crate::diag::{Spanned, say};
use crate::migrate::{Attestations, Migration, Prune, Referrers, Verify};
use crate::project::kdl::{Child, Cursor, Fault, Literal, Shape};

pub(super) static MIGRATE: Shape =
    Shape::new("migrate", "migrate \"hub\" to=\"swr\" { image \"library/nginx\" tags=\"1.27\"; }")
        .takes_many(&[arguments::SOURCE])
        .properties(&["to"])
        .required(&["to"])
        .children(&[
            Child::many(&image::IMAGE).required(),
            Child::once(&ATTESTATIONS),
            Child::once(&MISSING_ONLY),
            Child::once(&ACCEPT_EQUIVALENT),
            Child::once(&REFERRERS),
            Child::once(&PRUNE),
            Child::once(&RETRIES),
            Child::once(&VERIFY),
        ]);

static ATTESTATIONS: Shape = Shape::new("attestations", "attestations \"drop\"").takes(&[arguments::KEEP_OR_DROP]);
static MISSING_ONLY: Shape = Shape::new("missing-only", "missing-only true").takes(&[arguments::TRUE_OR_FALSE]);
static ACCEPT_EQUIVALENT: Shape =
    Shape::new("accept-equivalent", "accept-equivalent true").takes(&[arguments::TRUE_OR_FALSE]);
static REFERRERS: Shape = Shape::new("referrers", "referrers true").takes_many(&[arguments::TRUE_FALSE_OR_TYPES]);
static PRUNE: Shape =
    Shape::new("prune", "prune true max-delete=5").takes(&[arguments::TRUE_OR_FALSE]).properties(&["max-delete"]);
static RETRIES: Shape = Shape::new("retries", "retries 3").takes(&[arguments::NUMBER]);
static VERIFY: Shape = Shape::new("verify", "verify \"digest\"").takes(&[arguments::NONE_DIGEST_OR_PULL]);

const MOST_RETRIES: u32 = 10;
/// A rule that was narrowed by mistake shows as many deletions.
const USUAL_DELETIONS: usize = 10;
const MOST_DELETIONS: u32 = 100_000;

pub(super) fn read(cursor: Cursor, names: &Names) -> Option<Migration> {
    let source = cursor.argument(0).and_then(|text| names.registry(cursor, text));
    let targets = targets(cursor, names);
    let images: Vec<_> = cursor.children("image").map(image::read).collect();
    let attestations = cursor.child("attestations").map(attestations).unwrap_or_default();
    let missing_only = cursor.child("missing-only").and_then(flag).unwrap_or(false);
    let accept_equivalent = cursor.child("accept-equivalent").and_then(flag).unwrap_or(false);
    let referrers = cursor.child("referrers").and_then(referrers);
    let prune = cursor.child("prune").and_then(prune);
    let retries = cursor.child("retries").and_then(|child| child.number(child.value(0)?, 0..=MOST_RETRIES));
    let verify = cursor.child("verify").map(verify).unwrap_or_default();
    Some(Migration {
        source: source?,
        targets,
        images: images.into_iter().collect::<Option<_>>()?,
        attestations,
        missing_only,
        accept_equivalent,
        referrers,
        prune,
        retries: retries.unwrap_or(Migration::DEFAULT_RETRIES),
        verify,
        span: cursor.header(),
    })
}

fn flag(cursor: Cursor) -> Option<bool> {
    cursor.flag(cursor.value(0)?)
}

fn attestations(cursor: Cursor) -> Attestations {
    let words = [("keep", Attestations::Keep), ("drop", Attestations::Drop)];
    let word = cursor.argument(0).and_then(|text| cursor.word(text, &say!("choice", "选择"), &words));
    word.map_or(Attestations::default(), |word| word.value)
}

/// `true`, `false`, or artifact types.
fn referrers(cursor: Cursor) -> Option<Spanned<Referrers>> {
    let first = cursor.value(0)?;
    let referrers = if let Literal::Text(_) = first.value {
        Referrers::Types(cursor.arguments(0).into_iter().map(|kind| kind.value.to_owned()).collect())
    } else if cursor.flag(first)? {
        Referrers::Everything
    } else {
        return None;
    };
    Some(Spanned::new(referrers, cursor.header()))
}

fn prune(cursor: Cursor) -> Option<Prune> {
    let most = cursor.property("max-delete").and_then(|value| cursor.number(value, 1..=MOST_DELETIONS));
    let max_delete = most.and_then(|most| usize::try_from(most).ok()).unwrap_or(USUAL_DELETIONS);
    flag(cursor)?.then_some(Prune { max_delete })
}

fn verify(cursor: Cursor) -> Verify {
    let words = [("none", Verify::None), ("digest", Verify::Digest), ("pull", Verify::Pull)];
    let word = cursor.argument(0).and_then(|text| cursor.word(text, &say!("choice", "选择"), &words));
    word.map_or(Verify::default(), |word| word.value)
}

/// `to` and the arguments after the source, in the order of the file.
fn targets(cursor: Cursor, names: &Names) -> Vec<Spanned<String>> {
    let mut texts: Vec<Spanned<&str>> = cursor.text_of("to").into_iter().chain(cursor.arguments(1)).collect();
    texts.sort_by_key(|text| text.span);
    let mut targets: Vec<Spanned<String>> = Vec::new();
    for target in texts.into_iter().filter_map(|text| names.registry(cursor, text)) {
        if let Some(first) = targets.iter().find(|first| first.value == target.value) {
            let fault = Fault::new(
                "duplicate-target",
                say!("`{target}` is a target twice", "`{target}` 两次作为目标", target = target.value),
            );
            cursor.add(
                fault
                    .at(target.span, say!("again", "又一次"))
                    .at(first.span, say!("first here", "第一次在这里"))
                    .help(say!("keep one of them", "只保留一个")),
            );
        }
        targets.push(target);
    }
    targets
}
