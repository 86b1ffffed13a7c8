//! What BIND reads: statements of `named.conf`, and zone files.

use std::net::IpAddr;

/// The serial of a zone: `YYYYMMDDnn`, greater with every change of the zone's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Serial(u32);

impl Serial {
    /// The first of a day.
    #[must_use]
    pub fn of_day(day: jiff::civil::Date) -> Self {
        let number = |part: i32| u32::try_from(part).unwrap_or_default();
        Self((number(day.year().into()) * 10_000 + number(day.month().into()) * 100 + number(day.day().into())) * 100)
    }

    /// The one that follows `last`, this one where that is greater.
    fn after(self, last: Option<u32>) -> u32 {
        last.map_or(self.0, |last| self.0.max(last.saturating_add(1)))
    }
}

/// Statements that have BIND answer for `zone` out of `file`, as `named` has to open it.
#[must_use]
pub fn authoritative(zone: &str, file: &str) -> Vec<String> {
    statement(zone, &["type master;".to_owned(), format!("file \"{file}\";")])
}

/// Statements that have BIND ask `servers`, and nobody else, for names in `zone`.
#[must_use]
pub fn forward(zone: &str, servers: &[IpAddr]) -> Vec<String> {
    let servers: Vec<String> = servers.iter().map(|server| format!("{server};")).collect();
    let forwarders = format!("forwarders {{ {} }};", servers.join(" "));
    let options = ["type forward;".to_owned(), "forward only;".to_owned(), forwarders];
    statement(zone, &options)
}

fn statement(zone: &str, options: &[String]) -> Vec<String> {
    let options = options.iter().map(|option| format!("    {option}"));
    [format!("zone \"{zone}\" IN {{")].into_iter().chain(options).chain(["};".to_owned()]).collect()
}

/// The line that declares `zone` in a text of `named.conf`, from 1.
#[must_use]
pub fn declaration(text: &str, zone: &str) -> Option<usize> {
    let declares = |line: &str| {
        let mut words = line.split(|c: char| c.is_whitespace() || c == '"' || c == '{').filter(|word| !word.is_empty());
        let name = words.next().filter(|word| *word == "zone").and(words.next());
        name.is_some_and(|name| name.trim_end_matches('.').eq_ignore_ascii_case(zone))
    };
    text.lines().position(declares).map(|index| index + 1)
}

/// The records of a zone that has `addresses` and nothing else. Names that are served to one's own site alone need no
/// name server that anybody could find: it is `localhost.`, as in the zones that BIND comes with.
///
/// `before` are the lines that stood there: their serial stays where nothing else changes.
#[must_use]
pub fn zone(addresses: &[IpAddr], before: Option<&[String]>, day: Serial) -> Vec<String> {
    let last = before.and_then(|lines| lines.iter().find_map(|line| serial_of(line)));
    let kept = last.map(|last| records(addresses, last)).filter(|kept| before == Some(kept.as_slice()));
    kept.unwrap_or_else(|| records(addresses, day.after(last)))
}

/// Seconds that resolvers keep an address: short, as it changes with the endpoint.
const TTL: u32 = 300;
const SERIAL: &str = "; serial";

fn records(addresses: &[IpAddr], serial: u32) -> Vec<String> {
    let mut lines = vec![
        format!("$TTL {TTL}"),
        "@ IN SOA localhost. root.localhost. (".to_owned(),
        format!("    {serial} {SERIAL}"),
        "    3600 ; refresh".to_owned(),
        "    600 ; retry".to_owned(),
        "    604800 ; expire".to_owned(),
        format!("    {TTL} ) ; how long a name is known not to be there"),
        "@ IN NS localhost.".to_owned(),
    ];
    lines.extend(addresses.iter().map(|address| match address {
        IpAddr::V4(address) => format!("@ IN A {address}"),
        IpAddr::V6(address) => format!("@ IN AAAA {address}"),
    }));
    lines
}

fn serial_of(line: &str) -> Option<u32> {
    line.strip_suffix(SERIAL)?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Serial {
        Serial::of_day(text.parse().unwrap())
    }

    fn serial(lines: &[String]) -> u32 {
        lines.iter().find_map(|line| serial_of(line)).unwrap()
    }

    #[test]
    fn a_serial_grows_with_the_content_and_only_then() {
        let (one, other): ([IpAddr; 1], [IpAddr; 1]) = (["10.0.0.1".parse().unwrap()], ["10.0.0.2".parse().unwrap()]);
        let first = zone(&one, None, day("2026-03-09"));
        assert_eq!(serial(&first), 2_026_030_900);
        assert_eq!(zone(&one, Some(&first), day("2026-03-10")), first);
        let second = zone(&other, Some(&first), day("2026-03-09"));
        assert_eq!(serial(&second), 2_026_030_901);
        assert_eq!(serial(&zone(&one, Some(&second), day("2026-03-10"))), 2_026_031_000);
        assert_eq!(serial(&zone(&one, Some(&second), day("2020-01-01"))), 2_026_030_902, "a clock that went back");
    }

    #[test]
    fn a_zone_that_is_declared_already_is_found() {
        let text = "// zone \"a.example\" {\nzone \"b.example\" {\n\tzone \"A.Example.\" IN {\nzone   \"c.example\"{\n";
        let found = |zone| declaration(text, zone);
        assert_eq!([found("a.example"), found("c.example"), found("d.example")], [Some(3), Some(4), None]);
    }

    proptest! {
        #[test]
        fn serials_never_decrease(days in prop::collection::vec((0..800_i32, any::<u8>()), 1..20)) {
            let start = jiff::civil::date(2026, 1, 1);
            let mut before: Option<Vec<String>> = None;
            for (offset, address) in days {
                let day = Serial::of_day(start.checked_add(jiff::ToSpan::days(offset)).unwrap());
                let after = zone(&[IpAddr::from([10, 0, 0, address])], before.as_deref(), day);
                if let Some(before) = &before {
                    prop_assert_eq!(serial(&after) > serial(before), after != *before);
                    prop_assert!(serial(&after) >= serial(before));
                }
                before = Some(after);
            }
        }
    }
}
