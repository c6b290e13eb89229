//! W6 over the wires: one client of each, over loopback, against `quorate serve` on the instance of the demo, or on one
//! that is there.

use std::path::Path;
use std::process::Command;

use super::{Arguments, measured, said};
use crate::Outcome;
use crate::clients::Instance;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is printed")]
pub(super) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let people = arguments.subscribers();
    eprintln!("building, installing clients, loading {people} people");
    let scratch = arguments.scratch.as_deref();
    let (instance, of, given) = match &arguments.instance {
        Some(folder) => {
            (Instance::over(root, scratch, folder)?, "loaded before", " --instance FOLDER")
        }
        None => (Instance::new(root, scratch, people)?, "a week", ""),
    };
    eprintln!("asking");
    let mut times = Command::new(instance.python());
    times.arg(root.join("clients/times.py")).arg(&instance.quorate).arg(instance.folder());
    instance.with_keys(&mut times);
    let found = measured(&said(times.output()?)?)?;
    let again = format!("cargo xtask bench --workload wires --subscribers {people}{given} --json");
    let mut result = super::facts(root, "W6 over the wires", &again)?;
    result["size"] = format!("{people} people, {of}").into();
    result["megabytes"] = found["megabytes"].clone();
    result["latencies"] = found["latencies"].clone();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        println!("{}", super::w6::table(&result));
    }
    Ok(())
}
