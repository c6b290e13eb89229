//! A file of a release: its name, what it is, its bytes.

use sha2::{Digest, Sha256};

/// One file.
#[derive(Clone, PartialEq, Eq)]
pub struct File {
    /// Its path below the release folder, with `/`.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What a file of a release is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `data.csv`.
    Csv,
    /// The description of `data.csv` (CSV on the Web).
    Csvw,
    /// `data.parquet`.
    Parquet,
    /// The finest published unit around each sector.
    Finest,
    /// What cells stand for in the population.
    Weighted,
    /// `manifest.json`.
    Manifest,
    /// `report.html`.
    Page,
    /// The workbook.
    Xlsx,
    /// Tables joined to places, for maps.
    GeoPackage,
    /// One table joined to places, for programs.
    GeoParquet,
    /// Structures of the SDMX files.
    SdmxStructure,
    /// One table as SDMX.
    SdmxCsv,
    /// One table as JSON-stat.
    JsonStat,
    /// The Frictionless description of `data.csv`.
    DataPackage,
    /// The entry for data catalogues.
    Dcat,
    /// The entry for the registry of differential-privacy deployments.
    Registry,
}

impl Kind {
    /// What a person calls it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Csv => "All tables (CSV)",
            Self::Csvw => "Description of the CSV file (CSV on the Web)",
            Self::Parquet => "All tables (Parquet)",
            Self::Finest => "The finest published unit around each sector (CSV)",
            Self::Weighted => "People of the population, by a census (CSV)",
            Self::Manifest => "Facts, costs and digests of the release (JSON)",
            Self::Page => "The release as a page (HTML)",
            Self::Xlsx => "All tables (Excel workbook)",
            Self::GeoPackage => "Tables on the map (GeoPackage)",
            Self::GeoParquet => "A table on the map (GeoParquet)",
            Self::SdmxStructure => "Structures of the SDMX files (SDMX-ML 3.0)",
            Self::SdmxCsv => "A table for statistical offices (SDMX-CSV 2.0)",
            Self::JsonStat => "A table for charts (JSON-stat 2.0)",
            Self::DataPackage => "Description of the CSV file (Frictionless data package)",
            Self::Dcat => "Entry for data catalogues (DCAT)",
            Self::Registry => "Entry for the registry of differential-privacy deployments (YAML)",
        }
    }

    /// The media type that it is served with.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv | Self::Finest | Self::Weighted => "text/csv",
            Self::Csvw => "application/csvm+json",
            Self::Parquet | Self::GeoParquet => "application/vnd.apache.parquet",
            Self::Manifest | Self::JsonStat => "application/json",
            Self::Page => "text/html",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::GeoPackage => "application/geopackage+sqlite3",
            Self::SdmxStructure => "application/vnd.sdmx.structure+xml;version=3.0.0",
            Self::SdmxCsv => "application/vnd.sdmx.data+csv;version=2.0.0",
            Self::DataPackage => "application/vnd.datapackage+json",
            Self::Dcat => "application/ld+json",
            Self::Registry => "application/yaml",
        }
    }

    /// Whether the numbers of the release are in it.
    #[must_use]
    pub const fn has_data(self) -> bool {
        !matches!(
            self,
            Self::Csvw
                | Self::Manifest
                | Self::SdmxStructure
                | Self::DataPackage
                | Self::Dcat
                | Self::Registry
        )
    }
}

impl File {
    pub(crate) fn new(path: impl Into<String>, kind: Kind, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), kind, bytes }
    }

    /// The number of its bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        u64::try_from(self.bytes.len()).unwrap_or(u64::MAX)
    }

    /// Its SHA-256, in hexadecimal: the digest that other people's tools check.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut text = String::new();
        for byte in Sha256::digest(&self.bytes) {
            text.push_str(&format!("{byte:02x}"));
        }
        text
    }
}

impl std::fmt::Debug for File {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} ({} bytes)", self.path, self.bytes.len())
    }
}
