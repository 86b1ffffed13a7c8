//! Layers that are larger than a target may take.

use std::collections::BTreeSet;

use super::expand::Request;
use super::inventory::{Inventory, Observed};
use crate::diag::{Diagnostic, Problem, say};
use crate::image::Descriptor;
use crate::image::rewrite::ImageTree;
use crate::project::{LayerLimits, Project};

/// Why an image cannot be written, where one of its layers is larger than every document allows.
pub(super) fn too_large(project: &Project, request: &Request, image: &ImageTree) -> Option<Problem> {
    let limits = limits(project, request)?;
    let layer = layers(image).find(|layer| layer.size > limits.most)?;
    let message = say!(
        "{image} has a layer of {size} ({digest}), and SWR takes none over {most}",
        "{image} 有一个 {size} 的层（{digest}），SWR 不接受超过 {most} 的层",
        image = request.source,
        size = gigabytes(layer.size),
        digest = layer.digest.short(),
        most = gigabytes(limits.most)
    );
    Some(Problem::new("layer-too-large", message).with_help(say!(
        "split the layer into several instructions of the Dockerfile",
        "在 Dockerfile 里用几条指令把这个层拆开"
    )))
}

/// Warnings of layers that some documents allow and some do not, once for each place in the project file and layer.
#[must_use]
pub fn large_layers(project: &Project, inventory: &Inventory) -> Vec<Diagnostic> {
    let (mut found, mut told) = (Vec::new(), BTreeSet::new());
    for request in &inventory.expansion.requests {
        let Some(LayerLimits { sure, most }) = limits(project, request) else { continue };
        let Some(facts) = inventory.syncs.get(&request.target) else { continue };
        let Some(Ok(image)) = &facts.image else { continue };
        if matches!(&facts.target, Observed::Known(Some(present)) if image.digest() == Some(present)) {
            continue;
        }
        for layer in layers(image).filter(|layer| layer.size > sure && layer.size <= most) {
            if told.insert((request.span, &layer.digest)) {
                found.push(warning(project, request, layer, most));
            }
        }
    }
    found
}

fn warning(project: &Project, request: &Request, layer: &Descriptor, most: u64) -> Diagnostic {
    let message = say!(
        "{image} has a layer of {size} ({digest}): SWR takes up to {most} by its newer documents, up to 10 GB by older ones",
        "{image} 有一个 {size} 的层（{digest}）：按 SWR 较新的文档上限是 {most}，按较旧的文档是 10 GB",
        image = request.source,
        size = gigabytes(layer.size),
        digest = layer.digest.short(),
        most = gigabytes(most)
    );
    Diagnostic::warning("large-layer", message)
        .at(&project.source, request.span, say!("selected here", "在这里选中"))
        .with_help(say!(
            "it is tried; if SWR refuses it, split the layer into several instructions of the Dockerfile",
            "会尝试写入；如果 SWR 拒绝，在 Dockerfile 里用几条指令把这个层拆开"
        ))
}

fn limits(project: &Project, request: &Request) -> Option<LayerLimits> {
    project.registry(&request.target.registry)?.provider.layer_limits()
}

fn layers(image: &ImageTree) -> impl Iterator<Item = &Descriptor> {
    image.blobs.iter().chain(&image.recompress)
}

/// With one digit behind the point.
fn gigabytes(bytes: u64) -> String {
    format!("{}.{} GB", bytes / 1_000_000_000, bytes % 1_000_000_000 / 100_000_000)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use super::*;
    use crate::diag::Source;
    use crate::image::{Digest, MediaType, RawManifest};
    use crate::plan::{Action, Listings, Plan, Scope, SyncFacts, expand, plan};

    const FILE: &str = r#"
project "p" version=1
registry "src" "src.example"
registry "dst" "dst.example"
registry "swr" "swr.cn-north-4.myhuaweicloud.com" { provider "swr"; organization "portal"; }
migrate "src" to="swr" "dst" { image "web" tags="1"; }
"#;

    /// The plan of an image with one layer of so many bytes, and the warnings.
    fn planned(size: u64) -> (Plan, Vec<String>) {
        let project = Project::parse(Arc::new(Source::new("swr.kdl", FILE)), PathBuf::from(".")).unwrap().0;
        let root = RawManifest::new(Some(MediaType::DockerManifest.as_str()), "{}");
        let layer = Descriptor { media_type: MediaType::DockerLayerGzip, digest: Digest::sha256(b"layer"), size };
        let image = ImageTree {
            manifests: vec![root.clone()],
            blobs: vec![layer],
            recompress: vec![],
            losses: vec![],
            reads: BTreeSet::new(),
        };
        let facts = SyncFacts {
            source: Observed::Known(Some(root.descriptor())),
            target: Observed::Known(None),
            image: Some(Ok(image)),
            equivalent: false,
            unsigned: None,
            referrers_unknown: None,
        };
        let expansion = expand(&project, &Listings::default());
        let syncs = expansion.requests.iter().map(|request| (request.target.clone(), facts.clone())).collect();
        let inventory = Inventory { expansion, syncs, ..Inventory::default() };
        let warnings =
            large_layers(&project, &inventory).into_iter().map(|warning| warning.problem.message.english().to_owned());
        (plan(&project, &inventory, &Scope::default()), warnings.collect())
    }

    #[test]
    fn what_some_documents_allow_is_tried_with_a_warning_and_what_none_allows_is_blocked() {
        let blocked = |plan: &Plan| plan.count(Action::Blocked);
        let (plan, warnings) = planned(10_000_000_000);
        assert_eq!((blocked(&plan), warnings), (0, vec![]));
        let (plan, warnings) = planned(12_340_000_000);
        assert_eq!((blocked(&plan), warnings.len()), (0, 1));
        assert!(warnings[0].starts_with("src/web:1 has a layer of 12.3 GB ("), "{warnings:?}");
        let (plan, warnings) = planned((50 << 30) + 1);
        assert_eq!((blocked(&plan), warnings), (1, vec![]), "the other registry takes it");
        let step = plan.steps().iter().find(|step| step.action == Action::Blocked).unwrap();
        assert!(step.reason.english().ends_with("and SWR takes none over 53.6 GB"), "{:?}", step.reason);
    }
}
