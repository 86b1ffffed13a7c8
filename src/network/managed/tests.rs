use proptest::prelude::*;

use super::*;

const NAME: &str = "swr.region-1.example";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn day() -> Serial {
    Serial::of_day("2026-03-09".parse().unwrap())
}

fn file(form: Form, parts: Vec<(&str, Content)>) -> ManagedFile {
    let parts = parts.into_iter().map(|(registry, content)| (registry.to_owned(), content)).collect();
    ManagedFile { name: "the file".to_owned(), path: "/the/file".into(), form, parts }
}

fn pins(address: &str) -> Content {
    Content::Pins(vec![Pin { address: ip(address), name: NAME.to_owned() }])
}

fn hosts_file(address: &str) -> ManagedFile {
    file(Form::Hosts, vec![("swr", pins(address))])
}

fn writer() -> Writer {
    Writer { project: "p".to_owned(), file: None, exists: |_| true }
}

fn change(file: &ManagedFile, before: &str) -> Option<Change> {
    file.change(&writer(), Some(before.as_bytes()), day()).unwrap()
}

fn after(file: &ManagedFile, before: &str) -> String {
    String::from_utf8(change(file, before).unwrap().after.unwrap()).unwrap()
}

fn problem(file: &ManagedFile, before: &str) -> String {
    let problem = file.change(&writer(), Some(before.as_bytes()), day()).unwrap_err().problem("f");
    format!("{}; {}", problem.message.english(), problem.help.unwrap().english())
}

#[test]
fn a_change_says_what_is_written_and_what_goes() {
    let first = change(&hosts_file("10.0.0.1"), "").unwrap();
    assert_eq!((first.written, first.removed), (vec!["swr".to_owned()], vec![]));
    let text = after(&hosts_file("10.0.0.1"), "");
    assert_eq!(change(&hosts_file("10.0.0.1"), &text), None, "once is enough");
    let gone = change(&file(Form::Hosts, vec![]), &text).unwrap();
    assert_eq!((gone.written, gone.removed, gone.after), (vec![], vec!["swr".to_owned()], Some(vec![])));
    assert_eq!(change(&file(Form::Hosts, vec![]), "127.0.0.1 localhost\n"), None);
}

#[test]
fn a_line_by_hand_that_says_something_else_is_named() {
    let text = format!("127.0.0.1 localhost\n10.0.0.9 {NAME} # mine\n");
    let told = problem(&hosts_file("10.0.0.1"), &text);
    assert_eq!(
        told,
        format!("`f` is left alone: line 2 gives {NAME} the address 10.0.0.9; remove line 2: swrctl writes its own")
    );
    let other = format!("# BEGIN swrctl q/swr\n10.0.0.9 {NAME}\n# END swrctl q/swr\n");
    assert!(problem(&hosts_file("10.0.0.1"), &other).contains("10.0.0.9 for q/swr; two projects declare it"));
    assert!(change(&hosts_file("10.0.0.9"), &text).is_some(), "who says the same is no rival");
}

#[test]
fn registries_of_one_host_have_to_agree() {
    let both = |one, other| file(Form::Hosts, vec![("swr", pins(one)), ("again", pins(other))]);
    assert!(
        problem(&both("10.0.0.1", "10.0.0.2"), "").contains(&format!("`swr` and `again` give {NAME} two addresses"))
    );
    assert_eq!(hosts::pins(&after(&both("10.0.0.1", "10.0.0.1"), ""), NAME).len(), 2);
}

#[test]
fn a_zone_of_somebody_else_stays_the_only_one() {
    let forward = Content::Forward { zones: vec![NAME.to_owned()], servers: vec![ip("10.0.0.53")] };
    let conf = file(Form::NamedConf, vec![("swr", forward)]);
    let told = problem(&conf, &format!("options {{ }};\nzone \"{NAME}\" {{ type master; }};\n"));
    assert!(told.contains(&format!("line 2 declares the zone {NAME}")), "{told}");
    let records = Content::Records { zones: vec![NAME.to_owned()], addresses: vec![ip("10.0.0.1")] };
    let zone = file(Form::Zone, vec![("swr", records)]);
    assert!(problem(&zone, "\n$TTL 1\n").contains("line 2 is not of swrctl"));
    let text = after(&zone, "");
    let more = format!("{text}www IN A 10.0.0.3\n");
    assert_eq!(change(&zone, &more), None, "records that people add stay");
    assert_eq!(change(&file(Form::Zone, vec![]), &text).unwrap().after, None, "a zone file of ours goes whole");
}

#[test]
fn two_registries_declare_no_zone_twice() {
    let forward = |zone: &str| Content::Forward { zones: vec![zone.to_owned()], servers: vec![ip("10.0.0.53")] };
    let both = |one, other| file(Form::NamedConf, vec![("swr", one), ("again", other)]);
    let told = problem(&both(forward(NAME), forward(&NAME.to_ascii_uppercase())), "");
    assert!(told.contains(&format!("`swr` and `again` both declare the zone {NAME}; keep one")), "{told}");
    assert_eq!(after(&both(forward(NAME), forward("b.example")), "").matches("zone \"").count(), 2);
}

#[test]
fn a_missing_file_is_as_an_empty_one() {
    let change = |file: &ManagedFile| file.change(&writer(), None, day()).unwrap();
    assert!(change(&hosts_file("10.0.0.1")).unwrap().after.is_some());
    assert_eq!(change(&file(Form::Zone, vec![])), None);
}

proptest! {
    #[test]
    fn every_pin_resolves_and_no_other_line_changes(
        lines in prop::collection::vec("[ -~]{0,40}", 0..12), crlf: bool, ended: bool, address in any::<[u8; 4]>()
    ) {
        let end = if crlf { "\r\n" } else { "\n" };
        let mut before = lines.join(end);
        if ended {
            before += end;
        }
        prop_assume!(hosts::pins(&before, NAME).is_empty());
        let address = IpAddr::from(address);
        let file = hosts_file(&address.to_string());
        let text = after(&file, &before);
        prop_assert_eq!(hosts::pins(&text, NAME).len(), 1);
        prop_assert_eq!(hosts::pins(&text, NAME)[0].address, address);
        prop_assert!(text.contains(before.as_str()));
        prop_assert_eq!(after(&self::file(Form::Hosts, vec![]), &text), before);
    }
}
