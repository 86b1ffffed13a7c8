//! Programs that install no package of the system, whatever they are told.
//!
//! From their manuals, as of November 2026. A program that is not listed may run anything.

#[rustfmt::skip] // as blocks of words
pub(in super::super) const BYSTANDERS: [&str; 137] = [
    // The shell itself.
    ":", "[", "cd", "echo", "exit", "export", "false", "popd", "printf", "pushd", "pwd", "read", "set", "shift", "shopt",
    "sleep", "test", "true", "type", "umask", "unset", "wait", "which",
    // Files.
    "awk", "base64", "basename", "bunzip2", "bzip2", "cat", "chgrp", "chmod", "chown", "cmp", "cp", "cut", "date", "dd",
    "df", "diff", "dirname", "du", "envsubst", "file", "grep", "gunzip", "gzip", "head", "id", "install", "jq", "ln", "ls",
    "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nproc", "od", "patch", "readlink", "realpath", "rm", "rmdir", "rsync",
    "sed", "sha1sum", "sha256sum", "sha512sum", "sort", "stat", "strip", "sync", "tail", "tar", "tee", "touch", "tr",
    "truncate", "tty", "uname", "uniq", "unlink", "unxz", "unzip", "wc", "whoami", "xz", "zip", "zstd",
    // Users, keys and settings of the system.
    "a2dismod", "a2dissite", "a2enmod", "a2ensite", "addgroup", "adduser", "chpasswd", "dpkg-query", "dpkg-reconfigure",
    "fc-cache", "gpg", "groupadd", "groupmod", "ldconfig", "locale-gen", "localedef", "openssl", "passwd", "setcap",
    "update-alternatives", "update-ca-certificates", "update-locale", "useradd", "usermod",
    // What comes from elsewhere.
    "curl", "git", "wget",
    // Installers and compilers of languages, which bring nothing of the system.
    "bundle", "cargo", "cmake", "composer", "docker-php-ext-configure", "docker-php-ext-enable", "docker-php-ext-install",
    "dotnet", "g++", "gcc", "go", "gradle", "javac", "mvn", "pecl", "pnpm", "poetry", "rustup", "uv", "yarn",
];
