//! `sdmx/structure.xml`: what the data files are made of (SDMX-ML 3.0).

use std::collections::BTreeMap;
use std::io;

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

use super::{List, Lists, VERSION, id};
use crate::error::{Result, Wrong};
use crate::file::{File, Kind};
use crate::tables::{Table, Tables};
use crate::words;

const PATH: &str = "sdmx/structure.xml";
const NAMESPACES: &str = "http://www.sdmx.org/resources/sdmxml/schemas/v3_0";
const CONCEPTS: &str = "CONCEPTS";

/// Codes of a cross-domain list, with what it calls them.
type Codes = &'static [(&'static str, &'static str)];

/// The cross-domain lists: identifier, version, title, the codes that are used here.
const STATUS_LISTS: [(&str, &str, &str, Codes); 2] = [
    (
        "CL_OBS_STATUS",
        "2.2",
        "Observation status",
        &[("E", "Estimated value"), ("Q", "Missing value; suppressed"), ("U", "Low reliability")],
    ),
    (
        "CL_CONF_STATUS",
        "1.3",
        "Confidentiality status",
        &[("C", "Confidential statistical information"), ("F", "Free (free for publication)")],
    ),
];

/// Concepts that every table has.
const COMMON: [(&str, &str); 5] = [
    ("INDICATOR", "Indicator"),
    ("TIME_PERIOD", "Time period"),
    ("OBS_VALUE", "Observation value"),
    ("OBS_STATUS", "Observation status"),
    ("CONF_STATUS", "Confidentiality status"),
];

type Xml = Writer<Vec<u8>>;

/// The dataflow of a table.
pub(super) fn flow(tables: &Tables, table: &Table) -> String {
    let product: String = tables.facts().product.replace('.', "_");
    id::name(&format!("{product}-{}", table.name))
}

pub(super) fn file(tables: &Tables, lists: &Lists<'_>) -> Result<File> {
    let agency = id::agency(&tables.facts().publisher);
    let message = Message { tables, lists, agency };
    let bytes = message.bytes().map_err(|cause| Wrong::writing(PATH)(&cause))?;
    Ok(File::new(PATH, Kind::SdmxStructure, bytes))
}

/// A structure message in the making.
struct Message<'release> {
    tables: &'release Tables,
    lists: &'release Lists<'release>,
    agency: String,
}

impl Message<'_> {
    fn bytes(&self) -> io::Result<Vec<u8>> {
        let mut xml = Writer::new_with_indent(Vec::new(), b' ', 1);
        xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let spaces = ["message", "structure", "common"].map(|it| format!("{NAMESPACES}/{it}"));
        let [message, structure, common] = &spaces;
        xml.create_element("mes:Structure")
            .with_attribute(("xmlns:mes", message.as_str()))
            .with_attribute(("xmlns:str", structure.as_str()))
            .with_attribute(("xmlns:com", common.as_str()))
            .write_inner_content(|xml| {
                self.header(xml)?;
                within(xml, "mes:Structures", &[], |xml| {
                    within(xml, "str:Codelists", &[], |xml| self.code_lists(xml))?;
                    within(xml, "str:ConceptSchemes", &[], |xml| self.concepts(xml))?;
                    within(xml, "str:Dataflows", &[], |xml| self.flows(xml))?;
                    within(xml, "str:DataStructures", &[], |xml| self.structures(xml))
                })
            })?;
        Ok(xml.into_inner())
    }

    fn header(&self, xml: &mut Xml) -> io::Result<()> {
        within(xml, "mes:Header", &[], |xml| {
            let prepared = self.tables.created().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
            let id = self.tables.facts().id.replace('.', "_");
            text(xml, "mes:ID", &id)?;
            text(xml, "mes:Test", "false")?;
            text(xml, "mes:Prepared", &prepared)?;
            xml.create_element("mes:Sender").with_attribute(("id", &*self.agency)).write_empty()?;
            Ok(())
        })
    }

    fn code_lists(&self, xml: &mut Xml) -> io::Result<()> {
        for List { id, title, codes, .. } in &self.lists.lists {
            let codes = codes.iter().map(|it| (it.0.as_str(), it.1));
            within(xml, "str:Codelist", &self.artefact(id), |xml| code_list(xml, title, codes))?;
        }
        for (id, version, title, codes) in STATUS_LISTS {
            let artefact =
                [("id", id), ("agencyID", "SDMX"), ("version", version), ("isPartial", "true")];
            within(xml, "str:Codelist", &artefact, |xml| {
                code_list(xml, title, codes.iter().copied())
            })?;
        }
        Ok(())
    }

    fn concepts(&self, xml: &mut Xml) -> io::Result<()> {
        let keys = self.tables.tables().iter().flat_map(|it| &it.keys);
        let mut concepts: BTreeMap<String, &str> = BTreeMap::new();
        for (id, title) in keys.map(|it| (id::name(&it.name), it.title.as_str())) {
            concepts.entry(id).or_insert(title);
        }
        concepts.extend(COMMON.map(|(id, title)| (id.to_owned(), title)));
        within(xml, "str:ConceptScheme", &self.artefact(CONCEPTS), |xml| {
            name(xml, "Concepts")?;
            for (id, title) in &concepts {
                within(xml, "str:Concept", &[("id", id)], |xml| name(xml, title))?;
            }
            Ok(())
        })
    }

    fn flows(&self, xml: &mut Xml) -> io::Result<()> {
        for table in self.tables.tables() {
            let id = flow(self.tables, table);
            within(xml, "str:Dataflow", &self.artefact(&id), |xml| {
                name(xml, &table.title)?;
                let about = format!("{} {}", words::safe(self.tables.facts()), words::hidden());
                described(xml, &about)?;
                let urn = self.urn("datastructure.DataStructure", &id);
                text(xml, "str:Structure", &urn)
            })?;
        }
        Ok(())
    }

    fn structures(&self, xml: &mut Xml) -> io::Result<()> {
        for table in self.tables.tables() {
            let id = flow(self.tables, table);
            within(xml, "str:DataStructure", &self.artefact(&id), |xml| {
                name(xml, &table.title)?;
                within(xml, "str:DataStructureComponents", &[], |xml| {
                    let descriptor = [("id", "DimensionDescriptor")];
                    within(xml, "str:DimensionList", &descriptor, |xml| {
                        self.dimensions(xml, table)
                    })?;
                    let descriptor = [("id", "AttributeDescriptor")];
                    within(xml, "str:AttributeList", &descriptor, |xml| self.attributes(xml))?;
                    let descriptor = [("id", "MeasureDescriptor")];
                    within(xml, "str:MeasureList", &descriptor, |xml| {
                        within(xml, "str:Measure", &[("id", "OBS_VALUE")], |xml| {
                            self.concept(xml, "OBS_VALUE")?;
                            format(xml, "Double")
                        })
                    })
                })
            })?;
        }
        Ok(())
    }

    fn dimensions(&self, xml: &mut Xml, table: &Table) -> io::Result<()> {
        let keys = table.keys.iter().map(|it| (id::name(&it.name), it.name.as_str()));
        let all: Vec<(String, &str)> = keys.chain([("INDICATOR".to_owned(), "")]).collect();
        for (position, (id, column)) in (1..).zip(&all) {
            let position: i32 = position;
            let list = self.lists.get(table, column).map_or("", |it| it.id.as_str());
            let own = [("id", id.as_str()), ("position", &position.to_string())];
            within(xml, "str:Dimension", &own, |xml| {
                self.concept(xml, id)?;
                enumeration(xml, &self.urn("codelist.Codelist", list))
            })?;
        }
        within(xml, "str:TimeDimension", &[("id", "TIME_PERIOD")], |xml| {
            self.concept(xml, "TIME_PERIOD")?;
            format(xml, "ObservationalTimePeriod")
        })
    }

    fn attributes(&self, xml: &mut Xml) -> io::Result<()> {
        for (list, version, ..) in STATUS_LISTS {
            let id = list.trim_start_matches("CL_");
            within(xml, "str:Attribute", &[("id", id), ("usage", "mandatory")], |xml| {
                self.concept(xml, id)?;
                enumeration(
                    xml,
                    &format!(
                        "urn:sdmx:org.sdmx.infomodel.codelist.Codelist=SDMX:{list}({version})"
                    ),
                )?;
                within(xml, "str:AttributeRelationship", &[], |xml| {
                    xml.create_element("str:Observation").write_empty()?;
                    Ok(())
                })
            })?;
        }
        Ok(())
    }

    fn concept(&self, xml: &mut Xml, id: &str) -> io::Result<()> {
        let urn = format!("{}.{id}", self.urn("conceptscheme.Concept", CONCEPTS));
        text(xml, "str:ConceptIdentity", &urn)
    }

    fn urn(&self, class: &str, id: &str) -> String {
        format!("urn:sdmx:org.sdmx.infomodel.{class}={}:{id}({VERSION})", self.agency)
    }

    fn artefact<'it>(&'it self, id: &'it str) -> [(&'it str, &'it str); 3] {
        [("id", id), ("agencyID", &self.agency), ("version", VERSION)]
    }
}

fn within(
    xml: &mut Xml,
    element: &str,
    attributes: &[(&str, &str)],
    content: impl FnOnce(&mut Xml) -> io::Result<()>,
) -> io::Result<()> {
    let element = xml.create_element(element).with_attributes(attributes.iter().copied());
    element.write_inner_content(content)?;
    Ok(())
}

fn text(xml: &mut Xml, element: &str, it: &str) -> io::Result<()> {
    xml.create_element(element).write_text_content(BytesText::new(it))?;
    Ok(())
}

fn name(xml: &mut Xml, it: &str) -> io::Result<()> {
    english(xml, "com:Name", it)
}

fn described(xml: &mut Xml, it: &str) -> io::Result<()> {
    english(xml, "com:Description", it)
}

fn english(xml: &mut Xml, element: &str, it: &str) -> io::Result<()> {
    let element = xml.create_element(element).with_attribute(("xml:lang", "en"));
    element.write_text_content(BytesText::new(it))?;
    Ok(())
}

fn code_list<'it>(
    xml: &mut Xml,
    title: &str,
    codes: impl Iterator<Item = (&'it str, &'it str)>,
) -> io::Result<()> {
    name(xml, title)?;
    for (id, label) in codes {
        within(xml, "str:Code", &[("id", id)], |xml| name(xml, label))?;
    }
    Ok(())
}

fn enumeration(xml: &mut Xml, list: &str) -> io::Result<()> {
    within(xml, "str:LocalRepresentation", &[], |xml| text(xml, "str:Enumeration", list))
}

fn format(xml: &mut Xml, kind: &str) -> io::Result<()> {
    within(xml, "str:LocalRepresentation", &[], |xml| {
        xml.create_element("str:TextFormat").with_attribute(("textType", kind)).write_empty()?;
        Ok(())
    })
}
