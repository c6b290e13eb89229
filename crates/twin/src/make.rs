//! Makes a twin: check → read → fit → draw → count again → compare → publish.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::doing::{Active, ranks};
use crate::error::{Error, Result};
use crate::fidelity::Fidelity;
use crate::folder::Draft;
use crate::microdata::{write_register, write_rows};
use crate::model::Model;
use crate::number::{real, whole};
use crate::people::People;
use crate::places::Places;
use crate::recount::Recount;
use crate::release::{Release, digest_of, read_all};
use crate::rows::csv;
use crate::table::Book;
use crate::{NOTICE, PEOPLE_MAX, PEOPLE_USUAL_MAX, page};

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'request> {
    /// Release folders of one period.
    pub releases: &'request [PathBuf],
    /// The folder to make; it must not exist.
    pub to: &'request Path,
    /// How many people; as many as the residents tables count, up to a million, when not said.
    pub people: Option<u64>,
    /// What chance begins with: another seed, another twin of the same releases.
    pub seed: u64,
    /// The operator's list of zones; Great Britain by postcode when not said.
    pub zones: Option<&'request Path>,
}

/// What was made: the facts of the twin's `manifest.json`, and its fidelity.
#[derive(Clone, Debug, Serialize)]
pub struct Twin {
    synthetic: bool,
    notice: &'static str,
    /// Name and version of the program.
    pub program: &'static str,
    /// The calendar month of the releases.
    pub period: String,
    /// What chance began with.
    pub seed: u64,
    /// Digest of the operator's list of zones; null for the built-in one.
    pub zones: Option<String>,
    /// How many people there are.
    pub people: u64,
    /// How many people one of them stands for, rounded to 6 digits.
    pub stands_for: f64,
    /// Rows of what people do, by family.
    pub rows: BTreeMap<String, u64>,
    /// What it was made from.
    pub made_from: Vec<Source>,
    /// BLAKE3 digests of its other files.
    pub files: BTreeMap<String, String>,
    /// How closely it repeats the releases.
    #[serde(skip)]
    pub fidelity: Option<Fidelity>,
}

/// A release that a twin was made from.
#[derive(Clone, Debug, Serialize)]
pub struct Source {
    /// Its id.
    pub id: String,
    /// Its product.
    pub product: String,
    /// BLAKE3 of its `manifest.json`, as the operator's ledger has recorded it.
    pub manifest: String,
    /// BLAKE3 of its `data.csv`.
    pub data: String,
}

/// Makes the folder `request.to`.
///
/// Guarantee: every file but `manifest.json` is a function of the printed values, the number of people
/// and the seed; the folder appears whole or not at all.
///
/// # Errors
/// T01 to T10 (docs/errors.md); F01 when the file system fails.
pub fn make(request: &Request<'_>) -> Result<Twin> {
    if request.people.is_some_and(|it| it == 0 || it > PEOPLE_MAX) {
        return Err(Error::new("T05", "a twin of no people, or of too many")
            .at("--people")
            .allowed(format!("1 to {PEOPLE_MAX}"))
            .remedy("leave --people out for as many as the releases count"));
    }
    let mut draft = Draft::start(request.to, request.releases)?;
    let releases = read_all(request.releases)?;
    let places = request.zones.map_or_else(|| Ok(Places::built_in()), Places::read)?;
    let book = Book::read(&releases)?;
    let model = Model::of(&book, &places)?;
    let mut twin = Twin {
        synthetic: true,
        notice: NOTICE,
        program: concat!("quorate-twin ", env!("CARGO_PKG_VERSION")),
        period: releases.first().map_or_else(String::new, |it| it.manifest.period.clone()),
        seed: request.seed,
        zones: request.zones.map(digest_of_file).transpose()?,
        people: request.people.unwrap_or_else(|| usual_count(model.residents.total())),
        stands_for: 0.0,
        rows: BTreeMap::new(),
        made_from: releases.iter().map(Source::of).collect(),
        files: BTreeMap::new(),
        fidelity: None,
    };
    drop(releases);
    let recount = write_people(&mut draft, &book, &model, &mut twin)?;
    for (at, sheet) in book.sheets.iter().enumerate() {
        let name = format!("tables/synthetic-{}.csv", sheet.id);
        let bytes = csv(&sheet.header, &recount.sheet(&book, at, &model.doings));
        let bytes = bytes.map_err(|it| draft.failed(&name, &it))?;
        draft.write(&name, &bytes)?;
    }
    let weight = model.residents.total() / real(twin.people);
    let fidelity = Fidelity::of(&book, &recount, &model.apart, weight);
    draft.write("fidelity.json", &json(&draft, &fidelity_json(&twin, &fidelity))?)?;
    draft.write("fidelity.html", page::render(&twin, &fidelity).as_bytes())?;
    draft.write("README.txt", readme(&twin).as_bytes())?;
    twin.files = draft.digests()?;
    draft.write("manifest.json", &json(&draft, &twin)?)?;
    draft.publish()?;
    Ok(Twin { fidelity: Some(fidelity), ..twin })
}

/// Draws and writes people and what they do; counts all tables again.
fn write_people(draft: &mut Draft, book: &Book, model: &Model, twin: &mut Twin) -> Result<Recount> {
    let residents = &model.residents;
    let scale = real(twin.people) / residents.total();
    twin.stands_for = (1e6 / scale).round() / 1e6;
    let people = People::draw(&residents.space, &residents.people, twin.people, twin.seed);
    let mut recount = Recount::new(book);
    recount.add(&residents.layers, &people.by_cell(&residents.space));
    let mut products = BTreeMap::new();
    let mut flags = Vec::new();
    for doing in &model.doings {
        let product = doing.family.product.as_str();
        let ranks = products.entry(product).or_insert_with(|| ranks(&people, product, twin.seed));
        let active = Active::draw(doing, &residents.people, &people, ranks);
        recount.add(&doing.any.layers, &active.by_group());
        if !doing.family.bases.is_empty() {
            flags.push((format!("any_{}", doing.family.name), active.is_active.clone()));
        }
        if !doing.family.rows.is_empty() {
            let (counts, rows) = write_rows(draft, book, doing, active, (scale, twin.seed))?;
            recount.add(&doing.visits.layers, &counts);
            twin.rows.insert(doing.family.name.clone(), rows);
        }
    }
    write_register(draft, book, model, &people, &flags)?;
    Ok(recount)
}

/// How many people are made when nobody says: as many as were counted, up to a million.
fn usual_count(counted: f64) -> u64 {
    whole(counted.round()).clamp(1, PEOPLE_USUAL_MAX)
}

fn digest_of_file(path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).map_err(|cause| Error::disk("read", path, &cause))?;
    Ok(digest_of(&bytes))
}

impl Source {
    fn of(release: &Release) -> Self {
        Self {
            id: release.manifest.id.clone(),
            product: release.manifest.product.clone(),
            manifest: release.manifest_digest.clone(),
            data: release.data_digest.clone(),
        }
    }
}

/// `fidelity.json`: the mark, then the figures.
#[derive(Serialize)]
struct FidelityFile<'twin> {
    synthetic: bool,
    notice: &'static str,
    period: &'twin str,
    people: u64,
    stands_for: f64,
    #[serde(flatten)]
    fidelity: &'twin Fidelity,
}

fn fidelity_json<'twin>(twin: &'twin Twin, fidelity: &'twin Fidelity) -> FidelityFile<'twin> {
    FidelityFile {
        synthetic: true,
        notice: NOTICE,
        period: &twin.period,
        people: twin.people,
        stands_for: twin.stands_for,
        fidelity,
    }
}

fn json(draft: &Draft, value: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes =
        serde_json::to_vec_pretty(value).map_err(|it| draft.failed("manifest.json", &it))?;
    bytes.push(b'\n');
    Ok(bytes)
}

fn readme(twin: &Twin) -> String {
    let source = |it: &Source| format!("  {}  data.csv {}", it.id, it.data);
    let sources = twin.made_from.iter().map(source).collect::<Vec<_>>().join("\n");
    format!(
        "SYNTHETIC. {NOTICE}\n\n\
         {people} synthetic people of {period}, seed {seed}, by {program}.\n\
         Made from these releases and nothing else:\n{sources}\n\n\
         people       one row a person; ids begin with syn-\n\
         does/        what people do, one row for each person and row\n\
         tables/      the released tables, counted again; [c] where the release hides\n\
         fidelity     how closely the tables repeat the released ones\n\
         manifest     seed, program, digests\n\n\
         Use it to try tools, joins and questions. Do not use it to learn anything about people: what\n\
         the releases do not print is made independent. A number of the twin is no release, whatever\n\
         its size.\n",
        people = twin.people,
        period = twin.period,
        seed = twin.seed,
        program = twin.program,
    )
}
