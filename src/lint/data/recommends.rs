//! What packages of Debian and Ubuntu live on that they, or what they depend on, merely recommend.
//!
//! From the fields `Depends` and `Recommends` of Debian 12, followed through, in November 2026. Left out is what programs
//! do as well without: documentation, translations, fonts, `krb5-locales`, `publicsuffix`, `uuid-runtime` and their like.
//! A package that is not listed may live on anything.

/// Packages, each with what has to be asked for by name once nothing recommended is installed.
type Row = (&'static [&'static str], &'static [&'static str]);

#[rustfmt::skip] // as blocks of words
static ROWS: [Row; 11] = [
    (
        &[
            "apt-transport-https", "automake", "bash", "build-essential", "bzip2", "ca-certificates", "dumb-init", "file", "g++",
            "gettext-base", "gosu", "htop", "iputils-ping", "jq", "less", "libaio1", "libbz2-dev", "libc6-dev", "libcap2-bin", "libffi-dev",
            "libfontconfig1", "libgl1", "libgmp-dev", "libgomp1", "libicu-dev", "libjpeg-dev", "liblzma-dev",
            "libmagic1", "libmariadb-dev", "default-libmysqlclient-dev", "libncurses-dev", "libpcre2-dev", "libpcre3-dev",
            "libpng-dev", "libpq-dev", "libpq5", "libreadline-dev", "libsm6", "libsqlite3-dev", "libssl-dev", "libxext6",
            "libxml2-dev", "libxrender1", "libxslt1-dev", "libyaml-dev", "locales", "lsb-release", "make", "nano",
            "net-tools", "netcat-openbsd", "netcat-traditional", "ninja-build", "openssh-client", "openssl", "patch", "php-cli",
            "pkg-config", "postgresql-client", "procps", "psmisc", "python3-venv", "redis-tools", "rsync", "socat",
            "sqlite3", "strace", "sudo", "swig", "tar", "telnet", "tini", "tree", "tzdata", "unixodbc", "unixodbc-dev",
            "unzip", "vim", "xauth", "xz-utils", "zip", "zlib1g-dev",
        ],
        &[],
    ),
    (
        &["curl", "libcurl4-openssl-dev", "nodejs", "python3", "python3-dev", "python3-setuptools", "supervisor", "wget"],
        &["ca-certificates"],
    ),
    (&["git", "mercurial"], &["ca-certificates", "openssh-client"]),
    (&["gcc"], &["libc6-dev"]),
    (&["cmake"], &["ca-certificates", "gcc", "make"]),
    (&["autoconf"], &["automake"]),
    (&["gettext"], &["curl"]),
    (&["gnupg", "gnupg2"], &["dirmngr"]),
    (&["dirmngr"], &["gnupg"]),
    (&["python3-pip"], &["build-essential", "python3-dev"]),
    (&["xvfb"], &["xauth"]),
];

/// Whether packages that are installed together lack nothing that one of them merely recommends.
pub(in super::super) fn need_no_more(packages: &[&str]) -> bool {
    let needs = |name: &str| ROWS.iter().find(|(names, _)| names.contains(&name)).map(|(_, needed)| needed);
    let met = |name: &&str| needs(name).is_some_and(|needed| needed.iter().all(|name| packages.contains(name)));
    !packages.is_empty() && packages.iter().all(met)
}
