//! The catalogue of kinds on the command line.

use clap::Args;
use serde_json::json;

use super::super::{DONE, print_json};
use crate::error::Result;
use crate::exception::Kind;
use crate::web::both;

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
    for kind in Kind::all() {
        println!("{}", told(kind));
    }
    Ok(DONE)
}

/// A kind in a few lines, Vietnamese first.
fn told(kind: Kind) -> String {
    let number = kind.number();
    let name = format!("{number:>2}  {}  {} / {}", kind.as_str(), kind.title_vi(), kind.title_en());
    let (owner, days) = (both::owner(kind.default_owner()), kind.due_working_days());
    let owner = format!("    {owner} · hạn {days} ngày làm việc / due in {days} working days");
    let step = format!("    Việc tiếp theo / next: {} / {}", kind.next_step_vi(), kind.next_step_en());
    let effect = format!("    Ảnh hưởng / effect: {} / {}", kind.effect_vi(), kind.effect_en());
    [name, owner, step, effect].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_told_in_vietnamese_first() {
        let told = told(Kind::UnidentifiedCredit);
        let first = "16  unidentified_credit  Tiền vào chưa rõ người nộp / Credit of unknown origin";
        assert!(told.starts_with(first), "{told}");
        assert!(
            told.contains("Kế toán / Accountant · hạn 3 ngày làm việc / due in 3 working days"),
            "{told}"
        );
    }
}
