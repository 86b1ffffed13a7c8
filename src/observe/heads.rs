//! What tags hold: one request each, all of them at the same time, and none at targets that hold no tag at all or whose
//! vendor's list tells. It is a HEAD, except at a source whose manifest is going to be read in any case.

use std::collections::{BTreeMap, HashMap};

use futures_util::stream::{self, StreamExt};
use tokio::sync::OnceCell;

use super::CONCURRENCY;
use super::lists::Listed;
use super::reach::Reach;
use crate::diag::Problem;
use crate::image::{Descriptor, Repository};
use crate::plan::{Location, Observed, Request};
use crate::store::{Store, read_tagged};

pub(super) type Heads = HashMap<Location, Found>;

/// What a tag holds; nothing where there is no such tag.
type Found = Observed<Option<Descriptor>>;

/// What both sides of `requests` hold; what is `known` already is not asked for, nor are targets that are `listed`.
pub(super) async fn heads(reach: &Reach<'_>, requests: &[&Request], known: Heads, listed: &Listed) -> Heads {
    let unknown = |location: &&Location| !known.contains_key(*location);
    let unlisted = |target: &&Location| unknown(target) && !listed.contains_key(*target);
    let targets = || requests.iter().map(|request| &request.target).filter(unlisted);
    let sources = || requests.iter().map(|request| &request.source).filter(unknown);
    let asking = Asking {
        reach,
        known: &known,
        scouts: Scout::of(targets()),
        vanguards: Vanguard::of(sources()),
        wanted_at: wanted_at(requests),
    };
    let sides = targets().map(|target| (target, Side::Target)).chain(sources().map(|source| (source, Side::Source)));
    let asked: Heads = stream::iter(alternating(sides.collect()))
        .map(async |(location, side)| {
            let found = match side {
                Side::Source => asking.source(location).await,
                Side::Target => asking.target(location).await,
            };
            (location.clone(), found)
        })
        .buffer_unordered(CONCURRENCY)
        .collect()
        .await;
    known.into_iter().chain(asked).collect()
}

enum Side {
    Source,
    Target,
}

/// Where each source goes to.
fn wanted_at<'a>(requests: &[&'a Request]) -> HashMap<&'a Location, Vec<&'a Location>> {
    let mut wanted: HashMap<_, Vec<_>> = HashMap::new();
    for request in requests {
        wanted.entry(&request.source).or_default().push(&request.target);
    }
    wanted
}

/// What decides how a tag is asked for.
struct Asking<'a> {
    reach: &'a Reach<'a>,
    known: &'a Heads,
    scouts: HashMap<Place<'a>, Scout<'a>>,
    vanguards: HashMap<&'a String, Vanguard<'a>>,
    /// Where each source goes to.
    wanted_at: HashMap<&'a Location, Vec<&'a Location>>,
}

impl Asking<'_> {
    async fn target(&self, location: &Location) -> Found {
        match (self.reach.target(&location.registry), self.scouts.get(&place(location))) {
            (Err(why), _) => Observed::Unknown { why },
            (Ok(store), Some(scout)) => scout.ask(self.reach, &store, location).await,
            (Ok(store), None) => head(&store, location).await,
        }
    }

    async fn source(&self, location: &Location) -> Found {
        let store = match self.reach.source(&location.registry) {
            Err(why) => return Observed::Unknown { why },
            Ok(store) => store,
        };
        let vanguard = &self.vanguards[&location.registry];
        if vanguard.tag == location {
            return vanguard.ask(store).await;
        }
        let by_tag = location.reference.tag().is_some();
        if by_tag && self.is_missed(location).await && !vanguard.finds_pulls_counted(store).await {
            let read = read_tagged(store, &location.repository, &location.reference, &self.reach.reads).await;
            match read {
                Ok(read) => return Observed::Known(read.map(|manifest| manifest.descriptor())),
                Err(error) if error.temporary => return Observed::Unknown { why: error.problem },
                // A tag that is there and cannot be read: its image tells why.
                Err(_) => {}
            }
        }
        head(store, location).await
    }

    /// Is a target known to have nothing where it is to have what this source holds? Then that is read in any case.
    async fn is_missed(&self, source: &Location) -> bool {
        for target in &self.wanted_at[source] {
            let missed = match (self.known.get(*target), self.scouts.get(&place(target))) {
                (Some(found), _) => matches!(found, Observed::Known(None)),
                (None, Some(scout)) => match self.reach.target(&target.registry) {
                    Ok(store) => scout.finds_nothing(self.reach, &store, target).await,
                    Err(_) => false,
                },
                (None, None) => false,
            };
            if missed {
                return true;
            }
        }
        false
    }
}

async fn head(store: &Store, location: &Location) -> Found {
    store.head_manifest(&location.repository, &location.reference).await.map_err(Problem::from).into()
}

type Place<'a> = (&'a String, &'a Repository);

fn place(location: &Location) -> Place<'_> {
    (&location.registry, &location.repository)
}

/// The first tag of several that are wanted in a repository of a target. Where it is missing, the repository may be empty:
/// its list tells, and nobody asks for the others. Each tag is looked at again before it is written.
struct Scout<'a> {
    tag: &'a Location,
    /// What it holds, and whether there is no tag at all.
    found: OnceCell<(Found, bool)>,
}

impl<'a> Scout<'a> {
    fn of(targets: impl Iterator<Item = &'a Location>) -> HashMap<Place<'a>, Self> {
        let mut tags: HashMap<_, Vec<&Location>> = HashMap::new();
        for target in targets.filter(|target| target.reference.tag().is_some()) {
            tags.entry(place(target)).or_default().push(target);
        }
        let several = tags.into_iter().filter(|(_, tags)| tags.len() > 1);
        let first = several.filter_map(|(place, tags)| Some((place, tags.into_iter().min()?)));
        first.map(|(place, tag)| (place, Self { tag, found: OnceCell::new() })).collect()
    }

    async fn ask(&self, reach: &Reach<'_>, store: &Store, location: &Location) -> Found {
        match self.report(reach, store).await {
            (found, _) if self.tag == location => found.clone(),
            (_, true) if location.reference.tag().is_some() => Observed::Known(None),
            _ => head(store, location).await,
        }
    }

    /// As far as that is known without asking for more than this tag.
    async fn finds_nothing(&self, reach: &Reach<'_>, store: &Store, location: &Location) -> bool {
        let (found, empty) = self.report(reach, store).await;
        *empty && location.reference.tag().is_some() || self.tag == location && matches!(found, Observed::Known(None))
    }

    async fn report(&self, reach: &Reach<'_>, store: &Store) -> &(Found, bool) {
        // Boxed: many wait for it, one asks.
        let look = || {
            Box::pin(async {
                let found = head(store, self.tag).await;
                let empty = matches!(found, Observed::Known(None)) && reach.is_empty(place(self.tag)).await;
                (found, empty)
            })
        };
        self.found.get_or_init(look).await
    }
}

/// The first tag that is wanted of a source. Its HEAD tells whether the registry counts the manifests that are read, as
/// Docker Hub does: then the plan says how many are left before it reads any.
struct Vanguard<'a> {
    tag: &'a Location,
    found: OnceCell<Found>,
}

impl<'a> Vanguard<'a> {
    /// By registry.
    fn of(sources: impl Iterator<Item = &'a Location>) -> HashMap<&'a String, Self> {
        let mut first = HashMap::<_, &Location>::new();
        for source in sources {
            first.entry(&source.registry).and_modify(|tag| *tag = source.min(tag)).or_insert(source);
        }
        first.into_iter().map(|(registry, tag)| (registry, Self { tag, found: OnceCell::new() })).collect()
    }

    async fn ask(&self, store: &Store) -> Found {
        self.found.get_or_init(|| Box::pin(head(store, self.tag))).await.clone()
    }

    async fn finds_pulls_counted(&self, store: &Store) -> bool {
        self.ask(store).await;
        store.pulls().is_some()
    }
}

/// The same locations, one of each repository after the other: all registries have something to do from the start, and
/// scouts go ahead.
fn alternating<T>(locations: BTreeMap<&Location, T>) -> impl Iterator<Item = (&Location, T)> {
    let (mut numbers, mut ordered) = (HashMap::new(), Vec::with_capacity(locations.len()));
    for (location, value) in locations {
        let number = numbers.entry(place(location)).or_insert(0_usize);
        ordered.push((*number, location, value));
        *number += 1;
    }
    ordered.sort_by_key(|(number, ..)| *number);
    ordered.into_iter().map(|(_, location, value)| (location, value))
}
