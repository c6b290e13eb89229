//! A lattice of cells: which cell is the sum of which others.
//!
//! Only over person-partitioning dimensions: each person of a parent is in exactly one child of each
//! of its relations. Proof: ../residual.md.

/// A cell, by its place in the caller's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CellId(pub usize);

/// A relation, by its place in the caller's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RelationId(pub usize);

/// One whole and all of its parts: parent = Σ children, person by person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relation {
    /// The whole.
    pub parent: CellId,
    /// Its parts: all of them, and nobody is in two.
    pub children: Vec<CellId>,
    /// The dimension that is summed over, by any number: relations over the same have the same.
    /// It steers which cells are withdrawn together and decides nothing about safety.
    pub over: usize,
}

/// Relations or answers that do not fit together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LatticeError {
    /// A cell that is on no list.
    #[error("cell {0} does not exist: there are {1}")]
    UnknownCell(usize, usize),
    /// A relation that is on no list.
    #[error("relation {0} does not exist: there are {1}")]
    UnknownRelation(usize, usize),
    /// A whole without parts.
    #[error("relation {0} has no children")]
    NoChildren(usize),
    /// A part that is counted twice.
    #[error("relation {0} names cell {1} twice")]
    Twice(usize, usize),
    /// A whole that is a part of its own part.
    #[error("cell {0} would be a part of itself")]
    Cycle(usize),
    /// Not one answer a cell.
    #[error("{0} answers for {1} cells")]
    Answers(usize, usize),
    /// A remainder that is not the one that `remainders` named for this relation.
    #[error("the remainder of relation {0} is not the one that was to be measured")]
    Remainder(usize),
    /// A cell that is to be withdrawn without having been shown.
    #[error("cell {0} is hidden and cannot be withdrawn")]
    Hidden(usize),
}

/// Cells and relations, checked: every cell exists, no part is named twice, no cycle.
#[derive(Clone, Debug)]
pub struct Lattice {
    relations: Vec<Family>,
    as_child: Vec<Vec<usize>>,
    as_parent: Vec<Vec<usize>>,
    /// How many relations are below each cell, on the longest way down.
    heights: Vec<usize>,
}

/// A relation by the places of its cells.
#[derive(Clone, Debug)]
struct Family {
    parent: usize,
    children: Vec<usize>,
    over: usize,
}

impl Lattice {
    /// The lattice of `cells` cells with these relations.
    ///
    /// # Errors
    /// [`LatticeError`] when a relation is empty, repeats or misses a cell, or there is a cycle.
    pub fn new(cells: usize, relations: &[Relation]) -> Result<Self, LatticeError> {
        let mut it = Self {
            relations: Vec::with_capacity(relations.len()),
            as_child: vec![Vec::new(); cells],
            as_parent: vec![Vec::new(); cells],
            heights: vec![0; cells],
        };
        for relation in relations {
            let children = relation.children.iter().map(|it| it.0).collect();
            it.add(Family { parent: relation.parent.0, children, over: relation.over })?;
        }
        it.check_order()?;
        it.raise((0..cells).collect());
        Ok(it)
    }

    /// How many cells there are.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.as_child.len()
    }

    /// How many relations there are.
    #[must_use]
    pub fn relations(&self) -> usize {
        self.relations.len()
    }

    pub(crate) fn parent(&self, relation: usize) -> usize {
        self.relations[relation].parent
    }

    pub(crate) fn children(&self, relation: usize) -> &[usize] {
        &self.relations[relation].children
    }

    pub(super) fn over(&self, relation: usize) -> usize {
        self.relations[relation].over
    }

    /// The relations in which `cell` is a part.
    pub(super) fn as_child(&self, cell: usize) -> &[usize] {
        &self.as_child[cell]
    }

    /// The relations in which `cell` is the whole; the first is its primary one.
    pub(super) fn as_parent(&self, cell: usize) -> &[usize] {
        &self.as_parent[cell]
    }

    /// All relations of `cell`.
    pub(super) fn around(&self, cell: usize) -> impl Iterator<Item = usize> + '_ {
        self.as_child[cell].iter().chain(&self.as_parent[cell]).copied()
    }

    /// The relation's cells: parts, then the whole.
    pub(super) fn members(&self, relation: usize) -> impl Iterator<Item = usize> + '_ {
        let family = &self.relations[relation];
        family.children.iter().copied().chain([family.parent])
    }

    /// Puts a new cell between the whole of `relation` and these of its parts; returns the cell.
    pub(super) fn insert(&mut self, relation: usize, parts: &[usize]) -> usize {
        let (cell, lower, over) = (self.cells(), self.relations.len(), self.over(relation));
        self.relations[relation].children.retain(|it| !parts.contains(it));
        self.relations[relation].children.push(cell);
        for &part in parts {
            self.as_child[part].retain(|&it| it != relation);
            self.as_child[part].push(lower);
        }
        self.relations.push(Family { parent: cell, children: parts.to_vec(), over });
        self.as_child.push(vec![relation]);
        self.as_parent.push(vec![lower]);
        self.heights.push(0);
        self.raise(parts.to_vec());
        cell
    }

    /// Takes an inserted cell out again; returns the relation that its parts are back in, and them.
    pub(super) fn take_out(&mut self, cell: usize) -> Option<(usize, Vec<usize>)> {
        let upper = self.as_child[cell].pop()?;
        let lower = self.as_parent[cell].pop()?;
        let parts = std::mem::take(&mut self.relations[lower].children);
        self.relations[upper].children.retain(|&it| it != cell);
        self.relations[upper].children.extend(&parts);
        for &part in &parts {
            self.as_child[part].retain(|&it| it != lower);
            self.as_child[part].push(upper);
        }
        Some((upper, parts))
    }

    fn add(&mut self, mut family: Family) -> Result<(), LatticeError> {
        let (at, cells) = (self.relations.len(), self.cells());
        family.children.sort_unstable();
        let (parent, children) = (family.parent, &family.children);
        if children.is_empty() {
            return Err(LatticeError::NoChildren(at));
        }
        if let Some(&cell) = children.iter().chain([&parent]).find(|&&it| it >= cells) {
            return Err(LatticeError::UnknownCell(cell, cells));
        }
        if let Some(pair) = children.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(LatticeError::Twice(at, pair[0]));
        }
        for &child in children {
            self.as_child[child].push(at);
        }
        self.as_parent[parent].push(at);
        self.relations.push(family);
        Ok(())
    }

    /// How many relations are below the cell, on the longest way down.
    pub(crate) fn height(&self, cell: usize) -> usize {
        self.heights[cell]
    }

    fn raise(&mut self, mut raised: Vec<usize>) {
        while let Some(cell) = raised.pop() {
            for &relation in &self.as_child[cell] {
                let parent = self.relations[relation].parent;
                if self.heights[parent] <= self.heights[cell] {
                    self.heights[parent] = self.heights[cell] + 1;
                    raised.push(parent);
                }
            }
        }
    }

    /// Wholes before parts, as far as it goes: a cell that is never reached is on a cycle.
    fn check_order(&self) -> Result<(), LatticeError> {
        let mut above: Vec<usize> = self.as_child.iter().map(Vec::len).collect();
        let mut ready: Vec<usize> = (0..self.cells()).filter(|&it| above[it] == 0).collect();
        while let Some(cell) = ready.pop() {
            for &relation in self.as_parent(cell) {
                for &child in self.children(relation) {
                    above[child] -= 1;
                    if above[child] == 0 {
                        ready.push(child);
                    }
                }
            }
        }
        above.iter().position(|&it| it > 0).map_or(Ok(()), |cell| Err(LatticeError::Cycle(cell)))
    }
}
