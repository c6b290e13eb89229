//! Proofs as somebody checks them who has a text and a key, and nothing else.

use std::fs;

use ledger::{
    Checkpoint, CheckpointVerifier, ConsistencyProof, InclusionProof, ProofError, Record, audit,
};

use super::fixture::{AT, Place, budget, filled, filled_with, request, signer};

fn key() -> CheckpointVerifier {
    // As it is handed over: a text.
    CheckpointVerifier::parse(&signer().verifier().to_string()).unwrap()
}

fn checkpoint(place: &Place) -> Checkpoint {
    Checkpoint::read(&place.dir, &key()).unwrap()
}

#[test]
fn an_entry_is_proven_by_a_text_and_a_key() {
    let place = filled();
    let (history, checkpoint) = (place.history(), checkpoint(&place));
    for at in 0..5 {
        let proof = history.inclusion(at, &checkpoint).unwrap();
        let (entry, under) = InclusionProof::check(proof.text(), &key()).unwrap();
        assert_eq!(Some(&entry), history.entries().get(usize::try_from(at).unwrap()));
        assert_eq!(under, checkpoint);
    }
    assert!(history.inclusion(5, &checkpoint).is_none());
}

#[test]
fn any_changed_character_of_a_proof_is_found() {
    let place = filled();
    let proof = place.history().inclusion(2, &checkpoint(&place)).unwrap();
    let text = proof.text().as_bytes();
    for (at, bit) in (0..text.len()).flat_map(|at| [0, 2, 5].map(|bit| (at, bit))) {
        let mut changed = text.to_vec();
        changed[at] ^= 1 << bit;
        let Ok(changed) = String::from_utf8(changed) else { continue };
        assert!(InclusionProof::check(&changed, &key()).is_err(), "byte {at}, bit {bit}");
    }
    for end in (0..text.len()).filter(|&end| proof.text().is_char_boundary(end)) {
        assert!(InclusionProof::check(&proof.text()[..end], &key()).is_err(), "cut at {end}");
    }
}

#[test]
fn a_kept_checkpoint_binds_everything_that_comes_after() {
    let place = filled();
    let kept = checkpoint(&place);
    let _ = place.open().charge(request(7, budget("0.001", "0")), AT).unwrap();
    let newer = checkpoint(&place);
    let proof = place.history().consistency(kept.size(), &newer).unwrap();
    assert_eq!(ConsistencyProof::check(proof.text(), &kept, &key()).unwrap(), newer);
    let (verified, audited) = audit(&place.dir, &key(), Some(&kept)).unwrap();
    assert_eq!((verified.entries.len(), audited), (6, newer));
    // Another past of the same length, signed by the same key, does not lead here.
    let other = checkpoint(&filled_with("0.009"));
    assert_eq!(other.size(), kept.size());
    let refused = ConsistencyProof::check(proof.text(), &other, &key()).unwrap_err();
    assert_eq!(refused, ProofError::Hashes);
    let found = audit(&place.dir, &key(), Some(&other)).unwrap_err().to_string();
    assert!(found.contains("the first 5 entries are not those of the kept one"), "{found}");
    // Nor does an earlier one come after a later.
    let later = checkpoint(&place);
    let earlier = filled();
    assert!(audit(&earlier.dir, &key(), Some(&later)).unwrap_err().to_string().contains("covers"));
    let sizes = ProofError::OtherSize { kept: 6, before: 5 };
    assert_eq!(ConsistencyProof::check(proof.text(), &later, &key()).unwrap_err(), sizes);
}

#[test]
fn a_whole_ledger_rewritten_with_a_fresh_chain_is_found_by_its_checkpoint() {
    let (place, other) = (filled(), filled_with("0.009"));
    fs::copy(other.file(), place.file()).unwrap();
    let found = audit(&place.dir, &key(), None).unwrap_err().to_string();
    assert!(found.contains("not the ledger that the anchor saw"), "{found}");
}

#[test]
fn what_is_no_proof_is_said_to_be_none() {
    let line = |text: &str| match InclusionProof::check(text, &key()).unwrap_err() {
        ProofError::Malformed { line, .. } => line,
        other => panic!("{other}"),
    };
    assert_eq!(line(""), 1);
    assert_eq!(line("c2sp.org/tlog-proof@v1\nindex 3\n"), 2);
    assert_eq!(line("c2sp.org/tlog-proof@v1\nextra e30=\nindex 03\n"), 3);
    assert_eq!(line("c2sp.org/tlog-proof@v1\nextra e30=\nindex 3\nshort\n\n"), 4);
    let hashes = format!("{}\n", signer_hash()).repeat(70);
    assert_eq!(line(&format!("c2sp.org/tlog-proof@v1\nextra e30=\nindex 3\n{hashes}\n")), 68);
    for text in ["", "ledger.test", "ledger.test+00000000+AAAA", "a b+00000000+AAAA"] {
        assert!(CheckpointVerifier::parse(text).is_err(), "{text}");
    }
    assert!(ledger::CheckpointSigner::new("two words", &[0; 32]).is_err());
}

fn signer_hash() -> String {
    checkpoint(&filled()).root()
}

#[test]
fn the_checkpoint_is_a_signed_note_that_other_programs_read() {
    let note = String::from_utf8(checkpoint(&filled()).note().to_owned()).unwrap();
    let lines: Vec<&str> = note.lines().collect();
    assert_eq!(lines[..2], ["ledger.test", "5"]);
    assert_eq!(lines[2].len(), 44);
    assert!(lines[3].is_empty() && lines[4].starts_with("\u{2014} ledger.test "));
    let first = &filled().history().entries()[0].record.clone();
    assert!(matches!(first, Record::Charge(_)));
}
