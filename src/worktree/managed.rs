//! The files in which a project keeps lines: which they are, what they hold, and whether they can be written.

use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use jiff::civil::Date;

use crate::diag::{Problem, Wording, say};
use crate::network::managed::bind::Serial;
use crate::network::managed::{BindZone, Change, Content, FileFacts, Form, ManagedFile, Pin, Service, Writer, plain};
use crate::network::{Network, hosts::SYSTEM_FILE};
use crate::project::{Project, ServiceNames};

/// Every file that the project names, and the system's hosts file: what is not declared any more is found there.
#[must_use]
pub fn managed_files(project: &Project) -> Vec<ManagedFile> {
    let mut files = Files { project, found: Vec::new() };
    for network in &project.networks {
        files.add_all(network, &project.services(network));
    }
    files.add(Path::new(SYSTEM_FILE), Form::Hosts);
    files.found
}

/// The lines that a service has in a hosts file.
fn pins(names: &ServiceNames) -> impl Iterator<Item = Pin> {
    let pin = |address| names.hosts.iter().map(move |name| Pin { address, name: name.clone() });
    names.address.into_iter().flat_map(pin)
}

struct Files<'a> {
    project: &'a Project,
    found: Vec<ManagedFile>,
}

impl Files<'_> {
    fn add_all(&mut self, network: &Network, services: &[ServiceNames]) {
        if services.is_empty() {
            return;
        }
        let registry = &network.registry.value;
        if let Some(path) = &network.hosts_file {
            let file = self.add(path, Form::Hosts);
            if network.managed.hosts {
                file.parts.push((registry.clone(), Content::Pins(services.iter().flat_map(pins).collect())));
            }
        }
        for zone in &network.managed.zones {
            let names = services.iter().find(|names| names.service == zone.service);
            self.add_zone(registry, zone, names.filter(|_| zone.manage));
        }
        if let Some(forward) = &network.managed.forward {
            let file = self.add(&forward.conf, Form::NamedConf);
            // Services beside the registry are forwarded where the path is to lead to them, too.
            let is_wanted = |names: &&ServiceNames| names.service == Service::Registry || names.address.is_some();
            let zones = services.iter().filter(is_wanted).flat_map(ServiceNames::zones).collect();
            if forward.manage {
                file.parts.push((registry.clone(), Content::Forward { zones, servers: forward.servers.clone() }));
            }
        }
    }

    fn add_zone(&mut self, registry: &str, zone: &BindZone, names: Option<&ServiceNames>) {
        let file = zone.installed.clone().unwrap_or_else(|| self.absolute(&zone.path).display().to_string());
        let zones = names.map(|names| names.hosts.clone()).unwrap_or_default();
        let records = self.add(&zone.path, Form::Zone);
        if let Some(names) = names {
            let addresses = names.address.into_iter().collect();
            records.parts.push((registry.to_owned(), Content::Records { zones: zones.clone(), addresses }));
        }
        let conf = self.add(&zone.conf, Form::NamedConf);
        if names.is_some() {
            conf.parts.push((registry.to_owned(), Content::Authoritative { zones, file }));
        }
    }

    /// The file at `path`, which may have been named before, in other words too.
    fn add(&mut self, path: &Path, form: Form) -> &mut ManagedFile {
        let absolute = self.absolute(path);
        let index = self.found.iter().position(|file| file.path == absolute).unwrap_or_else(|| {
            let name = plain(path).display().to_string();
            self.found.push(ManagedFile { name, path: absolute, form, parts: Vec::new() });
            self.found.len() - 1
        });
        &mut self.found[index]
    }

    fn absolute(&self, path: &Path) -> PathBuf {
        let path = self.project.resolve(path);
        std::path::absolute(&path).unwrap_or(path)
    }
}

/// Who the lines of a project are said to be from.
#[must_use]
pub fn writer(project: &Project) -> Writer {
    let name = Path::new(project.source.name()).file_name().unwrap_or_default();
    let file = project.root.join(name).canonicalize().ok();
    let file = file.and_then(|file| file.to_str().filter(|file| !file.contains(char::is_control)).map(str::to_owned));
    // What cannot be looked at is there, perhaps.
    let exists = |file: &str| !matches!(Path::new(file).try_exists(), Ok(false));
    Writer { project: project.name.value.clone(), file, exists }
}

/// What is to be done or said about each file of the project. Only reads.
#[must_use]
pub fn managed_facts(project: &Project, today: Date) -> Vec<FileFacts> {
    let day = Serial::of_day(today);
    managed_files(project).iter().filter_map(|file| facts(project, file, day)).collect()
}

fn facts(project: &Project, file: &ManagedFile, day: Serial) -> Option<FileFacts> {
    let is_system_hosts = file.path == Path::new(SYSTEM_FILE);
    let found = |before, registries, change, reason| {
        Some(FileFacts {
            name: file.name.clone(),
            form: file.form,
            is_system_hosts,
            registries,
            before,
            change,
            reason,
            day,
        })
    };
    let registries = || file.parts.iter().map(|(registry, _)| registry.clone()).collect::<Vec<_>>();
    let failed = |problem| found(None, registries(), Err(problem), Wording::default());
    let before = match read(&file.path, &file.name) {
        Ok(before) => before,
        Err(_) if file.parts.is_empty() => return None,
        Err(problem) => return failed(problem),
    };
    let change = match file.change(&writer(project), before.as_deref(), day) {
        Ok(change) => change?,
        // Other people's markers are other people's business, where nothing is to be written.
        Err(_) if file.parts.is_empty() && !file.names(&project.name, before.as_deref()) => return None,
        Err(error) => return failed(error.problem(&file.name)),
    };
    let registries = change.written.iter().chain(&change.removed).cloned().collect();
    let reason = reason(file, &change);
    let writable = writable(&file.path, &file.name, before.is_some());
    found(before, registries, writable.map(|()| change), reason)
}

/// What a file holds; none when there is none.
///
/// # Errors
/// When it cannot be read, or is something else than a file of its own.
pub fn read(path: &Path, name: &str) -> Result<Option<Vec<u8>>, Problem> {
    let read = path
        .symlink_metadata()
        .and_then(|metadata| if metadata.is_file() { std::fs::read(path).map(Ok) } else { Ok(Err(metadata)) });
    match read {
        Ok(Ok(bytes)) => Ok(Some(bytes)),
        Ok(Err(metadata)) => Err(no_file(path, name, &metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let reason = Wording::of_system(&error);
            let message = say!("`{name}` cannot be read: {reason}", "无法读取 `{name}`：{reason}", name, reason);
            let help = say!("make it readable, or run as a user who may read it", "使其可读，或换用有权读取的用户运行");
            Err(Problem::new("unreadable-file", message).with_help(help))
        }
    }
}

fn no_file(path: &Path, name: &str, metadata: &Metadata) -> Problem {
    if !metadata.is_symlink() {
        let message = say!("`{name}` is no regular file", "`{name}` 不是普通文件", name);
        let help = say!("name a file", "请指定一个文件");
        return Problem::new("not-a-file", message).with_help(help);
    }
    let target = std::fs::read_link(path).map(|target| target.display().to_string()).unwrap_or_default();
    let message = say!(
        "`{name}` is a link to `{target}`: writing would put a file in its place",
        "`{name}` 是指向 `{target}` 的链接：写入会用文件取代它",
        name,
        target
    );
    let help = say!("name the file that it leads to", "请直接写它指向的文件");
    Problem::new("is-a-link", message).with_help(help)
}

/// Whether apply could write it, as far as that shows without writing.
fn writable(path: &Path, name: &str, exists: bool) -> Result<(), Problem> {
    let folder = path.parent().unwrap_or(Path::new("/"));
    let tried = if exists {
        // Opening changes nothing: neither content nor times.
        std::fs::OpenOptions::new().write(true).open(path).map(drop)
    } else {
        folder.metadata().map(drop)
    };
    let (what, error) = match (tried, path.symlink_metadata()) {
        (Err(error), _) if !exists => (folder.display().to_string(), error),
        (Err(error), _) => (name.to_owned(), error),
        (Ok(()), Ok(metadata)) if metadata.permissions().readonly() => {
            (name.to_owned(), io::ErrorKind::PermissionDenied.into())
        }
        (Ok(()), Ok(metadata)) if names(&metadata) > 1 => return Err(has_names(name, names(&metadata))),
        (Ok(()), _) => return folder_writable(folder, name),
    };
    let reason = Wording::of_system(&error);
    let message = say!("`{what}` cannot be written: {reason}", "无法写入 `{what}`：{reason}", what, reason);
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            say!("make the folder, or name a file in another", "创建该文件夹，或指定其他文件夹中的文件")
        }
        _ => advice(),
    };
    Err(Problem::new("unwritable-file", message).with_help(help))
}

/// A new file takes the place of the old one: that is a change of the folder.
fn folder_writable(folder: &Path, name: &str) -> Result<(), Problem> {
    #[cfg(unix)]
    if let Err(error) = rustix::fs::access(folder, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK) {
        let (folder, reason) = (folder.display(), Wording::of_system(&io::Error::from(error)));
        let message = say!(
            "`{name}` cannot be replaced: no file can be made in `{folder}`: {reason}",
            "无法替换 `{name}`：不能在 `{folder}` 中创建文件：{reason}",
            name,
            folder,
            reason
        );
        return Err(Problem::new("unwritable-file", message).with_help(advice()));
    }
    let _ = (folder, name);
    Ok(())
}

const fn advice() -> Wording {
    say!("run it with `sudo`, or name a file that you may write", "用 `sudo` 运行，或指定有权写入的文件")
}

#[cfg(unix)]
fn names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}

fn has_names(name: &str, count: u64) -> Problem {
    let message = say!(
        "`{name}` is one of {count} names of a file (hard links): writing would part it from the others",
        "`{name}` 是同一文件的 {count} 个名字之一（硬链接）：写入会使它与其他名字分离",
        name,
        count
    );
    let help = say!(
        "make it a file of its own: copy it, and move the copy over it",
        "复制一份并用副本覆盖它，使其成为独立的文件"
    );
    Problem::new("is-a-link", message).with_help(help)
}

/// What a change does, in one line.
fn reason(file: &ManagedFile, change: &Change) -> Wording {
    let written = file.parts.iter().filter(|(registry, _)| change.written.contains(registry));
    let written = written.map(|(_, content)| content.wording());
    let removed = change.removed.iter();
    let removed = removed.map(|name| say!("not managed any more: `{name}`", "不再管理：`{name}`", name));
    let together = |one: Wording, other: Wording| say!("{one}; {other}", "{one}；{other}", one, other);
    written.chain(removed).reduce(together).unwrap_or_default()
}

#[cfg(test)]
mod tests;
