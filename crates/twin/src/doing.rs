//! What synthetic people do: who has any row of a family, and who is in which row.
//!
//! Each row's people are drawn from the people of each group with any row, without putting back and
//! independently of every other row: what a person does tells nothing about what else the person does
//! beyond the group (docs/twin.md, limits).

use crate::chance::{Chance, round_all};
use crate::error::Result;
use crate::model::Doing;
use crate::number::{index, position, real};
use crate::people::People;

/// The people of each group who have any row of a family.
pub(crate) struct Active {
    /// Their numbers, by group.
    groups: Vec<Vec<u32>>,
    /// Whether each person is one.
    pub is_active: Vec<bool>,
}

/// One number for each person and product: of a group, those with the smallest have any row. Families
/// of one product share it, so that who visits a listed site visits a category.
pub(crate) fn ranks(people: &People, product: &str, seed: u64) -> Vec<u64> {
    let mut chance = Chance::new(seed, &format!("any row of {product}"));
    people.cell.iter().map(|_| chance.bits()).collect()
}

impl Active {
    /// Chooses them: of each group the share that the bases tell.
    pub fn draw(doing: &Doing, residents: &[f64], people: &People, ranks: &[u64]) -> Self {
        let count = doing.any.space.size;
        let mut groups = vec![Vec::new(); count];
        for (person, cell) in (0..).zip(&people.cell) {
            let group = doing.group_of.get(index(*cell)).map_or(usize::MAX, |it| index(*it));
            if let Some(group) = groups.get_mut(group) {
                group.push(person);
            }
        }
        let mut all = vec![0.0; count];
        for (group, weight) in doing.group_of.iter().zip(residents) {
            if let Some(sum) = all.get_mut(index(*group)) {
                *sum += weight;
            }
        }
        let share = |(any, all): (&f64, &f64)| if *all > 0.0 { (any / all).min(1.0) } else { 0.0 };
        let shares = doing.any.people.iter().zip(&all).map(share);
        let expected: Vec<f64> = shares
            .zip(&groups)
            .map(|(share, people)| share * real(crate::number::count(people.len())))
            .collect();
        let mut is_active = vec![false; people.cell.len()];
        for (group, count) in groups.iter_mut().zip(round_all(&expected, 0.5)) {
            group.sort_unstable_by_key(|person| (ranks[index(*person)], *person));
            group.truncate(usize::try_from(count).unwrap_or(usize::MAX));
            for person in group {
                is_active[index(*person)] = true;
            }
        }
        Self { groups, is_active }
    }

    /// How many there are of each group.
    pub fn by_group(&self) -> Vec<u64> {
        self.groups.iter().map(|it| crate::number::count(it.len())).collect()
    }

    /// Draws the people of every row and tells `each` row's number and its people in order; gives the
    /// people of each cell of the family's space.
    ///
    /// `scale`: synthetic people for one counted.
    ///
    /// # Errors
    /// What `each` says.
    pub fn draw_rows(
        mut self,
        doing: &Doing,
        scale: f64,
        seed: u64,
        mut each: impl FnMut(u32, &[u32]) -> Result<()>,
    ) -> Result<Vec<u64>> {
        let mut chance = Chance::new(seed, &format!("rows of {}", doing.family.name));
        let mut counts = Vec::with_capacity(doing.visits.people.len());
        let mut chosen = Vec::new();
        let width = self.groups.len().max(1);
        for (row, expected) in doing.visits.people.chunks(width).enumerate() {
            let scaled: Vec<f64> = expected.iter().map(|it| it * scale).collect();
            chosen.clear();
            for (group, count) in self.groups.iter_mut().zip(round_all(&scaled, chance.unit())) {
                let count = usize::try_from(count).unwrap_or(usize::MAX);
                let people = chance.choose(group, count);
                counts.push(crate::number::count(people.len()));
                chosen.extend_from_slice(people);
            }
            if !chosen.is_empty() {
                chosen.sort_unstable();
                each(position(row), &chosen)?;
            }
        }
        Ok(counts)
    }
}
