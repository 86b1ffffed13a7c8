//! Dockerfiles as people write them, made from a seed: services in several languages, tools and web servers, some tidy,
//! some with the usual sins.

use std::fmt::Write as _;

/// Random numbers from a seed: splitmix64.
#[derive(Debug)]
pub struct Seed(u64);

impl Seed {
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("it is smaller than `end`")
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// Whether something happens that happens in so many of a hundred files.
    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A few of these, in their order.
    fn some<'a>(&mut self, of: &[&'a str], percent: usize) -> Vec<&'a str> {
        of.iter().copied().filter(|_| self.chance(percent)).collect()
    }
}

/// One more Dockerfile.
pub fn dockerfile(seed: &mut Seed) -> String {
    let mut text = String::new();
    head(seed, &mut text);
    match seed.below(8) {
        0 | 1 => node(seed, &mut text),
        2 | 3 => python(seed, &mut text),
        4 => compiled(seed, &mut text),
        5 => java(seed, &mut text),
        6 => tools(seed, &mut text),
        _ => web(seed, &mut text),
    }
    tail(seed, &mut text);
    text
}

fn line(text: &mut String, line: impl AsRef<str>) {
    text.push_str(line.as_ref());
    text.push('\n');
}

fn head(seed: &mut Seed, text: &mut String) {
    if seed.chance(25) {
        line(text, "# syntax=docker/dockerfile:1");
    }
    if seed.chance(40) {
        let what = seed.one(&["Image of the service", "Built by the pipeline", "See the wiki before you change this"]);
        line(text, format!("# {what}\n#\n# usage: docker build -t team/app{} .\n", seed.below(90)));
    }
}

fn node(seed: &mut Seed, text: &mut String) {
    let version = seed.one(&["16", "18", "20.11.1", "22", "lts", "24"]);
    let base = format!("node:{version}{}", seed.one(&["", "-alpine", "-slim", "-bookworm-slim"]));
    let stages = seed.chance(55);
    line(text, format!("FROM {base}{}", if stages { " AS build" } else { "" }));
    line(text, format!("WORKDIR {}", seed.one(&["/app", "/usr/src/app", "/srv/web"])));
    if seed.chance(70) {
        line(text, seed.one(&["COPY package*.json ./", "COPY package.json yarn.lock ./", "ADD package.json ."]));
        let cached = seed.chance(30);
        let mount = if cached { "--mount=type=cache,target=/root/.npm " } else { "" };
        line(
            text,
            format!(
                "RUN {mount}{}",
                seed.one(&["npm ci", "npm install", "yarn install --frozen-lockfile", "npm ci --omit=dev"])
            ),
        );
    }
    line(text, "COPY . .");
    if seed.chance(60) {
        line(
            text,
            seed.one(&[
                "RUN npm run build",
                "RUN yarn build && yarn cache clean",
                "RUN npm run build && npm prune --production",
            ]),
        );
    }
    if stages {
        line(text, format!("\nFROM {base}\nWORKDIR /app\nENV NODE_ENV=production \\\n    PORT=3000"));
        line(
            text,
            "COPY --from=build --chown=node:node /app/dist ./dist\nCOPY --from=build /app/node_modules ./node_modules",
        );
        line(text, seed.one(&["USER node", "USER 1000:1000", "# runs as root"]));
    }
    line(text, "EXPOSE 3000");
    line(
        text,
        seed.one(&["CMD [\"node\", \"dist/main.js\"]", "CMD npm start", "ENTRYPOINT [\"npm\", \"run\", \"serve\"]"]),
    );
}

fn python(seed: &mut Seed, text: &mut String) {
    let version = seed.one(&["3.8", "3.9-slim", "3.11", "3.12-slim-bookworm", "3.13-alpine", "3"]);
    line(text, format!("FROM python:{version}"));
    line(text, "ENV PYTHONUNBUFFERED=1 \\\n    PYTHONDONTWRITEBYTECODE=1");
    if seed.chance(70) {
        let packages =
            seed.some(&["build-essential", "libpq-dev", "gcc", "git", "curl", "libffi-dev", "libjpeg-dev"], 50);
        apt(seed, text, &packages);
    }
    line(text, "WORKDIR /app");
    line(text, seed.one(&["COPY requirements.txt .", "COPY . /app", "ADD requirements.txt /app/requirements.txt"]));
    line(
        text,
        seed.one(&[
            "RUN pip install --no-cache-dir -r requirements.txt",
            "RUN pip install -r requirements.txt",
            "RUN pip install --upgrade pip && \\\n    pip install -r requirements.txt gunicorn==21.2.0",
            "RUN pip install flask requests psycopg2-binary",
        ]),
    );
    line(text, "COPY . .");
    if seed.chance(40) {
        line(
            text,
            "RUN python manage.py collectstatic --noinput \\\n    && useradd --create-home app \\\n    && chown -R app /app\nUSER app",
        );
    }
    line(text, "EXPOSE 8000");
    line(
        text,
        seed.one(&[
            "CMD [\"gunicorn\", \"--bind\", \"0.0.0.0:8000\", \"app:app\"]",
            "CMD python app.py",
            "ENTRYPOINT [\"./entrypoint.sh\"]",
        ]),
    );
}

fn compiled(seed: &mut Seed, text: &mut String) {
    let go = seed.chance(60);
    if go {
        let version = seed.one(&["1.21", "1.22-alpine", "1.24", "1.25-bookworm"]);
        line(text, format!("FROM --platform=$BUILDPLATFORM golang:{version} AS builder\nARG TARGETOS\nARG TARGETARCH"));
        line(text, "WORKDIR /src\nCOPY go.mod go.sum ./\nRUN go mod download\nCOPY . .");
        line(
            text,
            "RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH \\\n    go build -trimpath -ldflags=\"-s -w -X main.version=${VERSION}\" -o /out/app ./cmd/app",
        );
    } else {
        line(
            text,
            "FROM rust:1.83 AS builder\nWORKDIR /src\nCOPY . .\nRUN cargo build --release --locked && mkdir /out && cp target/release/app /out/app",
        );
    }
    line(
        text,
        format!(
            "\nFROM {}",
            seed.one(&[
                "scratch",
                "alpine:3.20",
                "gcr.io/distroless/static-debian12",
                "debian:bookworm-slim",
                "alpine:latest"
            ])
        ),
    );
    line(text, "COPY --from=builder /out/app /usr/local/bin/app");
    line(text, seed.one(&["USER 65532:65532", "USER nobody", "EXPOSE 8080/tcp"]));
    line(text, "ENTRYPOINT [\"/usr/local/bin/app\"]\nCMD [\"serve\", \"--listen\", \":8080\"]");
}

fn java(seed: &mut Seed, text: &mut String) {
    line(text, "FROM maven:3.9-eclipse-temurin-21 AS build\nWORKDIR /build\nCOPY pom.xml .");
    line(text, seed.one(&["RUN mvn -B dependency:go-offline", "# dependencies come with the build"]));
    line(text, "COPY src ./src\nRUN mvn -B package -DskipTests");
    line(text, format!("FROM eclipse-temurin:{}-jre", seed.one(&["11", "17", "21"])));
    line(
        text,
        "ARG JAR=/build/target/*.jar\nCOPY --from=build ${JAR} /app.jar\nENV JAVA_OPTS=\"-Xms256m -Xmx512m\"\nEXPOSE 8080 8443",
    );
    line(
        text,
        seed.one(&[
            "ENTRYPOINT java $JAVA_OPTS -jar /app.jar",
            "ENTRYPOINT [\"sh\", \"-c\", \"exec java $JAVA_OPTS -jar /app.jar\"]",
        ]),
    );
}

fn tools(seed: &mut Seed, text: &mut String) {
    line(
        text,
        format!(
            "FROM {}",
            seed.one(&["ubuntu:22.04", "ubuntu", "debian:12", "debian:bullseye-slim", "centos:7", "fedora:41"])
        ),
    );
    line(
        text,
        seed.one(&[
            "MAINTAINER ops@example.com",
            "LABEL maintainer=\"ops@example.com\"",
            "ARG DEBIAN_FRONTEND=noninteractive",
        ]),
    );
    let packages = seed
        .some(&["curl", "wget", "git", "jq", "unzip", "vim", "openssh-client", "python3-pip", "ca-certificates"], 55);
    apt(seed, text, &packages);
    for (name, version) in [("kubectl", "v1.31.2"), ("helm", "v3.16.1"), ("terraform", "1.9.8")] {
        if seed.chance(60) {
            line(
                text,
                format!(
                    "RUN set -eux; \\\n    # {name}\n    curl -fsSLo /tmp/{name}.tar.gz https://dl.example.com/{name}-{version}-$(uname -m).tar.gz; \\\n    \
                 tar -xzf /tmp/{name}.tar.gz -C /usr/local/bin; \\\n    {name} version{}",
                    seed.one(&["", "; \\\n    rm -f /tmp/*.tar.gz", " | grep -q v"]),
                ),
            );
        }
    }
    if seed.chance(40) {
        line(
            text,
            "RUN if [ -n \"$EXTRA\" ]; then for tool in $EXTRA; do \\\n      wget -q \"https://dl.example.com/$tool\" -O \"/usr/local/bin/$tool\" && chmod +x \"/usr/local/bin/$tool\"; \\\n    done; fi",
        );
    }
    if seed.chance(20) {
        line(text, "RUN <<EOF\nset -e\nuseradd -m ops\necho 'ops ALL=(ALL) NOPASSWD:ALL' > /etc/sudoers.d/ops\nEOF");
    }
    line(text, seed.one(&["CMD [\"bash\"]", "ENTRYPOINT [\"/bin/bash\", \"-lc\"]", "CMD /bin/bash"]));
}

fn web(seed: &mut Seed, text: &mut String) {
    line(text, format!("FROM {}", seed.one(&["nginx:1.27-alpine", "nginx", "php:8.2-apache", "httpd:2.4"])));
    line(text, "COPY nginx.conf /etc/nginx/conf.d/default.conf\nCOPY public/ /usr/share/nginx/html/");
    if seed.chance(50) {
        line(text, "RUN rm -rf /etc/nginx/conf.d/old.conf && chown -R nginx:nginx /var/cache/nginx");
    }
    if seed.chance(40) {
        line(text, "RUN apk add --update bash curl && rm -rf /var/cache/apk/*");
    }
    line(text, "VOLUME [\"/var/log/nginx\"]\nEXPOSE 80 443");
}

fn apt(seed: &mut Seed, text: &mut String, packages: &[&str]) {
    let list = packages.join(" \\\n      ");
    line(
        text,
        match seed.below(4) {
            0 => format!(
                "RUN apt-get update && apt-get install -y --no-install-recommends \\\n      {list} \\\n    && rm -rf /var/lib/apt/lists/*"
            ),
            1 => format!("RUN apt-get update\nRUN apt-get install -y {}", packages.join(" ")),
            2 => format!("RUN apt-get update -qq && apt-get upgrade -y && \\\n    apt-get install -y \\\n      {list}"),
            _ => format!(
                "RUN apt-get update \\\n && apt-get -y install {} \\\n && apt-get clean",
                packages.join("=1.* ")
            ),
        },
    );
}

fn tail(seed: &mut Seed, text: &mut String) {
    if seed.chance(35) {
        let port = seed.one(&["3000", "8000", "8080"]);
        let _ = writeln!(
            text,
            "HEALTHCHECK --interval=30s --timeout=3s CMD curl -f http://localhost:{port}/health || exit 1"
        );
    }
    if seed.chance(30) {
        line(
            text,
            "LABEL org.opencontainers.image.title=\"app\" \\\n      org.opencontainers.image.source=\"https://git.example.com/team/app\"",
        );
    }
}
