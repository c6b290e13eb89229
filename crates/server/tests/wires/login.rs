//! Who gets in, and as whom.

use super::serving::Serving;

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
