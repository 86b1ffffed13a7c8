//! Reports of lint as a real parser of XML reads them.

use crate::support::process::program;
use crate::support::swrctl::Project;

/// A name and a text that end an attribute or an element early where nobody takes care.
const NAME: &str = "a\"<&>,:%'é.Dockerfile";
const TEXT: &str = "FROM \"<&>]]>\u{1b}[31m\u{7}:latest\nRUN cd /<!--é && \u{202e}x\nENV A_TOKEN='--><a b=\"c\">'\n";

/// Prints how many elements of a name there are, and the name of the file.
const COUNT: &str = "import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
print(len(list(root.iter(sys.argv[2]))), root[0].get('name'), end='')";

#[test]
fn xml_holds_every_finding_of_hostile_texts() {
    let project = Project::empty().file(NAME, TEXT).file("count.py", COUNT);
    let lint = |format: &str| project.run(["lint", "--profile", "all", "--format", format]).expect_code(1).stdout;
    let findings = lint("short").lines().count();
    assert!(findings >= 3);
    for (format, element) in [("checkstyle", "error"), ("junit", "testcase")] {
        std::fs::write(project.path(format), lint(format)).unwrap();
        let python = program("python3");
        let counted = project.bash(&format!("PYTHONUTF8=1 {} count.py {format} {element}", python.display()));
        assert_eq!(counted.expect_success().stdout, format!("{findings} {NAME}"), "{format}");
    }
}
