//! Fills the report page from published folders, the policy and the ledger: nothing else.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{History, State};
use privacy::{Budget, conversion};
use reference::{Geography, SiteList};

use super::folder::Publication;
use super::manifest::Manifest;
use super::quality::Share;
use super::sheet::{Row, Sheet};
use crate::dimension::{DAY_TYPES, Dimension};
use crate::policy::{self, Policy};
use crate::report::{
    BudgetUse, DistrictPeople, GroupIndex, Headline, Horizon, MapShapes, MarginalCost, Presence,
    PresenceDay, PyramidGroup, QualityFigures, Ratio, Report, Residents, Shape, Spent, TruthRow,
    Web, WebKind, WebRow,
};

/// What a page says beside the releases themselves.
pub struct Account<'page> {
    /// What the operator is called.
    pub instance: &'page str,
    /// Program and version.
    pub program: &'page str,
    /// What was allowed.
    pub policy: &'page Policy,
    /// What was charged.
    pub history: &'page History,
    /// The sites' labels.
    pub sites: &'page SiteList,
    /// Whether the people were simulated.
    pub synthetic: bool,
    /// Distance from the truth, which only a simulation knows.
    pub truth: Option<Vec<TruthRow>>,
}

/// The page of one release or of several of one period.
#[must_use]
pub fn overview(title: &str, publications: &[Publication], account: Account<'_>) -> Report {
    let sheet = |product: &str| {
        publications.iter().find(|it| it.manifest.product == product).map(|it| &it.sheet)
    };
    let manifests: Vec<&Manifest> = publications.iter().map(|it| &it.manifest).collect();
    let geography = &*account.policy.geography;
    let residents = sheet("residents").map(|it| residents(it, geography));
    let presence = sheet("presence").map(presence);
    let shown: BTreeSet<&str> = residents
        .iter()
        .flat_map(|it| it.districts.iter().map(|it| it.code.as_str()))
        .chain(presence.iter().flat_map(|it| it.cells.iter().map(|it| it.district.as_str())))
        .collect();
    let shapes = (!shown.is_empty()).then(|| shapes(geography, &shown));
    let period = manifests.first().map_or_else(String::new, |it| it.period.clone());
    Report {
        title: title.to_owned(),
        snapshot: manifests
            .first()
            .map_or_else(String::new, |it| it.snapshot.chars().take(12).collect()),
        synthetic: account.synthetic,
        generated_by: account.program.to_owned(),
        instance: account.instance.to_owned(),
        headline: headline(&manifests, account.policy),
        geography: shapes,
        residents,
        presence,
        web: sheet("web_audience").map(|it| web(it, account.sites, geography)),
        costs: manifests.iter().flat_map(|it| costs(it)).collect(),
        quality: manifests.iter().flat_map(|it| quality(it)).collect(),
        budget: budget(&period, &manifests, account.policy, account.history),
        truth: account.truth,
        provenance: provenance(&manifests),
        period,
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn decimal(text: &str) -> f64 {
    text.parse().unwrap_or(f64::NAN)
}

fn headline(manifests: &[&Manifest], policy: &Policy) -> Headline {
    let cost = manifests
        .iter()
        .filter_map(|it| Some(Budget { rho: it.rho.parse().ok()?, delta: it.delta.parse().ok()? }))
        .try_fold(Budget::ZERO, Budget::checked_add)
        .unwrap_or_default();
    let epsilon_delta = policy::at(cost);
    Headline {
        floor: i64::from(policy.floor.people()),
        cells_released: number(manifests.iter().map(|it| it.cells_released).sum()),
        cells_in_code_list: number(manifests.iter().map(|it| it.cells_in_code_list).sum()),
        cells_withdrawn: number(manifests.iter().map(|it| it.cells_withdrawn).sum()),
        rho: cost.rho.to_string(),
        delta: cost.delta.to_string(),
        epsilon: conversion::epsilon(cost, epsilon_delta).unwrap_or(f64::INFINITY),
        epsilon_delta,
        people_text: None,
    }
}

fn shapes(geography: &Geography, shown: &BTreeSet<&str>) -> MapShapes {
    let region = |at: u16| geography.regions.get(usize::from(at)).map_or("", |it| it.name.as_str());
    let districts = geography.districts.iter().filter(|it| shown.contains(it.code.as_str()));
    MapShapes {
        attribution: geography.attribution().trim().to_owned(),
        districts: districts
            .map(|it| Shape {
                code: it.code.clone(),
                region: region(it.region).to_owned(),
                rings: it.outline.clone(),
            })
            .collect(),
    }
}

/// The name of a region or area by its code.
fn place_name(geography: &Geography, code: &str) -> String {
    let place = geography.regions.iter().chain(&geography.areas).find(|it| it.code == code);
    place.map_or_else(|| code.to_owned(), |it| it.name.clone())
}

fn residents(sheet: &Sheet, geography: &Geography) -> Residents {
    let pyramid = [Dimension::Area, Dimension::GenderPlus, Dimension::AgeBand];
    Residents {
        districts: sheet
            .level("district", &[Dimension::District])
            .map(|(keys, row)| DistrictPeople { code: keys[0].to_owned(), people: row.people })
            .collect(),
        pyramid: sheet
            .level("area_gender_plus_age", &pyramid)
            .map(|(keys, row)| PyramidGroup {
                area: keys[0].to_owned(),
                area_name: place_name(geography, keys[0]),
                gender: keys[1].to_owned(),
                age_band: keys[2].to_owned(),
                people: row.people,
            })
            .collect(),
    }
}

fn presence(sheet: &Sheet) -> Presence {
    let keys = [Dimension::PresentIn, Dimension::DayType, Dimension::Hour];
    let mut days = BTreeMap::<(&str, &str), [Option<crate::report::Estimate>; 24]>::new();
    for (keys, row) in sheet.level("district_hour_day_type", &keys) {
        let hour = keys[2].parse::<usize>().unwrap_or(usize::MAX);
        if let Some(cell) = days.entry((keys[0], keys[1])).or_default().get_mut(hour) {
            *cell = row.people;
        }
    }
    Presence {
        day_types: DAY_TYPES.map(str::to_owned).to_vec(),
        cells: days
            .into_iter()
            .map(|((district, day_type), hours)| PresenceDay {
                district: district.to_owned(),
                day_type: day_type.to_owned(),
                hours,
            })
            .collect(),
    }
}

/// The tables of a web release: which rows they hold, and by what dimension they are split.
const GROUPS: [(&str, Dimension); 3] = [
    ("gender_plus", Dimension::GenderPlus),
    ("age", Dimension::AgeBand),
    ("region", Dimension::Region),
];

fn web(sheet: &Sheet, sites: &SiteList, geography: &Geography) -> Web {
    let base = sheet.level("base", &[]).find_map(|(_, row)| row.people);
    let of_sites = web_rows(sheet, WebKind::Site, Dimension::Site, (sites, geography));
    let of_categories = web_rows(sheet, WebKind::Category, Dimension::Category, (sites, geography));
    Web { base, rows: of_sites.into_iter().chain(of_categories).collect() }
}

fn web_rows(
    sheet: &Sheet,
    kind: WebKind,
    dimension: Dimension,
    (sites, geography): (&SiteList, &Geography),
) -> Vec<WebRow> {
    let level = dimension.name();
    let mut groups = BTreeMap::<&str, Vec<GroupIndex>>::new();
    let names: Vec<String> = GROUPS.iter().map(|(name, _)| format!("{level}_{name}")).collect();
    for (name, (_, by)) in names.iter().zip(GROUPS) {
        for (keys, row) in sheet.level(name, &[dimension, by]) {
            groups.entry(keys[0]).or_default().push(GroupIndex {
                dimension: by.name().to_owned(),
                value: if by == Dimension::Region {
                    place_name(geography, keys[1])
                } else {
                    keys[1].to_owned()
                },
                composition: row.shares.composition.map(|it| it.1),
                index: row.shares.index,
            });
        }
    }
    let row = |(keys, row): (Vec<&str>, &Row)| {
        let site =
            sites.index_of(keys[0]).and_then(|it| sites.sites.get(usize::try_from(it).ok()?));
        let site = site.filter(|_| kind == WebKind::Site);
        WebRow {
            name: keys[0].to_owned(),
            label: site.filter(|it| it.label != it.domain).map(|it| it.label.clone()),
            kind,
            category: site.map_or_else(|| keys[0].to_owned(), |it| it.category.clone()),
            people: row.people,
            reach: row.shares.reach.map(|it| it.1),
            groups: groups.remove(keys[0]).unwrap_or_default(),
        }
    };
    sheet.level(level, &[dimension]).map(row).collect()
}

fn costs(manifest: &Manifest) -> Vec<MarginalCost> {
    let cost = |it: &super::MarginalRecord| MarginalCost {
        product: manifest.product.clone(),
        marginal: it.name.clone(),
        l0: i64::from(it.l0),
        rho: decimal(&it.rho),
        delta: decimal(&it.delta),
        sigma: it.sigma,
        threshold: number(it.threshold),
        cells_released: number(it.cells_released),
        cells_in_code_list: number(it.cells_in_code_list),
    };
    manifest.marginals.iter().map(cost).collect()
}

/// What is told of each family of a release as a whole.
fn quality(manifest: &Manifest) -> impl Iterator<Item = QualityFigures> + '_ {
    let ratio = |it: Option<Share>| it.map(|Share { value, lo, hi }| Ratio { value, lo, hi });
    manifest.quality.iter().map(move |it| QualityFigures {
        product: manifest.product.clone(),
        rows: it.rows.clone(),
        kept: it.kept.into(),
        bounding_loss: ratio(it.bounding_loss),
        coverage: ratio(it.coverage),
        outside: ratio(it.outside),
        visible: ratio(it.visible),
    })
}

/// What the period has paid; the releases of this page count as published, since the page is written
/// before the ledger says so.
fn budget(period: &str, manifests: &[&Manifest], policy: &Policy, history: &History) -> BudgetUse {
    let mut spent: Vec<Spent> = Vec::new();
    for charged in history.charges().into_iter().filter(|it| it.charge.period == period) {
        let own = manifests.iter().any(|it| it.ledger_entry == charged.charge.id.as_str());
        let product = match charged.state {
            State::Published(_) => charged.charge.product,
            State::Abandoned if own => charged.charge.product,
            State::Abandoned => format!("{} (abandoned)", charged.charge.product),
        };
        let rho = decimal(&charged.charge.rho);
        match spent.iter_mut().find(|it| it.product == product) {
            Some(own) => own.rho += rho,
            None => spent.push(Spent { product, rho }),
        }
    }
    let all = history.spent(period);
    let left = policy.caps.rho.checked_sub(all.rho).unwrap_or_default();
    let free = left.checked_sub(policy.reserve.rho).unwrap_or_default();
    let reserve = left.checked_sub(free).unwrap_or_default();
    let horizon = |months: u64| {
        let budget = policy::times(policy.caps, months)?;
        let delta = policy::at(budget);
        let epsilon = conversion::epsilon(budget, delta).ok()?;
        Some(Horizon {
            months: number(months),
            rho: decimal(&budget.rho.to_string()),
            epsilon,
            delta,
        })
    };
    BudgetUse {
        cap_rho: decimal(&policy.caps.rho.to_string()),
        cap_delta: decimal(&policy.caps.delta.to_string()),
        spent,
        left_rho: decimal(&free.to_string()),
        reserve_rho: decimal(&reserve.to_string()),
        epsilon_by_horizon: [1, 12, 24].into_iter().filter_map(horizon).collect(),
    }
}

fn provenance(manifests: &[&Manifest]) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    for manifest in manifests {
        facts.push((format!("Release of {}", manifest.product), manifest.id.clone()));
        facts.push(("Ledger entry".to_owned(), manifest.ledger_entry.clone()));
        facts.push(("Plan".to_owned(), manifest.plan_hash.clone()));
    }
    if let Some(any) = manifests.first() {
        facts.push(("Policy".to_owned(), any.policy_hash.clone()));
        facts.push(("Program".to_owned(), any.code_hash.clone()));
    }
    facts.push(("verify".to_owned(), "quorate ledger verify".to_owned()));
    facts
}
