//! The catalogue of kinds on the command line.

use clap::Args;
use serde_json::json;

use super::super::{DONE, print_json, table};
use crate::error::Result;
use crate::exception::Kind;

#[derive(Debug, Args)]
pub struct Kinds {
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
}

pub fn print(asked: &Kinds) -> Result<u8> {
    let shown: Vec<_> = Kind::all()
        .map(|kind| {
            json!({
                "number": kind.number(), "kind": kind.as_str(), "title": kind.title_vi(),
                "title_en": kind.title_en(), "owner": kind.default_owner(),
                "due_working_days": kind.due_working_days(), "next_step": kind.next_step_vi(),
                "next_step_en": kind.next_step_en(), "effect": kind.effect_vi(),
                "effect_en": kind.effect_en(), "blocks_day_close": kind.blocks_day_close(),
                "one_person_may_acknowledge": kind.one_person_may_acknowledge(),
            })
        })
        .collect();
    if asked.json {
        print_json(&shown)?;
        return Ok(DONE);
    }
    let row = |kind: Kind| {
        vec![
            kind.number().to_string(),
            kind.as_str().to_owned(),
            kind.default_owner().to_owned(),
            kind.due_working_days().to_string(),
            kind.next_step_en().to_owned(),
            kind.effect_en().to_owned(),
        ]
    };
    let rows: Vec<Vec<String>> = Kind::all().map(row).collect();
    table::print(&["No", "Kind", "Owner", "Due", "Next step", "Effect"], &rows, &[0, 3]);
    Ok(DONE)
}
