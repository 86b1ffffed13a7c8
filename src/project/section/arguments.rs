//! What the arguments of nodes are called in messages.

use crate::diag::{Wording, say};

pub(super) const KIND: &Wording = &say!("kind", "类型");
pub(super) const VALUE: &Wording = &say!("value", "值");
pub(super) const PATTERN: &Wording = &say!("pattern", "模式");
pub(super) const PATH: &Wording = &say!("path", "路径");
pub(super) const WORD: &Wording = &say!("word", "取值");
pub(super) const NAME: &Wording = &say!("name", "名字");
pub(super) const LEVEL: &Wording = &say!("level", "级别");
pub(super) const LABEL: &Wording = &say!("label", "标签名");
pub(super) const MODE: &Wording = &say!("mode", "模式");
pub(super) const RULE: &Wording = &say!("rule", "规则");
pub(super) const REPOSITORY: &Wording = &say!("repository", "仓库");
pub(super) const NUMBER: &Wording = &say!("number", "数字");
pub(super) const PLATFORM: &Wording = &say!("platform", "平台");
pub(super) const SOURCE: &Wording = &say!("source", "源");
pub(super) const REGISTRY: &Wording = &say!("registry", "镜像仓库");
pub(super) const IMAGE: &Wording = &say!("image", "镜像");
pub(super) const ZONE_FILE: &Wording = &say!("zone file", "区域文件");
pub(super) const NAME_SERVER: &Wording = &say!("name server", "域名服务器");
pub(super) const WAY: &Wording = &say!("way", "方式");
pub(super) const HOST: &Wording = &say!("host", "主机名");
pub(super) const ADDRESS: &Wording = &say!("address", "地址");
pub(super) const GLOB: &Wording = &say!("glob", "通配模式");
pub(super) const TRUE_OR_FALSE: &Wording = &say!("choice (`true` or `false`)", "选择（`true` 或 `false`）");
pub(super) const KEEP_OR_DROP: &Wording = &say!("choice (`keep` or `drop`)", "选择（`keep` 或 `drop`）");
pub(super) const NONE_DIGEST_OR_PULL: &Wording =
    &say!("choice (`none`, `digest` or `pull`)", "选择（`none`、`digest` 或 `pull`）");
pub(super) const TRUE_FALSE_OR_TYPES: &Wording =
    &say!("choice (`true`, `false` or artifact types)", "选择（`true`、`false` 或制品类型）");
pub(super) const GATED: &Wording = &say!("`all`, `none` or registry", "`all`、`none` 或镜像仓库");
pub(super) const PLACE: &Wording =
    &say!("place (`host[:port]` or `oci-layout:DIR`)", "位置（`host[:port]` 或 `oci-layout:DIR`）");
