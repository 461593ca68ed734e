//! Deciding what waits: one door to each kind's own use case, for the page that shows all of them and
//! for who acts under a delegation. What may be decided, by whom and when is the use case's own rule.

use serde::Serialize;

use super::{Kind, Waiting, waiting_query as query};
use crate::actor::{Actor, Role};
use crate::amount::Dong;
use crate::clock::Instant;
use crate::correction::{self, withdrawal};
use crate::error::{Error, Result};
use crate::exception;
use crate::filing::{due, notice, registration};
use crate::id::*;
use crate::payment::{refund, reopen, resolve};
use crate::reconciliation::{reopening, restated, rulebook};
use crate::remittance;
use crate::shift;
use crate::statement::version;
use crate::store::{Conn, Lane, Stamp, Store, Tx};
use crate::unit::certificate_stop;

/// Documents that a decision numbered, to be sealed.
pub type Numbered = Vec<(UnitId, ReceiptId)>;

/// What a second person decides on: the kinds that can be handed to the city, and those that stay with
/// who is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matter {
    Kind(Kind),
    /// A correction that nobody pays for is taken back.
    Withdrawal,
    /// The difference that a cashier's count found.
    Drawer,
    /// A usage report that was made by itself goes to the tax authority.
    Report,
    /// A form that registers the unit with the tax office, or changes what is registered.
    Registration,
    /// A settled exception is opened again, and what it did to money is taken back.
    Undo,
    /// A signing certificate is stopped, for good.
    KeyStop,
    /// Cash that was taken on a provisional slip; it has a page of its own, as what follows.
    Slip,
    /// A change of the tariff.
    Tariff,
    /// A proposal for the whole city: targets, entrustments, mergers and the like.
    Proposal,
    /// What is done because somebody asked about their own data.
    DataAct,
    /// Lines of a statement that could not be read, which one person keyed and another has to key the same.
    SetAside,
}

/// The matters that are no kind.
const OTHERS: [Matter; 11] = [
    Matter::Withdrawal,
    Matter::Drawer,
    Matter::Report,
    Matter::Registration,
    Matter::Undo,
    Matter::KeyStop,
    Matter::Slip,
    Matter::Tariff,
    Matter::Proposal,
    Matter::DataAct,
    Matter::SetAside,
];

impl Serialize for Matter {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl Matter {
    pub fn as_str(self) -> &'static str {
        match self {
            Matter::Kind(kind) => kind.as_str(),
            Matter::Withdrawal => "withdrawal",
            Matter::Drawer => "drawer",
            Matter::Report => "usage_report",
            Matter::Registration => "registration",
            Matter::Undo => "undo",
            Matter::KeyStop => "key_stop",
            Matter::Slip => "slip",
            Matter::Tariff => "tariff",
            Matter::Proposal => "proposal",
            Matter::DataAct => "data_act",
            Matter::SetAside => "set_aside",
        }
    }

    /// Every one, in their order.
    pub fn all() -> impl Iterator<Item = Matter> {
        Kind::ALL.into_iter().map(Matter::Kind).chain(OTHERS)
    }

    /// `act_unknown` when the text names no act.
    pub fn parse(text: &str) -> Result<Matter> {
        let found = Matter::all().find(|matter| matter.as_str() == text);
        found.ok_or_else(|| Error::invalid("form.act", "act_unknown", "exception, refund, correction, …"))
    }

    /// Vietnamese, English.
    pub fn title(self) -> (&'static str, &'static str) {
        match self {
            Matter::Kind(kind) => kind.title(),
            Matter::Withdrawal => ("Rút đề nghị xử lý chứng từ", "Withdrawal of a correction"),
            Matter::Drawer => ("Chênh lệch quỹ ca thu", "Difference of a drawer"),
            Matter::Report => ("Báo cáo tình hình sử dụng biên lai", "Report on receipts in use"),
            Matter::Registration => ("Tờ khai đăng ký biên lai", "Registration of receipts"),
            Matter::Undo => ("Mở lại ngoại lệ đã xử lý", "A settled exception opened again"),
            Matter::KeyStop => ("Ngừng chứng thư số", "A signing certificate stopped"),
            Matter::Slip => ("Phiếu thu tạm chờ ký đối chứng", "Provisional slip to be countersigned"),
            Matter::Tariff => ("Đề nghị thay đổi biểu phí", "Change of the tariff"),
            Matter::Proposal => ("Đề nghị của thành phố", "Proposal for the city"),
            Matter::DataAct => ("Việc về dữ liệu cá nhân", "Act on personal data"),
            Matter::SetAside => {
                ("Dòng sao kê chờ người thứ hai nhập", "Lines of a statement to be keyed again")
            }
        }
    }

    pub fn subject_text(self, id: i64) -> String {
        match self {
            Matter::Kind(kind) => kind.subject_text(id),
            Matter::Withdrawal => CorrectionId(id).to_string(),
            Matter::Drawer => ShiftId(id).to_string(),
            Matter::Report | Matter::Registration => FilingId(id).to_string(),
            Matter::Undo => ExceptionId(id).to_string(),
            Matter::KeyStop | Matter::Tariff | Matter::Proposal => EventId(id).to_string(),
            Matter::DataAct => DataRequestId(id).to_string(),
            Matter::SetAside => StatementId(id).to_string(),
            Matter::Slip => id.to_string(),
        }
    }

    /// The id behind what a form names.
    pub fn subject_id(self, text: &str) -> Result<i64> {
        match self {
            Matter::Kind(kind) => kind.subject_id(text),
            Matter::Withdrawal => text.parse().map(|id: CorrectionId| id.0),
            Matter::Drawer => text.parse().map(|id: ShiftId| id.0),
            Matter::Report | Matter::Registration => text.parse().map(|id: FilingId| id.0),
            Matter::Undo => text.parse().map(|id: ExceptionId| id.0),
            Matter::KeyStop | Matter::Tariff | Matter::Proposal => text.parse().map(|id: EventId| id.0),
            Matter::DataAct => text.parse().map(|id: DataRequestId| id.0),
            Matter::SetAside => text.parse().map(|id: StatementId| id.0),
            Matter::Slip => text.parse().map_err(|_| shift::provisional::not_found()),
        }
    }

    /// The page on which it is decided, where that is not the page of decisions.
    pub fn own_page(self) -> Option<&'static str> {
        match self {
            Matter::Slip => Some("/finance/slips"),
            Matter::Tariff => Some("/tariff"),
            Matter::Proposal => Some("/admin/proposals"),
            Matter::DataAct => Some("/privacy"),
            Matter::SetAside => Some("/finance/statements"),
            _ => None,
        }
    }

    /// Whether saying yes wants a reason too: whoever signs for a difference says why.
    pub fn approval_wants_reason(self) -> bool {
        self == Matter::Drawer
    }
}

/// One thing to be decided on, with all who had a hand in it.
#[derive(Clone, Debug)]
pub struct Open {
    pub unit: UnitId,
    pub matter: Matter,
    pub id: i64,
    pub makers: Vec<PersonId>,
    pub amount: Dong,
    pub asked_at: Instant,
}

impl Open {
    pub fn of(unit: UnitId, one: Waiting) -> Open {
        let (matter, id, makers) = (Matter::Kind(one.kind), one.id, one.makers);
        Open { unit, matter, id, makers, amount: one.amount, asked_at: one.asked_at }
    }

    /// The same as one of the kinds; none where it is another matter.
    pub fn waiting(self) -> Option<Waiting> {
        let Matter::Kind(kind) = self.matter else { return None };
        let Open { unit, id, makers, amount, asked_at, .. } = self;
        Some(Waiting { unit, kind, id, makers, amount, asked_at })
    }

    /// Whether somebody may decide on it, as far as it shows: another person, in a role that decides.
    pub fn is_open_to(&self, actor: &Actor) -> bool {
        let is_maker = actor.person.is_none_or(|person| self.makers.contains(&person));
        matches!(actor.role, Role::Finance | Role::Approver) && actor.scope.covers(self.unit) && !is_maker
    }
}

/// Everything of a unit that waits for a second person and is decided on the page of decisions, oldest first.
pub fn open(conn: &mut Conn, unit: UnitId) -> Result<Vec<Open>> {
    let here: Vec<Matter> = Matter::all().filter(|matter| matter.own_page().is_none()).collect();
    of_unit(conn, unit, &here)
}

/// One of them, while it waits.
pub fn find(conn: &mut Conn, unit: UnitId, (matter, id): (Matter, i64)) -> Result<Option<Open>> {
    Ok(of_unit(conn, unit, &[matter])?.into_iter().find(|one| one.id == id))
}

/// What of some matters waits in a unit, oldest first.
pub(super) fn of_unit(conn: &mut Conn, unit: UnitId, matters: &[Matter]) -> Result<Vec<Open>> {
    let items = query::page(conn, (&[unit], matters), None, i64::MAX)?;
    let mut found: Vec<Open> = items.into_iter().map(|item| item.open).collect();
    found.sort_by_key(|one| (one.asked_at, one.matter, one.id));
    Ok(found)
}

/// Yes, or no and why.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// With a reason where `approval_wants_reason`.
    Approve(&'a str),
    Refuse(&'a str),
}

/// Decides on one thing; documents it numbered are to be sealed.
///
/// # Errors
/// `reason_missing` for a refusal without one, and those of the use case: `maker_is_checker`,
/// `role_not_allowed`, the states' names.
pub fn decide<'a>(
    store: &Store,
    stamp: &dyn Fn() -> Stamp<'a>,
    actor: &Actor,
    (unit, matter, id): (UnitId, Matter, i64),
    verdict: Verdict<'_>,
) -> Result<Numbered> {
    actor.require_role(&[Role::Finance, Role::Approver])?;
    actor.scope.require(unit)?;
    if let (Matter::Kind(Kind::Version), Verdict::Approve(_)) = (matter, verdict) {
        // It reads its file again before it writes, so it brings its own transactions.
        return Ok(restated::approve(store, stamp, actor, unit, VersionId(id))?.receipts);
    }
    store.write(&actor.scope, Lane::Live, |tx| {
        let stamp = stamp();
        match verdict {
            Verdict::Approve(reason) => approve(tx, &stamp, actor, unit, (matter, id), reason),
            Verdict::Refuse(reason) => {
                refuse(tx, &stamp, actor, unit, (matter, id), reason).map(|()| Vec::new())
            }
        }
    })
}

/// Approves in the caller's transaction. A corrected statement cannot be approved in one.
pub(super) fn approve(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    (matter, id): (Matter, i64),
    reason: &str,
) -> Result<Numbered> {
    match matter {
        Matter::Kind(Kind::Exception) => {
            return resolve::approve(tx, stamp, actor, unit, ExceptionId(id)).map(|(_, new)| new);
        }
        Matter::Kind(Kind::Correction) => {
            let (_, amended) = correction::approve(tx, stamp, actor, unit, CorrectionId(id))?;
            return Ok(amended.receipt.map(|receipt| (unit, receipt)).into_iter().collect());
        }
        Matter::Kind(Kind::Refund) => refund::approve(tx, stamp, actor, unit, RefundId(id)).map(|_| ())?,
        Matter::Kind(Kind::Remittance) => {
            remittance::approve(tx, stamp, actor, unit, RemittanceId(id)).map(|_| ())?;
        }
        Matter::Kind(Kind::Reopening) => {
            reopening::approve(tx, stamp, actor, unit, ReopeningId(id)).map(|_| ())?
        }
        Matter::Kind(Kind::Notice) => notice::approve(tx, stamp, actor, unit, FilingId(id)).map(|_| ())?,
        Matter::Kind(Kind::Rule) => rulebook::approve(tx, stamp, actor, unit, ClassRuleId(id)).map(|_| ())?,
        Matter::Kind(Kind::Version) => {
            return Err(Error::invalid("form.act", "act_unknown", "it brings its own transactions"));
        }
        Matter::Withdrawal => withdrawal::approve(tx, stamp, actor, unit, CorrectionId(id)).map(|_| ())?,
        Matter::Drawer => shift::sign_off(tx, stamp, actor, unit, ShiftId(id), reason).map(|_| ())?,
        Matter::Report => due::approve(tx, stamp, actor, unit, FilingId(id)).map(|_| ())?,
        Matter::Registration => {
            registration::approve(tx, stamp, actor, unit, FilingId(id)).map(|_| ())?;
        }
        Matter::Undo => reopen::approve(tx, stamp, actor, unit, ExceptionId(id)).map(|_| ())?,
        Matter::KeyStop => certificate_stop::approve(tx, stamp, actor, unit, EventId(id)).map(|_| ())?,
        Matter::Slip | Matter::Tariff | Matter::Proposal | Matter::DataAct | Matter::SetAside => {
            return Err(elsewhere());
        }
    }
    Ok(Vec::new())
}

fn elsewhere() -> Error {
    Error::invalid("form.act", "act_unknown", "it has a page of its own")
}

fn refuse(
    tx: &mut Tx<'_>,
    stamp: &Stamp<'_>,
    actor: &Actor,
    unit: UnitId,
    (matter, id): (Matter, i64),
    reason: &str,
) -> Result<()> {
    if crate::text::clean(reason).is_empty() {
        return Err(Error::invalid("reason", "reason_missing", "say why"));
    }
    match matter {
        Matter::Kind(Kind::Exception) => {
            exception::refuse(tx, stamp, actor, unit, ExceptionId(id), reason).map(|_| ())?;
        }
        Matter::Kind(Kind::Correction) => {
            correction::refuse(tx, stamp, actor, unit, CorrectionId(id), reason).map(|_| ())?;
        }
        Matter::Kind(Kind::Refund) => {
            refund::refuse(tx, stamp, actor, unit, RefundId(id), reason).map(|_| ())?
        }
        Matter::Kind(Kind::Remittance) => {
            remittance::refuse(tx, stamp, actor, unit, RemittanceId(id), reason).map(|_| ())?;
        }
        Matter::Kind(Kind::Reopening) => {
            reopening::refuse(tx, stamp, actor, unit, ReopeningId(id), reason).map(|_| ())?;
        }
        Matter::Kind(Kind::Notice) => {
            notice::withdraw(tx, stamp, actor, unit, FilingId(id), reason).map(|_| ())?
        }
        Matter::Kind(Kind::Rule) => {
            rulebook::refuse(tx, stamp, actor, unit, ClassRuleId(id), reason).map(|_| ())?
        }
        Matter::Kind(Kind::Version) => {
            version::send_back(tx, stamp, actor, unit, VersionId(id), reason).map(|_| ())?;
        }
        Matter::Withdrawal => {
            withdrawal::refuse(tx, stamp, actor, unit, CorrectionId(id), reason).map(|_| ())?
        }
        Matter::Drawer => shift::send_back(tx, stamp, actor, unit, ShiftId(id), reason).map(|_| ())?,
        Matter::Report => {
            let detail = "it says what the receipts say: put those right, and it is made anew";
            return Err(Error::conflict("report_follows_receipts", detail));
        }
        Matter::Registration => {
            registration::withdraw(tx, stamp, actor, unit, FilingId(id), reason).map(|_| ())?;
        }
        Matter::Undo => {
            exception::refuse_reopening(tx, stamp, actor, unit, ExceptionId(id), reason).map(|_| ())?;
        }
        Matter::KeyStop => {
            certificate_stop::refuse(tx, stamp, actor, (unit, EventId(id)), reason).map(|_| ())?;
        }
        Matter::Slip => {
            shift::provisional::send_back(tx, stamp, actor, (unit, id), reason).map(|_| ())?;
        }
        Matter::Tariff | Matter::Proposal | Matter::DataAct | Matter::SetAside => return Err(elsewhere()),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_matter_is_found_by_its_name_and_its_subjects_by_theirs() {
        for matter in Matter::all() {
            assert_eq!(Matter::parse(matter.as_str()).unwrap(), matter);
            assert_eq!(matter.subject_id(&matter.subject_text(77)).unwrap(), 77);
        }
        assert!(Matter::parse("everything").is_err());
    }
}
