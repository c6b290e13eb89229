//! Names that the package does not carry: countries, regions, postcode areas, new authorities.

use std::collections::BTreeMap;

use super::Failure;
use super::postcodes::Nation;

/// Countries and regions of England; where a nation has no regions it stands for one.
const PLACES: [(&str, &str); 12] = [
    ("E12000001", "North East"),
    ("E12000002", "North West"),
    ("E12000003", "Yorkshire and The Humber"),
    ("E12000004", "East Midlands"),
    ("E12000005", "West Midlands"),
    ("E12000006", "East of England"),
    ("E12000007", "London"),
    ("E12000008", "South East"),
    ("E12000009", "South West"),
    ("E92000001", "England"),
    ("S92000003", "Scotland"),
    ("W92000004", "Wales"),
];

/// Local authorities that began in April 2023.
const AUTHORITIES: [(&str, &str); 4] = [
    ("E06000063", "Cumberland"),
    ("E06000064", "Westmorland and Furness"),
    ("E06000065", "North Yorkshire"),
    ("E06000066", "Somerset"),
];

/// Postcode areas and the post town, or the part of London, after which each is called.
const AREAS: &str = "\
AB Aberdeen;AL St Albans;B Birmingham;BA Bath;BB Blackburn;BD Bradford;BH Bournemouth;BL Bolton;\
BN Brighton;BR Bromley;BS Bristol;CA Carlisle;CB Cambridge;CF Cardiff;CH Chester;CM Chelmsford;\
CO Colchester;CR Croydon;CT Canterbury;CV Coventry;CW Crewe;DA Dartford;DD Dundee;DE Derby;\
DG Dumfries;DH Durham;DL Darlington;DN Doncaster;DT Dorchester;DY Dudley;E London E;EC London EC;\
EH Edinburgh;EN Enfield;EX Exeter;FK Falkirk;FY Blackpool;G Glasgow;GL Gloucester;GU Guildford;\
HA Harrow;HD Huddersfield;HG Harrogate;HP Hemel Hempstead;HR Hereford;HS Outer Hebrides;HU Hull;\
HX Halifax;IG Ilford;IP Ipswich;IV Inverness;KA Kilmarnock;KT Kingston upon Thames;KW Kirkwall;\
KY Kirkcaldy;L Liverpool;LA Lancaster;LD Llandrindod Wells;LE Leicester;LL Llandudno;LN Lincoln;\
LS Leeds;LU Luton;M Manchester;ME Medway;MK Milton Keynes;ML Motherwell;N London N;\
NE Newcastle upon Tyne;NG Nottingham;NN Northampton;NP Newport;NR Norwich;NW London NW;OL Oldham;\
OX Oxford;PA Paisley;PE Peterborough;PH Perth;PL Plymouth;PO Portsmouth;PR Preston;RG Reading;\
RH Redhill;RM Romford;S Sheffield;SA Swansea;SE London SE;SG Stevenage;SK Stockport;SL Slough;\
SM Sutton;SN Swindon;SO Southampton;SP Salisbury;SR Sunderland;SS Southend-on-Sea;\
ST Stoke-on-Trent;SW London SW;SY Shrewsbury;TA Taunton;TD Galashiels;TF Telford;TN Tonbridge;\
TQ Torquay;TR Truro;TS Teesside;TW Twickenham;UB Southall;W London W;WA Warrington;WC London WC;\
WD Watford;WF Wakefield;WN Wigan;WR Worcester;WS Walsall;WV Wolverhampton;YO York;ZE Lerwick";

/// The table `code,name` of every area, authority, region and country of `nation`.
///
/// # Errors
/// A code without a name.
pub(crate) fn table(
    nation: &Nation,
    mut names: BTreeMap<String, String>,
) -> Result<String, Failure> {
    let areas = AREAS.split(';').filter_map(|it| it.split_once(' '));
    for (code, name) in PLACES.into_iter().chain(AUTHORITIES).chain(areas) {
        names.insert(code.to_owned(), name.to_owned());
    }
    let mut codes: Vec<&str> = Vec::new();
    for (authority, parents) in &nation.authorities {
        codes.extend([authority, &parents.region, &parents.country].map(String::as_str));
    }
    for sector in nation.sectors.keys() {
        codes.extend(sector.split(|it: char| it.is_ascii_digit()).next());
    }
    codes.sort_unstable();
    codes.dedup();
    let mut text = "code,name\n".to_owned();
    for code in codes {
        let name = names.get(code).ok_or_else(|| format!("`{code}` has no name"))?;
        text.push_str(&format!("{code},{name}\n"));
    }
    Ok(text)
}
