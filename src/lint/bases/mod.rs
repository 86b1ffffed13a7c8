//! What registries say of the images that Dockerfiles name, as facts that lint is handed: nobody is asked here. Without
//! them, or for images that they do not tell of, there are no findings that need them.

mod questions;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use questions::{BaseQuestions, base_questions};

pub(super) use questions::{Pulled, pulled, unjudged, variables_of};

use crate::diag::Diagnostic;
use crate::image::{Platform, Reference};

/// What is known of images, by their normalized names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BaseImages(HashMap<Reference, BaseImage>);

/// What a registry says of an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseImage {
    pub offer: Offer,
    /// Names that its config gives a value to, for the platforms that were asked for; see [`BaseQuestions`].
    pub variables: BTreeMap<Option<Platform>, BTreeSet<String>>,
}

/// What an image is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// An index: the builder takes the one of these that it wants, or stops. Without doubles, in their order.
    Each(Vec<Platform>),
    /// A single image: the builder takes it, whatever it wants.
    Only(Platform),
}

/// What came of asking.
#[derive(Clone, Debug, Default)]
pub struct BaseAnswers {
    pub images: BaseImages,
    /// Which registries said nothing, and why.
    pub notes: Vec<Diagnostic>,
}

/// Asks registries. It is called at most once a run, with all that is wanted, and not where nothing is.
pub type AskBases<'a> = &'a mut dyn FnMut(BaseQuestions) -> BaseAnswers;

impl BaseImages {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn get(&self, image: &Reference) -> Option<&BaseImage> {
        self.0.get(image)
    }
}

impl FromIterator<(Reference, BaseImage)> for BaseImages {
    fn from_iter<T: IntoIterator<Item = (Reference, BaseImage)>>(images: T) -> Self {
        Self(images.into_iter().collect())
    }
}

impl Offer {
    /// Whether a build for `platform` gets an image that runs there.
    #[must_use]
    pub fn serves(&self, platform: &Platform) -> bool {
        self.platforms().iter().any(|offered| platform.runs(offered))
    }

    #[must_use]
    pub fn platforms(&self) -> &[Platform] {
        match self {
            Self::Each(platforms) => platforms,
            Self::Only(platform) => std::slice::from_ref(platform),
        }
    }
}
