//! Which tables may stand in one plan: those whose cells are tied by no sum that the lattice does not have.
//!
//! The lattice of `release/settle.rs` knows that a cell is the sum of cells of a finer table. That is
//! everything there is to know if the finest tables can be put in a row in which each shares with those
//! before it exactly the groups of one other table of the plan: then any counts of the tables that fit each
//! other are counts of people. Else groups would follow from sums that nobody looked at. Proof: ../release.md.

use std::collections::BTreeSet;

use super::{Family, Marginal};
use crate::dimension::{ALL, Dimension};

/// Why tables cannot be settled together, for a policy's author.
pub struct Untied {
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub allowed: &'static str,
}

/// The first thing that keeps these families, the tables of one product, from being settled; `None` if all is well.
#[must_use]
pub fn untied(families: &[Family]) -> Option<Untied> {
    let of_people = |family: &'_ Family| -> Vec<BTreeSet<Dimension>> {
        let own = family.marginals.iter().filter(|it| !family.is_on_rows(it));
        let mut groups: Vec<_> = own.map(groups).collect();
        groups.sort();
        // Once whole and once clipped is one table of people.
        groups.dedup();
        groups
    };
    let with_people: Vec<_> = families.iter().map(of_people).filter(|it| !it.is_empty()).collect();
    if with_people.windows(2).any(|pair| pair[0] != pair[1]) {
        return Some(Untied {
            what: "two families count people without row cells by different things".to_owned(),
            allowed: "the same tables of people in each family, or in one alone",
        });
    }
    let rows = || families.iter().map(|it| &it.rows);
    let twice = |(at, own): &(usize, &Vec<Dimension>)| rows().take(*at).any(|it| it == *own);
    if rows().enumerate().any(|it| twice(&it)) {
        return Some(Untied {
            what: "two families have the same rows, and so count the same people unseen".to_owned(),
            allowed: "each rows once in a product",
        });
    }
    let lacks_total = |rows: Dimension| {
        let own = families.iter().find(|it| it.rows == [rows]);
        own.is_some_and(|it| !it.marginals.iter().any(|of| it.is_on_rows(of) && of.by.is_empty()))
    };
    let both = [Dimension::Site, Dimension::Category];
    if both.iter().all(|it| rows().any(|of| *of == [*it])) && both.into_iter().any(lacks_total) {
        return Some(Untied {
            what: "sites stand beside categories, and one of them without its totals".to_owned(),
            allowed: "a table of all people at each site, and one of all at each category",
        });
    }
    let by: BTreeSet<Dimension> =
        families.iter().flat_map(|it| &it.marginals).flat_map(|it| it.by.iter().copied()).collect();
    if by.contains(&Dimension::Gender) && by.contains(&Dimension::GenderPlus) {
        return Some(Untied {
            what: "F+ less F would be people of gender X".to_owned(),
            allowed: "tables by gender, or tables by gender_plus",
        });
    }
    families.iter().find_map(|family| {
        let (rows, people): (Vec<_>, Vec<_>) =
            family.marginals.iter().partition(|it| family.is_on_rows(it));
        let (clipped, whole) = people.into_iter().partition(|it| it.weights.is_some());
        [rows, clipped, whole].iter().find_map(|tables| {
            let across = |it: &&&Marginal| family.is_across(it);
            let lattice: Vec<_> = tables.iter().copied().filter(|it| !across(&it)).collect();
            let beside = || tables.iter().copied().filter(|it| across(&it));
            beside().find_map(|it| not_of_sectors(it, tables)).or_else(|| among(&lattice))
        })
    })
}

/// A table by places that cut others, whose groups no table has by sector: nothing tells what follows from what.
fn not_of_sectors(table: &Marginal, all: &[&Marginal]) -> Option<Untied> {
    let own = |it: &Marginal, place: Dimension| -> BTreeSet<Dimension> {
        it.by.iter().map(|&it| if it.is_home() { place } else { it }).collect()
    };
    let places = table.by.iter().filter(|it| it.is_home()).count();
    let of_sectors = own(table, Dimension::Sector);
    let has = all.iter().any(|it| it.by.iter().copied().collect::<BTreeSet<_>>() == of_sectors);
    let what = match places {
        1 if has => return None,
        1 => format!("table `{}` is by places that cut those of other tables", table.name),
        _ => format!("table `{}` is by two places of the home", table.name),
    };
    let allowed =
        "beside a table by sector and by what else the table is by; or no places that it cuts";
    Some(Untied { what, allowed })
}

/// A dimension and all that its values lie inside.
fn groups(table: &Marginal) -> BTreeSet<Dimension> {
    ALL.into_iter().filter(|it| table.by.iter().any(|own| own.is_within(*it))).collect()
}

/// The same for tables that count the same people.
fn among(tables: &[&Marginal]) -> Option<Untied> {
    let named = |what: &str, one: &Marginal, other: &Marginal| {
        format!("tables `{}` and `{}` {what}", one.name, other.name)
    };
    for (at, one) in tables.iter().enumerate() {
        if one.by.iter().filter(|it| it.is_home()).count() > 1 {
            let what = format!("table `{}` is by two places of the home", one.name);
            return Some(Untied { what, allowed: "one of sector, district, area, region, lad" });
        }
        for other in &tables[..at] {
            if groups(one) == groups(other) {
                let what = named("have the same cells", other, one);
                return Some(Untied { what, allowed: "each table once" });
            }
            let places = [one, other].map(|it| it.by.iter().find(|it| it.is_home()));
            if let [Some(one_place), Some(place)] = places
                && !one_place.is_within(*place)
                && !place.is_within(*one_place)
            {
                let what = named("are by places that cut each other", other, one);
                return Some(Untied { what, allowed: "places of which one lies inside the other" });
            }
        }
    }
    in_a_row(tables)
}

/// Takes away, one after the other, finest tables that share with all others what is one of the tables.
fn in_a_row(tables: &[&Marginal]) -> Option<Untied> {
    let all: Vec<BTreeSet<Dimension>> = tables.iter().map(|it| groups(it)).collect();
    let finest = |it: &&BTreeSet<Dimension>| !all.iter().any(|of| of != *it && of.is_superset(it));
    let mut left: Vec<&BTreeSet<Dimension>> = all.iter().filter(finest).collect();
    while left.len() > 1 {
        let last = left.iter().position(|own| {
            let others = || left.iter().filter(|it| *it != own);
            let shared: BTreeSet<Dimension> =
                own.iter().copied().filter(|it| others().any(|of| of.contains(it))).collect();
            all.contains(&shared) && others().any(|it| it.is_superset(&shared))
        });
        let Some(last) = last else {
            let names: Vec<String> = left
                .iter()
                .filter_map(|it| all.iter().position(|of| of == *it))
                .filter_map(|at| tables.get(at).map(|it| format!("`{}`", it.name)))
                .collect();
            return Some(Untied {
                what: format!("sums tie the tables {} together unseen", names.join(", ")),
                allowed: "a table by what two of them share, down to everybody; or one by \
                          everything that they are by",
            });
        };
        left.remove(last);
    }
    None
}

#[cfg(test)]
mod tests {
    use privacy::CellLimit;

    use super::*;
    use Dimension::{AgeBand, Area, District, Gender, GenderPlus, Lad, Region, Sector, Site};

    fn family(rows: &[Dimension], tables: &[(bool, &[Dimension])]) -> Family {
        let table = |(at, (rows, by)): (usize, &(bool, &[Dimension]))| Marginal {
            name: format!("t{at}"),
            rows: *rows,
            by: by.to_vec(),
            rho: "0.001".parse().unwrap(),
            delta: "1e-12".parse().unwrap(),
            weights: None,
            sums: Vec::new(),
            quantiles: None,
        };
        Family {
            rows: rows.to_vec(),
            limit: CellLimit::ONE,
            quality: None,
            marginals: tables.iter().enumerate().map(table).collect(),
            remainders: Vec::new(),
        }
    }

    fn check(tables: &[&[Dimension]], expected: Option<&str>) {
        let tables: Vec<(bool, &[Dimension])> = tables.iter().map(|it| (true, *it)).collect();
        let found = untied(&[family(&[], &tables)]).map(|it| it.what);
        match expected {
            None => assert_eq!(found, None, "{tables:?}"),
            Some(part) => assert!(found.is_some_and(|it| it.contains(part)), "{tables:?}"),
        }
    }

    #[test]
    fn tables_that_share_what_is_a_table_itself_may_stand_together() {
        check(&[], None);
        check(&[&[Sector, Gender, AgeBand], &[Region], &[]], None);
        check(&[&[], &[Gender], &[AgeBand], &[Region]], None);
        check(&[&[Gender], &[AgeBand]], Some("unseen"));
        check(&[&[Sector, AgeBand], &[District, AgeBand], &[District, Gender, AgeBand]], None);
        check(&[&[Sector, AgeBand], &[District], &[District, Gender, AgeBand]], Some("unseen"));
        check(&[&[], &[Sector], &[Sector, AgeBand], &[Sector, Gender]], None);
    }

    #[test]
    fn three_that_share_in_a_ring_may_not() {
        let pairs: [&[Dimension]; 3] = [&[Area, Gender], &[Area, AgeBand], &[Gender, AgeBand]];
        let margins: [&[Dimension]; 4] = [&[], &[Area], &[Gender], &[AgeBand]];
        check(&[&pairs[..], &margins[..]].concat(), Some("`t0`, `t1`, `t2`"));
        let cube: [&[Dimension]; 1] = [&[Area, Gender, AgeBand]];
        check(&[&pairs[..], &margins[..], &cube[..]].concat(), None);
    }

    #[test]
    fn what_cuts_or_repeats_is_refused() {
        check(&[&[Sector], &[District], &[Region], &[Lad]], None);
        check(&[&[Sector], &[District], &[Lad, AgeBand]], Some("cut those of other tables"));
        check(&[&[Sector, AgeBand], &[Sector], &[District], &[Lad, AgeBand]], None);
        check(&[&[District], &[Region]], Some("cut those of other tables"));
        check(&[&[Sector], &[District], &[Region, Lad]], Some("two places"));
        check(&[&[Sector], &[Lad]], None);
        check(&[&[Sector], &[Region]], None);
        check(&[&[Sector, District]], Some("two places"));
        check(&[&[Gender, AgeBand], &[AgeBand, Gender]], Some("the same cells"));
        check(&[&[Gender], &[GenderPlus], &[]], Some("F+ less F"));
    }

    #[test]
    fn families_count_the_same_people_alike() {
        let sites = family(&[Site], &[(true, &[]), (false, &[]), (false, &[Gender])]);
        let twice = untied(&[sites.clone(), sites.clone()]).map(|it| it.what);
        assert!(twice.is_some_and(|it| it.contains("the same rows")));
        let by_gender = [(true, &[Gender][..]), (false, &[]), (false, &[Gender])];
        let without = family(&[Dimension::Category], &by_gender);
        let lacks = untied(&[sites.clone(), without]).map(|it| it.what);
        assert!(lacks.is_some_and(|it| it.contains("without its totals")));
        let same = family(&[Dimension::Category], &[(false, &[Gender]), (false, &[]), (true, &[])]);
        let other = family(&[Dimension::Category], &[(false, &[]), (true, &[])]);
        let none = family(&[Dimension::Category], &[(true, &[])]);
        assert!(untied(&[sites.clone(), same]).is_none());
        assert!(untied(&[sites.clone(), none]).is_none());
        assert!(untied(&[sites, other]).is_some());
    }
}
