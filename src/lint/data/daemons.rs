//! Programs that leave the foreground: what follows them in the same shell runs beside them.
//!
//! Source: the manuals of the programs, as of November 2026; pm2's of its guide for containers.

/// A program that goes to the background.
#[derive(Debug)]
pub(in super::super) struct Daemon {
    /// Its name; `*` as in globs.
    pub(in super::super) program: &'static str,
    /// One of these words makes it do so; without any it does so by itself.
    pub(in super::super) told: &'static [&'static str],
    /// Words with which it stays, or does something else.
    pub(in super::super) unless: &'static [&'static str],
}

const fn daemon(program: &'static str, told: &'static [&'static str], unless: &'static [&'static str]) -> Daemon {
    Daemon { program, told, unless }
}

#[rustfmt::skip] // a table
pub(in super::super) static DAEMONS: [Daemon; 14] = [
    daemon("nginx", &[], &["-g", "-c", "-t", "-T", "-s", "-v", "-V", "-p", "-h"]),
    daemon("php-fpm*", &["-D", "--daemonize"], &["-t", "-v"]),
    daemon("sshd", &[], &["-D", "-d", "-t", "-T", "-i"]),
    daemon("crond", &[], &["-f", "-n", "-d"]),
    daemon("cron", &[], &["-f"]),
    daemon("rsyslogd", &[], &["-n", "-N"]),
    daemon("syslogd", &[], &["-n"]),
    daemon("memcached", &["-d"], &[]),
    daemon("redis-server", &["--daemonize"], &["no"]),
    daemon("mongod", &["--fork"], &[]),
    daemon("haproxy", &["-D"], &["-c"]),
    daemon("pm2", &["start", "restart"], &["--no-daemon"]),
    daemon("apachectl", &["start"], &["-D"]),
    daemon("apache2ctl", &["start"], &["-D"]),
];
