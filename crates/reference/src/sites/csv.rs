//! The site list as text: one header, one line a site.

use std::collections::BTreeMap;

use super::{Site, SiteListError};

const ALLOWED: &str = "domain,category,sensitive, then if wanted weight,label";

/// Where each column stands in a line.
struct Columns {
    domain: usize,
    category: usize,
    sensitive: usize,
    weight: Option<usize>,
    label: Option<usize>,
    count: usize,
}

fn wrong(line: usize, what: String, allowed: &'static str) -> SiteListError {
    SiteListError { line, what, allowed }
}

pub(super) fn read(text: &str) -> Result<Vec<Site>, SiteListError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = (1..).zip(text.lines());
    let columns = Columns::read(lines.next().map_or("", |it| it.1))?;
    let mut sites = Vec::new();
    let mut seen = BTreeMap::new();
    for (line, row) in lines.filter(|it| !it.1.trim().is_empty()) {
        let site = columns.site(line, row)?;
        if let Some(first) = seen.insert(site.domain.clone(), line) {
            let what = format!("domain: `{}` stands in line {first} already", site.domain);
            return Err(wrong(line, what, "each domain once"));
        }
        sites.push(site);
    }
    if sites.is_empty() {
        return Err(wrong(2, "the list is empty".to_owned(), "one site or more"));
    }
    Ok(sites)
}

impl Columns {
    fn read(header: &str) -> Result<Self, SiteListError> {
        let names = fields(1, header)?;
        let mut places = BTreeMap::new();
        for (at, name) in names.iter().map(|it| it.trim()).enumerate() {
            if !["domain", "category", "sensitive", "weight", "label"].contains(&name) {
                return Err(wrong(1, format!("`{name}` is no column"), ALLOWED));
            }
            if places.insert(name, at).is_some() {
                return Err(wrong(1, format!("the column `{name}` stands twice"), ALLOWED));
            }
        }
        let needed = |name: &str| {
            let place = places.get(name).copied();
            place.ok_or_else(|| wrong(1, format!("the column `{name}` is missing"), ALLOWED))
        };
        Ok(Self {
            domain: needed("domain")?,
            category: needed("category")?,
            sensitive: needed("sensitive")?,
            weight: places.get("weight").copied(),
            label: places.get("label").copied(),
            count: names.len(),
        })
    }

    fn site(&self, line: usize, row: &str) -> Result<Site, SiteListError> {
        let fields = fields(line, row)?;
        if fields.len() != self.count {
            let what = format!("{} fields, but the header has {}", fields.len(), self.count);
            return Err(wrong(line, what, "one field a column"));
        }
        let field = |at: usize| fields.get(at).map_or("", |it| it.trim());
        let text = |name: &str, at: usize| match field(at) {
            "" => Err(wrong(line, format!("{name}: nothing is there"), "a text")),
            text => Ok(text.to_owned()),
        };
        let domain = text("domain", self.domain)?;
        let sensitive = field(self.sensitive);
        let weight = self.weight.map_or("1", field);
        Ok(Site {
            category: text("category", self.category)?,
            sensitive: sensitive.parse().map_err(|_| {
                wrong(line, format!("sensitive: `{sensitive}` is neither"), "true or false")
            })?,
            weight: weight.parse().ok().filter(|it: &f64| it.is_finite() && *it > 0.0).ok_or_else(
                || wrong(line, format!("weight: `{weight}` is not one"), "a positive number"),
            )?,
            label: match self.label.map_or("", field) {
                "" => domain.clone(),
                label => label.to_owned(),
            },
            domain,
        })
    }
}

/// The fields of one line.
fn fields(line: usize, row: &str) -> Result<Vec<String>, SiteListError> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut rest = row.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '"' if quoted && rest.peek() == Some(&'"') => field.extend(rest.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            other => field.push(other),
        }
    }
    fields.push(field);
    let open = "a quote opens that does not close".to_owned();
    (!quoted).then_some(fields).ok_or_else(|| wrong(line, open, "quotes in pairs on one line"))
}

pub(super) fn write(sites: &[Site]) -> String {
    let quoted = |field: &str| {
        if field.contains([',', '"']) {
            format!("\"{}\"", field.replace('"', "\"\""))
        } else {
            field.to_owned()
        }
    };
    let mut text = "domain,category,sensitive,weight,label\n".to_owned();
    for Site { domain, category, sensitive, weight, label } in sites {
        let (domain, category, label) = (quoted(domain), quoted(category), quoted(label));
        text.push_str(&format!("{domain},{category},{sensitive},{weight},{label}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_list_says_in_one_line_what_is_wrong_and_what_is_allowed() {
        let check = |text: &str, expected: &str| {
            let found = read(text).unwrap_err().to_string();
            assert!(found.starts_with(expected) && !found.contains('\n'), "{found}");
            assert!(found.contains("; allowed: "), "{found}");
        };
        check("", "line 1: `` is no column");
        check("domain,kind\n", "line 1: `kind` is no column; allowed: domain,category");
        check("domain,category\n", "line 1: the column `sensitive` is missing");
        check("domain,domain\n", "line 1: the column `domain` stands twice");
        check("domain,category,sensitive\n", "line 2: the list is empty");
        let row =
            |row: &str| format!("domain,category,sensitive,weight\na.uk,News,false,1\n{row}\n");
        let check = |text: &str, expected: &str| check(&row(text), expected);
        check("b.uk,News,perhaps,1", "line 3: sensitive: `perhaps` is neither; allowed: true or");
        check("b.uk,News,false,-1", "line 3: weight: `-1` is not one");
        check("b.uk,News,false,NaN", "line 3: weight: `NaN` is not one");
        check("b.uk,News,false", "line 3: 3 fields, but the header has 4");
        check(" ,News,false,1", "line 3: domain: nothing is there");
        check("b.uk,,false,1", "line 3: category: nothing is there");
        check("\"b.uk,News,false,1", "line 3: a quote opens that does not close");
        check("\na.uk,News,true,2", "line 4: domain: `a.uk` stands in line 2 already");
    }

    #[test]
    fn columns_may_stand_in_any_order_and_the_last_two_be_absent() {
        let check = |text: &str, weight: f64, label: &str| {
            let site = read(text).unwrap().remove(0);
            let expected = Site {
                domain: "a.uk".to_owned(),
                category: "Food, Drink".to_owned(),
                sensitive: true,
                weight,
                label: label.to_owned(),
            };
            assert_eq!(site, expected);
            assert_eq!(read(&write(&[site])).unwrap(), [expected]);
        };
        check("domain,category,sensitive\na.uk,\"Food, Drink\",true\n", 1.0, "a.uk");
        check("\u{feff}sensitive,domain,category\r\ntrue,a.uk,\"Food, Drink\"\r\n", 1.0, "a.uk");
        check(
            "label,weight,domain,category,sensitive\n\"The \"\"A\"\"\",2.5,a.uk,\"Food, Drink\",true",
            2.5,
            "The \"A\"",
        );
    }
}
