//! Ledgers whose chain is whole but whose entries no writer could have made.

use std::path::Path;

use super::check;
use crate::anchor::Anchor;
use crate::checkpoint::CheckpointSigner;
use crate::entry::{Charge, ChargeId, Entry, Publication, Record, digest, genesis, line};
use crate::error::LedgerError;
use crate::storage::{Image, Place};
use crate::tree::Tree;

fn charge(place: u64, rho: &str) -> Record {
    Record::Charge(Charge {
        id: ChargeId::at(place),
        plan_hash: "00".to_owned(),
        product: "residents".to_owned(),
        period: "2026-10".to_owned(),
        snapshot: "s".to_owned(),
        partner: "operator".to_owned(),
        rho: rho.to_owned(),
        delta: "0".to_owned(),
        cap_rho: "0.05".to_owned(),
        cap_delta: "0".to_owned(),
    })
}

fn under_cap(cap: &str, record: Record) -> Record {
    match record {
        Record::Charge(charge) => Record::Charge(Charge { cap_rho: cap.to_owned(), ..charge }),
        publication @ Record::Publication(_) => publication,
    }
}

fn publication(place: u64) -> Record {
    let charge = ChargeId::at(place);
    let (release, manifest_hash) = ("r".to_owned(), "00".to_owned());
    Record::Publication(Publication { charge, release, manifest_hash })
}

fn signer() -> CheckpointSigner {
    CheckpointSigner::new("forged", &[3; 32]).unwrap()
}

/// Chains `records`, anchors the first `anchored` of them, and says what is wrong and where.
fn lie(records: Vec<Record>, anchored: u64) -> Option<(u64, String)> {
    let signer = signer();
    let sign = |anchor: &Anchor| Some(signer.sign(anchor).unwrap().note().to_owned());
    let genesis_anchor = Anchor::genesis();
    let checkpoint = sign(&genesis_anchor);
    let mut image = Image { entries: Vec::new(), anchor: Some(genesis_anchor), checkpoint };
    let mut tree = Tree::default();
    let mut head = genesis();
    for (place, record) in (0..).zip(records) {
        let at = "2026-11-01T00:00:00Z".to_owned();
        let json = serde_json::to_vec(&Entry { place, at, record }).unwrap();
        head = digest(&head, &json);
        image.entries.extend(line(&head, &json));
        tree.push(&json);
        if place + 1 == anchored {
            let anchor = Anchor { size: anchored, root: tree.root(anchored).unwrap() };
            image.checkpoint = sign(&anchor);
            image.anchor = Some(anchor);
        }
    }
    match check(&image, &Place::new(Path::new("d"), Path::new("a")), &signer.verifier()) {
        Ok(_) => None,
        Err(LedgerError::Lie { line, what, .. }) => Some((line, what)),
        Err(other) => panic!("{other}"),
    }
}

fn refused(records: Vec<Record>, line: u64, what: &str) {
    let anchored = u64::try_from(records.len()).unwrap();
    let (found, why) = lie(records, anchored).unwrap();
    assert!(found == line && why.contains(what), "line {found}: {why}");
}

#[test]
fn what_the_writer_makes_is_accepted() {
    assert_eq!(lie(vec![charge(0, "0.02"), publication(0), charge(2, "0.03")], 3), None);
}

#[test]
fn an_entry_that_no_writer_could_have_made_is_refused() {
    refused(vec![charge(0, "0.02"), charge(1, "0.030000001")], 2, "rho cap");
    let raised = under_cap("0.06", charge(1, "0.01"));
    refused(vec![charge(0, "0.02"), raised], 2, "were raised");
    refused(vec![charge(0, "-1")], 1, "no number");
    refused(vec![charge(7, "0.02")], 1, "stands at place 0");
    refused(vec![publication(0)], 1, "not open");
    refused(vec![charge(0, "0.02"), publication(0), publication(0)], 3, "not open");
}

#[test]
fn at_most_one_entry_may_be_ahead_of_the_anchor() {
    let three = || (0..3).map(|place| charge(place, "0.01")).collect();
    assert_eq!(lie(three(), 2), None);
    assert_eq!(lie(three(), 1).unwrap().0, 3);
}

#[test]
fn an_entry_in_another_spelling_is_refused() {
    let spelled = |json: &str| {
        let head = digest(&genesis(), json.as_bytes());
        super::entry(format!("{head} {json}").as_bytes(), 0, &genesis()).unwrap_err()
    };
    let json =
        serde_json::to_string(&Entry { place: 0, at: "a".to_owned(), record: charge(0, "0.02") });
    let spaced = json.unwrap().replacen("\"place\":0", "\"place\": 0", 1);
    assert!(spelled(&spaced).contains("as the ledger writes"));
}
