//! The practices of SWR's documents that rules come from.

use crate::diag::{Wording, say};

/// What the practice of this number (1 to 17) asks for.
#[must_use]
pub fn practice(number: u8) -> Option<&'static Wording> {
    PRACTICES.get(usize::from(number).checked_sub(1)?)
}

static PRACTICES: [Wording; 17] = [
    say!("run one process in a container", "一个容器只运行一个进程"),
    say!("do not upgrade packages while building", "构建时不升级软件包"),
    say!("merge like RUNs, split unlike ones", "合并变化频率相同的 RUN，拆开变化频率不同的 RUN"),
    say!("use an image with a specific tag", "使用带明确标签的镜像"),
    say!("delete what is not needed in the image", "删除镜像里不需要的文件"),
    say!("start from a suitable base image", "选择合适的基础镜像"),
    say!("set WORKDIR and CMD", "设置 WORKDIR 和 CMD"),
    say!("use ENTRYPOINT where it helps", "在合适的地方使用 ENTRYPOINT"),
    say!("end the entrypoint's script with exec", "在入口脚本的末尾使用 exec"),
    say!("prefer COPY to ADD", "优先使用 COPY 而不是 ADD"),
    say!("order COPY and RUN by how often they change", "按变化频率安排 COPY 与 RUN 的顺序"),
    say!("set default variables, ports and volumes", "设置默认的环境变量、端口和数据卷"),
    say!("declare ports with EXPOSE", "用 EXPOSE 声明端口"),
    say!("keep data in a VOLUME", "用 VOLUME 保存数据"),
    say!("describe the image with LABEL", "用 LABEL 描述镜像"),
    say!("check the container with HEALTHCHECK", "用 HEALTHCHECK 检查容器"),
    say!("write a .dockerignore file", "编写 .dockerignore 文件"),
];
