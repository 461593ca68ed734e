//! What persons decide about open items, and undo. Which resolutions fit is the product's own word
//! (`resolve::check_proposal`); one of them is chosen by chance, whatever happened in truth.

use std::collections::BTreeSet;

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::correction::{self, Agreement};
use bienlai::exception::{Ask, Decision, Exception, Kind, State};
use bienlai::id::{LineId, ObligationId};
use bienlai::obligation;
use bienlai::payment::split::{self, Part};
use bienlai::payment::{cancel, late_payout, reopen, resolve, unmatch};

use super::city::City;
use crate::corrections::person;
use crate::support::tools::texts;

/// How many things of a kind a person looks at before they choose.
const LOOKED_AT: usize = 4;

/// A resolution that fits an item.
#[derive(Clone, Debug)]
struct Way {
    resolution: &'static str,
    target: Option<i64>,
}

impl City {
    /// Some of the open items are settled by two persons.
    pub(super) fn decide_items(&mut self, commune: usize) {
        let unit = self.unit(commune);
        let mut items = self.world.exceptions(unit);
        items.retain(|item| item.state == State::Open);
        for item in items {
            if !self.chance.percent(30) {
                continue;
            }
            // What was decided before it may have ended it.
            let now = self.world.look(|conn| bienlai::exception::find(conn, unit, item.id));
            if now.state != State::Open {
                continue;
            }
            if now.kind == Kind::Underpaid && self.chance.percent(30) {
                self.cancel_rest(commune, &now);
                continue;
            }
            let ways = self.fitting(commune, &now);
            let Some(way) = self.chance.pick(&ways).cloned() else { continue };
            self.watching(commune, |city| city.settle_item(commune, &now, &way));
        }
    }

    /// One way of each resolution that fits.
    fn fitting(&mut self, commune: usize, item: &Exception) -> Vec<Way> {
        let mut ways = Vec::new();
        for resolution in resolve::RESOLUTIONS {
            let targets = self.targets(commune, item, resolution);
            let fits = |target: &Option<i64>| {
                self.world.look(|conn| Ok(resolve::check_proposal(conn, item, resolution, *target).is_ok()))
            };
            if let Some(target) = targets.into_iter().find(fits) {
                ways.push(Way { resolution, target });
            }
        }
        ways
    }

    /// What a person could name with a resolution, in an order by chance.
    fn targets(&mut self, commune: usize, item: &Exception, resolution: &str) -> Vec<Option<i64>> {
        let mut known = match resolution {
            "assign" => self.ids(commune, "obligation", ""),
            "deposit" => self.ids(commune, "deposit_slip", ""),
            "remittance" | "remittance_refused" => self.ids(commune, "remittance", ""),
            "proves" => self.ids(commune, "movement", "AND state = 'expected'"),
            "taken_back" => self.ids(commune, "movement", &format!("AND amount >= {}", item.amount.0)),
            "shortage_repaid" | "cash_withdrawn" => vec![self.world.clerk.0],
            "batch" | "settlement" => {
                self.world.look(|conn| Ok(late_payout::waiting(conn, item, resolution).unwrap_or_default()))
            }
            "refund_repaid" => self.ids(
                commune,
                "refund",
                "AND EXISTS (SELECT 1 FROM refund_event e WHERE e.unit_id = refund.unit_id AND e.refund_id = refund.id \
                 AND e.kind IN ('debited_over', 'debited_though_refused'))",
            ),
            refund if refund.starts_with("refund_") => self.ids(commune, "refund", ""),
            _ => return vec![None],
        };
        self.chance.shuffle(&mut known);
        known.truncate(LOOKED_AT);
        known.into_iter().map(Some).collect()
    }

    /// What was paid and is not any more, because persons said so, is no promise.
    fn watching(&mut self, commune: usize, what: impl FnOnce(&mut City)) {
        let paid = |city: &City| -> BTreeSet<i64> {
            city.ids(commune, "obligation", "AND state = 'paid'").into_iter().collect()
        };
        let before = paid(self);
        what(self);
        let undone: Vec<i64> = before.difference(&paid(self)).copied().collect();
        for owed in self.owed.iter_mut().filter(|owed| undone.contains(&owed.obligation.id.0)) {
            owed.is_spoiled = true;
        }
    }

    fn settle_item(&mut self, commune: usize, item: &Exception, way: &Way) {
        let unit = item.unit;
        let maker = match way.resolution {
            // Whoever answers for cash does not say that it is repaid.
            "shortage_repaid" | "cash_withdrawn" => {
                let colleague = self.office().colleagues[commune];
                person(unit, colleague, Role::Finance)
            }
            _ => self.finance(commune),
        };
        let parts =
            if way.resolution == split::SPLIT { self.parts(commune, item.amount) } else { Vec::new() };
        if way.resolution == split::SPLIT && parts.is_empty() {
            return;
        }
        self.spoil(way, &parts);
        let decision = Some(Decision { number: "12/QĐ-UBND".into(), on: self.world.now().business_day() });
        let target = way.target.map(|target| resolve::target_text(item, way.resolution, target));
        let what = format!(
            "{} {} of {}: {} {}",
            item.kind,
            item.id,
            item.amount.0,
            way.resolution,
            target.unwrap_or_default()
        );
        let asked = self.act(&maker, &format!("proposed for {what}"), |tx, stamp| {
            let ask = Ask {
                resolution: way.resolution,
                target: way.target,
                reason: "theo trả lời của ngân hàng",
                decision: decision.clone(),
            };
            resolve::propose(tx, stamp, &maker, (unit, item.id), ask, &parts)
        });
        if asked.is_some() {
            let checker = self.approver(commune);
            self.act(&checker, &format!("approved for {what}"), |tx, stamp| {
                resolve::approve(tx, stamp, &checker, unit, item.id)
            });
        }
    }

    /// A sum cut into parts of two dossiers, not always all of it.
    fn parts(&mut self, commune: usize, amount: Dong) -> Vec<Part> {
        let mut owed = self.ids(commune, "obligation", "");
        self.chance.shuffle(&mut owed);
        let [one, two, ..] = owed.as_slice() else { return Vec::new() };
        let first = amount.0 / 3;
        let rest = if self.chance.percent(50) { amount.0 - first } else { amount.0 / 2 };
        let part = |id: i64, amount: i64| Part { obligation: ObligationId(id), amount: Dong(amount) };
        [part(*one, first), part(*two, rest)].into_iter().filter(|one| one.amount.is_positive()).collect()
    }

    /// Whoever persons decide about is not promised anything.
    fn spoil(&mut self, way: &Way, parts: &[Part]) {
        let named: Vec<i64> = parts
            .iter()
            .map(|part| part.obligation.0)
            .chain(way.target.filter(|_| way.resolution == "assign"))
            .collect();
        for owed in self.owed.iter_mut().filter(|owed| named.contains(&owed.obligation.id.0)) {
            owed.is_spoiled = true;
        }
    }

    /// The rest is not waited for any longer.
    fn cancel_rest(&mut self, commune: usize, item: &Exception) {
        let (finance, id) = (self.finance(commune), ObligationId(item.subject_id));
        if item.subject_kind != "obligation" {
            return;
        }
        for owed in self.owed.iter_mut().filter(|owed| owed.obligation.id == id) {
            owed.is_spoiled = true;
        }
        self.act(&finance, &format!("cancelled though paid in part: {id}"), |tx, stamp| {
            cancel::cancel(tx, stamp, &finance, item.unit, id, "người nộp không nộp nốt")
        });
    }

    /// A receipt is cancelled: its payer is owed the money back.
    pub(super) fn correct(&mut self, commune: usize) {
        if !self.chance.percent(15) {
            return;
        }
        let mine: Vec<usize> =
            (0..self.owed.len()).filter(|index| self.owed[*index].commune == commune).collect();
        let Some(index) = self.chance.pick(&mine).copied() else { return };
        let owed = self.world.again(&self.owed[index].obligation);
        if owed.state != obligation::State::Paid {
            return;
        }
        let Some(receipt) = self.world.receipts(&owed).pop() else { return };
        self.owed[index].is_spoiled = true;
        let (unit, finance, checker) = (owed.unit, self.finance(commune), self.approver(commune));
        let ask = correction::Ask {
            unit,
            receipt: receipt.id,
            kind: correction::Kind::Cancel,
            reason: "hồ sơ đã rút".to_owned(),
            agreement: Agreement {
                number: "05/BB-TT".to_owned(),
                on: self.world.now().business_day(),
                about: "thỏa thuận hủy biên lai".to_owned(),
            },
            lines: Vec::new(),
            payer: None,
        };
        let what = format!("cancelling the receipt of {}", owed.reference_code);
        let asked =
            self.act(&finance, &what, |tx, stamp| correction::request(tx, stamp, &finance, ask.clone()));
        if let Some(asked) = asked {
            self.act(&checker, &format!("approved: {what}"), |tx, stamp| {
                correction::approve(tx, stamp, &checker, unit, asked.id)
            });
        }
        self.world.seal();
    }

    /// Two persons take a line apart, or open a settled item again.
    pub(super) fn undo_something(&mut self, commune: usize) {
        if self.chance.percent(12) {
            self.watching(commune, |city| city.take_apart(commune));
        }
        if self.chance.percent(15) {
            self.watching(commune, |city| city.open_again(commune));
        }
    }

    fn take_apart(&mut self, commune: usize) {
        let unit = self.unit(commune);
        let lines = self.ids(commune, "statement_line", "AND posted_on IS NOT NULL AND amount > 0");
        let Some(line) = self.chance.pick(&lines).copied().map(LineId) else { return };
        let reference = self.world.look(|conn| {
            let sql = format!(
                "SELECT COALESCE(bank_reference, '') AS t FROM statement_line WHERE unit_id = {} AND id = {}",
                unit.0, line.0
            );
            Ok(texts(conn, &sql).pop().unwrap_or_default())
        });
        let (maker, checker) = (self.finance(commune), self.approver(commune));
        let what = format!("taking line {line} ({reference}) apart");
        let asked =
            self.act(&maker, &what, |tx, stamp| unmatch::ask(tx, stamp, &maker, (unit, line), "khớp nhầm"));
        let Some(asked) = asked else { return };
        let told = self.bank.ledger().iter().filter(|one| one.bank_reference == reference);
        let numbers: Vec<u32> = told.map(|one| one.no).collect();
        numbers.into_iter().for_each(|no| self.spoil_booking(no));
        self.act(&checker, &format!("approved: {what}"), |tx, stamp| {
            resolve::approve(tx, stamp, &checker, unit, asked.id)
        });
    }

    fn open_again(&mut self, commune: usize) {
        let unit = self.unit(commune);
        let mut items = self.world.exceptions(unit);
        items.retain(|item| item.state == State::Resolved);
        let Some(item) = self.chance.pick(&items).cloned() else { return };
        let (maker, checker) = (self.finance(commune), self.approver(commune));
        let what = format!("opening {} {} again", item.kind, item.id);
        let asked =
            self.act(&maker, &what, |tx, stamp| reopen::ask(tx, stamp, &maker, unit, item.id, "nhầm người"));
        if asked.is_some() {
            self.act(&checker, &format!("approved: {what}"), |tx, stamp| {
                reopen::approve(tx, stamp, &checker, unit, item.id)
            });
        }
    }
}
