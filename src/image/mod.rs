//! Images as the distribution and image specifications name them. Names are built only by their parsers; manifests
//! keep their exact bytes. No I/O.

mod blob;
mod content;
mod created;
mod digest;
mod listed;
mod manifest;
mod media_type;
mod name;
mod platform;
pub mod referrers;
pub mod rewrite;
mod variables;

pub use blob::{BlobError, BlobStream, verified, verified_until};
pub use content::{layers_in_config, recompressed_images, same_content};
pub use created::created_in_config;
pub use digest::{Algorithm, Digest, Hasher};
pub use listed::Listed;
pub use manifest::{Child, Descriptor, Manifest, ManifestError, OciOnly, RawManifest};
pub use media_type::MediaType;
pub use name::{ManifestReference, NameError, PinnedReference, Reference, RegistryHost, Repository, Tag};
pub use platform::Platform;
pub use variables::variables_in_config;
