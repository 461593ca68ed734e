//! Tables of partners that are no banks: what acquirers, gateways and the Treasury export under headings of
//! their own. Pure.
//!
//! Containers, encodings and amounts are those of statements. `source` opens the file, `heading` finds the
//! row of headings, `dictionary` knows what they mean (`profiles/partners/headings.toml`), `table` tells the
//! rows that count from titles, notes and sums, `total` compares the sums that are stated, `settled` reads what
//! an acquirer or a gateway paid out. `named` are the columns of a table that a person named, which are kept by
//! `statement::saved`. What a row means to the books is said where it is taken on.
//!
//! It is strict as the reader of statements is: what can be read in two ways is refused with its place.

mod dictionary;
mod fault;
mod heading;
mod named;
mod settled;
mod source;
mod table;
#[cfg(test)]
mod tests;
mod total;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use dictionary::{Field, Word};
pub use fault::{Fault, Why, place_en, place_vi};
pub use named::{Named, mark, understood};
pub use settled::{Item, Settled};
pub use source::ours;
pub use table::{Table, Told, read};
pub use total::Series;

/// Whose table it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An acquirer's batch of card payments.
    Pos,
    /// What a payment gateway pays out at once.
    Gateway,
    /// What the Treasury credited or rejected.
    Treasury,
}

crate::text_enum! { Kind { Pos = "pos", Gateway = "gateway", Treasury = "treasury" } }

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    /// The columns without which nothing can be read; of each group one.
    fn needs(self) -> &'static [&'static [Field]] {
        use Field::{
            Amount, ApprovalCode, Chapter, CreditDate, Date, Fee, Net, OrderNo, ReferenceCode, State,
            SubItem, Transaction,
        };
        match self {
            Kind::Pos => &[&[ApprovalCode], &[Amount]],
            Kind::Gateway => &[&[Transaction, OrderNo], &[Amount], &[Fee, Net]],
            Kind::Treasury => &[
                &[ReferenceCode],
                &[Chapter],
                &[SubItem],
                &[Amount],
                &[State, CreditDate],
                &[CreditDate, Date],
            ],
        }
    }

    /// What a person may say of the columns, in the order of the form.
    pub fn asked(self) -> &'static [Field] {
        use Field::{
            Amount, ApprovalCode, Chapter, CreditDate, Currency, Date, Fee, FeeTax, Net, OrderNo, Reason,
            ReferenceCode, State, SubItem, Transaction,
        };
        match self {
            Kind::Pos => &[ApprovalCode, Amount, Fee, FeeTax, Net, Field::Kind, State, Date, Currency],
            Kind::Gateway => &[Transaction, OrderNo, Amount, Fee, FeeTax, Net, Field::Kind, State, Currency],
            Kind::Treasury => {
                &[ReferenceCode, Chapter, SubItem, Amount, State, CreditDate, Date, Reason, Currency]
            }
        }
    }

    /// What names a row, the better before the other.
    fn keys(self) -> &'static [Field] {
        match self {
            Kind::Pos => &[Field::ApprovalCode],
            Kind::Gateway => &[Field::Transaction, Field::OrderNo],
            Kind::Treasury => &[Field::ReferenceCode],
        }
    }
}

/// Headings that somebody named beside the dictionary; they go before it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own<'a> {
    pub headings: &'a [(Field, &'a str)],
    /// The word of the row of sums; empty where none is named.
    pub total: &'a str,
    /// Tables whose columns a person named, the newest first. They go before the headings.
    pub named: &'a [Named],
}
