//! Every paragraph of the command line's help beside its translation; a test of `help` holds that none is missing.

use crate::diag::{Wording, say};

/// The words that clap puts around what it is told.
pub(super) static WORDS: [Wording; 11] = [
    say!("Usage: ", "用法："),
    // In colours.
    say!("Usage:", "用法："),
    say!("Commands:", "命令："),
    say!("Arguments:", "参数："),
    say!("Options:", "选项："),
    say!("[default: ", "[默认值："),
    say!("[env: ", "[环境变量："),
    say!("[alias: ", "[别名："),
    say!("[aliases: ", "[别名："),
    say!("[possible values: ", "[可选值："),
    say!("[subcommands: ", "[子命令："),
];

pub(super) static TEXTS: [Wording; 110] = [
    // swrctl
    say!(
        "Plan and apply image migrations, Dockerfile policies and network checks for container registries",
        "规划并执行容器镜像迁移、Dockerfile 策略和镜像仓库网络检查"
    ),
    say!(
        "Everything is declared in one project file, swr.kdl. `swrctl plan` lints the Dockerfiles it names, verifies the network path to every registry it uses, compares every image at source and target, and shows what would change. `swrctl apply` carries it out.",
        "一切都声明在一个项目文件 swr.kdl 里。`swrctl plan` 检查其中的 Dockerfile，验证到每个镜像仓库的网络路径，比较源和目标上的每个镜像，并显示将有什么变化。`swrctl apply` 执行这些变化。"
    ),
    say!(
        "Exit code of every command: 0 when all is well, 1 otherwise. `plan` has more to say, see `swrctl plan --help`.",
        "每个命令的退出码：一切正常为 0，否则为 1。`plan` 还有别的退出码，见 `swrctl plan --help`。"
    ),
    say!("The project file", "项目文件"),
    say!("When to use colours; the variable `NO_COLOR` turns them off", "何时使用颜色；变量 `NO_COLOR` 会关闭颜色"),
    say!(
        "Language of findings and explanations; else the one that `LC_ALL`, `LC_MESSAGES` or `LANG` names",
        "消息和说明的语言；不写时由 `LC_ALL`、`LC_MESSAGES` 或 `LANG` 决定"
    ),
    say!("English", "英文"),
    say!("Chinese", "中文"),
    say!("Print help (see more with '--help')", "显示帮助（用 '--help' 查看更多）"),
    say!("Print help (see a summary with '-h')", "显示帮助（用 '-h' 查看摘要）"),
    say!("Print version", "显示版本"),
    // init
    say!(
        "Write a commented starter project file from what this folder holds",
        "根据这个文件夹的内容写一个带注释的初始项目文件"
    ),
    say!(
        "Exit code: 0 when it was written, 1 otherwise. A file that is there stays as it is without --force.",
        "退出码：写成为 0，否则为 1。没有 --force 时，已有的文件保持原样。"
    ),
    say!("Replace a project file that is there", "替换已有的项目文件"),
    // validate
    say!("Check the project file alone: no network, no Dockerfiles", "只检查项目文件：不访问网络，也不读 Dockerfile"),
    say!(
        "Exit code: 0 when the file is valid, perhaps with warnings; 1 otherwise.",
        "退出码：文件有效（可能有警告）为 0，否则为 1。"
    ),
    // plan
    say!("Show what apply would do; changes nothing anywhere", "显示 apply 将做什么；不改变任何东西"),
    say!(
        "Exit code: 0 when all is well, 1 on an error or when a step is blocked. With --detailed-exitcode, 2 when changes are pending and nothing is wrong.",
        "退出码：一切正常为 0，出错或有步骤受阻为 1。使用 --detailed-exitcode 时，没有问题但有待执行的变化为 2。"
    ),
    say!("Print the plan as one JSON document", "把计划输出为一个 JSON 文档"),
    say!("Save the plan for `swrctl apply FILE`", "保存计划，供 `swrctl apply FILE` 使用"),
    say!("Exit with 2 when there are changes to apply", "有待执行的变化时以 2 退出"),
    say!(
        "Only steps whose address matches this glob, and their gates; may be given several times",
        "只包含地址匹配这个通配模式的步骤及其前置检查；可以写多次"
    ),
    say!(
        "No step whose address matches this glob, nor what depends on it; may be given several times",
        "不包含地址匹配这个通配模式的步骤，以及依赖它的步骤；可以写多次"
    ),
    // apply
    say!("Carry out a plan, after asking", "询问之后执行计划"),
    say!(
        "Without PLANFILE, plans first and asks for confirmation. Ctrl-C once finishes what is under way and stops; twice stops at once. Exit code: 0 when every step succeeded, 1 otherwise.",
        "没有 PLANFILE 时，先制定计划再请求确认。按一次 Ctrl-C，完成正在进行的步骤后停止；按两次立即停止。退出码：每一步都成功为 0，否则为 1。"
    ),
    say!(
        "A plan saved by `swrctl plan --out`; applied without asking",
        "由 `swrctl plan --out` 保存的计划；直接执行，不再询问"
    ),
    say!("Do not ask", "不询问"),
    say!(
        "Write every step's verdict, bytes, seconds and retries here: JSON to FILE.json, Markdown to FILE.md",
        "把每一步的结论、字节数、秒数和重试次数写到这里：FILE.json 为 JSON，FILE.md 为 Markdown"
    ),
    say!(
        "The file is there from the first step on and is replaced as a whole, also when steps fail and on Ctrl-C. May be given several times.",
        "从第一步开始就有这个文件，每次整体替换；步骤失败或按下 Ctrl-C 时也一样。可以写多次，每个文件都会写出。"
    ),
    say!(
        "What to read back at the targets after each push, instead of what the project file says",
        "每次推送之后从目标读回什么，代替项目文件里的设置"
    ),
    say!("Nothing: the registry's answer to the push counts", "什么都不读：以镜像仓库对推送的应答为准"),
    say!("The digest that the tag holds", "标签所指的摘要"),
    say!("Every byte of its manifests, config and layers", "清单、配置和层的每个字节"),
    say!(
        "Print events as NDJSON; needs --auto-approve or PLANFILE",
        "以 NDJSON 输出事件；需要 --auto-approve 或 PLANFILE"
    ),
    say!(
        "The bytes of blobs that all registries together may move a second, e.g. 20MiB/s",
        "所有镜像仓库合计每秒可以传输的数据块字节数，例如 20MiB/s"
    ),
    say!(
        "Bytes read and bytes written both count: a blob copied from registry to registry counts twice. One registry is limited with `limit bandwidth=` in its section.",
        "读和写的字节都计算在内：从一个镜像仓库复制到另一个的数据块计两次。单个镜像仓库在它的小节里用 `limit bandwidth=` 限制。"
    ),
    say!(
        "Where large uploads that a run did not end are remembered for the next one, or `none`",
        "把一次运行没有完成的大型上传记在哪里，供下一次使用；或者写 `none`"
    ),
    say!(
        "By default swrctl/uploads.json in the folder for state, ~/.local/state. Only ever a hint: it may be deleted.",
        "默认是状态文件夹 ~/.local/state 里的 swrctl/uploads.json。它只是提示，可以删除。"
    ),
    say!(
        "Go on though a registry is reached by another path than when the plan was made",
        "即使到镜像仓库的路径与制定计划时不同，也继续执行"
    ),
    say!(
        "A plan holds for the paths that it shows: the kind of the addresses, who resolves the name, the proxy, and the key of the certificate. Without this nothing is written when the path of a registry that the plan uses is another.",
        "计划只对它显示的路径有效：地址的类型、由谁解析域名、代理以及证书的密钥。不写这个选项时，只要计划用到的镜像仓库的路径变了，就什么都不写入。"
    ),
    // lint
    say!("Lint Dockerfiles, with or without a project file", "检查 Dockerfile，有没有项目文件都可以"),
    say!(
        "Without PATH: what the `dockerfiles` sections of the project file name, or this folder where there are none. With PATHs and a project file, what a section names gets that section's policy, everything else the default policy (profile swr, fail-on error). Findings go to standard output, their count to standard error.",
        "没有 PATH 时：检查项目文件的 `dockerfiles` 小节所写的文件，没有小节时检查当前文件夹。既有 PATH 又有项目文件时，小节所写的文件采用该小节的策略，其他文件采用默认策略（profile 为 swr，fail-on 为 error）。问题写到标准输出，问题的数量写到标准错误。"
    ),
    say!(
        "Exit code: 0 when no finding reaches --fail-on, 1 otherwise, also when a file cannot be read.",
        "退出码：没有问题达到 --fail-on 为 0，否则为 1；文件无法读取时也为 1。"
    ),
    say!("A file, a folder, or `-` for standard input", "文件、文件夹，或者用 `-` 表示标准输入"),
    say!(
        "A folder is searched for Dockerfile, Dockerfile.*, Dockerfile-*, *.Dockerfile, the same with Containerfile, and what the project file names; what git ignores and what the project file excludes is left out. A file that is named itself is always linted.",
        "在文件夹里查找 Dockerfile、Dockerfile.*、Dockerfile-*、*.Dockerfile，把 Dockerfile 换成 Containerfile 的同类文件，以及项目文件所写的文件；git 忽略的和项目文件排除的文件除外。直接写出的文件总会检查。"
    ),
    say!(
        "Lint standard input as if it were this file; without it, as the Dockerfile of this folder",
        "把标准输入当作这个文件来检查；不写时当作当前文件夹的 Dockerfile"
    ),
    say!("Apply safe fixes to the files, then report what is left", "对文件应用安全的修复，再报告剩下的问题"),
    say!(
        "A fix is safe when the image that is built means the same, but for what the finding is about. With `-`, the fixed file goes to standard output and findings go to standard error.",
        "除了问题本身所涉及的之外，构建出的镜像含义不变，修复才算安全。使用 `-` 时，修复后的文件写到标准输出，问题写到标准错误。"
    ),
    say!(
        "Print what --fix would change as a unified diff; writes nothing",
        "以统一差异格式输出 --fix 将改变的内容；不写任何文件"
    ),
    say!("The exit code is that of the files as they are.", "退出码按文件现在的样子计算。"),
    say!("The rules to start from, instead of what the policy says", "以哪些规则为起点，代替策略里的设置"),
    say!("The 17 practices of SWR's documents", "SWR 文档里的 17 条实践"),
    say!("What hadolint reports by default", "hadolint 默认报告的问题"),
    say!("What BuildKit reports by default", "BuildKit 默认报告的问题"),
    say!("Every rule there is", "全部规则"),
    say!("Only what the project file names", "只用项目文件写出的规则"),
    say!(
        "The level of findings that makes the exit code 1, instead of what the policy says",
        "哪个级别的问题使退出码为 1，代替策略里的设置"
    ),
    say!("Nothing fails but a file that cannot be read", "只有文件无法读取才算失败"),
    say!(
        "Whether the program shellcheck looks at shell text, instead of what the policy says",
        "是否用程序 shellcheck 检查 shell 代码，代替策略里的设置"
    ),
    say!("Where it is installed", "已安装时使用"),
    say!(
        "A Dockerfile with shell text fails where it is not installed",
        "没有安装时，含有 shell 代码的 Dockerfile 算失败"
    ),
    say!("Ask registries about base images", "向镜像仓库查询基础镜像"),
    say!(
        "Which platforms they are for, and which variables they set: wrong-base-platform (BuildKit's `InvalidBaseImagePlatform`) needs to know, and undefined-variable is exact then. Each image is asked for once, with the logins of the project file or else of Docker. A registry that does not answer is a warning and fails nothing.",
        "查询它们适用于哪些平台、设置了哪些变量：wrong-base-platform（BuildKit 的 `InvalidBaseImagePlatform`）需要这些信息，undefined-variable 也因此变得准确。每个镜像只查询一次，使用项目文件里的登录信息，没有时使用 Docker 的登录信息。没有应答的镜像仓库只是一条警告，不会导致失败。"
    ),
    say!("Ask no registry, whatever the policy says", "不查询镜像仓库，不管策略怎么写"),
    say!(
        "What the images are built for, as in `docker build --platform`; several with commas between them",
        "镜像为哪些平台构建，写法与 `docker build --platform` 相同；多个平台用逗号分隔"
    ),
    say!(
        "For FROMs without --platform, where registries are asked; instead of what the policy says.",
        "查询镜像仓库时，用于没有 --platform 的 FROM；代替策略里的设置。"
    ),
    say!("Settings of hadolint to go by instead of a project file", "代替项目文件的 hadolint 设置"),
    say!(
        "Without a project file, .hadolint.yaml of this folder or of the user and the variables `HADOLINT_…` are found as hadolint finds them; the profile is hadolint's then.",
        "没有项目文件时，像 hadolint 一样查找当前文件夹或用户的 .hadolint.yaml 以及变量 `HADOLINT_…`；这时以 hadolint 的规则为起点。"
    ),
    say!(
        "Hold back the findings of this file, instead of what the policy says",
        "不报告这个基线文件里记录的问题，代替策略里的设置"
    ),
    say!("Only findings that it does not know are told, and fail.", "只有它没有记录的问题才会报告，并算作失败。"),
    say!("Show what baselines hold, too, and let it fail", "也显示基线里记录的问题，并算作失败"),
    say!("Write all findings to a baseline, so that they are not told again", "把所有问题写入基线，以后不再报告"),
    say!(
        "To FILE, or to the one of --baseline, or to those that the project file names, or to swr-baseline.json beside the project file or in this folder. What the file says about other Dockerfiles stays.",
        "写入 FILE，或 --baseline 所写的文件，或项目文件所写的基线，或者项目文件旁边或当前文件夹里的 swr-baseline.json。文件里关于其他 Dockerfile 的内容保留。"
    ),
    say!(
        "How findings are written; human unless hadolint's settings say otherwise",
        "问题的输出格式；除非 hadolint 的设置另有说明，否则为 human"
    ),
    say!("With excerpts of the sources", "带有源文件的摘录"),
    say!("One line a finding: its place, level, rule and message", "每个问题一行：位置、级别、规则和消息"),
    say!("One JSON document (schema/lint.schema.json)", "一个 JSON 文档（schema/lint.schema.json）"),
    say!("SARIF 2.1.0", "SARIF 2.1.0（静态分析结果交换格式）"),
    say!("Annotations of GitHub Actions", "GitHub Actions 的注释"),
    say!("GitLab's code quality report", "GitLab 的代码质量报告"),
    say!("Checkstyle's XML", "Checkstyle 的 XML"),
    say!("JUnit's XML", "JUnit 的 XML"),
    // network
    say!("Check the network paths to the registries alone", "只检查到镜像仓库的网络路径"),
    say!(
        "Makes the checks that `swrctl plan` makes before any sync, and shows each with what was expected, what was seen and what to do. Without NAME, every registry of the project file. Changes nothing anywhere.",
        "执行 `swrctl plan` 在同步之前所做的检查，逐项显示预期、实际和处理办法。没有 NAME 时检查项目文件里的每个镜像仓库。不改变任何东西。"
    ),
    say!(
        "Exit code: 0 when every path is as declared, perhaps with warnings; 1 otherwise.",
        "退出码：每条路径都与声明一致（可能有警告）为 0，否则为 1。"
    ),
    say!("Names of `registry` sections", "`registry` 小节的名字"),
    say!(
        "Only these checks, with commas, and what they need; may be given several times",
        "只做这些检查（以逗号分隔）及其依赖的检查；可以写多次"
    ),
    say!("Print one JSON document (schema/network.schema.json)", "输出一个 JSON 文档（schema/network.schema.json）"),
    // generate
    say!("Print what the cloud's console wants to have pasted", "输出要粘贴到云控制台的内容"),
    say!(
        "endpoint-policy: a VPC endpoint policy that lets through what the project moves, and nothing else. For an endpoint of SWR, the repositories that the migrations read and write. For one of OBS (--service obs), the buckets of both storage clusters, which the registry is asked for: it needs an image there to redirect for.",
        "endpoint-policy：一份 VPC 终端节点策略，只放行项目要搬运的内容。对 SWR 的终端节点，是迁移要读写的仓库；对 OBS 的终端节点（--service obs），是两个存储集群的桶，由镜像仓库给出：那里需要有一个镜像才会重定向。"
    ),
    say!("Exit code: 0, or 1 when there is no policy.", "退出码：0；没有策略时为 1。"),
    say!("What to print", "输出什么"),
    say!("The policy of a VPC endpoint, as JSON", "VPC 终端节点的策略，JSON 格式"),
    say!(
        "Name of a `registry` section of SWR; the only one without it",
        "SWR 的 `registry` 小节的名字；不写时取唯一的那个"
    ),
    say!("The service that the endpoint leads to", "终端节点通向的服务"),
    say!("An interface endpoint: a document of IAM's policy language", "接口型终端节点：IAM 策略语言的文档"),
    say!("A gateway endpoint: a list of statements", "网关型终端节点：语句的列表"),
    say!(
        "A bucket of OBS, instead of asking the registry for them; may be given several times",
        "OBS 的桶，代替向镜像仓库查询；可以写多次"
    ),
    // explain
    say!("Say what a rule or a network check is about", "说明一条规则或一项网络检查"),
    say!("Exit code: 0, or 1 when there is no such rule.", "退出码：0；没有这条规则时为 1。"),
    say!(
        "Name of a rule or a check, what hadolint or BuildKit call it, or a code that lint tells; all are listed without it",
        "规则或检查的名字、hadolint 或 BuildKit 的叫法，或者 lint 消息的代码；不写时列出全部"
    ),
    // graph
    say!("Print the plan's graph of steps", "输出计划的步骤图"),
    say!(
        "Plans first, as `swrctl plan` does. Exit code: 0 when there is a graph, even of blocked steps; 1 otherwise.",
        "先像 `swrctl plan` 一样制定计划。退出码：有图（即使有步骤受阻）为 0，否则为 1。"
    ),
    say!("Graphviz", "Graphviz 格式"),
    say!("Mermaid flowchart", "Mermaid 流程图"),
    // completions, man
    say!("Print a completion script for a shell", "输出 shell 的补全脚本"),
    say!(
        "For bash: `swrctl completions bash > /etc/bash_completion.d/swrctl`. Exit code: 0, or 1 when it cannot be written.",
        "对 bash：`swrctl completions bash > /etc/bash_completion.d/swrctl`。退出码：0；无法写入时为 1。"
    ),
    say!(
        "Print the manual page, or write those of all commands to a directory",
        "输出手册页，或者把所有命令的手册页写入目录"
    ),
    say!("Exit code: 0, or 1 when it cannot be written.", "退出码：0；无法写入时为 1。"),
    say!("Directory to write swrctl.1, swrctl-plan.1, … to", "写入 swrctl.1、swrctl-plan.1 等文件的目录"),
];
