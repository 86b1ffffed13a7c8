//! Servers: how they are packaged and started, where they listen and where they keep their data.
//!
//! Sources, looked up in November 2026: the package indexes of Debian 12 and of Alpine (aports), and the EXPOSE and
//! VOLUME of the servers' official images; Ubuntu's, Fedora's and the vendors' own packages by the manuals.

/// A server program.
#[derive(Debug)]
pub(in super::super) struct Server {
    pub(in super::super) name: &'static str,
    /// Packages that bring the server, in any distribution; `apt:` or `apk:` in front where only that manager's means it.
    pub(in super::super) packages: &'static [&'static str],
    pub(in super::super) programs: &'static [&'static str],
    /// Its port unless configured otherwise.
    pub(in super::super) port: &'static str,
    /// Where it keeps what must outlive the container.
    pub(in super::super) data: Option<&'static str>,
}

const fn server(
    name: &'static str,
    packages: &'static [&'static str],
    programs: &'static [&'static str],
    port: &'static str,
    data: Option<&'static str>,
) -> Server {
    Server { name, packages, programs, port, data }
}

#[rustfmt::skip] // a table
pub(in super::super) static SERVERS: [Server; 21] = [
    server("nginx", &["nginx", "nginx-full", "nginx-light", "nginx-extras"], &["nginx"], "80", None),
    server("apache", &["apache2", "httpd", "apt:libapache2-mod-php"], &["httpd", "apache2", "apache2ctl", "apachectl"], "80", None),
    server("php-fpm", &["php-fpm", "php*-fpm"], &["php-fpm"], "", None),
    server("lighttpd", &["lighttpd"], &["lighttpd"], "80", None),
    server("haproxy", &["haproxy"], &[], "", None),
    server("mysql", &["apt:mysql", "mysql-server", "mysql-community-server", "community-mysql-server", "default-mysql-server"], &["mysqld", "mysqld_safe"], "3306", Some("/var/lib/mysql")),
    server("mariadb", &["mariadb-server", "apk:mariadb"], &["mariadbd", "mariadbd-safe"], "3306", Some("/var/lib/mysql")),
    server("postgresql", &["apt:postgresql", "apk:postgresql", "apk:postgresql14", "apk:postgresql15", "apk:postgresql16", "apk:postgresql17", "apk:postgresql18", "postgresql-server"], &["postgres"], "5432", Some("/var/lib/postgresql")),
    server("mongodb", &["mongodb", "mongodb-server", "mongodb-org", "mongodb-org-server"], &["mongod"], "27017", Some("/data/db")),
    server("redis", &["redis", "redis-server"], &["redis-server"], "6379", Some("/var/lib/redis")),
    server("valkey", &["valkey", "valkey-server"], &["valkey-server"], "6379", Some("/var/lib/valkey")),
    server("memcached", &["memcached"], &["memcached"], "11211", None),
    server("rabbitmq", &["rabbitmq-server"], &["rabbitmq-server"], "5672", Some("/var/lib/rabbitmq")),
    server("elasticsearch", &["elasticsearch"], &["elasticsearch"], "9200", Some("/var/lib/elasticsearch")),
    server("sshd", &["openssh-server", "apt:ssh"], &["sshd"], "22", None),
    server("vsftpd", &["vsftpd"], &["vsftpd"], "21", None),
    server("postfix", &["postfix"], &[], "25", None),
    server("bind", &["apt:bind9"], &["named"], "53", None),
    server("samba", &["samba"], &["smbd"], "445", None),
    server("gunicorn", &[], &["gunicorn"], "8000", None),
    server("uvicorn", &[], &["uvicorn"], "8000", None),
];
