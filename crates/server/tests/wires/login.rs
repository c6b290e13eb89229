//! Who gets in, and as whom.

use engine::policy::Policy;
use tokio_postgres::SimpleQueryMessage;

use super::serving::Serving;
use super::world::Operator;

/// The SQLSTATE of a login that fails.
fn refused(serving: &Serving, user: &str, password: &str, database: &str) -> String {
    let mut config = serving.config(user, database);
    config.password(password);
    let cause = serving.client(&config).err().unwrap();
    cause.code().unwrap().code().to_owned()
}

#[test]
fn whoever_shows_no_password_is_refused_alike() {
    let serving = Serving::new();
    for (user, password) in [
        ("analyst", "another password"),
        ("analyst", ""),
        ("nobody", super::serving::PASSWORD),
        ("", super::serving::PASSWORD),
    ] {
        assert_eq!(refused(&serving, user, password, "quorate"), "28P01", "{user}");
    }
}

#[test]
fn only_two_databases_are_there() {
    let serving = Serving::new();
    let client = serving.client(&serving.config("analyst", "telco"));
    let told = client.and_then(|it| serving.block_on(it.simple_query("SELECT 1")).map(drop));
    assert_eq!(told.unwrap_err().code().unwrap().code(), "3D000");
}

#[test]
fn roles_and_agreements_hold_on_every_answer_also_on_one_that_stands() {
    let serving = Serving::new();
    let asked = "SELECT gender, COUNT(DISTINCT subscriber_id) AS n FROM subscriber GROUP BY gender";
    let state = |user: &str| {
        let client = serving.client(&serving.config(user, "protected")).unwrap();
        let told = serving.block_on(client.simple_query(asked));
        told.err().map(|it| it.code().unwrap().code().to_owned())
    };
    assert_eq!(state("analyst"), None);
    assert_eq!(state("analyst"), None, "it stands");
    for user in ["buyer", "stranger"] {
        assert_eq!(state(user).as_deref(), Some("42501"), "{user}");
    }
    // Without a purpose nothing is asked.
    let mut config = serving.config("analyst", "protected");
    config.options("");
    let client = serving.client(&config).unwrap();
    let told = serving.block_on(client.simple_query(asked)).unwrap_err();
    assert!(told.as_db_error().unwrap().message().contains("A07"), "{told}");
    serving.block_on(client.simple_query("SET quorate.purpose = 'transport'")).unwrap();
    serving.block_on(client.simple_query(asked)).unwrap();
    let charges = engine::run::read_ledger(&serving.operator.instance).unwrap().charges();
    assert_eq!(charges.len(), 1);
    assert_eq!(charges[0].charge.partner, "partner-1");
}

/// Released tables and the files of releases, under an agreement that is written anew between statements.
#[test]
fn agreements_hold_on_what_was_published_by_table_and_by_file() {
    let mut operator = Operator::fresh();
    let policy = operator.instance.policy_dir();
    std::fs::remove_file(policy.join("policy.toml")).unwrap();
    engine::product::write_templates(&policy).unwrap();
    operator.policy = Policy::read(&operator.instance).unwrap();
    let serving = Serving::of(operator, None);
    let client = serving.client(&serving.config("analyst", "quorate")).unwrap();
    serving.operator.run().product("residents", "2026-10".parse().unwrap()).unwrap();
    let state = || {
        let told = serving.block_on(client.simple_query("SELECT COUNT(*) FROM released.residents"));
        told.err().map(|it| it.code().unwrap().code().to_owned())
    };
    let listed = || {
        let head = format!("GET /v1/releases HTTP/1.1\r\n{}", super::http::basic("analyst"));
        let told = super::http::request(&serving, &head, b"");
        let listed: serde_json::Value = serde_json::from_slice(&told.body).unwrap();
        (told.status, listed["releases"].as_array().map_or(0, Vec::len))
    };
    assert_eq!((state(), listed()), (None, (200, 1)));
    for (part, other, refused, files) in [
        ("from = \"2026-01\"", "from = \"2026-11\"", "42P01", (200, 0)),
        ("products = [\"residents\", ", "products = [", "42501", (200, 0)),
        ("expires = 2099-12-31", "expires = 2020-12-31", "42501", (200, 0)),
    ] {
        serving.agree(part, other);
        assert_eq!((state().as_deref(), listed()), (Some(refused), files), "{other}");
    }
    // Of some places: rows in SQL, and no file, which has them all.
    serving.agree("areas = []", "areas = [\"AB10\"]");
    assert_eq!((state(), listed()), (None, (403, 0)));
    let districts = "SELECT DISTINCT district FROM released.residents WHERE district <> 'all'";
    let told = serving.block_on(client.simple_query(districts)).unwrap();
    let rows = told.iter().filter_map(|it| match it {
        SimpleQueryMessage::Row(row) => row.get(0),
        _ => None,
    });
    assert_eq!(rows.collect::<Vec<_>>(), ["AB10"]);
    serving.agree("areas = []", "areas = [\"nowhere\"]");
    assert_eq!(state().as_deref(), Some("22023"));
    serving.agree("share = \"1\"", "share = \"0\"");
    assert_eq!((state(), listed()), (None, (200, 1)), "reading what was published costs nothing");
}
