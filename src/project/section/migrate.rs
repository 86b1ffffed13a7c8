//! `migrate`: from where to where, and how; its `image` nodes are [`super::image`]'s.

use super::{Names, image};
use crate::diag::Spanned;
use crate::migrate::{Attestations, Migration};
use crate::project::kdl::{Child, Cursor, Fault, Shape};

pub(super) static MIGRATE: Shape =
    Shape::new("migrate", "migrate \"hub\" to=\"swr\" { image \"library/nginx\" tags=\"1.27\"; }")
        .takes_many(&["source"])
        .properties(&["to"])
        .required(&["to"])
        .children(&[
            Child::many(&image::IMAGE).required(),
            Child::once(&ATTESTATIONS),
            Child::once(&MISSING_ONLY),
            Child::once(&PRUNE),
            Child::once(&RETRIES),
        ]);

static ATTESTATIONS: Shape = Shape::new("attestations", "attestations \"drop\"").takes(&["choice (`keep` or `drop`)"]);
static MISSING_ONLY: Shape = Shape::new("missing-only", "missing-only true").takes(&["choice (`true` or `false`)"]);
static PRUNE: Shape = Shape::new("prune", "prune false")
    .takes(&["choice (`true` or `false`)"])
    .planned(&[("max-delete", "remove it: nothing is ever deleted")]);
static RETRIES: Shape = Shape::new("retries", "retries 3").takes(&["number"]);

const MOST_RETRIES: u32 = 10;

pub(super) fn read(cursor: Cursor, names: &Names) -> Option<Migration> {
    let source = cursor.argument(0).and_then(|text| names.registry(cursor, text));
    let targets = targets(cursor, names);
    let images: Vec<_> = cursor.children("image").map(image::read).collect();
    let attestations = cursor.child("attestations").map(attestations).unwrap_or_default();
    let missing_only = cursor.child("missing-only").and_then(flag).unwrap_or(false);
    if let Some(child) = cursor.child("prune")
        && flag(child) == Some(true)
    {
        child.refuse("deleting at the target", child.header(), "write `prune false` and delete by hand");
    }
    let retries = cursor.child("retries").and_then(|child| child.number(child.value(0)?, 0..=MOST_RETRIES));
    Some(Migration {
        source: source?,
        targets,
        images: images.into_iter().collect::<Option<_>>()?,
        attestations,
        missing_only,
        retries: retries.unwrap_or(Migration::DEFAULT_RETRIES),
        span: cursor.header(),
    })
}

fn flag(cursor: Cursor) -> Option<bool> {
    cursor.flag(cursor.value(0)?)
}

fn attestations(cursor: Cursor) -> Attestations {
    let words = [("keep", Attestations::Keep), ("drop", Attestations::Drop)];
    let word = cursor.argument(0).and_then(|text| cursor.word(text, "choice", &words, &[]));
    word.map_or(Attestations::default(), |word| word.value)
}

/// `to` and the arguments after the source, in the order of the file.
fn targets(cursor: Cursor, names: &Names) -> Vec<Spanned<String>> {
    let mut texts: Vec<Spanned<&str>> = cursor.text_of("to").into_iter().chain(cursor.arguments(1)).collect();
    texts.sort_by_key(|text| text.span);
    let mut targets: Vec<Spanned<String>> = Vec::new();
    for target in texts.into_iter().filter_map(|text| names.registry(cursor, text)) {
        if let Some(first) = targets.iter().find(|first| first.value == target.value) {
            let fault = Fault::new("duplicate-target", format!("`{}` is a target twice", target.value));
            cursor.add(fault.at(target.span, "again").at(first.span, "first here").help("keep one of them"));
        }
        targets.push(target);
    }
    targets
}
