//! Proofs beside the code: each carries a digest of the code it speaks of.
//!
//! A source names its proof in its header (`Proof: x.md`); line 1 of the proof holds the digest of
//! all sources that name it, without comments, blank space and tests. When the code has moved on,
//! read the proof again, mend it, and write the digest that the failing test prints.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Code alone: no comments, no tests, no blank space at the ends of lines.
fn code(source: &str) -> String {
    // A test module in a file of its own is one line and hides nothing that comes after it.
    let shipped = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = shipped.lines().map(|line| {
        let line = line.trim();
        let line = if line.starts_with("//") { "" } else { line };
        line.split(" // ").next().unwrap_or_default().trim_end()
    });
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// The proof that a source's header names.
fn named(source: &str) -> Option<&str> {
    let mut header = source.lines().take_while(|line| line.starts_with("//!"));
    let (_, after) = header.find_map(|line| line.split_once("Proof: "))?;
    after.split_inclusive(".md").next()
}

/// Each proof with the digest of the sources that name it.
fn digests() -> BTreeMap<PathBuf, String> {
    let mut files = Vec::new();
    sources(&crate::root().join("crates"), &mut files);
    files.sort();
    let mut spoken_of = BTreeMap::<PathBuf, blake3::Hasher>::new();
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        if let Some(proof) = named(&text) {
            let path = file.parent().unwrap().join(proof);
            let path = path.canonicalize().unwrap_or(path);
            spoken_of.entry(path).or_default().update(code(&text).as_bytes());
        }
    }
    let short = |hasher: blake3::Hasher| hasher.finalize().to_hex()[..16].to_owned();
    spoken_of.into_iter().map(|(path, hasher)| (path, short(hasher))).collect()
}

#[test]
fn every_proof_has_been_read_since_its_code_changed() {
    let digests = digests();
    let mut stale = String::new();
    for (path, digest) in &digests {
        let proof = std::fs::read_to_string(path).unwrap_or_default();
        let first = format!("<!-- code: {digest} -->");
        if proof.lines().next() != Some(first.as_str()) {
            stale += &format!("\n{}: read it again, then write  {first}", path.display());
        }
    }
    assert!(stale.is_empty(), "proofs behind their code:{stale}");
    let names = digests.keys().filter_map(|path| path.file_stem()?.to_str());
    let all = "binned_quantile bounding clamped_sum clip consistency conversion derived dilution meter normal quorum \
               residual soft_quorum gaussian tail charge tally release";
    let all: std::collections::BTreeSet<&str> = all.split(' ').collect();
    assert_eq!(names.collect::<std::collections::BTreeSet<_>>(), all);
}

#[test]
fn every_proof_says_what_it_must() {
    for path in digests().keys() {
        let proof = std::fs::read_to_string(path).unwrap();
        let parts =
            ["Claim", "The compiler checks", "The caller must ensure", "Argument", "Source"];
        for part in parts {
            assert!(proof.contains(&format!("**{part}.**")), "{}: {part}", path.display());
        }
    }
}

#[test]
fn a_digest_moves_with_the_code_and_not_with_its_comments() {
    let before = "//! Place.\nfn f() -> u8 {\n    1\n}\n#[cfg(test)]\nmod tests {}\n";
    let comment = "//! Other.\n\n/// What.\nfn f() -> u8 {\n    1 // why\n}\n";
    assert_eq!(code(before), code(comment));
    assert_ne!(code(before), code(&before.replace('1', "2")));
    let apart = "#[cfg(test)]\nmod crash;\n\nfn f() -> u8 {\n    1\n}\n";
    assert_ne!(code(apart), code(&apart.replace('1', "2")));
    assert_eq!(named("//! Guarantee. Proof: ../a/b.md.\n//! Source: x"), Some("../a/b.md"));
}
