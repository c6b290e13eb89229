use super::*;
use crate::Name;
use crate::store::tests::{PASSWORD, World, holds, now};

fn name_of(user: Option<User>) -> Option<Name> {
    user.map(|it| it.name)
}

#[test]
fn the_right_password_lets_in_also_after_opening_again() {
    let world = World::with_users().reopened();
    let check = |name: &str, password: &str, right: bool| {
        let user = world.accounts.check_password(name, password).unwrap();
        assert_eq!(name_of(user), right.then(|| Name::new(name).unwrap()), "{name} {password}");
    };
    check("jane", PASSWORD, true);
    check("jane", "correct horse battery ", false);
    check("jane", "Correct horse battery", false);
    check("jane", "", false);
    check("jane", &"x".repeat(100_000), false);
}

#[test]
fn nobody_gets_in_whatever_the_name_and_password() {
    let world = World::with_users();
    for name in ["nobody", "", "JANE", "jane ", "jane\0", "' OR 1=1 --", "ж"] {
        for password in [PASSWORD, "", "a wrong password"] {
            assert_eq!(world.accounts.check_password(name, password).unwrap(), None, "{name}");
        }
    }
}

#[test]
fn scram_of_a_user_holds_what_the_password_comes_to() {
    let world = World::with_users();
    let scram = world.accounts.scram("jane").unwrap();
    let salted = secret::salted(PASSWORD, &scram.salt, scram.iterations);
    assert_eq!((*scram.salted_password, scram.iterations), (*salted, 2));
    assert_ne!(scram.salt, world.accounts.scram("bob").unwrap().salt);
}

#[test]
fn who_is_nobody_looks_like_a_user() {
    let world = World::with_users();
    let (first, again) =
        (world.accounts.scram("nobody").unwrap(), world.accounts.scram("nobody").unwrap());
    let jane = world.accounts.scram("jane").unwrap();
    assert_eq!((first.salt.len(), first.iterations), (jane.salt.len(), jane.iterations));
    assert_eq!(first.salt, again.salt, "a client that asks twice sees one salt");
    assert_ne!(*first.salted_password, *again.salted_password, "nobody knows it");
    assert_ne!(first.salt, world.accounts.scram("nobody2").unwrap().salt);
    let reopened = world.reopened();
    assert_eq!(reopened.accounts.scram("nobody").unwrap().salt, first.salt);
    let elsewhere = World::new();
    assert_ne!(elsewhere.accounts.scram("nobody").unwrap().salt, first.salt, "the key decides");
}

#[test]
fn a_disabled_user_keeps_the_salt_and_does_not_get_in() {
    let world = World::with_users();
    let before = world.accounts.scram("jane").unwrap();
    world.accounts.disable("jane", now()).unwrap();
    let after = world.accounts.scram("jane").unwrap();
    assert_eq!((after.salt, after.iterations), (before.salt, before.iterations));
    assert_ne!(*after.salted_password, *before.salted_password);
    assert_eq!(world.accounts.check_password("jane", PASSWORD).unwrap(), None);
    world.accounts.enable("jane").unwrap();
    assert!(world.accounts.check_password("jane", PASSWORD).unwrap().is_some());
    let enabled = world.accounts.scram("jane").unwrap();
    assert_eq!(*enabled.salted_password, *before.salted_password);
}

#[test]
fn a_new_password_replaces_the_old_one_and_nothing_of_it_is_left() {
    let world = World::with_users();
    let before = world.accounts.scram("jane").unwrap();
    assert!(holds(&world.bytes(), &before.salt), "the search finds what is there");
    // A row that grows moves, and leaves its old place free.
    world.accounts.disable("jane", now()).unwrap();
    world.accounts.enable("jane").unwrap();
    world.accounts.set_password("jane", "another password").unwrap();
    assert!(!holds(&world.bytes(), &before.salt), "free places are overwritten");
    assert_eq!(world.accounts.check_password("jane", PASSWORD).unwrap(), None);
    assert!(world.accounts.check_password("jane", "another password").unwrap().is_some());
}

#[test]
fn no_password_and_no_salted_password_is_in_the_store() {
    let world = World::with_users();
    world.accounts.set_password("bob", "another password").unwrap();
    let salted = ["jane", "bob", "eve", "dan"].map(|it| world.accounts.scram(it).unwrap());
    let key = std::fs::read(world.key()).unwrap();
    let world = world.reopened();
    let bytes = world.bytes();
    assert!(holds(&bytes, b"jane"), "the search finds what is there");
    assert!(!holds(&bytes, PASSWORD.as_bytes()) && !holds(&bytes, b"another password"));
    assert!(!holds(&bytes, &key));
    for scram in salted {
        assert!(!holds(&bytes, scram.salted_password.as_slice()));
        let hex = entropy::hex(scram.salted_password.as_slice());
        assert!(!holds(&bytes, hex.as_bytes()));
    }
}

#[test]
fn a_secret_moved_to_another_row_opens_nothing() {
    let world = World::with_users();
    let store = rusqlite::Connection::open(world.store()).unwrap();
    let moved = "UPDATE user SET (salt, iterations, secret) =
        (SELECT salt, iterations, secret FROM user WHERE name = 'bob') WHERE name = 'jane'";
    assert_eq!(store.execute(moved, []).unwrap(), 1);
    let refused = world.accounts.check_password("jane", PASSWORD).err().unwrap();
    assert_eq!((refused.code, refused.at.as_deref()), ("A04", Some("user jane")));
}

#[test]
fn a_user_of_the_shipped_program_has_its_iterations() {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Accounts::open(folder.path(), &folder.path().join("keys")).unwrap();
    let officer = crate::NewUser { name: "dan", role: crate::Role::Officer, partner: None };
    accounts.add(&officer, PASSWORD, now()).unwrap();
    assert_eq!(accounts.scram("dan").unwrap().iterations, 10_000);
    assert_eq!(accounts.scram("nobody").unwrap().iterations, 10_000);
    assert!(accounts.check_password("dan", PASSWORD).unwrap().is_some());
}
