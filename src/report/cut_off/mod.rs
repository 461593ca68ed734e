//! The year-end cut-off: what stood between receipts, bank and budget at the end of a year, and the
//! documents of the new year for money of the old one.

mod cut_off_query;

use serde::Serialize;

use super::question;
use super::sheet::Cell;
use super::table::Table;
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Result};
use crate::id::{ReceiptId, UnitId};
use crate::store::Conn;
use crate::unit::Unit;

/// Which question an open position answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// Receipts of the year whose money was not in the bank on its last day.
    ReceiptedNotCredited,
    /// Money in the bank on the last day without a receipt.
    CreditedNotReceipted,
    /// Collected and not with the budget or the unit yet.
    NotHandedOver,
    /// Everything else that was open.
    Other,
}

impl Section {
    pub const ALL: [Section; 4] = [
        Section::ReceiptedNotCredited,
        Section::CreditedNotReceipted,
        Section::NotHandedOver,
        Section::Other,
    ];

    fn of(account: &str) -> Option<Section> {
        let head = account.split('/').next().unwrap_or(account);
        Some(match head {
            // The bank's own balance is no difference.
            "bank" | "opening" => return None,
            "clearing" | "drawer" | "deposit_in_transit" | "shortage" => Section::ReceiptedNotCredited,
            "received_in_advance"
            | "surplus"
            | "suspense"
            | "refund_payable"
            | "due_to_unit"
            | "passed_on" => Section::CreditedNotReceipted,
            "fees_collected"
            | "collected_without_document"
            | "budget_due"
            | "share_kept"
            | "treasury_in_transit" => Section::NotHandedOver,
            _ => Section::Other,
        })
    }

    /// Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Section::ReceiptedNotCredited => {
                ("Biên lai năm cũ, tiền chưa vào tài khoản", "Receipted, not in the bank")
            }
            Section::CreditedNotReceipted => {
                ("Tiền đã vào tài khoản, chưa có biên lai", "In the bank, not receipted")
            }
            Section::NotHandedOver => ("Đã thu, chưa nộp hoặc chưa trích", "Collected, not handed over"),
            Section::Other => ("Khoản mở khác", "Other open positions"),
        }
    }
}

/// An account of the ledger that was open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    pub section: Section,
    /// As the ledger writes it.
    pub account: String,
    /// Debits less credits at the end of the year.
    pub balance: Dong,
}

/// A document of the new year for money of the old one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LateDocument {
    pub id: ReceiptId,
    /// Template, series and number.
    pub number: String,
    pub issued_on: BusinessDay,
    pub collected_at: Instant,
    pub amount: Dong,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CutOff {
    pub year: i32,
    pub positions: Vec<Position>,
    pub late_documents: Vec<LateDocument>,
    pub late_total: Dong,
}

/// Works the report of a unit and year out.
///
/// # Errors
/// `role_not_allowed`, `unit_not_found`, `fee_period_unreadable`, `amount_out_of_range`.
pub fn cut_off(conn: &mut Conn, actor: &Actor, unit: UnitId, year: i32) -> Result<CutOff> {
    actor.require_role(&[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator, Role::System])?;
    actor.scope.require(unit)?;
    if !(2000..2100).contains(&year) {
        return Err(Error::invalid("year", "fee_period_unreadable", "expected YYYY"));
    }
    let last: BusinessDay = format!("{year:04}-12-31").parse()?;
    let mut positions: Vec<Position> = cut_off_query::balances(conn, unit, last)?
        .into_iter()
        .filter_map(|(account, balance)| {
            Section::of(&account).map(|section| Position { section, account, balance })
        })
        .collect();
    positions.sort_by(|one, other| (one.section, &one.account).cmp(&(other.section, &other.account)));
    let late_documents = cut_off_query::late_documents(conn, unit, last.next())?;
    let late_total = Dong::sum(late_documents.iter().map(|one| one.amount))?;
    Ok(CutOff { year, positions, late_documents, late_total })
}

/// The report as rows, as it is read `today`.
pub fn table(unit: &Unit, report: &CutOff, today: BusinessDay) -> Table {
    let year = report.year;
    let mut title = vec![
        format!("Báo cáo khóa sổ cuối năm {year} / Year-end cut-off {year}"),
        format!("{} {}", unit.code, unit.name),
        format!("Đến hết ngày 31/12/{year} / Until 31/12/{year}"),
    ];
    if year >= today.year() {
        title.push(
            "Năm chưa kết thúc, số liệu còn thay đổi / The year is not over: figures may change".to_owned(),
        );
    }
    title.push(
        "Số dương là dư nợ, số âm là dư có / Above zero: debit balance; below: credit balance".to_owned(),
    );
    title.push(question::line(&["cut_off", &unit.code, &year.to_string()]));
    let columns: &[&str] =
        &["Mục / Section", "Tài khoản, chứng từ / Account, document", "Ngày / Day", "Số tiền / Amount"];
    let mut rows = Vec::new();
    for one in &report.positions {
        let (vi, en) = one.section.words();
        rows.push(vec![
            Cell::Text(format!("{vi} / {en}")),
            Cell::text(&one.account),
            Cell::Empty,
            Cell::Amount(one.balance),
        ]);
    }
    let late = "Biên lai năm mới cho tiền năm cũ / Documents of the new year for money of the old";
    for one in &report.late_documents {
        rows.push(vec![
            Cell::text(late),
            Cell::text(&one.number),
            Cell::Date(one.issued_on),
            Cell::Amount(one.amount),
        ]);
    }
    rows.push(vec![
        Cell::text(late),
        Cell::text("Cộng / Total"),
        Cell::Empty,
        Cell::Amount(report.late_total),
    ]);
    Table { title, columns, rows }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::*;
    use crate::ledger::Account;

    #[test]
    fn every_open_position_answers_one_question() {
        let section = |account: Account| Section::of(&account.to_string());
        assert_eq!(section(Account::Bank(AccountId(1))), None);
        assert_eq!(section(Account::Drawer(ShiftId(1))), Some(Section::ReceiptedNotCredited));
        assert_eq!(section(Account::Suspense(LineId(1))), Some(Section::CreditedNotReceipted));
        assert_eq!(section(Account::BudgetDue("805-2771".into())), Some(Section::NotHandedOver));
        assert_eq!(section(Account::ChargesToRecover), Some(Section::Other));
    }
}
