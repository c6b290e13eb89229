use jiff::civil::date;

use super::*;
use crate::{Kind, Role};

const FULL: &str = r#"
purposes = ["retail planning", "transport"]
products = ["residents", "web_audience"]
questions = true
areas = ["AB1", "G"]
periods = { from = "2026-10", to = "2027-03" }
share = "0.25"
expires = 2027-06-30
"#;

/// An instance with the agreement of `acme`.
fn folder(text: &str) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("agreements")).unwrap();
    fs::write(dir.path().join("agreements/acme.toml"), text).unwrap();
    dir
}

fn read(text: &str) -> Result<Agreement> {
    Agreement::read(folder(text).path(), "acme")
}

const READING: Use<'_> = Use {
    purpose: "transport",
    products: &["residents", "web_audience"],
    question: false,
    periods: &["2026-10", "2027-03"],
};

const ASKING: Use<'_> = Use { products: &[], question: true, ..READING };

const TODAY: Date = date(2026, 11, 26);

#[test]
fn an_agreement_says_what_it_says() {
    let agreement = read(FULL).unwrap();
    assert_eq!(agreement.partner.as_str(), "acme");
    assert_eq!(agreement.areas, ["AB1", "G"]);
    assert_eq!((agreement.share.billionths(), agreement.authority), (250_000_000, false));
    assert_eq!(agreement.expires, date(2027, 6, 30));
    for wanted in [READING, ASKING] {
        agreement.check(&wanted, TODAY).unwrap();
    }
    agreement.check(&READING, date(2027, 6, 30)).unwrap();
}

#[test]
fn who_leaves_the_share_out_spends_nothing() {
    let agreement = read(&FULL.replace("share = \"0.25\"", "")).unwrap();
    assert_eq!(agreement.share, Share::default());
}

#[test]
fn every_rule_refuses_in_its_own_words() {
    let agreement = read(FULL).unwrap();
    let check = |agreement: &Agreement, wanted: Use<'_>, today: Date, words: &str| {
        let refused = agreement.check(&wanted, today).unwrap_err();
        assert_eq!(refused.kind(), Kind::Policy);
        assert_eq!(refused.to_string(), words);
    };
    check(
        &agreement,
        READING,
        date(2027, 7, 1),
        "refused[A07]: the agreement of acme has expired: today is 2027-07-01\n  \
         allowed: use until 2027-06-30\n  \
         do: ask the operator to renew it",
    );
    check(
        &agreement,
        Use { purpose: "advertising", ..READING },
        TODAY,
        "refused[A07]: the agreement of acme does not name the purpose `advertising`\n  \
         allowed: the purposes retail planning, transport\n  \
         do: declare one of them",
    );
    check(
        &agreement,
        Use { purpose: "", question: true, ..READING },
        TODAY,
        "refused[A07]: the agreement of acme needs a purpose, and none was declared\n  \
         allowed: the purposes retail planning, transport\n  \
         do: declare one of them",
    );
    check(
        &agreement,
        Use { products: &["residents", "presence"], ..READING },
        TODAY,
        "refused[A07]: the agreement of acme does not name the product `presence`\n  \
         allowed: released tables of residents, web_audience\n  \
         do: read other tables, or ask the operator to add the product",
    );
    let to_march = "the months 2026-10 to 2027-03";
    for (month, text, allowed) in [
        ("2026-09", FULL.to_owned(), to_march),
        ("2027-04", FULL.to_owned(), to_march),
        ("2026-1", FULL.to_owned(), to_march),
        ("2026-09", FULL.replace(", to = \"2027-03\"", ""), "the months from 2026-10 on"),
    ] {
        check(
            &read(&text).unwrap(),
            Use { periods: &["2026-10", month], ..READING },
            TODAY,
            &format!(
                "refused[A07]: the agreement of acme does not reach to the month `{month}`\n  \
                 allowed: {allowed}\n  \
                 do: read other months, or ask the operator to extend it"
            ),
        );
    }
    let quiet = FULL.replace("questions = true", "questions = false");
    check(
        &read(&quiet).unwrap(),
        ASKING,
        TODAY,
        "refused[A07]: the agreement of acme has no charged questions\n  \
         allowed: reading released tables\n  \
         do: read released tables, or ask the operator to add questions",
    );
    let authority = read(&format!("{quiet}authority = true")).unwrap();
    check(
        &authority,
        ASKING,
        TODAY,
        "refused[A07]: the agreement of acme has no charged questions\n  \
         allowed: reading released tables\n  \
         do: read released tables: an authority is never given charged questions",
    );
    authority.check(&READING, TODAY).unwrap();
    // Whoever makes the value by hand gets no further than whoever writes the file.
    let forced = Agreement { questions: true, ..authority };
    assert_eq!(forced.check(&ASKING, TODAY).unwrap_err().code, "A07");
}

#[test]
fn a_partner_without_an_agreement_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let refused = Agreement::read(dir.path(), "acme").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "refused[A07]: acme has no agreement\n  \
         allowed: what an agreement names\n  \
         do: ask the operator for one: agreements/acme.toml"
    );
    assert_eq!(refused.kind(), Kind::Policy);
    let outside = Agreement::read(dir.path(), "../acme").unwrap_err();
    assert_eq!(outside.code, "A02");
}

#[test]
fn a_role_is_asked_before_its_agreement() {
    let dir = folder(FULL);
    let agreements = Agreements::of(dir.path());
    let check = |role: Role, partner: &str, wanted: Use<'_>, code: Option<&str>| {
        let user = User {
            name: Name::new("somebody").unwrap(),
            role,
            partner: role.has_partner().then(|| Name::new(partner).unwrap()),
            created: "2026-11-26T12:00:00Z".parse().unwrap(),
            disabled: None,
        };
        let checked = agreements.check(&user, &wanted, TODAY);
        assert_eq!(checked.err().map(|it| it.code), code, "{role} of {partner}");
    };
    let unbought = Use { products: &["presence"], ..READING };
    check(Role::Analyst, "acme", READING, None);
    check(Role::Analyst, "acme", ASKING, None);
    check(Role::Analyst, "acme", unbought, Some("A07"));
    check(Role::Analyst, "other", READING, Some("A07"));
    check(Role::Buyer, "acme", READING, None);
    check(Role::Buyer, "acme", unbought, Some("A07"));
    check(Role::Buyer, "acme", ASKING, Some("A08"));
    check(Role::Officer, "", unbought, None);
    check(Role::Officer, "", ASKING, Some("A08"));
    check(Role::Engineer, "", READING, Some("A08"));
    check(Role::Engineer, "", ASKING, Some("A08"));
    let created = "2026-11-26T12:00:00Z".parse().unwrap();
    let name = Name::new("x").unwrap();
    let nowhere = User { name, role: Role::Buyer, partner: None, created, disabled: None };
    assert_eq!(agreements.check(&nowhere, &READING, TODAY).unwrap_err().code, "A07");
}

#[test]
fn a_file_that_is_wrong_says_where() {
    let check = |from: &str, to: &str, what: &str| {
        assert!(FULL.contains(from), "{from}");
        let wrong = read(&FULL.replace(from, to)).unwrap_err();
        assert_eq!((wrong.code, wrong.kind()), ("A06", Kind::Input));
        assert!(wrong.what.contains(what), "{wrong}");
        assert!(wrong.at.unwrap().ends_with("agreements/acme.toml"));
    };
    check(
        "purposes = [\"retail planning\", \"transport\"]",
        "purposes = []",
        "`purposes` is empty",
    );
    check("\"transport\"", "\"\"", "`purposes` holds ``");
    check("\"residents\"", "\" residents\"", "`products` holds ` residents`");
    check("\"G\"", "\"G\\n\"", "`areas` holds `G\\n`");
    check("questions = true", "questions = true\nauthority = true", "is true for an authority");
    check("2026-10", "2026-13", "`periods.from` is `2026-13`");
    check("2027-03", "2026-09", "`periods` ends in 2026-09, before it begins in 2026-10");
    check("\"0.25\"", "0.25", "expected");
    check("\"0.25\"", "\"0.1234567890\"", "with at most 9 digits after the point");
    check("\"0.25\"", "\"1.5\"", "a decimal from 0 to 1");
    check("2027-06-30", "\"2027-06-30\"", "expires");
    check("2027-06-30", "2027-06-30T12:00:00Z", "a day without a time");
    check("2027-06-30", "2027-02-30", "2027-02-30");
    check("to = ", "until = ", "unknown field `until`");
    check("share = ", "shares = ", "unknown field `shares`");
    for key in ["purposes", "products", "questions", "areas", "periods", "expires"] {
        let line = FULL.lines().find(|it| it.starts_with(key)).unwrap();
        check(line, "", &format!("missing field `{key}`"));
    }
}

#[test]
fn all_agreements_are_read_and_each_has_to_be_right() {
    let dir = folder(FULL);
    let file = |name: &str| dir.path().join("agreements").join(name);
    fs::write(file("city.toml"), FULL.replace("questions = true", "questions = false")).unwrap();
    fs::write(file("notes.txt"), "not an agreement").unwrap();
    let all = Agreements::of(dir.path()).all().unwrap();
    let found: Vec<_> = all.values().map(|it| (it.partner.as_str(), it.questions)).collect();
    assert_eq!(found, [("acme", true), ("city", false)]);

    fs::write(file("Bad Name.toml"), FULL).unwrap();
    let wrong = Agreements::of(dir.path()).all().unwrap_err();
    assert_eq!(
        (wrong.code, wrong.what.as_str()),
        ("A06", "a file of agreements is called as no partner is")
    );
    fs::remove_file(file("Bad Name.toml")).unwrap();
    fs::write(file("city.toml"), "").unwrap();
    assert_eq!(Agreements::of(dir.path()).all().unwrap_err().code, "A06");

    let empty = tempfile::tempdir().unwrap();
    assert!(Agreements::of(empty.path()).all().unwrap().is_empty());
}
