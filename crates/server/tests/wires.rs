//! Every wire, from a client's side, over an operator that came through the door.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail and say why")]

#[path = "../../engine/tests/door/fixture.rs"]
#[expect(dead_code, reason = "the tests of the door use the rest")]
mod door;

mod wires {
    mod files;
    mod flight;
    mod fuzz;
    mod hostile;
    mod http;
    mod login;
    mod protocol;
    mod replay;
    mod serving;
    #[path = "../../../engine/tests/questions/world.rs"]
    #[expect(dead_code, reason = "the tests of questions use the rest")]
    mod world;
}
