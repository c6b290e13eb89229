use super::*;
use crate::store::tests::{World, holds, now, time};

const BOTH: &[Scope] = &[Scope::Released, Scope::Questions];

fn new<'a>(user: &'a str, scopes: &'a [Scope]) -> NewToken<'a> {
    NewToken { user, label: "nightly load", scopes, expires: time("2027-01-01T00:00:00Z") }
}

fn words_of(found: Option<Bearer>) -> Option<String> {
    found.map(|it| format!("{}: {}", it.user.name, words(&it.scopes)))
}

#[test]
fn a_token_stands_for_its_user_until_it_ends() {
    let world = World::with_users();
    let IssuedToken { text, token } = world.accounts.issue(&new("jane", BOTH), now()).unwrap();
    assert_eq!((text.len(), text.starts_with("qrt_"), token.id.len()), (68, true, 16));
    let world = world.reopened();
    assert_eq!(world.accounts.tokens().unwrap(), [token]);
    let check = |text: &str, at: &str, wanted: Option<&str>| {
        let found = world.accounts.check_token(text, time(at)).unwrap();
        assert_eq!(words_of(found).as_deref(), wanted, "{at}");
    };
    let jane = Some("jane: released questions");
    check(&text, "2026-11-26T12:00:01Z", jane);
    check(&text, "2026-12-31T23:59:59.999999999Z", jane);
    check(&text, "2027-01-01T00:00:00Z", None);
    check(&text, "2030-01-01T00:00:00Z", None);
    for other in ["", "qrt_", &text[4..], &text.to_uppercase(), &format!("{} ", *text)] {
        check(other, "2026-12-01T00:00:00Z", None);
    }
}

#[test]
fn a_revoked_token_is_none_and_stays_on_record() {
    let world = World::with_users();
    let one = world.accounts.issue(&new("jane", BOTH), now()).unwrap();
    let other = world.accounts.issue(&new("jane", &[Scope::Released]), now()).unwrap();
    assert_ne!(*one.text, *other.text);
    let (first, second) = (time("2026-12-01T00:00:00Z"), time("2026-12-02T00:00:00Z"));
    world.accounts.revoke(&one.token.id, first).unwrap();
    world.accounts.revoke(&one.token.id, second).unwrap();
    let world = world.reopened();
    assert_eq!(world.accounts.check_token(&one.text, first).unwrap(), None);
    let found = world.accounts.check_token(&other.text, first).unwrap();
    assert_eq!(words_of(found).as_deref(), Some("jane: released"));
    let tokens = world.accounts.tokens().unwrap();
    let revoked = tokens.iter().find(|it| it.id == one.token.id).unwrap().revoked;
    assert_eq!((tokens.len(), revoked), (2, Some(first)));
}

#[test]
fn a_token_that_is_not_there_is_not_repeated_in_the_message() {
    let world = World::with_users();
    let made = world.accounts.issue(&new("jane", BOTH), now()).unwrap();
    assert_eq!(
        world.accounts.revoke(&made.text, now()).unwrap_err().to_string(),
        "error[A05]: there is no token of that id\n  \
         allowed: the id of a token, not the token itself\n  \
         do: list the tokens"
    );
}

#[test]
fn who_is_disabled_has_no_token() {
    let world = World::with_users();
    let made = world.accounts.issue(&new("jane", BOTH), now()).unwrap();
    world.accounts.disable("jane", now()).unwrap();
    assert_eq!(world.accounts.check_token(&made.text, now()).unwrap(), None);
    let refused = world.accounts.issue(&new("jane", BOTH), now()).err().unwrap();
    assert_eq!((refused.code, refused.what.as_str()), ("A01", "the user jane is disabled"));
    world.accounts.enable("jane").unwrap();
    assert!(world.accounts.check_token(&made.text, now()).unwrap().is_some());
}

#[test]
fn a_token_allows_no_more_than_its_users_role() {
    let world = World::with_users();
    let check = |user: &str, scopes: &[Scope], wanted: Result<&str, &str>| {
        let made = world.accounts.issue(&new(user, scopes), now());
        let made = made.map(|it| words(&it.token.scopes)).map_err(|it| it.code);
        assert_eq!(made.as_deref().map_err(|it| *it), wanted, "{user} {scopes:?}");
    };
    check("jane", BOTH, Ok("released questions"));
    check("jane", &[Scope::Questions, Scope::Questions], Ok("questions"));
    for reader in ["bob", "dan"] {
        check(reader, &[Scope::Released], Ok("released"));
        check(reader, BOTH, Err("A08"));
    }
    check("eve", &[Scope::Released], Err("A08"));
    check("eve", &[Scope::Questions], Err("A08"));
    check("jane", &[], Err("A05"));
    check("nobody", BOTH, Err("A01"));
}

#[test]
fn a_role_that_became_less_takes_its_tokens_along() {
    let world = World::with_users();
    let made = world.accounts.issue(&new("jane", BOTH), now()).unwrap();
    let store = rusqlite::Connection::open(world.store()).unwrap();
    store.execute("UPDATE user SET role = 'buyer' WHERE name = 'jane'", []).unwrap();
    let found = world.accounts.check_token(&made.text, now()).unwrap();
    assert_eq!(words_of(found).as_deref(), Some("jane: released"));
}

#[test]
fn a_token_ends_within_a_year() {
    let world = World::with_users();
    let now = time("2026-11-26T12:00:00Z");
    let check = |expires: &str, allowed: bool| {
        let new = NewToken { expires: time(expires), ..new("jane", BOTH) };
        let made = world.accounts.issue(&new, now).map(|_| ()).map_err(|it| it.code);
        assert_eq!(made, if allowed { Ok(()) } else { Err("A05") }, "{expires}");
    };
    check("2026-11-26T12:00:00.000000001Z", true);
    check("2027-11-27T12:00:00Z", true);
    check("2027-11-27T12:00:00.000000001Z", false);
    check("2026-11-26T12:00:00Z", false);
    check("2026-11-25T12:00:00Z", false);
    check("9999-12-30T22:00:00Z", false);
    let late = NewToken { expires: time("2028-01-01T00:00:00Z"), ..new("jane", BOTH) };
    assert_eq!(
        world.accounts.issue(&late, now).err().unwrap().to_string(),
        "error[A05]: the token would end at 2028-01-01T00:00:00Z, and it is 2026-11-26T12:00:00Z\n  \
         allowed: a time to come, in at most 366 days\n  \
         do: take an earlier end, and make a new token before it"
    );
}

#[test]
fn a_label_is_one_line() {
    let world = World::with_users();
    let check = |label: &str, allowed: bool| {
        let made = world.accounts.issue(&NewToken { label, ..new("jane", BOTH) }, now());
        assert_eq!(made.map(|_| ()).map_err(|it| it.code).is_ok(), allowed, "{label:?}");
    };
    check("é".repeat(100).as_str(), true);
    check("é".repeat(101).as_str(), false);
    for label in ["", "  ", "two\nlines", "bell\u{7}"] {
        check(label, false);
    }
}

#[test]
fn no_token_is_in_the_store() {
    let world = World::with_users();
    let made = world.accounts.issue(&new("jane", BOTH), now()).unwrap();
    let bytes = world.reopened().bytes();
    assert!(holds(&bytes, made.token.id.as_bytes()), "the search finds what is there");
    let digits = &made.text[PREFIX.len()..];
    let value = u128::from_str_radix(&digits[..32], 16).unwrap();
    assert!(!holds(&bytes, digits.as_bytes()));
    assert!(!holds(&bytes, &value.to_be_bytes()));
}
