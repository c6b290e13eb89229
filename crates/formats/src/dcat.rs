//! `dcat.jsonld`: the release for data catalogues (W3C DCAT 3, after DCAT-AP 3).
//!
//! Addresses are relative to the entry, so it is right wherever the folder stands; the context is
//! written out, so nothing is fetched to read it.

use serde_json::{Value as Json, json};

use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::json_stat::canonical;
use crate::tables::{Facts, Tables};
use crate::words;

const PATH: &str = "dcat.jsonld";

/// Where the European Union's file types are named.
const FILE_TYPES: &str = "http://publications.europa.eu/resource/authority/file-type/";

/// The entry, with `files` as distributions.
///
/// # Errors
/// [`Wrong`] when it cannot be written.
pub fn catalogue_entry(tables: &Tables, files: &[&File]) -> Result<File> {
    let facts = tables.facts();
    let (first, last) = tables.days();
    let date = |it: jiff::civil::Date| json!({ "@value": it.to_string(), "@type": "xsd:date" });
    let distributions: Vec<Json> = files.iter().map(|it| distribution(facts, it)).collect();
    let about: Vec<String> =
        words::notes(tables).iter().map(|it| format!("{}: {}", it.about, it.says)).collect();
    let entry = json!({
        "@context": context(),
        "@id": "./",
        "@type": "dcat:Dataset",
        "dct:identifier": facts.id,
        "dct:title": english(&facts.title),
        "dct:description": english(&format!("{}\n\n{}", facts.description, words::safe(facts))),
        "dct:publisher": { "@id": "#publisher", "@type": "foaf:Agent",
                           "foaf:name": english(&facts.publisher) },
        "dct:issued": { "@value": tables.created().to_string(), "@type": "xsd:dateTime" },
        "dct:language": {
            "@id": "http://publications.europa.eu/resource/authority/language/ENG",
            "@type": "dct:LinguisticSystem",
        },
        "dct:spatial": { "@id": "http://publications.europa.eu/resource/authority/country/GBR",
                         "@type": "dct:Location" },
        "dct:temporal": { "@id": "#period", "@type": "dct:PeriodOfTime",
                          "dcat:startDate": date(first), "dcat:endDate": date(last) },
        "dcat:theme": { "@id": "http://publications.europa.eu/resource/authority/data-theme/SOCI",
                        "@type": "skos:Concept" },
        "dcat:keyword": [english(&facts.product), english("differential privacy")],
        "dct:provenance": { "@id": "#provenance", "@type": "dct:ProvenanceStatement",
                            "rdfs:label": english(&about.join("\n")) },
        "dcat:distribution": distributions,
    });
    let bytes = serde_json::to_vec_pretty(&canonical(entry))
        .map_err(|cause| Wrong::writing(PATH)(&cause))?;
    Ok(File::new(PATH, Kind::Dcat, bytes))
}

fn context() -> Json {
    json!({
        "dcat": "http://www.w3.org/ns/dcat#",
        "dct": "http://purl.org/dc/terms/",
        "foaf": "http://xmlns.com/foaf/0.1/",
        "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "spdx": "http://spdx.org/rdf/terms#",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    })
}

fn distribution(facts: &Facts, file: &File) -> Json {
    let plain = file.kind.media_type().split(';').next().unwrap_or_default();
    let mut entry = json!({
        "@id": format!("#{}", file.path),
        "@type": "dcat:Distribution",
        "dct:title": english(&format!("{}: {}", file.path, file.kind.title())),
        "dcat:accessURL": { "@id": file.path, "@type": "rdfs:Resource" },
        "dcat:downloadURL": { "@id": file.path },
        "dcat:mediaType": {
            "@id": format!("https://www.iana.org/assignments/media-types/{plain}"),
            "@type": "dct:MediaType",
        },
        "dct:format": { "@id": format!("{FILE_TYPES}{}", file_type(file.kind)),
                        "@type": "dct:MediaTypeOrExtent" },
        "dcat:byteSize": { "@value": file.size().to_string(), "@type": "xsd:nonNegativeInteger" },
        "dct:license": { "@id": facts.licence.url, "@type": "dct:LicenseDocument",
                         "dct:title": english(&facts.licence.name) },
        "spdx:checksum": {
            "@id": format!("#{}-sha256", file.path),
            "@type": "spdx:Checksum",
            "spdx:algorithm": { "@id": "spdx:checksumAlgorithm_sha256",
                                "@type": "spdx:ChecksumAlgorithm" },
            "spdx:checksumValue": { "@value": file.sha256(), "@type": "xsd:hexBinary" },
        },
    });
    if let Some(standard) = standard(file.kind) {
        entry["dct:conformsTo"] = json!({ "@id": standard, "@type": "dct:Standard" });
    }
    entry
}

fn english(it: &str) -> Json {
    json!({ "@value": it, "@language": "en" })
}

/// The name in the European Union's table of file types.
const fn file_type(kind: Kind) -> &'static str {
    match kind {
        Kind::Csv | Kind::Finest | Kind::Weighted | Kind::SdmxCsv => "CSV",
        Kind::Csvw | Kind::Manifest | Kind::JsonStat | Kind::DataPackage => "JSON",
        Kind::Parquet | Kind::GeoParquet => "PARQUET",
        Kind::Page => "HTML",
        Kind::Xlsx => "XLSX",
        Kind::GeoPackage => "GPKG",
        Kind::SdmxStructure => "XML",
        Kind::Dcat => "JSON_LD",
        Kind::Registry => "YAML",
    }
}

/// The standard that the file follows beyond its format.
const fn standard(kind: Kind) -> Option<&'static str> {
    match kind {
        Kind::Csvw => Some("http://www.w3.org/TR/tabular-metadata/"),
        Kind::GeoPackage => Some("http://www.opengis.net/doc/IS/geopackage/1.4"),
        Kind::GeoParquet => Some("https://geoparquet.org/releases/v1.1.0/"),
        Kind::SdmxCsv | Kind::SdmxStructure => Some("https://sdmx.org/standards-2/"),
        Kind::JsonStat => Some("https://json-stat.org/full/"),
        Kind::DataPackage => Some("https://specs.frictionlessdata.io/data-package/"),
        _ => None,
    }
}
