//! What the operating system says of a failure, as part of a sentence.

use std::io::{self, ErrorKind};

use super::{Wording, say};

impl Wording {
    /// The reason alone, without the system's number; the commonest ones are translated.
    #[must_use]
    pub fn of_system(error: &io::Error) -> Self {
        match error.kind() {
            // These may be anybody's words, not only the system's.
            _ if error.raw_os_error().is_none() => Self::of_resolver(&error.to_string()),
            ErrorKind::NotFound => say!("no such file or directory", "没有这个文件或目录"),
            ErrorKind::PermissionDenied => say!("permission denied", "没有权限"),
            ErrorKind::AlreadyExists => say!("it is there already", "已经存在"),
            ErrorKind::NotADirectory => say!("not a directory", "不是目录"),
            ErrorKind::IsADirectory => say!("it is a directory", "是目录，不是文件"),
            ErrorKind::StorageFull => say!("no space left on device", "设备上没有空间了"),
            ErrorKind::ReadOnlyFilesystem => say!("read-only file system", "文件系统是只读的"),
            ErrorKind::ConnectionRefused => say!("connection refused", "连接被拒绝"),
            ErrorKind::ConnectionReset => say!("connection reset by peer", "连接被对端重置"),
            ErrorKind::NetworkUnreachable => say!("network is unreachable", "网络不可达"),
            ErrorKind::HostUnreachable => say!("no route to host", "没有到主机的路由"),
            ErrorKind::TimedOut => say!("timed out", "超时"),
            _ => Self::foreign(lower(error.to_string().split(" (os error").next().unwrap_or_default())),
        }
    }

    /// The words of `getaddrinfo`, or whatever else `text` says.
    fn of_resolver(text: &str) -> Self {
        let text = lower(text.trim_start_matches("failed to lookup address information: "));
        match text.as_str() {
            "name or service not known" => say!("name or service not known", "没有这个域名"),
            "temporary failure in name resolution" => {
                say!("temporary failure in name resolution", "域名解析暂时失败")
            }
            "no address associated with hostname" => say!("no address associated with hostname", "该域名没有地址"),
            "stream did not contain valid utf-8" => say!("it is not UTF-8 text", "内容不是 UTF-8 文本"),
            _ => Self::foreign(text),
        }
    }
}

fn lower(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::Lang;

    fn said(error: &io::Error) -> [String; 2] {
        Lang::ALL.map(|lang| Wording::of_system(error).into_string(lang))
    }

    #[test]
    fn the_systems_words_fit_into_a_sentence() {
        let error = io::Error::other("failed to lookup address information: Name or service not known");
        assert_eq!(said(&error), ["name or service not known", "没有这个域名"]);
        assert_eq!(said(&io::Error::from_raw_os_error(2)), ["no such file or directory", "没有这个文件或目录"]);
        let rare = said(&io::Error::from_raw_os_error(40));
        assert!(rare[0] == rare[1] && !rare[0].contains("os error"), "{rare:?}");
    }

    #[test]
    fn words_of_others_stay() {
        let error = io::Error::new(ErrorKind::NotFound, "no such shelf");
        assert_eq!(said(&error), ["no such shelf", "no such shelf"]);
    }
}
