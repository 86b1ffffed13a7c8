//! Hosts files: `ADDRESS NAME [NAME…] [# comment]`, a line each, as Linux, macOS and Windows read them.

use std::net::IpAddr;

/// The one that this system's resolver reads.
pub const SYSTEM_FILE: &str = if cfg!(windows) { r"C:\Windows\System32\drivers\etc\hosts" } else { "/etc/hosts" };

/// A line of a hosts file that gives a name an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    pub address: IpAddr,
    /// From 1.
    pub line: usize,
}

/// Lines that pin `name`, in the order of the file; what is not a valid line is passed over, as resolvers do.
#[must_use]
pub fn pins(text: &str, name: &str) -> Vec<Pin> {
    let name = name.strip_suffix('.').unwrap_or(name);
    text.strip_prefix('\u{feff}')
        .unwrap_or(text)
        .lines()
        .zip(1..)
        .filter_map(|(line, number)| {
            let mut words = line.split('#').next()?.split_ascii_whitespace();
            let address = words.next().and_then(address)?;
            words.any(|word| word.eq_ignore_ascii_case(name)).then_some(Pin { address, line: number })
        })
        .collect()
}

/// A link-local address may carry its interface: `fe80::1%eth0`.
fn address(word: &str) -> Option<IpAddr> {
    word.split('%').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NAME: &str = "swr.cn-north-4.myhuaweicloud.com";

    fn found(text: &str) -> Vec<(usize, String)> {
        pins(text, NAME).into_iter().map(|pin| (pin.line, pin.address.to_string())).collect()
    }

    #[test]
    fn comments_tabs_crlf_case_and_several_names_are_read() {
        let text = "# 9.9.9.9 swr.cn-north-4.myhuaweicloud.com\r\n\
                    127.0.0.1\tlocalhost\r\n\
                    \r\n\
                    \t10.0.0.5 \t other  SWR.cn-north-4.MyHuaweiCloud.com # old\r\n\
                    fd00::5 swr.cn-north-4.myhuaweicloud.com#new\r\n";
        assert_eq!(found(text), [(4, "10.0.0.5".to_owned()), (5, "fd00::5".to_owned())]);
    }

    #[test]
    fn a_name_behind_the_comment_sign_or_inside_another_name_is_no_pin() {
        assert!(found("10.0.0.5 other # swr.cn-north-4.myhuaweicloud.com").is_empty());
        assert!(found("10.0.0.5 x.swr.cn-north-4.myhuaweicloud.com").is_empty());
        assert!(found("10.0.0.500 swr.cn-north-4.myhuaweicloud.com").is_empty());
        assert!(found("swr.cn-north-4.myhuaweicloud.com 10.0.0.5").is_empty());
    }

    #[test]
    fn an_interface_and_a_byte_order_mark_do_not_hide_an_address() {
        assert_eq!(found("\u{feff}fe80::1%eth0 swr.cn-north-4.myhuaweicloud.com"), [(1, "fe80::1".to_owned())]);
    }

    proptest! {
        #[test]
        fn a_pin_is_found_between_any_lines(before in "[ -~\t\r\n]{0,200}", after in "(?s).{0,200}") {
            let text = format!("{before}\n10.0.0.5\t{NAME}\n{after}");
            let line = text.lines().position(|line| line == format!("10.0.0.5\t{NAME}")).unwrap() + 1;
            let pin = Pin { address: "10.0.0.5".parse().unwrap(), line };
            prop_assert!(pins(&text, NAME).contains(&pin));
        }
    }
}
