//! Asks the registry where it sends who reads a blob, and reads a byte there.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::timeout;

use super::{PathTarget, dns_registry};
use crate::diag::{Wording, say};
use crate::image::{Descriptor, Manifest, ManifestReference, RawManifest, Repository};
use crate::network::judge::{Answer, FetchFailure, Fetched, Leg, StoragePins, Way};
use crate::network::{ProbeImage, Route, hosts, route};
use crate::registry::{Client, Error, Kind, StorageLink};

/// SWR hands out two clusters; a registry that names one so many times in a row is believed.
const MOST_ASKED: usize = 8;
/// Repositories that are looked into for an image.
const MOST_REPOSITORIES: usize = 4;

const NO_IMAGE: Wording = say!(
    "none of the repositories that the project names has an image yet, and only a redirect of a blob tells the storage hosts",
    "项目里写明的仓库都还没有镜像，而只有数据块的重定向才会显示存储主机"
);

/// Where the registry sends who reads a blob.
pub(super) enum Storage {
    /// It could not be asked for one: why.
    Unknown(Wording),
    /// The registry hands it out.
    Itself,
    /// A link to each storage host, in the order in which they were seen, and how often was asked.
    Links { links: Vec<StorageLink>, asked: usize },
}

/// Asks for a blob until two storage hosts are known.
pub(super) async fn find(target: &PathTarget) -> Storage {
    let limit = target.limits.storage;
    match timeout(limit, ask(target)).await {
        Ok(storage) => storage,
        Err(_) => Storage::Unknown(say!(
            "the registry gave no blob's place within {seconds} s",
            "镜像仓库在 {seconds} 秒内没有给出数据块的位置",
            seconds = limit.as_secs_f32()
        )),
    }
}

async fn ask(target: &PathTarget) -> Storage {
    let (repository, blob) = match sample(target).await {
        Ok(Some(found)) => found,
        Ok(None) => return Storage::Unknown(NO_IMAGE),
        Err(error) => return Storage::Unknown(error.problem().message),
    };
    let mut links: BTreeMap<String, (usize, StorageLink)> = BTreeMap::new();
    let mut asked = 0;
    while asked < MOST_ASKED && links.len() < 2 {
        match target.client.blob_storage(&repository, &blob.digest).await {
            Ok(Some(link)) => {
                links.entry(link.host().to_owned()).or_insert((asked, link));
            }
            Ok(None) => return Storage::Itself,
            Err(error) if links.is_empty() => return Storage::Unknown(error.problem().message),
            Err(_) => break,
        }
        asked += 1;
    }
    let mut links: Vec<(usize, StorageLink)> = links.into_values().collect();
    links.sort_by_key(|(order, _)| *order);
    Storage::Links { links: links.into_iter().map(|(_, link)| link).collect(), asked }
}

/// The smallest blob of an image: the declared one, or one of a repository that the migrations name.
async fn sample(target: &PathTarget) -> Result<Option<(Repository, Descriptor)>, Error> {
    if let Some(ProbeImage { repository, reference }) = target.probe_image() {
        let blob = smallest_blob(&target.client, repository, reference).await?;
        return Ok(blob.map(|blob| (repository.clone(), blob)));
    }
    let (mut seen, mut refused) = (BTreeSet::new(), None);
    let names = target.access.iter().map(|(repository, _)| repository).filter(|name| seen.insert(*name));
    for repository in names.take(MOST_REPOSITORIES) {
        match first_blob(&target.client, repository).await {
            Ok(Some(blob)) => return Ok(Some((repository.clone(), blob))),
            Ok(None) => {}
            // The next one may be there, and ours to read.
            Err(error) if matches!(error.kind(), Kind::MissingOrganization | Kind::Denied) => {
                refused.get_or_insert(error);
            }
            Err(error) => return Err(error),
        }
    }
    refused.map_or(Ok(None), Err)
}

async fn first_blob(client: &Client, repository: &Repository) -> Result<Option<Descriptor>, Error> {
    let tags = client.tags(repository).await?.map(|listed| listed.names).unwrap_or_default();
    let Some(tag) = tags.into_iter().next() else { return Ok(None) };
    smallest_blob(client, repository, &ManifestReference::Tag(tag)).await
}

async fn smallest_blob(
    client: &Client,
    repository: &Repository,
    reference: &ManifestReference,
) -> Result<Option<Descriptor>, Error> {
    let manifest = client.manifest(repository, reference).await?;
    match manifest.as_ref().and_then(read) {
        Some(Manifest::Index { children, .. }) => {
            let Some(child) = children.into_iter().find(|child| !child.attestation) else { return Ok(None) };
            let child = client.manifest(repository, &ManifestReference::Digest(child.descriptor.digest)).await?;
            Ok(child.as_ref().and_then(read).and_then(smallest))
        }
        manifest => Ok(manifest.and_then(smallest)),
    }
}

fn read(manifest: &RawManifest) -> Option<Manifest> {
    manifest.parse().ok()
}

fn smallest(manifest: Manifest) -> Option<Descriptor> {
    let Manifest::Image { config, layers, .. } = manifest else { return None };
    layers.into_iter().chain([config]).filter(|blob| blob.size > 0).min_by_key(|blob| blob.size)
}

/// How each storage host is reached.
pub(super) async fn legs(target: &PathTarget, links: &[StorageLink]) -> Vec<Leg> {
    join_all(links.iter().map(|link| leg(target, link.host(), link.is_plain_http()))).await
}

/// How a host beside the registry's is reached.
pub(super) async fn leg(target: &PathTarget, host: &str, plain_http: bool) -> Leg {
    let way = match route(&target.environment, host, plain_http) {
        Route::Through(proxy) => Way::Through(proxy),
        Route::Direct(_) => Way::Direct(match host.parse() {
            Ok(address) => Answer::Addresses(vec![address]),
            Err(_) => dns_registry::look_up(target, host).await,
        }),
    };
    Leg { host: host.to_owned(), way }
}

/// Reads a byte from each storage host, all at once.
pub(super) async fn fetch(target: &PathTarget, links: &[StorageLink]) -> Vec<Fetched> {
    let limit = target.limits.fetch;
    join_all(links.iter().map(|link| async move {
        Fetched { host: link.host().to_owned(), outcome: fetch_one(&target.client, link, limit).await }
    }))
    .await
}

async fn fetch_one(client: &Client, link: &StorageLink, limit: Duration) -> Result<(), FetchFailure> {
    match timeout(limit, client.first_byte(link)).await {
        Err(_) => Err(FetchFailure::TimedOut(limit)),
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(match error.status() {
            Some(status) => FetchFailure::Refused(status),
            None => FetchFailure::Broken(error.problem()),
        }),
    }
}

/// Which of the storage hosts the hosts file pins.
pub(super) async fn pins(target: &PathTarget, links: &[StorageLink]) -> StoragePins {
    let path = dns_registry::hosts_path(target);
    let Ok(Ok(text)) = timeout(target.limits.dns, dns_registry::hosts_text(target, path)).await else {
        return StoragePins::default();
    };
    let text = String::from_utf8_lossy(&text);
    let pinned = |link: &StorageLink| {
        let pin = hosts::pins(&text, link.host()).into_iter().next()?;
        Some((link.host().to_owned(), pin.line))
    };
    StoragePins { path: path.to_owned(), lines: links.iter().filter_map(pinned).collect() }
}
