//! Why an image cannot be rewritten, in words for people.

use super::MAX_DEPTH;
use crate::diag::{Wording, say};
use crate::image::{Descriptor, Digest, ManifestError, MediaType, Platform};

/// Why an image cannot be rewritten as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.wording().english())]
pub enum RewriteError {
    Manifest(#[from] ManifestError),
    MissingChild(Digest),
    NoSuchPlatform(String),
    OtherPlatform {
        found: Platform,
        wanted: String,
    },
    UnknownPlatform(Digest),
    Artifact {
        digest: Digest,
        config: MediaType,
    },
    Layer {
        digest: Digest,
        layer: MediaType,
    },
    /// An index within an index.
    Nested(Digest),
    /// An index of blobs.
    NoManifest(Descriptor),
    /// Neither the index nor the image itself says what it runs on.
    Homeless(Digest),
    TooDeep,
}

impl RewriteError {
    #[must_use]
    pub fn wording(&self) -> Wording {
        match self {
            Self::Manifest(error) => error.wording(),
            Self::MissingChild(child) => {
                say!("child manifest {child} of the index is missing", "缺少索引的子清单 {child}", child)
            }
            Self::NoSuchPlatform(wanted) => {
                say!("no child of the index is for {wanted}", "索引里没有 {wanted} 的子清单", wanted)
            }
            Self::OtherPlatform { found, wanted } => say!(
                "the image is for {found} alone, not for {wanted}",
                "镜像只适用于 {found}，不适用于 {wanted}",
                found,
                wanted
            ),
            Self::UnknownPlatform(config) => say!(
                "the config {config} does not say which platform the image is for",
                "配置 {config} 没有写明镜像适用的平台",
                config
            ),
            Self::Artifact { digest, config } => say!(
                "manifest {digest} has the config type `{config}`: an artifact, which Docker media types cannot hold",
                "清单 {digest} 的配置类型是 `{config}`：这是制品，Docker 媒体类型无法表示",
                digest,
                config
            ),
            Self::Layer { digest, layer } => say!(
                "manifest {digest} has a layer of type `{layer}`, which Docker media types cannot name",
                "清单 {digest} 有 `{layer}` 类型的层，Docker 媒体类型无法表示",
                digest,
                layer
            ),
            Self::Nested(index) => say!(
                "the index names another index, {index}, which Docker's manifest lists cannot",
                "索引引用了另一个索引 {index}，Docker 的清单列表不能这样做",
                index
            ),
            Self::NoManifest(blob) => say!(
                "the index names {digest} of type `{media_type}`, which is no manifest but a blob, as in a build cache: Docker \
                 media types cannot hold it",
                "索引引用了 `{media_type}` 类型的 {digest}，它不是清单而是数据块（例如构建缓存），Docker 媒体类型无法表示",
                digest = blob.digest,
                media_type = blob.media_type
            ),
            Self::Homeless(image) => say!(
                "neither the index nor the config of {image} says which platform it is for, which Docker's manifest lists have to",
                "索引和 {image} 的配置都没有写明它适用的平台，而 Docker 的清单列表必须写明",
                image
            ),
            Self::TooDeep => {
                say!("indexes are nested deeper than {most} levels", "索引嵌套超过 {most} 层", most = MAX_DEPTH)
            }
        }
    }
}
