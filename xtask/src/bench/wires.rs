//! W6 over the wires: one client of each, over loopback, against `quorate serve` on the instance of the demo.

use std::path::Path;
use std::process::Command;

use super::{Arguments, measured, said};
use crate::Outcome;
use crate::clients::Instance;

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark is printed")]
pub(super) fn run(arguments: &Arguments, root: &Path) -> Outcome {
    let people = arguments.subscribers();
    eprintln!("building, installing clients, loading {people} people");
    let instance = Instance::new(root, arguments.scratch.as_deref(), people)?;
    eprintln!("asking");
    let mut times = Command::new(instance.python());
    times.arg(root.join("clients/times.py")).arg(&instance.quorate).arg(instance.folder());
    times.env("XDG_STATE_HOME", &instance.state);
    let found = measured(&said(times.output()?)?)?;
    let again = format!("cargo xtask bench --workload wires --subscribers {people} --json");
    let mut result = super::facts(root, "W6 over the wires", &again)?;
    result["size"] = format!("{people} people, a week").into();
    result["megabytes"] = found["megabytes"].clone();
    result["latencies"] = found["latencies"].clone();
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&result)?);
    } else {
        println!("{}", super::w6::table(&result));
    }
    Ok(())
}
