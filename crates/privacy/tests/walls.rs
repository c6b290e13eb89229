//! What the types do not allow: keys that print, seeds in a shipped binary.

use std::fmt::{Debug, Display};
use std::marker::PhantomData;
use std::path::Path;

/// Fails to compile when `$kind` has the trait: both answers would fit then.
macro_rules! has_no {
    ($trait:ident, $kind:ty) => {{
        trait Answer<Which> {
            fn given() {}
        }
        struct Yes<T: ?Sized>(PhantomData<T>);
        impl<T: ?Sized> Answer<()> for T {}
        impl<T: ?Sized + $trait> Answer<Yes<T>> for T {}
        <$kind as Answer<_>>::given()
    }};
}

#[test]
fn a_bounding_key_cannot_be_printed() {
    has_no!(Debug, privacy::BoundingKey);
    has_no!(Display, privacy::BoundingKey);
    has_no!(Debug, privacy::SystemEntropy);
}

#[test]
fn an_open_gate_cannot_be_copied() {
    has_no!(Clone, privacy::Shown);
    has_no!(Default, privacy::Shown);
}

#[test]
fn every_line_with_a_seed_is_behind_the_feature() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let gate = "#[cfg(any(test, feature = \"seeded-entropy\"))]";
    let mut found = 0;
    for file in ["src/lib.rs", "src/noise.rs", "src/noise/entropy.rs"] {
        let text = std::fs::read_to_string(root.join(file)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let items = ["pub use", "pub struct", "impl"];
        for (at, line) in lines.iter().enumerate() {
            if line.contains("SeededEntropy") && items.iter().any(|it| line.starts_with(it)) {
                assert_eq!(lines[at - 1], gate, "{file}:{}", at + 1);
                found += 1;
            }
        }
    }
    assert_eq!(found, 5, "two re-exports, one struct, two impls");
}

#[test]
fn only_tests_of_other_crates_turn_the_seed_on() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for entry in std::fs::read_dir(crates).unwrap() {
        let path = entry.unwrap().path().join("Cargo.toml");
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let (mut section, mut own_default) = ("", false);
        for line in text.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let turned_on = line.contains("seeded-entropy") && line.contains("privacy");
            assert!(!turned_on || section == "[dev-dependencies]", "{}: {line}", path.display());
            own_default |= section == "[features]" && line.starts_with("default");
        }
        assert!(!(own_default && path.ends_with("privacy/Cargo.toml")), "no default features");
    }
}

#[test]
fn no_budget_passes_through_a_floating_point_number() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let of_budgets = [
        "privacy/src/unit.rs",
        "privacy/src/meter.rs",
        "ledger/src/books.rs",
        "ledger/src/charge.rs",
        "ledger/src/entry.rs",
        "ledger/src/verify.rs",
    ];
    for file in of_budgets {
        let text = std::fs::read_to_string(crates.join(file)).unwrap();
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        let float = code.into_iter().find(|line| line.contains("f64") || line.contains("f32"));
        assert_eq!(float, None, "{file}");
    }
}
