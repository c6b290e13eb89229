//! Other people's programs, which open what is exported: a Python that has them.
//!
//! 1. `QUORATE_TOOLS` names one: it is used as it is.
//! 2. Otherwise one is made beside the build folder by `crates/formats/tests/tools.sh`. Its name holds
//!    a digest of the list of packages, so it is made once and again when the list changes.
//! 3. Where there is no Python or no package index, the reason is returned; tests skip and say so.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::said;

/// The variable that names the Python, for the tests.
pub(crate) const NAME: &str = "QUORATE_TOOLS";
/// Makes the folder that it is given.
const SCRIPT: &str = "crates/formats/tests/tools.sh";
/// The packages, with their versions.
const PACKAGES: &str = "crates/formats/tests/outside/requirements.txt";
/// Stands in a folder that was made to its end.
const WHOLE: &str = "whole";

/// The Python that has the programs, made where needed.
///
/// # Errors
/// Why there is none, in a line.
pub(crate) fn python(root: &Path) -> Result<PathBuf, String> {
    if let Some(given) = std::env::var_os(NAME) {
        return Ok(given.into());
    }
    let packages = fs::read(root.join(PACKAGES)).map_err(|cause| format!("{PACKAGES}: {cause}"))?;
    let folder = folder(root, std::env::var_os("CARGO_TARGET_DIR").as_deref(), &packages);
    made(&root.join(SCRIPT), &folder).map_err(|cause| {
        let text = cause.to_string();
        let last = text.lines().rfind(|it| !it.trim().is_empty()).unwrap_or("no reason given");
        format!("{SCRIPT} {}: {}", folder.display(), last.trim())
    })
}

/// Where they are: beside the build folder, named after the list of packages.
fn folder(root: &Path, target: Option<&OsStr>, packages: &[u8]) -> PathBuf {
    let target = root.join(target.unwrap_or(OsStr::new("target")));
    let digest = blake3::hash(packages).to_hex();
    target.with_file_name(format!("quorate-tools-{}", digest.get(..16).unwrap_or_default()))
}

/// The Python in `folder`, made by `script` unless it is there whole and starts.
#[expect(clippy::print_stderr, reason = "a task tells what it does")]
fn made(script: &Path, folder: &Path) -> Result<PathBuf, Box<dyn std::error::Error>> {
    fs::create_dir_all(folder.parent().ok_or("no folder to make them in")?)?;
    // Of two checks with one build folder, one makes them and the other waits.
    let lock = File::create(folder.with_extension("lock"))?;
    lock.lock()?;
    let python = folder.join("bin/python");
    let starts =
        || Command::new(&python).arg("--version").output().is_ok_and(|it| it.status.success());
    if folder.join(WHOLE).exists() && starts() {
        return Ok(python);
    }
    eprintln!("installing the programs that open exported files in {}", folder.display());
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let outcome = said(Command::new("bash").arg(script).arg(folder).output()?);
    if outcome.is_err() && folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    outcome?;
    fs::write(folder.join(WHOLE), "")?;
    Ok(python)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A script that makes a folder as `tools.sh` does, and says how often it ran.
    const MAKES: &str = "#!/bin/sh\nset -e\necho run >> \"$0.runs\"\nmkdir -p \"$1/bin\"\n\
                         printf '#!/bin/sh\\nexit 0\\n' > \"$1/bin/python\"\nchmod +x \"$1/bin/python\"\n";

    fn script(scratch: &Path, text: &str) -> PathBuf {
        let path = scratch.join("script");
        fs::write(&path, text).unwrap();
        path
    }

    fn runs(script: &Path) -> usize {
        fs::read_to_string(script.with_extension("runs")).unwrap_or_default().lines().count()
    }

    #[test]
    fn they_stand_beside_the_build_folder_and_another_list_has_another_folder() {
        let of = |target: Option<&str>, list: &[u8]| {
            folder(Path::new("/clone"), target.map(OsStr::new), list)
        };
        assert_eq!(of(None, b"a").parent(), Some(Path::new("/clone")));
        assert_eq!(of(Some("/cache/target"), b"a").parent(), Some(Path::new("/cache")));
        assert_ne!(of(None, b"a"), of(None, b"b"));
        assert_eq!(of(None, b"a"), of(Some("target"), b"a"));
    }

    #[test]
    fn a_whole_folder_is_used_again_and_a_part_of_one_is_made_anew() {
        let scratch = tempfile::tempdir().unwrap();
        let (script, folder) = (script(scratch.path(), MAKES), scratch.path().join("tools"));
        let python = made(&script, &folder).unwrap();
        assert_eq!((python.exists(), runs(&script)), (true, 1));
        made(&script, &folder).unwrap();
        assert_eq!(runs(&script), 1);
        fs::remove_file(folder.join(WHOLE)).unwrap();
        made(&script, &folder).unwrap();
        assert_eq!(runs(&script), 2);
        fs::remove_file(python).unwrap();
        made(&script, &folder).unwrap();
        assert_eq!(runs(&script), 3);
    }

    #[test]
    fn a_failure_says_why_and_leaves_nothing() {
        let scratch = tempfile::tempdir().unwrap();
        let text = "#!/bin/sh\nmkdir -p \"$1/bin\"\necho no packages >&2\nexit 1\n";
        let (script, folder) = (script(scratch.path(), text), scratch.path().join("tools"));
        assert_eq!(made(&script, &folder).unwrap_err().to_string(), "no packages\n");
        assert!(!folder.exists());
    }
}
