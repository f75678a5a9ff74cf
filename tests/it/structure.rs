//! The direction of the arrows between modules, and the promises that hold for the whole source.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each module at the top may use, beside itself: all layers below it, and what is for everybody.
const ARROWS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("lib", &[]),
    (
        "cli",
        &["app", "clock", "config", "domain", "error", "http", "jobs", "keys", "record", "state", "store"],
    ),
    ("http", &["app", "clock", "config", "domain", "error", "keys", "record", "state", "store"]),
    ("jobs", &["app", "clock", "config", "domain", "error", "record", "state", "store"]),
    ("app", &["clock", "domain", "error", "imaging", "keys", "record", "store"]),
    ("store", &["clock", "domain", "error", "record"]),
    ("domain", &["error"]),
    ("record", &["error"]),
    ("imaging", &[]),
    // It wires the layers together, and is what handlers are given.
    ("state", &["app", "clock", "config", "domain", "error", "http", "jobs", "keys", "store"]),
    ("config", &["domain", "error", "store"]),
    ("keys", &["error", "record"]),
    ("clock", &["domain"]),
    ("error", &[]),
];

/// Libraries that only these modules may use.
const LIBRARIES: &[(&str, &[&str])] = &[
    ("diesel", &["store"]),
    ("diesel_migrations", &["store"]),
    ("actix_web", &["http", "cli", "state"]),
    ("actix_http", &["http", "cli", "state"]),
    ("utoipa", &["http", "cli", "state"]),
    ("clap", &["cli", "main"]),
    ("ureq", &["cli"]),
    ("object_store", &["store"]),
    ("image", &["imaging"]),
    ("zune_jpeg", &["imaging"]),
    ("moxcms", &["imaging"]),
];

/// What the pure modules must not reach: I/O, other threads, randomness.
const IMPURE: &[&str] =
    &["std::env", "std::fs", "std::io", "std::net", "std::process", "std::thread", "tokio", "getrandom"];

/// One file of `src`.
struct Source {
    path: PathBuf,
    /// The module at the top that it belongs to.
    top: String,
    /// How deep its module lies: 1 for a file or folder right under `src`.
    depth: usize,
    /// Its text without comments.
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                sources.push(source(&root, path));
            }
        }
    }
    assert!(sources.len() > 50, "the source was found");
    sources
}

fn source(root: &Path, path: PathBuf) -> Source {
    let relative = path.strip_prefix(root).unwrap().with_extension("");
    let mut module: Vec<&str> = relative.iter().map(|part| part.to_str().unwrap()).collect();
    if module.last() == Some(&"mod") {
        module.pop();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let code: Vec<&str> = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect();
    Source { top: module[0].to_owned(), depth: module.len(), code: code.join("\n"), path }
}

impl Source {
    /// The modules at the top that the file names: after `crate::`, after `greenlight::` in `main.rs`,
    /// and after enough `super::` to reach the top.
    fn named(&self) -> BTreeSet<String> {
        let to_the_top = "super::".repeat(self.depth);
        let mut roots = vec!["crate::", to_the_top.as_str()];
        if self.top == "main" {
            roots.push("greenlight::");
        }
        let mut named = BTreeSet::new();
        for root in roots {
            for (at, _) in self.code.match_indices(root) {
                let before = self.code[..at].chars().next_back().unwrap_or(' ');
                if !before.is_alphanumeric() && before != '_' && before != ':' {
                    named.extend(first_names(&self.code[at + root.len()..]));
                }
            }
        }
        named
    }

    /// Whether the file names something of this path, such as `diesel` or `std::fs`.
    fn names(&self, path: &str) -> bool {
        let follows = |at: usize| {
            let before = self.code[..at].chars().next_back().unwrap_or(' ');
            let after = self.code[at + path.len()..].chars().next().unwrap_or(' ');
            let is_part = |c: char| c.is_alphanumeric() || c == '_';
            !is_part(before) && before != ':' && before != '.' && !is_part(after)
        };
        let uses = |at: usize| {
            self.code[at + path.len()..].starts_with("::") || self.code[..at].trim_end().ends_with("use")
        };
        self.code.match_indices(path).any(|(at, _)| follows(at) && uses(at))
    }
}

/// The first name of a path, or of each path in braces.
fn first_names(path: &str) -> Vec<String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let Some(list) = path.strip_prefix('{') else { return vec![name(path)] };
    let mut depth = 1;
    let mut names = vec![name(list)];
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&list[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

#[test]
fn arrows_point_downwards() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.iter().copied().collect();
    for source in sources() {
        let place = source.path.display();
        let allowed = arrows.get(source.top.as_str()).unwrap_or_else(|| panic!("{place}: no such layer"));
        for name in source.named() {
            let is_module = arrows.contains_key(name.as_str()) && name != source.top;
            assert!(!is_module || allowed.contains(&name.as_str()), "{place} must not use {name}");
        }
    }
}

#[test]
fn libraries_stay_in_their_layers() {
    for source in sources() {
        for (library, allowed) in LIBRARIES {
            let is_allowed = allowed.contains(&source.top.as_str());
            assert!(is_allowed || !source.names(library), "{} must not use {library}", source.path.display());
        }
    }
}

#[test]
fn domain_and_record_are_pure() {
    let pure = sources().into_iter().filter(|source| ["domain", "record"].contains(&source.top.as_str()));
    for source in pure {
        for path in IMPURE {
            assert!(!source.names(path), "{} must not use {path}", source.path.display());
        }
    }
}

#[test]
fn only_the_clock_reads_the_time() {
    for source in sources().iter().filter(|source| source.top != "clock") {
        for reader in ["Utc::now", "Local::now", "SystemTime"] {
            assert!(!source.code.contains(reader), "{} reads the time", source.path.display());
        }
    }
}

#[test]
fn the_arrows_are_found() {
    let file = |top: &str, depth: usize, code: &str| Source {
        path: PathBuf::new(),
        top: top.to_owned(),
        depth,
        code: code.to_owned(),
    };
    let named = |source: &Source| source.named().into_iter().collect::<Vec<_>>();
    assert_eq!(named(&file("domain", 2, "use crate::store::people;")), ["store"]);
    assert_eq!(
        named(&file("domain", 2, "use crate::{app, error::{Code, Error}, http};")),
        ["app", "error", "http"]
    );
    assert_eq!(named(&file("clock", 1, "fn f() { super::store::open() }")), ["store"]);
    assert_eq!(named(&file("http", 3, "use super::super::super::store;")), ["store"]);
    assert_eq!(named(&file("http", 3, "use super::super::table;")), Vec::<String>::new());
    assert!(file("app", 2, "use diesel::prelude::*;").names("diesel"));
    assert!(!file("app", 2, "let diesel_like = 1; a.diesel(); x::diesel::y()").names("diesel"));
    assert!(file("domain", 2, "let text = std::fs::read(path);").names("std::fs"));
}
