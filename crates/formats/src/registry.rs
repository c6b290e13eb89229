//! `dp_registry.yaml`: the entry for the public registry of differential-privacy deployments.
//!
//! What it says of the method holds for every release of this program; what it says of this one
//! comes from its facts. The status is `Draft`: a person hands it in.

#![expect(clippy::struct_field_names, reason = "the registry's schema names them")]

use serde::Serialize;

use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::tables::{Facts, Tables};
use crate::words;

const PATH: &str = "dp_registry.yaml";

/// The entry.
///
/// # Errors
/// [`Wrong`] when it cannot be written.
pub fn registry_entry(tables: &Tables) -> Result<File> {
    let text =
        serde_saphyr::to_string(&entry(tables)).map_err(|cause| Wrong::writing(PATH)(&cause))?;
    Ok(File::new(PATH, Kind::Registry, text.into_bytes()))
}

#[derive(Serialize)]
struct Entry {
    url_slug: String,
    status: &'static str,
    tier: u8,
    deployment: Deployment,
}

#[derive(Serialize)]
struct Deployment {
    basic: Basic,
    dp_variant: Variant,
    privacy_loss: Loss,
    deployment_model: Model,
    accounting: Accounting,
    implementation: Implementation,
    administrative: Administrative,
}

#[derive(Serialize)]
struct Basic {
    name: String,
    data_curators: Vec<Curator>,
    intended_use: String,
    data_product_type: &'static str,
    data_product_region: &'static str,
    description: String,
    publication_date: String,
    data_product_sector: &'static str,
}

#[derive(Serialize)]
struct Curator {
    data_curator_name: String,
    data_curator_type: &'static str,
}

#[derive(Serialize)]
struct Variant {
    variant_name: &'static str,
    data_domain: &'static str,
    unprotected_quantities: String,
}

#[derive(Serialize)]
struct Loss {
    privacy_unit: String,
    privacy_unit_details: &'static str,
    privacy_parameters: Parameters,
    privacy_parameters_details: String,
}

#[derive(Serialize)]
struct Parameters {
    epsilon: f64,
    delta: f64,
    rho: f64,
}

#[derive(Serialize)]
struct Model {
    model_name: &'static str,
    model_name_details: &'static str,
    actors: &'static str,
    release_type: &'static str,
    release_type_details: String,
    data_source_type: &'static str,
    data_source_type_details: &'static str,
    access_type: &'static str,
    access_type_details: &'static str,
}

#[derive(Serialize)]
struct Accounting {
    post_processing: &'static str,
    composition: &'static str,
}

#[derive(Serialize)]
struct Implementation {
    preprocessing_and_hyperparameter_tuning: &'static str,
    mechanisms: String,
    justification: &'static str,
}

#[derive(Serialize)]
struct Administrative {
    sources: String,
    notes: String,
    registry_authors: Vec<String>,
}

fn entry(tables: &Tables) -> Entry {
    let facts = tables.facts();
    Entry {
        url_slug: slug(&facts.id),
        status: "Draft",
        tier: 3,
        deployment: Deployment {
            basic: basic(tables),
            dp_variant: variant(facts),
            privacy_loss: loss(facts),
            deployment_model: model(facts),
            accounting: ACCOUNTING,
            implementation: implementation(facts),
            administrative: Administrative {
                sources: format!("The release's manifest and report page: {}", facts.id),
                notes: if facts.notes.is_empty() {
                    words::hidden()
                } else {
                    facts.notes.join("\n")
                },
                registry_authors: vec![facts.publisher.clone()],
            },
        },
    }
}

fn basic(tables: &Tables) -> Basic {
    let facts = tables.facts();
    let name = facts.publisher.clone();
    Basic {
        name: facts.title.clone(),
        data_curators: vec![Curator { data_curator_name: name, data_curator_type: "Industry" }],
        intended_use: facts.description.clone(),
        data_product_type: "Summary statistics",
        data_product_region: "Great Britain",
        description: format!("{} {}", facts.description, words::safe(facts)),
        publication_date: tables.created().strftime("%Y-%m-%d").to_string(),
        // The registry has no sector for telecommunications.
        data_product_sector: "Technology",
    }
}

fn variant(facts: &Facts) -> Variant {
    Variant {
        variant_name: "Zero-concentrated DP",
        data_domain: "Sets of people with their records of one calendar month at one mobile operator.",
        unprotected_quantities: format!(
            "None about people. Public before any data is read: the lists of places, sites, ages and \
             hours; the period; the floor of {} people; thresholds and sizes of noise.",
            facts.floor
        ),
    }
}

fn loss(facts: &Facts) -> Loss {
    // Checked to be a number when the release was.
    let rho = facts.rho.parse().unwrap_or(f64::INFINITY);
    Loss {
        privacy_unit: facts.unit.clone(),
        privacy_unit_details: "Add or remove one person with all records of the month. A person is \
                               the SIMs of one account holder, or one other user.",
        // Epsilon and delta side by side are read as one guarantee: the delta is the one at which
        // epsilon holds.
        privacy_parameters: Parameters { epsilon: facts.epsilon, delta: facts.epsilon_delta, rho },
        privacy_parameters_details: format!(
            "{} The epsilon and delta given as parameters belong together; rho goes with the delta of \
             the zero-concentrated guarantee (approximate zCDP), {}.",
            words::cost(facts),
            facts.delta
        ),
    }
}

fn model(facts: &Facts) -> Model {
    Model {
        model_name: "Central",
        model_name_details: "The operator holds the records and runs the program; only releases leave.",
        actors: "The operator, which is trusted with its own customers' records. Readers of a \
                 release, who are not trusted, may hold any other information and may act together.",
        release_type: "Many releases",
        release_type_details: format!(
            "One for each product and calendar month; this is {}.",
            facts.id
        ),
        data_source_type: "Dynamic",
        data_source_type_details: "New records every day; a release reads a snapshot of sealed days.",
        access_type: "Non-interactive",
        access_type_details: "Files are published; nobody queries the records through them.",
    }
}

const ACCOUNTING: Accounting = Accounting {
    post_processing: "Intervals, shares and indices are computed from released counts alone; a share \
                      that would tell of a group under the floor is hidden.",
    composition: "Rho and delta of all tables add up; so do those of all releases about one month, \
                  up to a cap, in a ledger that is written before any noise is drawn.",
};

fn implementation(facts: &Facts) -> Implementation {
    Implementation {
        preprocessing_and_hyperparameter_tuning: "What one person can change is bounded before \
            counting. Bounds, noise and thresholds are fixed in a plan before any record is read; \
            no parameter is tuned on the data.",
        mechanisms: format!(
            "Exact integer counts of people, each bounded, plus integer Gaussian noise from exact rational \
             sampling. A cell that holds fewer than {} people is silent; a noisy count under the \
             threshold is hidden.",
            facts.floor
        ),
        justification: "Zero-concentrated privacy adds up exactly over many tables. The quorum of \
                        people and the threshold protect groups too small to publish; the chance \
                        that they fail is the delta that is charged.",
    }
}

/// Lower case, digits, `-`: part of an address.
fn slug(id: &str) -> String {
    let plain = |it: char| if it.is_ascii_alphanumeric() { it } else { '-' };
    id.to_ascii_lowercase().chars().map(plain).collect()
}
