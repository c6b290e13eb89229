//! Cargo, called from a task as a user calls it.

use std::env;
use std::path::Path;
use std::process::Command;

/// `cargo` in `root`.
pub(crate) fn cargo(root: &Path) -> Command {
    let mut cargo = plain("cargo");
    cargo.current_dir(root);
    cargo
}

/// A program without what `cargo xtask` says to its own.
///
/// Build scripts watch some of those variables (ring: `CARGO_MANIFEST_DIR`, `CARGO_PKG_NAME`): with them,
/// every task would compile again what was built by hand, and the other way round.
pub(crate) fn plain(program: &str) -> Command {
    let mut command = Command::new(program);
    let of_the_task = |it: &str| it.starts_with("CARGO_PKG_") || it.starts_with("CARGO_MANIFEST_");
    for (name, _) in env::vars_os().filter(|it| it.0.to_str().is_some_and(of_the_task)) {
        command.env_remove(name);
    }
    command
}
