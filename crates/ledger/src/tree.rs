//! The Merkle tree over the entries' JSON (RFC 6962, SHA-256).
//!
//! A root commits to every entry before it; two short lists of hashes show that an entry is under a
//! root, and that one root grew out of another. The hashes are kept in memory: about 64 bytes an
//! entry. Source: RFC 6962 §2.1; C2SP tlog-tiles.

use tlog_tiles::{
    EMPTY_HASH, Error, Hash, HashReader, prove_record, prove_tree, stored_hashes, tree_hash,
};

/// A tree that grows at its end.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    size: u64,
    hashes: Vec<Hash>,
}

impl HashReader for Tree {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, Error> {
        let missing = || Error::InvalidInput("the tree has no such hash".to_owned());
        let at = |index: &u64| usize::try_from(*index).ok().and_then(|at| self.hashes.get(at));
        indexes.iter().map(|index| at(index).copied().ok_or_else(missing)).collect()
    }
}

impl Tree {
    /// Adds the next leaf.
    pub fn push(&mut self, leaf: &[u8]) {
        // Reading back what was stored cannot fail.
        let grown = stored_hashes(self.size, leaf, self).unwrap_or_default();
        self.hashes.extend(grown);
        self.size += 1;
    }

    /// How many leaves there are.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root over the first `size` leaves; `None` when there are fewer.
    pub fn root(&self, size: u64) -> Option<[u8; 32]> {
        match size {
            0 => Some(EMPTY_HASH.0),
            _ if size > self.size => None,
            _ => tree_hash(size, self).ok().map(|it| it.0),
        }
    }

    /// Shows that leaf `place` is under the root over the first `size`.
    pub fn inclusion(&self, place: u64, size: u64) -> Option<Vec<Hash>> {
        if size > self.size { None } else { prove_record(size, place, self).ok() }
    }

    /// Shows that the root over the first `size` leaves grew out of that over the first `before`.
    pub fn consistency(&self, before: u64, size: u64) -> Option<Vec<Hash>> {
        if size > self.size { None } else { prove_tree(size, before, self).ok() }
    }
}

#[cfg(test)]
mod tests {
    use ct_merkle::{
        ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree,
    };
    use sha2::Sha256;
    use tlog_tiles::{check_record, check_tree, record_hash};

    use super::*;

    fn bytes(hashes: &[Hash]) -> Vec<u8> {
        hashes.iter().flat_map(|hash| hash.0).collect()
    }

    #[test]
    fn another_implementation_finds_the_same_roots_and_accepts_the_same_proofs() {
        let mut peer: MemoryBackedTree<Sha256, Vec<u8>> = MemoryBackedTree::new();
        let mut tree = Tree::default();
        let mut roots: Vec<RootHash<Sha256>> = vec![peer.root()];
        for size in 1..=70_u64 {
            let leaf = format!("{{\"place\":{size}}}").into_bytes();
            tree.push(&leaf);
            peer.push(leaf);
            roots.push(peer.root());
            let root = Hash(tree.root(size).unwrap());
            assert_eq!(root.0, **peer.root().as_bytes());
            for place in 0..size {
                let at = usize::try_from(place).unwrap();
                let leaf = peer.get(at).unwrap();
                let proof = tree.inclusion(place, size).unwrap();
                check_record(&proof, size, root, place, record_hash(leaf)).unwrap();
                let theirs = InclusionProof::try_from_bytes(bytes(&proof)).unwrap();
                peer.root().verify_inclusion(leaf, place, &theirs).unwrap();
                // Under no other place, and not for another leaf.
                assert!(check_record(&proof, size, root, place, record_hash(b"other")).is_err());
                let other = (place + 1) % size;
                assert!(
                    size == 1
                        || check_record(&proof, size, root, other, record_hash(leaf)).is_err()
                );
                let before = place + 1;
                let proof = tree.consistency(before, size).unwrap();
                let old = Hash(tree.root(before).unwrap());
                check_tree(&proof, size, root, before, old).unwrap();
                if before < size {
                    let theirs = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
                    let old = &roots[usize::try_from(before).unwrap()];
                    peer.root().verify_consistency(old, &theirs).unwrap();
                    assert!(check_tree(&proof, size, root, before, EMPTY_HASH).is_err());
                }
            }
        }
        assert!(tree.root(71).is_none() && tree.inclusion(0, 71).is_none());
        assert!(tree.inclusion(70, 70).is_none() && tree.consistency(1, 71).is_none());
    }
}
