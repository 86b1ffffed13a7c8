//! Files of the repository that the code's own words are compared with. `SWRCTL_BLESS=1` rewrites them.

use std::path::Path;

/// Compares `actual` with a file of the repository, or writes it there.
#[track_caller]
pub fn assert_file(path: &str, actual: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("SWRCTL_BLESS").is_some() {
        std::fs::create_dir_all(file.parent().expect("a file stands in a folder")).unwrap();
        return std::fs::write(file, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    let lines = |text: &str| text.lines().map(str::to_owned).chain([String::new()]).collect::<Vec<_>>();
    let differs = (1..).zip(lines(&expected).into_iter().zip(lines(actual))).find(|(_, (old, new))| old != new);
    if let Some((line, (old, new))) = differs {
        panic!("{path}:{line} is out of date (SWRCTL_BLESS=1 rewrites it)\n  there: {old}\n  now:   {new}\n\n{actual}");
    }
    assert_eq!(expected, actual, "{path} ends otherwise (SWRCTL_BLESS=1 rewrites it)");
}
