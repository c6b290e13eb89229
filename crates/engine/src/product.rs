//! The registered products: what each may group people by, and its default share of a month.
//!
//! A product is one file and one line in [`ALL`]. What is measured, and at what cost, stands in
//! the operator's `policy/<product>.toml`, which a protection officer reads and edits.

mod presence;
mod residents;
mod web_audience;

use std::fs;
use std::path::Path;

use crate::dimension::Dimension;
use crate::error::{Error, Result, io_error};
use crate::plan::View;

/// What the code knows of a product.
#[derive(Debug)]
pub struct Product {
    /// Its name in commands, files and SQL.
    pub name: &'static str,
    /// One sentence for lists.
    pub summary: &'static str,
    /// The view that it reads.
    pub view: View,
    /// The row groupings that its view can be bounded over.
    pub rows: &'static [&'static [Dimension]],
    /// The default specification, written into a new folder's `policy/`.
    pub template: &'static str,
}

/// All products, in the order in which `release run --all` takes them.
pub const ALL: [&Product; 3] =
    [&residents::RESIDENTS, &presence::PRESENCE, &web_audience::WEB_AUDIENCE];

/// The product of that name.
///
/// # Errors
/// [`Error`] `P03` naming the products that there are.
pub fn named(name: &str) -> Result<&'static Product> {
    ALL.into_iter().find(|it| it.name == name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|it| it.name).collect();
        Error::policy("P03", format!("there is no product `{name}`"))
            .allowed(names.join(", "))
            .remedy("see `quorate release list`")
    })
}

/// Writes the default policy, to be edited, into `folder`.
///
/// # Errors
/// A fault when a file cannot be written.
pub fn write_templates(folder: &Path) -> Result<()> {
    for (name, text) in templates() {
        let path = folder.join(name);
        fs::write(&path, text).map_err(|cause| io_error("write", &path, &cause))?;
    }
    Ok(())
}

const fn templates() -> [(&'static str, &'static str); 4] {
    [
        ("policy.toml", include_str!("../templates/policy/policy.toml")),
        ("residents.toml", residents::RESIDENTS.template),
        ("presence.toml", presence::PRESENCE.template),
        ("web_audience.toml", web_audience::WEB_AUDIENCE.template),
    ]
}
