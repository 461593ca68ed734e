//! How a line stands in a table: in the obligation's own, and in that of corrections, which say lines anew.

use diesel::sql_types::{BigInt, Integer, Nullable, Text};
use rust_decimal::Decimal;

use super::Line;
use crate::amount::Dong;
use crate::error::{Error, Result};

/// Declares the row of a table of lines: the owner's columns, and behind them those of a line.
#[macro_export]
macro_rules! line_row {
    (pub struct $name:ident in $table:literal { $(pub $field:ident: $type:ty,)+ }) => {
        $crate::table_row! {
            pub struct $name in $table {
                $(pub $field: $type,)+
                pub item_code: String,
                pub item_name: String,
                pub kind: String,
                pub document_kind: String,
                pub measure_unit: String,
                pub quantity: String,
                pub unit_price: String,
                pub gross: $crate::amount::Dong,
                pub reduction: $crate::amount::Dong,
                pub reduction_percent: Option<String>,
                pub reduction_ground: Option<String>,
                pub amount: $crate::amount::Dong,
                pub chapter: Option<String>,
                pub sub_item: Option<String>,
                pub kept_share_bp: i32,
                pub legal_ground: String,
                pub explanation: String,
                pub vat_rate: Option<String>,
            }
        }

        impl $name {
            pub fn of(line: &$crate::obligation::Line, $($field: $type),+) -> $name {
                $name {
                    $($field,)+
                    item_code: line.item_code.clone(),
                    item_name: line.item_name.clone(),
                    kind: line.kind.clone(),
                    document_kind: line.document_kind.clone(),
                    measure_unit: line.measure_unit.clone(),
                    quantity: line.quantity.to_string(),
                    unit_price: line.unit_price.to_string(),
                    gross: line.gross,
                    reduction: line.reduction,
                    reduction_percent: line.reduction_percent.map(|percent| percent.to_string()),
                    reduction_ground: line.reduction_ground.clone(),
                    amount: line.amount,
                    chapter: line.chapter.clone(),
                    sub_item: line.sub_item.clone(),
                    kept_share_bp: line.kept_share_bp,
                    legal_ground: line.legal_ground.clone(),
                    explanation: line.explanation.clone(),
                    vat_rate: line.vat_rate.clone(),
                }
            }
        }
    };
}

/// The columns of a line: what it is for, its money, its law.
pub type Stored = (
    (String, String, String, String, String, String, String),
    (Dong, Dong, Option<String>, Option<String>, Dong),
    (Option<String>, Option<String>, i32, String, String, Option<String>),
);

pub(super) type Sql = (
    (Text, Text, Text, Text, Text, Text, Text),
    (BigInt, BigInt, Nullable<Text>, Nullable<Text>, BigInt),
    (Nullable<Text>, Nullable<Text>, Integer, Text, Text, Nullable<Text>),
);

pub fn line_of((what, money, law): Stored) -> Result<Line> {
    Ok(Line {
        item_code: what.0,
        item_name: what.1,
        kind: what.2,
        document_kind: what.3,
        measure_unit: what.4,
        quantity: decimal(&what.5)?,
        unit_price: decimal(&what.6)?,
        gross: money.0,
        reduction: money.1,
        reduction_percent: money.2.as_deref().map(decimal).transpose()?,
        reduction_ground: money.3,
        amount: money.4,
        chapter: law.0,
        sub_item: law.1,
        kept_share_bp: law.2,
        legal_ground: law.3,
        explanation: law.4,
        vat_rate: law.5,
    })
}

fn decimal(text: &str) -> Result<Decimal> {
    text.parse().map_err(|_| Error::internal(format!("stored decimal {text:?} is unreadable")))
}
