//! What a procedure costs: fee items by place, channel and date, exemptions, and the assessment of
//! one request with its reasons.
//!
//! A tariff is data: resolutions of the People's Council and circulars change it several times a
//! year, so nothing here knows an amount. [`load`] reads a file and refuses it row by row;
//! [`assess()`] is pure and explains every đồng it asks for. Terms follow Law 97/2015/QH13: *phí*
//! pays for a public service and may leave a share with the unit, *lệ phí* belongs to the budget
//! wholly; pass-through lines (postage) are somebody else's money.

mod assess;
mod assessment;
mod charge;
mod exemption;
mod explain;
mod item;
mod load;
mod place;
mod pricing;
#[cfg(test)]
mod tests;

pub mod draft;
pub mod edition;
pub mod revise;

pub use assess::{AskedItem, Quantities, Request, assess};
pub use assessment::{Assessment, Line, Reduction};
pub use charge::{Charge, Measure, Period, Pricing, Tier};
pub use exemption::{Exemption, ExemptionGroup};
pub use explain::{Step, Words};
pub use item::{DocumentKind, FeeItem, FeeKind, KeptShare, Procedure, Tariff};
pub use load::{RowError, load};
pub use place::{IntakeMode, Place, Places, UnitKind};
pub use pricing::QUANTITY_LIMIT;
