use proptest::prelude::*;

use super::*;
use crate::store::tests::{PASSWORD, World, now, time};

fn analyst(name: &str) -> NewUser<'_> {
    NewUser { name, role: Role::Analyst, partner: Some("acme") }
}

#[test]
fn users_are_the_same_after_opening_again() {
    let world = World::with_users();
    let before = world.accounts.users().unwrap();
    let names: Vec<&str> = before.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["bob", "dan", "eve", "jane"]);
    let world = world.reopened();
    assert_eq!(world.accounts.users().unwrap(), before);
    let jane = world.accounts.user("jane").unwrap();
    assert_eq!(jane.partner, Some(Name::new("acme").unwrap()));
    assert_eq!((jane.role, jane.created, jane.disabled), (Role::Analyst, now(), None));
}

#[test]
fn a_name_is_taken_once() {
    let world = World::with_users();
    let taken = world.accounts.add(&analyst("jane"), "another password", now()).unwrap_err();
    assert_eq!(
        taken.to_string(),
        "error[A01]: there is a user jane already\n  \
         do: choose another name, or set that user's password"
    );
    assert!(world.accounts.check_password("jane", PASSWORD).unwrap().is_some());
}

#[test]
fn a_partner_is_where_the_role_has_one() {
    let world = World::new();
    let check = |role: Role, partner: Option<&str>, what: Option<&str>| {
        let added = world.accounts.add(&NewUser { name: "x", role, partner }, PASSWORD, now());
        assert_eq!(added.err().map(|it| format!("{} {}", it.code, it.what)).as_deref(), what);
    };
    check(Role::Analyst, None, Some("A02 the role analyst needs a partner"));
    check(Role::Buyer, None, Some("A02 the role buyer needs a partner"));
    check(Role::Officer, Some("acme"), Some("A02 the role officer has no partner: `acme`"));
    check(Role::Engineer, Some("acme"), Some("A02 the role engineer has no partner: `acme`"));
    check(Role::Buyer, Some("../acme"), Some("A02 `../acme` is no name"));
    assert_eq!(world.accounts.users().unwrap(), []);
}

#[test]
fn a_weak_password_adds_nobody_and_changes_nothing() {
    let world = World::with_users();
    assert_eq!(world.accounts.add(&analyst("new"), "short", now()).unwrap_err().code, "A03");
    assert_eq!(world.accounts.set_password("jane", "short").unwrap_err().code, "A03");
    assert_eq!(world.accounts.users().unwrap().len(), 4);
    assert!(world.accounts.check_password("jane", PASSWORD).unwrap().is_some());
}

#[test]
fn who_is_disabled_stays_on_record() {
    let world = World::with_users();
    let (first, second) = (time("2026-12-01T00:00:00Z"), time("2026-12-02T00:00:00Z"));
    world.accounts.disable("jane", first).unwrap();
    world.accounts.disable("jane", second).unwrap();
    let world = world.reopened();
    assert_eq!(world.accounts.user("jane").unwrap().disabled, Some(first));
    world.accounts.enable("jane").unwrap();
    world.accounts.enable("jane").unwrap();
    assert_eq!(world.accounts.user("jane").unwrap().disabled, None);
}

#[test]
fn who_is_not_there_is_told_to_the_operator() {
    let world = World::with_users();
    let accounts = &world.accounts;
    let check = |done: Result<()>| {
        let unknown =
            "error[A01]: there is no user `nobody`\n  do: list the users, or add this one";
        assert_eq!(done.unwrap_err().to_string(), unknown);
    };
    check(accounts.user("nobody").map(|_| ()));
    check(accounts.disable("nobody", now()));
    check(accounts.enable("nobody"));
    check(accounts.set_password("nobody", PASSWORD));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_a_name_that_comes_back_or_is_refused(texts in prop::collection::vec(name(), 4)) {
        let world = World::new();
        let mut added = std::collections::BTreeSet::new();
        for text in &texts {
            match world.accounts.add(&analyst(text), PASSWORD, now()) {
                Ok(user) => prop_assert!(added.insert(user.name.to_string())),
                Err(refused) if refused.code == "A01" => prop_assert!(added.contains(text)),
                Err(refused) => prop_assert_eq!(refused.code, "A02"),
            }
        }
        let found = world.accounts.users().unwrap();
        let found: Vec<String> = found.iter().map(|it| it.name.to_string()).collect();
        prop_assert_eq!(found, added.into_iter().collect::<Vec<_>>());
    }
}

/// Few enough names that some are given twice; some that are none.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[ab.]{1,2}", "[a-z0-9._-]{1,63}", any::<String>(), Just("' OR 1=1 --".to_owned())]
}
