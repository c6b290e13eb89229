use tempfile::TempDir;

use super::*;
use crate::{NewUser, Role};

/// A folder with an account store and its key.
pub(crate) struct World {
    pub(crate) accounts: Accounts,
    folder: TempDir,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

pub(crate) fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

pub(crate) fn now() -> jiff::Timestamp {
    time("2026-11-26T12:00:00.123456789Z")
}

impl World {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        Self { accounts: open(folder.path()).unwrap(), folder }
    }

    /// With an analyst `jane` and a buyer `bob` of the partner `acme`, and an engineer and an officer.
    pub(crate) fn with_users() -> Self {
        let world = Self::new();
        for (name, role) in [
            ("jane", Role::Analyst),
            ("bob", Role::Buyer),
            ("eve", Role::Engineer),
            ("dan", Role::Officer),
        ] {
            let partner = role.has_partner().then_some("acme");
            world.accounts.add(&NewUser { name, role, partner }, PASSWORD, now()).unwrap();
        }
        world
    }

    pub(crate) fn reopened(self) -> Self {
        let Self { accounts, folder } = self;
        drop(accounts);
        Self { accounts: open(folder.path()).unwrap(), folder }
    }

    pub(crate) fn open_again(&self) -> Result<Accounts> {
        open(self.folder.path())
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.folder.path().join("keys").join("accounts.key")
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.folder.path().join("data").join(FILE)
    }

    /// All bytes of all files but the key.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let files = fs::read_dir(self.folder.path().join("data")).unwrap();
        files.flat_map(|it| fs::read(it.unwrap().path()).unwrap()).collect()
    }
}

fn open(folder: &Path) -> Result<Accounts> {
    let accounts = Accounts::open(&folder.join("data"), &folder.join("keys"))?;
    // The cost of guessing is not what these tests are about.
    Ok(Accounts { iterations: 2, ..accounts })
}

pub(crate) fn holds(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|it| it == secret)
}

#[test]
fn the_store_and_its_key_are_the_owners_alone() {
    let world = World::with_users();
    let rights = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((rights(&world.store()), rights(&world.key())), (0o600, 0o600));
    assert_eq!(rights(world.key().parent().unwrap()), 0o700);
    assert_eq!(fs::metadata(world.key()).unwrap().len(), 32);

    fs::set_permissions(world.store(), Permissions::from_mode(0o644)).unwrap();
    let world = world.reopened();
    assert_eq!(rights(&world.store()), 0o600);
    let files = fs::read_dir(world.store().parent().unwrap()).unwrap().count();
    assert_eq!(files, 1, "at rest the store is one file");
}

#[test]
fn a_missing_key_is_never_made_anew() {
    let world = World::with_users();
    fs::remove_file(world.key()).unwrap();
    let missing = world.open_again().err().unwrap();
    assert_eq!((missing.code, missing.kind()), ("A04", crate::Kind::Fault));
    assert_eq!(
        missing.to_string(),
        format!(
            "error[A04]: the key of the accounts is missing\n  where: {}\n  \
             do: restore the key from a backup; if it is gone for good, move accounts.sqlite away \
             and add the users again",
            world.key().display()
        )
    );
    assert!(!world.key().exists());
}

#[test]
fn another_key_is_noticed() {
    let world = World::with_users();
    fs::write(world.key(), [7; 32]).unwrap();
    let other = world.open_again().err().unwrap();
    assert_eq!(other.what, "the key is not the one of this account store");
    fs::write(world.key(), [7; 31]).unwrap();
    let short = world.open_again().err().unwrap();
    assert_eq!((short.code, short.what.as_str()), ("A04", "the key of the accounts is damaged"));
}

#[test]
fn what_is_no_account_store_is_left_as_it_is() {
    let check = |bytes: Vec<u8>, what: &str| {
        let world = World::new();
        fs::write(world.store(), &bytes).unwrap();
        let wrong = world.open_again().err().unwrap();
        assert_eq!((wrong.code, wrong.what.starts_with(what)), ("A04", true), "{wrong}");
        assert_eq!(fs::read(world.store()).unwrap(), bytes);
    };
    check(b"not a database, and longer than a header".repeat(40), "the account store failed");
    let other = |sql: &str| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("other");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        fs::read(path).unwrap()
    };
    check(other("CREATE TABLE x (y)"), "this is not an account store");
    check(
        other("CREATE TABLE key (mark); PRAGMA user_version = 2"),
        "this is not an account store",
    );
}

#[test]
fn a_start_that_stopped_half_way_is_taken_up() {
    let world = World::new();
    // The key was made, and the file, but nothing was laid out in it.
    fs::write(world.store(), b"").unwrap();
    let world = world.reopened();
    assert_eq!(world.accounts.users().unwrap(), []);
    fs::remove_file(world.store()).unwrap();
    world.open_again().unwrap();
}

#[test]
fn a_byte_of_the_store_that_changes_lets_nobody_in() {
    let world = World::with_users();
    let bytes = fs::read(world.store()).unwrap();
    for at in (0..bytes.len()).step_by(61) {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        fs::write(world.store(), &changed).unwrap();
        let login = world.open_again().and_then(|it| it.check_password("jane", "a wrong password"));
        assert!(matches!(login, Ok(None) | Err(_)), "byte {at}");
    }
}

#[test]
fn eight_who_add_at_once_all_get_in() {
    let world = World::new();
    let own = |thread: usize| format!("user-{thread}");
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let world = &world;
            scope.spawn(move || {
                // Every other thread is a process of its own.
                let other = (thread % 2 == 0).then(|| world.open_again().unwrap());
                let accounts = other.as_ref().unwrap_or(&world.accounts);
                let add = |name: &str| {
                    let user = NewUser { name, role: Role::Officer, partner: None };
                    accounts.add(&user, PASSWORD, now())
                };
                add(&own(thread)).unwrap();
                // All want this name; `A01` is for seven.
                add("shared").map_or_else(|it| assert_eq!(it.code, "A01"), |_| ());
            });
        }
    });
    let names: Vec<String> =
        world.accounts.users().unwrap().iter().map(|it| it.name.to_string()).collect();
    let mut wanted: Vec<String> = (0..8).map(own).collect();
    wanted.insert(0, "shared".to_owned());
    assert_eq!(names, wanted);
    assert!(world.accounts.check_password("user-3", PASSWORD).unwrap().is_some());
}

#[test]
fn eight_who_open_first_at_once_make_one_store() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("data")).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let folder = folder.path();
            scope.spawn(move || {
                let name = format!("user-{thread}");
                let user = NewUser { name: &name, role: Role::Officer, partner: None };
                open(folder).unwrap().add(&user, PASSWORD, now()).unwrap();
            });
        }
    });
    let accounts = open(folder.path()).unwrap();
    assert_eq!(accounts.users().unwrap().len(), 8);
    assert!(accounts.check_password("user-7", PASSWORD).unwrap().is_some());
}
