//! Language runtimes that distributions package, and the official images that hold them.
//!
//! Sources, looked up in November 2026: the package indexes of Debian 12 and of Alpine (aports); variants of images from
//! Docker's official-images as of 2026-08-21. Names of Ubuntu, Fedora and RHEL as their manuals have them.

/// A language's runtime.
#[derive(Debug)]
pub(in super::super) struct Runtime {
    /// The official image.
    pub(in super::super) image: &'static str,
    /// Packages, in any distribution; one that ends with `*` stands for every name that starts so.
    pub(in super::super) packages: &'static [&'static str],
    /// Programs whose use shows that the image is for this language.
    pub(in super::super) programs: &'static [&'static str],
}

pub(in super::super) static RUNTIMES: [Runtime; 7] = [
    Runtime {
        image: "node",
        packages: &["nodejs", "npm", "nodejs-npm", "nodejs-current", "nodejs-legacy", "nodejs2*"],
        programs: &["node", "nodejs", "npm", "npx", "yarn", "pnpm"],
    },
    Runtime {
        image: "python",
        packages: &[
            "python",
            "python2",
            "python3",
            "python2.7",
            "python3.*",
            "python-pip",
            "python3-pip",
            "py3-pip",
            "py-pip",
        ],
        programs: &["python", "python2", "python3", "pip", "pip3", "gunicorn", "uvicorn", "flask"],
    },
    Runtime { image: "golang", packages: &["go", "golang", "golang-go", "golang-1.*"], programs: &["go"] },
    Runtime {
        image: "eclipse-temurin",
        packages: &[
            "default-jdk*",
            "default-jre*",
            "openjdk-*",
            "openjdk8*",
            "openjdk1*",
            "openjdk2*",
            "java-1*",
            "java-2*",
            "java-latest*",
        ],
        programs: &["java", "javac", "mvn", "gradle"],
    },
    Runtime {
        image: "ruby",
        packages: &["ruby", "ruby-full", "ruby2.*", "ruby3.*"],
        programs: &["ruby", "gem", "bundle", "rails", "puma", "rackup"],
    },
    Runtime { image: "rust", packages: &["rustc", "cargo", "rust"], programs: &["cargo", "rustc"] },
    Runtime {
        image: "php",
        packages: &["php", "php-cli", "php-fpm", "php5*", "php7*", "php8*"],
        programs: &["php", "php-fpm", "composer"],
    },
];

/// Official images that come as `-slim` or `-alpine` as well, and what is known to be the smaller choice.
pub(in super::super) static SMALLER: [(&str, &str); 5] =
    [("node", "-alpine"), ("python", "-slim"), ("ruby", "-slim"), ("perl", "-slim"), ("php", "-alpine")];
