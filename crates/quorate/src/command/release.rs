//! `quorate release list | plan | run | export`: what can be released, what it would cost, doing it, and the files
//! that other programs open.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use engine::policy::Policy;
use engine::publish::Publication;
use engine::run::{Outcome, Run, read_ledger};
use engine::vault::Vault;
use engine::{Error, Instance, Period, Result};
use formats::Licence;
use ledger::State;
use ledger::disk::Machine;
use serde_json::json;

use crate::command::plan::PlanArguments;
use crate::command::{PROGRAM, code_hash, thousands, waiting};
use crate::export;
use crate::output::Output;
use crate::progress::Bar;

/// What to do about releases.
#[derive(Subcommand)]
pub enum Release {
    /// The products of the policy, and what was published of each.
    List,
    /// What a period would measure and cost, and how much of it would show.
    Plan(PlanArguments),
    /// Count, charge, draw and publish.
    Run(RunArguments),
    /// Write a published release as XLSX, GeoPackage, GeoParquet, SDMX-CSV, JSON-stat, a data package, and
    /// entries for catalogues.
    Export(ExportArguments),
}

/// What to export.
#[derive(Args)]
pub struct ExportArguments {
    /// The release, as `quorate release list` shows it.
    id: String,
    /// The folder to write; must not be there yet.
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// The licence under which the files may be used.
    #[arg(long, value_name = "NAME")]
    licence: String,
    /// Where the licence can be read.
    #[arg(long, value_name = "URL")]
    licence_url: String,
}

/// What to release.
#[derive(Args)]
pub struct RunArguments {
    /// The product.
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    product: Option<String>,
    /// Every product of the policy.
    #[arg(long)]
    all: bool,
    /// The period, e.g. 2026-10.
    #[arg(long)]
    period: String,
}

impl Release {
    pub fn run(self, folder: &Path, output: &Output) -> Result<()> {
        let instance = Instance::open(folder)?;
        let policy = Policy::read(&instance)?;
        match self {
            Self::List => list(&instance, &policy, output),
            Self::Plan(arguments) => arguments.run(&instance, &policy, output),
            Self::Export(arguments) => arguments.run(&instance, output),
            Self::Run(arguments) => {
                let period: Period = arguments.period.parse()?;
                let products: Vec<&str> = match &arguments.product {
                    Some(product) => vec![product],
                    None => policy.products.iter().map(|it| it.product.name).collect(),
                };
                let outcomes = run(&instance, &policy, &products, period)?;
                let manifests: Vec<_> =
                    outcomes.iter().map(|it| &it.publication.manifest).collect();
                output.result(&manifests, || outcomes.iter().map(describe).collect())
            }
        }
    }
}

impl ExportArguments {
    fn run(self, instance: &Instance, output: &Output) -> Result<()> {
        let charges = read_ledger(instance)?.charges();
        let mut published = charges.iter().filter_map(|it| match &it.state {
            State::Published(own) => {
                Some((own.release.as_str(), own.manifest_hash.as_str(), &it.charge.product))
            }
            State::Abandoned => None,
        });
        let Some((id, digest, product)) = published.find(|it| it.0 == self.id) else {
            return Err(Error::input(
                "I64",
                format!("there is no published release `{}`", self.id),
            )
            .remedy("`quorate release list` shows them"));
        };
        if self.to.exists() {
            return Err(Error::input("I65", "the folder is there already")
                .at(self.to.display())
                .allowed("a folder that does not exist: nothing is written over"));
        }
        let path = instance.published_dir(product).join(id);
        let publication = Publication::read_recorded(&Machine, &path, digest)?;
        let geography = Vault::open(instance)?.geography()?;
        let licence = Licence { name: self.licence, url: self.licence_url };
        let files = export::files(&publication, &instance.config.name, licence, geography)?;
        // Beside, then renamed: nobody ever sees half of it.
        let draft = self.to.with_extension("draft");
        let written = write_all(&draft, &files).and_then(|()| std::fs::rename(&draft, &self.to));
        written.map_err(|cause| {
            drop(std::fs::remove_dir_all(&draft));
            Error::fault("F01", format!("cannot write: {cause}")).at(self.to.display())
        })?;
        let names: Vec<&str> = files.iter().map(|it| it.path.as_str()).collect();
        let value = json!({ "release": id, "folder": self.to, "files": names });
        output.result(&value, || {
            let lines = files.iter().map(|it| format!("{:<44} {}\n", it.path, it.kind.title()));
            format!("{}: {} files\n{}", self.to.display(), files.len(), lines.collect::<String>())
        })
    }
}

fn write_all(folder: &Path, files: &[formats::File]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for file in files {
        let path = folder.join(&file.path);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, &file.bytes)?;
    }
    Ok(())
}

fn list(instance: &Instance, policy: &Policy, output: &Output) -> Result<()> {
    let charges = read_ledger(instance)?.charges();
    let published = |product: &str| -> Vec<String> {
        let own = charges.iter().filter(|it| it.charge.product == product);
        let releases = own.filter_map(|it| match &it.state {
            State::Published(it) => Some(it.release.clone()),
            State::Abandoned => None,
        });
        releases.collect()
    };
    let value: Vec<_> = policy
        .products
        .iter()
        .map(|it| {
            json!({
                "product": it.product.name,
                "summary": it.product.summary,
                "purpose": it.purpose,
                "rho": it.cost().map(|it| it.rho.to_string()),
                "published": published(it.product.name),
            })
        })
        .collect();
    output.result(&value, || {
        let mut text = String::new();
        for it in &policy.products {
            let cost = it.cost().unwrap_or_default();
            let name = it.product.name;
            let _ =
                writeln!(text, "{name:<14} rho {:<8} {}", cost.rho.to_string(), it.product.summary);
            let releases = published(name);
            if releases.is_empty() {
                let _ = writeln!(text, "               nothing published yet");
            }
            for release in releases {
                let path = instance.releases_dir().join(release);
                let _ = writeln!(text, "               {}", path.display());
            }
        }
        text
    })
}

/// Releases `products` one after the other.
pub fn run(
    instance: &Instance,
    policy: &Policy,
    products: &[&str],
    period: Period,
) -> Result<Vec<Outcome>> {
    let code_hash = code_hash()?;
    let bar = Bar::new("releasing");
    let run = Run { waiting: &waiting, ..Run::new(instance, policy, (PROGRAM, &code_hash))? };
    let total = u64::try_from(products.len()).unwrap_or(u64::MAX);
    let mut outcomes = Vec::new();
    for (done, product) in (0..).zip(products) {
        bar.at(done, total);
        let outcome = run.product(product, period).map_err(|cause| match done {
            0 => cause,
            _ => cause.at(format!("{product}, after {done} products that were published")),
        })?;
        if let Some(why) = &outcome.unweighted {
            Output::note(&format!("{product}: {why}"));
        }
        outcomes.push(outcome);
    }
    if outcomes.is_empty() {
        return Err(Error::policy("P03", "the policy has no product"));
    }
    Ok(outcomes)
}

fn describe(outcome: &Outcome) -> String {
    let manifest = &outcome.publication.manifest;
    let state = if outcome.existed { "published before; nothing was charged" } else { "published" };
    format!(
        "{}: {state}\n  {} of {} cells, {} people or more in each; {} withdrawn to protect others\n  cost rho {}, delta {} \
         (epsilon {:.3} at delta {:.1e})\n  {}\n",
        manifest.id,
        thousands(manifest.cells_released),
        thousands(manifest.cells_in_code_list),
        manifest.floor,
        thousands(manifest.cells_withdrawn),
        manifest.rho,
        manifest.delta,
        manifest.epsilon,
        manifest.epsilon_delta,
        outcome.publication.path.join("report.html").display()
    )
}
