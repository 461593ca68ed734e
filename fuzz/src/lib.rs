//! What must hold for any bytes, for each parser of what comes from outside. The fuzzer calls these bodies
//! (`fuzz_targets/`); `tests/it/damaged_inputs.rs` compiles the same files, replays the corpus and damages it.

pub mod evidence;
pub mod messages;
pub mod money;
pub mod receipts;
pub mod statements;
