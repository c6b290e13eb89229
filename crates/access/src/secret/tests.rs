use base64::prelude::{BASE64_STANDARD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::*;

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// The exchange of RFC 7677, section 3: what client and server prove to each other.
#[test]
fn the_exchange_of_rfc_7677_comes_out() {
    let salt = BASE64_STANDARD.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
    let salted = salted("pencil", &salt, 4096);
    assert_eq!(entropy::hex(salted.as_slice()), SALTED_OF_RFC_7677);

    let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
    let messages = format!(
        "n=user,r=rOprNGfwEbeRWgbNEkqO,r={nonce},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={nonce}"
    );
    let client_key = hmac(salted.as_slice(), "Client Key");
    let signature = hmac(&Sha256::digest(client_key), &messages);
    let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, it)| key ^ it).collect();
    let client = "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
    assert_eq!(BASE64_STANDARD.encode(proof), client);
    let server = hmac(&hmac(salted.as_slice(), "Server Key"), &messages);
    assert_eq!(BASE64_STANDARD.encode(server), SERVER_OF_RFC_7677);
}

/// Python: `hashlib.pbkdf2_hmac("sha256", b"pencil", salt, 4096).hex()`.
const SALTED_OF_RFC_7677: &str = "c4a49510323ab4f952cac1fa99441939e78ea74d6be81ddf7096e87513dc615d";

const SERVER_OF_RFC_7677: &str = "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

#[test]
fn a_password_that_is_written_in_two_ways_is_one() {
    let salt = [7; 16];
    let check = |one: &str, other: &str| {
        assert_eq!(*salted(one, &salt, 2), *salted(other, &salt, 2), "{one}");
    };
    check("un caf\u{e9} au lait", "un cafe\u{301} au lait");
    check("soft\u{ad}hyphen", "softhyphen");
    check("four\u{2168}", "fourIX");
    check("no\u{a0}break", "no break");
}

#[test]
fn a_weak_password_is_refused_with_what_is_allowed() {
    let check = |password: &str, what: Option<&str>| {
        assert_eq!(check(password).err().map(|it| it.what).as_deref(), what, "{password}");
    };
    let long = "é".repeat(512);
    for good in ["twelve chars", "é è ê ë à â ä", "correct horse battery staple", &long] {
        check(good, None);
    }
    let few = Some("the password has fewer than 12 characters");
    for short in ["", "eleven char", "é è ê ë à â"] {
        check(short, few);
    }
    check(&"\u{ad}".repeat(12), few);
    check(&format!("{long}a"), Some("the password has 1025 bytes"));
    let unsendable = Some("the password has characters that not every program can send");
    for odd in ["twelve\0chars", "twelve\tchars", "\u{e000}twelve chars"] {
        check(odd, unsendable);
    }
    assert_eq!(
        super::check("secret").unwrap_err().to_string(),
        "error[A03]: the password has fewer than 12 characters\n  \
         allowed: 12 characters or more, and at most 1024 bytes\n  \
         do: take a few random words, or let one be made"
    );
}

#[test]
fn a_generated_password_is_allowed_and_never_the_same() {
    let made = generate_password().unwrap();
    assert_eq!(made.len(), 26);
    check(&made).unwrap();
    assert!(made.bytes().all(|it| ALPHABET.contains(&it)), "{}", *made);
    assert_ne!(*made, *generate_password().unwrap());
}

proptest! {
    #[test]
    fn no_text_stops_the_program(text in any::<String>()) {
        let _ = check(&text);
        let _ = salted(&text, &[1; 16], 1);
    }
}
