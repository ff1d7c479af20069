//! No hostile case gets lost: each one on the list that this house has to meet is
//! named, by its id, by a test that proves it (in its name, its comment or its data).
//!
//! Reads the tests, here and in `src`, as text. Cases of what does not exist yet
//! (device flow, registration by clients, second factors) join with their feature.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The groups and the numbers in them.
const CASES: &[(&str, &[u8])] = &[
    ("az", &[1, 2, 4, 5, 7, 8, 11, 12, 13, 14, 15, 17, 19, 20, 21, 24, 25, 26, 27, 28, 30, 31, 32, 34, 35]),
    ("tk", &[1, 2, 3, 4, 5, 6, 8, 11, 12, 13, 16, 17, 19, 20]),
    ("ca", &[1, 2, 3, 4, 5, 6, 7, 9]),
    ("jw", &[1, 2, 6, 7, 8]),
    ("ir", &[1, 2, 3, 4, 5, 6, 8]),
    ("lo", &[1, 2, 4, 5, 6]),
    ("lg", &[1, 3, 4, 5, 6, 7, 11, 12, 13, 14, 16, 17, 18, 20]),
    ("sm", &[1, 2, 3, 4, 6, 8, 9, 12]),
    ("wx", &[1, 2, 3, 5, 6, 7, 10, 12]),
    ("up", &[1, 2, 3]),
    ("rg", &[1, 2, 4, 5]),
    ("lc", &[1, 2, 4]),
    ("ac", &[1, 2, 3, 4, 5, 6, 7, 8, 11]),
    ("wb", &[1, 2, 3, 4, 5, 6, 8]),
    ("rx", &[1, 2, 4, 5]),
];

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_some_and(|name| name != "node_modules") {
                files(&path, found);
            }
        } else if path.extension().is_some_and(|is| is == "rs" || is == "mjs") {
            found.push(path);
        }
    }
}

/// The part of a file that tests: all of it in `tests/`, the tests' own module in `src/`.
fn tests_of(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let shown = path.to_str().unwrap();
    let own = shown.ends_with("tests.rs") || shown.contains("/tests/");
    let from = if own { Some(0) } else { text.find("#[cfg(test)]\nmod tests {") };
    from.map(|from| text[from..].to_owned()).unwrap_or_default()
}

/// Whether this line says which case a test proves: its name, its comment, its data.
fn tells(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("//") || line.starts_with("#[case") || line.contains("fn ") || line.contains("(\"")
}

/// The ids in a line: `AZ-01`, and `az_14_15_and_17_what_follows` for three.
fn ids(line: &str) -> BTreeSet<(String, u8)> {
    let plain = line.to_lowercase().replace('_', "-");
    let mut found = BTreeSet::new();
    for word in plain.split(|c: char| !c.is_ascii_alphanumeric() && c != '-') {
        let mut group = None;
        for part in word.split('-') {
            let number = (part.len() == 2).then(|| part.parse::<u8>().ok()).flatten();
            if let (Some(group), Some(number)) = (&group, number) {
                found.insert((String::clone(group), number));
            } else if part != "and" {
                group = CASES.iter().any(|(name, _)| *name == part).then(|| part.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_hostile_case_is_named_by_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    files(&root.join("tests"), &mut found);
    files(&root.join("src"), &mut found);
    let this = root.join("tests/it/hostile.rs");
    let named: BTreeSet<_> = found
        .iter()
        .filter(|path| **path != this)
        .flat_map(|path| tests_of(path).lines().filter(|line| tells(line)).flat_map(ids).collect::<Vec<_>>())
        .collect();
    let wanted = CASES.iter().flat_map(|(group, numbers)| numbers.iter().map(|number| ((*group).to_owned(), *number)));
    let lost: Vec<_> = wanted.filter(|case| !named.contains(case)).collect();
    assert!(lost.is_empty(), "no test names these cases: {lost:?}");
}

#[test]
fn an_id_is_read_however_it_is_written() {
    let all = |line: &str| ids(line).into_iter().map(|(group, number)| format!("{group}-{number}")).collect::<Vec<_>>();
    assert_eq!(all("/// AZ-01, (TK-12): two."), ["az-1", "tk-12"]);
    assert_eq!(all("async fn az_14_15_17_what_there_is() {"), ["az-14", "az-15", "az-17"]);
    assert_eq!(all("fn wx_07_and_10_both()"), ["wx-7", "wx-10"]);
    assert_eq!(all("let amaz_01 = 7; az_x_01; lab_02"), [""; 0]);
}
