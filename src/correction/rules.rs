//! The rules of correcting a receipt, each refusal under its rule's name. Pure.
//!
//! An adjustment refers to an original, a replacement to the newest of its chain, the two exclude
//! each other. That is the law for invoices; no readable article rules wrong receipts, so it is
//! applied to them by analogy. Which ways a kind of document allows and how sure that is stands in
//! the legal profile and is shown to whoever approves.

use rust_decimal::Decimal;

use super::Kind;
use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::error::{Error, Result};
use crate::obligation::{Line, State};
use crate::party::Payer;
use crate::payment::correcting::stands_on;
use crate::receipt::DocumentKind;
use crate::receipt::profile::{self, Profile};
use crate::receipt::relation::Action;

/// Which ways of correcting a kind of document the law of a day knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Corrections {
    pub replace: bool,
    pub adjust: bool,
    pub cancel: bool,
}

impl Corrections {
    pub fn of(profile: &Profile, kind: DocumentKind) -> Corrections {
        let knows = |way| profile.corrections(kind).value.contains(&way);
        Corrections {
            replace: knows(profile::Correction::Replace),
            adjust: knows(profile::Correction::Adjust),
            cancel: knows(profile::Correction::Cancel),
        }
    }

    /// The ways there are, for the detail of a refusal.
    fn named(self) -> String {
        let ways = [(self.replace, "replace"), (self.adjust, "adjust"), (self.cancel, "cancel")];
        let known: Vec<&str> =
            ways.into_iter().filter(|(is_known, _)| *is_known).map(|(_, way)| way).collect();
        if known.is_empty() { "no way for this kind of document".to_owned() } else { known.join(", ") }
    }
}

/// How a document stands when its correction is asked for or approved.
#[derive(Clone, Debug)]
pub struct Standing<'a> {
    pub state: &'a str,
    /// What the document itself does to an earlier one.
    pub corrects: Option<Action>,
    pub obligation: State,
    /// What the profile of the day allows for its kind.
    pub allowed: Corrections,
}

/// Whether this way of correcting fits the receipt and its chain.
pub fn check(kind: Kind, standing: &Standing<'_>) -> Result<()> {
    let is_allowed = match kind {
        Kind::Replace => standing.allowed.replace,
        Kind::Adjust => standing.allowed.adjust,
        Kind::Cancel => standing.allowed.cancel,
    };
    if !is_allowed {
        let detail = format!("the legal profile of the day knows {}", standing.allowed.named());
        return Err(Error::conflict("correction_kind_not_allowed", detail));
    }
    if standing.corrects == Some(Action::Adjust) {
        return refuse("correction_not_original", "it adjusts another receipt; correct that original");
    }
    check_state(kind, standing.state, standing.allowed)?;
    if kind == Kind::Adjust && standing.corrects == Some(Action::Replace) {
        return refuse("correction_mixes_chain", "its chain was replaced before; replace it again");
    }
    match standing.obligation {
        State::Paid => Ok(()),
        State::Reopened | State::PartlyPaid => refuse(
            "correction_awaits_money",
            "an earlier correction waits for its money; collect or withdraw it",
        ),
        _ => refuse("correction_document_unfit", "its obligation is not paid"),
    }
}

/// Whether an invoice that was cancelled here, because its money never came, may be adjusted to nothing for the
/// authority, which has it: where the profile knows that way, and its original alone.
pub fn check_withdrawn(kind: Kind, corrects: Option<Action>, profile: &Profile) -> Result<()> {
    if kind != Kind::Adjust {
        return refuse(
            "correction_of_cancelled",
            "it is cancelled; adjust it, so that the authority learns of it",
        );
    }
    if !profile.withdrawn_invoices.value.contains(&profile::Correction::Adjust) {
        return refuse(
            "correction_of_cancelled",
            "it is cancelled; notice 04/SS-HĐĐT tells the authority of it",
        );
    }
    match corrects {
        Some(Action::Adjust) => {
            refuse("correction_not_original", "it adjusts another invoice; correct that original")
        }
        Some(Action::Replace) => refuse(
            "correction_mixes_chain",
            "its chain was replaced before; notice 04/SS-HĐĐT tells the authority of its end",
        ),
        _ => Ok(()),
    }
}

fn check_state(kind: Kind, state: &str, allowed: Corrections) -> Result<()> {
    match (state, kind) {
        ("signed", _) | ("numbered", Kind::Cancel) => Ok(()),
        ("adjusted", Kind::Adjust | Kind::Cancel) => Ok(()),
        ("numbered", _) if allowed.cancel => {
            refuse("correction_receipt_unsigned", "wait for its signature, or cancel it")
        }
        ("numbered", _) => refuse("correction_receipt_unsigned", "wait for its signature"),
        ("adjusted", Kind::Replace) => {
            refuse("correction_mixes_chain", "it was adjusted before; adjust it again")
        }
        ("replaced", _) => refuse("correction_not_newest", "it is replaced; correct the newest of its chain"),
        ("cancelled", _) => refuse("correction_of_cancelled", "it is cancelled"),
        _ => refuse("receipt_not_valid", "its state is unknown"),
    }
}

fn refuse(code: &'static str, detail: &str) -> Result<()> {
    Err(Error::conflict(code, detail))
}

/// Nobody agrees on what is wrong with a document before there is one. One that its series dates ahead of today is
/// agreed on today.
///
/// # Errors
/// `correction_agreement_before_document`.
pub fn check_agreed(on: BusinessDay, issued_on: BusinessDay, today: BusinessDay) -> Result<()> {
    if on >= issued_on.min(today) {
        return Ok(());
    }
    let detail = format!("it is dated {on}, and the document was issued on {issued_on}");
    Err(Error::invalid("agreement.on", "correction_agreement_before_document", detail))
}

/// What is to be changed.
pub struct Change<'a> {
    pub way: Kind,
    pub document: DocumentKind,
    /// The lines in force that stand on the document, and as they should have been.
    pub old: &'a [Line],
    pub new: &'a [Line],
    /// As the document or its newest adjustment prints the payer, and as it should, when that was wrong.
    pub shown: &'a Payer,
    pub corrected: Option<&'a Payer>,
    /// Other lines of the obligation are paid for.
    pub others_paid: bool,
    /// Where a kind cannot be cancelled, an adjustment may leave nothing.
    pub may_cancel: bool,
}

/// A cancelling ends the whole document: lines or a payer beside it would be dropped unseen.
///
/// # Errors
/// `correction_cancel_whole` beside `lines` or `payer`.
pub fn check_cancel(lines: &[Line], payer: Option<&Payer>) -> Result<()> {
    let field = match (lines, payer) {
        ([], None) => return Ok(()),
        ([], Some(_)) => "payer",
        _ => "lines",
    };
    let detail = "a document is cancelled whole: leave it out, or replace or adjust instead";
    Err(Error::invalid(field, "correction_cancel_whole", detail))
}

/// Whether the change fits its way, and needs a new document at all. A wrong tax code or other mark of
/// identity is adjusted or replaced, as wrong amounts are (Circular 91/2026/TT-BTC art. 10); a wrong name or
/// address alone is neither.
pub fn check_change(change: &Change<'_>) -> Result<()> {
    let Change { way, old, new, .. } = *change;
    if way == Kind::Cancel {
        return Ok(());
    }
    if new.iter().any(|line| !stands_on(change.document, line)) {
        let detail = "only lines that stand on this document";
        return Err(Error::invalid("lines", "correction_line_unfit", detail));
    }
    for (index, line) in new.iter().enumerate() {
        let field = format!("lines[{index}].amount");
        if line.amount < Dong::ZERO {
            let detail = "the right amount of a line is 0 or more, and 0 takes it off";
            return Err(Error::invalid(field, "correction_amount_negative", detail));
        }
        if line.gross.checked_sub(line.reduction)? != line.amount {
            return Err(Error::invalid(field, "line_does_not_add_up", "amount must be gross less reduction"));
        }
    }
    let total = Dong::sum(new.iter().map(|line| line.amount))?;
    let may_be_nothing = way == Kind::Adjust && (change.others_paid || !change.may_cancel);
    if !total.is_positive() && !may_be_nothing {
        let way = if change.may_cancel { "cancel it" } else { "adjust its original to nothing" };
        return Err(Error::conflict(
            "correction_to_nothing",
            format!("nothing would be left; {way} instead"),
        ));
    }
    let looks_otherwise = way == Kind::Replace && printed(old) != printed(new);
    if fees(old)? != fees(new)? || looks_otherwise {
        return Ok(());
    }
    match change.corrected {
        Some(corrected) if identity(corrected) != identity(change.shown) => Ok(()),
        Some(corrected) if corrected != change.shown => refuse(
            "correction_needs_notice",
            "a wrong name or address is told by notice 04/SS; no new number",
        ),
        _ => refuse("correction_changes_nothing", "nothing differs from the document"),
    }
}

/// The lines that come to nothing: left out, or at 0 đồng. Of several lines of one item each that is kept
/// stands for one, first for the one of its amount.
pub fn removed(old: &[Line], new: &[Line]) -> Vec<Line> {
    let mut kept: Vec<&Line> = new.iter().filter(|line| line.amount.is_positive()).collect();
    let mut is_kept = |line: &Line, at_its_amount: bool| {
        let found = kept
            .iter()
            .position(|one| one.item_code == line.item_code && (!at_its_amount || one.amount == line.amount));
        found.map(|place| kept.swap_remove(place)).is_some()
    };
    let charged = old.iter().filter(|line| line.amount.is_positive());
    let changed: Vec<&Line> = charged.filter(|line| !is_kept(line, true)).collect();
    changed.into_iter().filter(|line| !is_kept(line, false)).cloned().collect()
}

/// How often an item is charged, and at which price, when its line comes to another amount: fewer or more at
/// the price it had, else as many at another price, else once.
pub fn counted(line: &Line, amount: Dong) -> (Decimal, Decimal) {
    let sum = amount.to_decimal();
    if amount.is_positive() && line.unit_price > Decimal::ZERO && line.quantity > Decimal::ONE {
        let quantity = sum.checked_div(line.unit_price).filter(|quantity| quantity.fract().is_zero());
        if let Some(quantity) = quantity {
            return (quantity.normalize(), line.unit_price);
        }
        let price = sum.checked_div(line.quantity).filter(|price| price.fract().is_zero());
        if let Some(price) = price {
            return (line.quantity, price.normalize());
        }
    }
    (Decimal::ONE, sum)
}

/// What a change does line by line: what a line was and what it becomes. Lines that stay are left out, and so
/// are those that are taken off (`removed`).
pub fn changes(old: &[Line], new: &[Line]) -> Vec<(Option<Line>, Line)> {
    let charged = |lines: &[Line]| -> Vec<Line> {
        lines.iter().filter(|line| line.amount.is_positive()).cloned().collect()
    };
    let (mut old, mut new) = (charged(old), charged(new));
    new.retain(|line| {
        let same = |one: &Line| one.item_code == line.item_code && one.amount == line.amount;
        let place = old.iter().position(same);
        place.map(|place| old.swap_remove(place)).is_none()
    });
    let change = |line: Line| {
        let place = old.iter().position(|one| one.item_code == line.item_code);
        (place.map(|place| old.remove(place)), line)
    };
    new.into_iter().map(change).collect()
}

/// Amounts by item and rate of tax.
type Fees = std::collections::BTreeMap<(String, Option<String>), Dong>;

fn fees(lines: &[Line]) -> Result<Fees> {
    let mut sums = Fees::new();
    for line in lines {
        let sum = sums.entry((line.item_code.clone(), line.vat_rate.clone())).or_default();
        *sum = sum.checked_add(line.amount)?;
    }
    sums.retain(|_, amount| !amount.is_zero());
    Ok(sums)
}

/// What a document shows of lines beside their amounts.
fn printed(lines: &[Line]) -> Vec<(String, String, rust_decimal::Decimal, Dong)> {
    let shown = lines.iter().map(|line| {
        (line.item_code.clone(), line.item_name.clone(), line.quantity.normalize(), line.reduction)
    });
    shown.collect()
}

/// What makes a payer another one; name and address do not.
fn identity(payer: &Payer) -> [Option<&str>; 3] {
    [payer.tax_code.as_deref(), payer.personal_id.as_deref(), payer.passport.as_deref()]
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Corrections = Corrections { replace: true, adjust: true, cancel: true };

    fn code(
        kind: Kind,
        state: &str,
        corrects: Option<Action>,
        owed: State,
        allowed: Corrections,
    ) -> &'static str {
        let standing = Standing { state, corrects, obligation: owed, allowed };
        check(kind, &standing).map_err(|error| error.code()).err().unwrap_or("ok")
    }

    #[test]
    fn each_state_allows_its_ways_of_correcting() {
        let of = |kind, state| code(kind, state, None, State::Paid, ALL);
        for (state, replace, adjust, cancel) in [
            ("signed", "ok", "ok", "ok"),
            ("numbered", "correction_receipt_unsigned", "correction_receipt_unsigned", "ok"),
            ("adjusted", "correction_mixes_chain", "ok", "ok"),
            ("replaced", "correction_not_newest", "correction_not_newest", "correction_not_newest"),
            ("cancelled", "correction_of_cancelled", "correction_of_cancelled", "correction_of_cancelled"),
        ] {
            assert_eq!(of(Kind::Replace, state), replace, "replace {state}");
            assert_eq!(of(Kind::Adjust, state), adjust, "adjust {state}");
            assert_eq!(of(Kind::Cancel, state), cancel, "cancel {state}");
        }
    }

    #[test]
    fn a_cancelled_invoice_at_the_authority_is_adjusted_where_the_law_knows_no_cancelling() {
        let code = |kind, corrects, day: &str| {
            let law = profile::for_day(day.parse().unwrap());
            check_withdrawn(kind, corrects, law).map_err(|error| error.code()).err().unwrap_or("ok")
        };
        let (before, after, today) = ("2025-05-31", "2025-06-01", "2026-11-23");
        assert_eq!(code(Kind::Adjust, None, after), "ok");
        assert_eq!(code(Kind::Adjust, None, today), "ok");
        assert_eq!(code(Kind::Adjust, None, before), "correction_of_cancelled", "a notice cancels it");
        assert_eq!(code(Kind::Replace, None, today), "correction_of_cancelled");
        assert_eq!(code(Kind::Cancel, None, today), "correction_of_cancelled");
        assert_eq!(code(Kind::Adjust, Some(Action::Adjust), today), "correction_not_original");
        assert_eq!(code(Kind::Adjust, Some(Action::Replace), today), "correction_mixes_chain");
    }

    #[test]
    fn a_chain_is_never_mixed_and_adjustments_refer_to_the_original() {
        let of = |kind, corrects| code(kind, "signed", Some(corrects), State::Paid, ALL);
        assert_eq!(of(Kind::Replace, Action::Replace), "ok");
        assert_eq!(of(Kind::Adjust, Action::Replace), "correction_mixes_chain");
        assert_eq!(of(Kind::Cancel, Action::Replace), "ok");
        for kind in [Kind::Replace, Kind::Adjust, Kind::Cancel] {
            assert_eq!(of(kind, Action::Adjust), "correction_not_original");
        }
    }

    #[test]
    fn the_profile_says_which_ways_there_are() {
        let none = Corrections { replace: false, adjust: false, cancel: false };
        for kind in [Kind::Replace, Kind::Adjust, Kind::Cancel] {
            assert_eq!(code(kind, "signed", None, State::Paid, none), "correction_kind_not_allowed");
        }
        let no_cancel = Corrections { cancel: false, ..ALL };
        assert_eq!(code(Kind::Cancel, "signed", None, State::Paid, no_cancel), "correction_kind_not_allowed");
        assert_eq!(code(Kind::Replace, "signed", None, State::Paid, no_cancel), "ok");
    }

    #[test]
    fn a_correction_that_waits_for_money_comes_first() {
        for owed in [State::Reopened, State::PartlyPaid] {
            assert_eq!(code(Kind::Adjust, "signed", None, owed, ALL), "correction_awaits_money");
        }
        assert_eq!(code(Kind::Adjust, "signed", None, State::Cancelled, ALL), "correction_document_unfit");
    }

    fn line(item: &str, amount: i64) -> Line {
        Line {
            item_code: item.into(),
            item_name: "Phí".into(),
            kind: "phi".into(),
            document_kind: "receipt".into(),
            measure_unit: "bản".into(),
            quantity: Decimal::ONE,
            unit_price: Decimal::from(amount),
            gross: Dong(amount),
            reduction: Dong(0),
            reduction_percent: None,
            reduction_ground: None,
            amount: Dong(amount),
            chapter: None,
            sub_item: None,
            kept_share_bp: 0,
            legal_ground: "thử".into(),
            explanation: String::new(),
            vat_rate: None,
        }
    }

    #[test]
    fn a_change_is_told_line_by_line_and_what_stays_is_not() {
        let old = [line("a", 100), line("a", 70), line("b", 50), line("d", 9)];
        let new = [line("a", 70), line("a", 60), line("b", 50), line("c", 5)];
        let told: Vec<(Option<i64>, i64)> = changes(&old, &new)
            .into_iter()
            .map(|(old, new)| (old.map(|line| line.amount.0), new.amount.0))
            .collect();
        assert_eq!(told, [(Some(100), 60), (None, 5)]);
        assert!(changes(&old, &old).is_empty());
    }

    #[test]
    fn a_corrected_amount_says_how_often_at_which_price() {
        let three = Line { quantity: Decimal::from(3), unit_price: Decimal::from(10), ..line("a", 30) };
        let of = |line: &Line, amount: i64| {
            let (quantity, price) = counted(line, Dong(amount));
            assert_eq!(quantity * price, Decimal::from(amount));
            (quantity.to_string(), price.to_string())
        };
        for (amount, quantity, price) in [(20, "2", "10"), (24, "3", "8"), (25, "1", "25"), (0, "1", "0")] {
            assert_eq!(of(&three, amount), (quantity.to_owned(), price.to_owned()), "{amount}");
        }
        assert_eq!(of(&line("a", 30), 60), ("1".to_owned(), "60".to_owned()), "what was once stays once");
    }

    #[test]
    fn a_line_that_is_left_out_or_at_nothing_is_removed() {
        let old = [line("a", 100), line("b", 50), line("c", 0)];
        let of = |new: &[Line]| -> Vec<String> {
            removed(&old, new).into_iter().map(|line| line.item_code).collect()
        };
        assert_eq!(of(&[line("a", 90)]), ["b"]);
        assert_eq!(of(&[line("a", 90), line("b", 0)]), ["b"]);
        assert_eq!(of(&[line("b", 1), line("a", 1)]), Vec::<String>::new());
        assert_eq!(of(&[]), ["a", "b"]);
    }

    fn change(kind: Kind, old: &[Line], new: &[Line], to: Option<&Payer>) -> &'static str {
        let payer = Payer { name: Some("Nguyễn Thị Thử".into()), ..Payer::default() };
        let change = Change {
            way: kind,
            document: DocumentKind::Receipt,
            old,
            new,
            shown: &payer,
            corrected: to,
            others_paid: false,
            may_cancel: true,
        };
        check_change(&change).map_err(|error| error.code()).err().unwrap_or("ok")
    }

    #[test]
    fn where_nothing_can_be_cancelled_an_adjustment_may_leave_nothing() {
        let payer = Payer::default();
        let (old, new) = ([line("a", 100)], [line("a", 0)]);
        for (way, may_cancel, expected) in [
            (Kind::Adjust, false, "ok"),
            (Kind::Adjust, true, "correction_to_nothing"),
            (Kind::Replace, false, "correction_to_nothing"),
        ] {
            let change = Change {
                way,
                document: DocumentKind::Receipt,
                old: &old,
                new: &new,
                shown: &payer,
                corrected: None,
                others_paid: false,
                may_cancel,
            };
            let found = check_change(&change).map_err(|error| error.code()).err().unwrap_or("ok");
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn an_invoice_is_corrected_in_its_own_lines_by_what_its_law_knows() {
        let invoice = DocumentKind::parse("invoice_vat").unwrap();
        let law = profile::for_day("2026-11-23".parse().unwrap());
        let (of_invoice, of_receipt) =
            (Corrections::of(law, invoice), Corrections::of(law, DocumentKind::Receipt));
        assert!(of_invoice.replace && of_invoice.adjust && !of_invoice.cancel);
        assert!(of_receipt.cancel);
        let payer = Payer::default();
        let (old, new) = ([line("a", 100)], [line("a", 90)]);
        let change = Change {
            way: Kind::Adjust,
            document: invoice,
            old: &old,
            new: &new,
            shown: &payer,
            corrected: None,
            others_paid: true,
            may_cancel: false,
        };
        assert_eq!(check_change(&change).unwrap_err().code(), "correction_line_unfit", "a receipt's fee");
    }

    #[test]
    fn a_wrong_name_or_address_alone_takes_no_new_number() {
        let lines = [line("a", 100)];
        let renamed = Payer { name: Some("Nguyễn Thị Mẫu".into()), ..Payer::default() };
        for kind in [Kind::Replace, Kind::Adjust] {
            assert_eq!(change(kind, &lines, &lines, Some(&renamed)), "correction_needs_notice");
        }
    }

    #[test]
    fn a_wrong_mark_of_identity_alone_is_adjusted_or_replaced() {
        let lines = [line("a", 100)];
        let marks: [fn(&mut Payer); 3] = [
            |payer| payer.tax_code = Some("9900000009".into()),
            |payer| payer.personal_id = Some("001199000000".into()),
            |payer| payer.passport = Some("C1234567".into()),
        ];
        for mark in marks {
            let mut identified = Payer { name: Some("Nguyễn Thị Thử".into()), ..Payer::default() };
            mark(&mut identified);
            for kind in [Kind::Adjust, Kind::Replace] {
                assert_eq!(change(kind, &lines, &lines, Some(&identified)), "ok", "{kind:?} {identified:?}");
            }
        }
    }

    /// Every refusal leads somewhere: whatever state a valid document is in, a wrong tax code has a way.
    #[test]
    fn a_wrong_tax_code_has_a_way_in_every_state_of_a_valid_document() {
        let lines = [line("a", 100)];
        let payer = Payer { tax_code: Some("9900000009".into()), ..Payer::default() };
        for cancel in [true, false] {
            let allowed = Corrections { cancel, ..ALL };
            for (state, corrects) in [("signed", None), ("adjusted", None), ("signed", Some(Action::Replace))]
            {
                let ways = [Kind::Adjust, Kind::Replace].into_iter().filter(|kind| {
                    code(*kind, state, corrects, State::Paid, allowed) == "ok"
                        && change(*kind, &lines, &lines, Some(&payer)) == "ok"
                });
                assert!(ways.count() > 0, "{state} {corrects:?}");
            }
        }
    }

    #[test]
    fn an_agreement_is_no_older_than_its_document() {
        let of = |on: &str, issued_on: &str| {
            let day = |text: &str| -> BusinessDay { text.parse().unwrap() };
            check_agreed(day(on), day(issued_on), day("2026-11-24")).map_err(|error| error.code())
        };
        assert_eq!(of("2026-11-23", "2026-11-23"), Ok(()));
        assert_eq!(of("2026-11-24", "2026-11-23"), Ok(()));
        assert_eq!(of("2026-11-22", "2026-11-23"), Err("correction_agreement_before_document"));
        assert_eq!(of("2026-11-24", "2026-11-25"), Ok(()), "its series is dated ahead of today");
    }

    #[test]
    fn a_refused_way_names_the_ways_there_are() {
        let standing = Standing {
            state: "signed",
            corrects: None,
            obligation: State::Paid,
            allowed: Corrections { cancel: false, ..ALL },
        };
        let refused = check(Kind::Cancel, &standing).unwrap_err().to_string();
        assert!(refused.contains("replace, adjust") && !refused.contains("cancel,"), "{refused}");
    }

    #[test]
    fn a_cancelling_names_neither_lines_nor_a_payer() {
        let refused = |lines: &[Line], payer: Option<&Payer>| {
            check_cancel(lines, payer).err().map(|error| error.to_string()).unwrap_or_default()
        };
        let (lines, payer) = ([line("a", 100)], Payer::default());
        assert_eq!(refused(&[], None), "");
        assert!(refused(&lines, Some(&payer)).starts_with("lines: "));
        let told = refused(&[], Some(&payer));
        assert!(told.starts_with("payer: ") && told.contains("correction_cancel_whole"), "{told}");
    }

    #[test]
    fn a_correction_changes_something_and_leaves_something() {
        let lines = [line("a", 100)];
        assert_eq!(change(Kind::Adjust, &lines, &lines, None), "correction_changes_nothing");
        assert_eq!(change(Kind::Adjust, &lines, &[line("a", 0)], None), "correction_to_nothing");
        assert_eq!(change(Kind::Replace, &lines, &[], None), "correction_to_nothing");
        assert_eq!(change(Kind::Adjust, &lines, &[line("b", 100)], None), "ok");
        assert_eq!(change(Kind::Cancel, &lines, &[], None), "ok");
        let mut wrong = line("a", 90);
        wrong.gross = Dong(80);
        assert_eq!(change(Kind::Adjust, &lines, &[wrong], None), "line_does_not_add_up");
        assert_eq!(change(Kind::Adjust, &lines, &[line("a", -8)], None), "correction_amount_negative");
        let mut postage = line("p", 90);
        postage.kind = "pass_through".into();
        assert_eq!(change(Kind::Adjust, &lines, &[postage], None), "correction_line_unfit");
    }
}
