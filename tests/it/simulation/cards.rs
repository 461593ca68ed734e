//! Cards and gateways: payments on a partner's word, and the papers with which it pays them out: on time, late or
//! never, with what nobody knows, with what is charged back.

use bienlai::amount::Dong;
use bienlai::id::PaymentId;
use bienlai::payment::book::{Method, PaymentState};
use bienlai::payment::gateway::{self, NewSettlement};
use bienlai::payment::payment_query;
use bienlai::payment::pos::{self, Item, ItemKind, NewBatch};
use bienlai::payment::refund;
use bienlai::payment::{Claim, Direction};

use super::city::City;
use super::office::Work;
use crate::support::world::POLL;

/// A card payment as the acquirer knows it.
#[derive(Clone, Debug)]
pub struct Card {
    commune: usize,
    payment: PaymentId,
    code: String,
    amount: Dong,
    standing: Standing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Taken,
    Settled,
    /// Its holder has it back, or it was declined and never comes.
    Over,
}

impl City {
    pub(super) fn pay_by_card(&mut self, index: usize) {
        let commune = self.owed[index].commune;
        let owed = self.world.again(&self.owed[index].obligation);
        let amount = owed.outstanding();
        let taken = self.world.take(&owed, amount, Method::Card);
        let Some(taken) = self.told(&format!("card {} for {}", amount.0, owed.reference_code), taken) else {
            return;
        };
        let code = format!("A{:05}", self.paper());
        let card = Card {
            commune,
            payment: taken.payment,
            code: code.clone(),
            amount,
            standing: if self.chance.percent(6) { Standing::Over } else { Standing::Taken },
        };
        self.office().cards.push(card);
        let seconds = if self.chance.percent(85) { 5 } else { self.chance.between(3_600, 3 * 86_400) };
        let at = self.world.now().plus_seconds(seconds);
        if self.chance.percent(95) {
            self.push_work(at, Work::Slip { commune, payment: taken.payment, code });
        }
    }

    pub(super) fn note_slip(&mut self, commune: usize, payment: PaymentId, code: &str) {
        let (unit, cashier) = (self.unit(commune), self.world.cashier(self.unit(commune)));
        self.act(&cashier, &format!("code {code} noted"), |tx, stamp| {
            pos::record_slip(tx, stamp, &cashier, unit, payment, (code, "T1"))
        });
    }

    /// The day's sales and what holders and refunds took back, less a fee; the bank pays it out next morning.
    pub(super) fn settle_cards(&mut self, commune: usize) {
        let mut items = Vec::new();
        let item = |kind, code: &str, amount: i64| Item {
            kind,
            approval_code: code.to_owned(),
            amount: Dong(amount),
        };
        for index in 0..self.office().cards.len() {
            let card = self.office().cards[index].clone();
            if card.commune != commune {
                continue;
            }
            let (code, amount) = (card.code.as_str(), card.amount.0);
            let standing = match card.standing {
                Standing::Taken if self.chance.percent(80) => {
                    // Now and then the acquirer tells another amount.
                    let told = if self.chance.percent(4) { amount + 1_000 } else { amount };
                    items.push(item(ItemKind::Sale, code, told));
                    Standing::Settled
                }
                Standing::Settled => match self.back_to_the_card(commune, &card) {
                    Some(back) => {
                        items.push(item(ItemKind::Chargeback, code, back));
                        Standing::Over
                    }
                    None => Standing::Settled,
                },
                other => other,
            };
            self.office().cards[index].standing = standing;
        }
        if self.chance.percent(8) {
            items.push(item(ItemKind::Sale, &format!("X{:05}", self.paper()), 8_000));
        }
        let fee = if items.is_empty() { 0 } else { self.chance.between(0, 5) * 100 };
        let signed = |one: &Item| if one.kind == ItemKind::Sale { one.amount.0 } else { -one.amount.0 };
        let net = items.iter().map(signed).sum::<i64>() - fee;
        if items.is_empty() || net == 0 {
            return;
        }
        let reference = format!("POS{commune}{:05}", self.paper());
        let new = NewBatch {
            unit: self.unit(commune),
            account: None,
            reference: reference.clone(),
            settled_on: self.world.now().business_day(),
            fee: Dong(fee),
            items,
        };
        if let Some(at) = self.arrival() {
            self.push_work(at, Work::Batch(Box::new(new)));
        }
        let memo = match self.chance.percent(80) {
            true => format!("THANH TOAN {reference}"),
            false => "THANH TOAN THE".to_owned(),
        };
        let at = self.later(1, 8);
        self.book_at(at, Work::Book { commune, amount: net, memo });
    }

    /// What of a settled card goes back: a refund that was sent to it, or what its holder disputes. Not of one whose
    /// sale the office never saw: what such an item takes out of a batch's credit is carried by no certificate yet.
    fn back_to_the_card(&mut self, commune: usize, card: &Card) -> Option<i64> {
        let unit = self.unit(commune);
        let paid = self.world.look(|conn| payment_query::payments(conn, &[(unit, card.payment)])).pop();
        if paid.is_none_or(|paid| paid.state != PaymentState::Proven) {
            return None;
        }
        let refunds = self.world.look(|conn| refund::query::of_payments(conn, &[(unit, card.payment)]));
        if let Some(sent) = refunds.iter().find(|one| one.state == refund::State::Sent) {
            return self.chance.percent(70).then_some(sent.amount.0);
        }
        if !self.chance.percent(12) {
            return None;
        }
        let is_part = self.chance.percent(30) && card.amount.0 > 2_000;
        Some(if is_part { self.chance.between(1, card.amount.0 / 1_000 - 1) * 1_000 } else { card.amount.0 })
    }

    /// When a partner's paper comes: the same evening, days later, or never.
    fn arrival(&mut self) -> Option<bienlai::clock::Instant> {
        let seconds = match self.chance.below(20) {
            0..14 => 1_800,
            14..18 => self.chance.between(10 * 3_600, 60 * 3_600),
            _ => return None,
        };
        Some(self.world.now().plus_seconds(seconds))
    }

    pub(super) fn take_batch(&mut self, new: &NewBatch) {
        let Some(commune) = self.commune_of(new.unit) else { return };
        let finance = self.finance(commune);
        let told: Vec<String> = new
            .items
            .iter()
            .map(|one| format!("{} {} {}", one.kind.as_str(), one.approval_code, one.amount.0))
            .collect();
        let what = format!("batch {} less {}: {}", new.reference, new.fee.0, told.join(", "));
        self.act(&finance, &what, |tx, stamp| pos::import(tx, stamp, &finance, new));
        self.match_one(commune);
    }

    /// The gateway tells of it, or its callback is lost; it is paid out with the day's others.
    pub(super) fn pay_by_gateway(&mut self, index: usize) {
        let commune = self.owed[index].commune;
        let owed = self.world.again(&self.owed[index].obligation);
        let amount = owed.outstanding();
        if !amount.is_positive() {
            return;
        }
        let id = format!("GW{:05}", self.paper());
        self.office().claims.push((commune, id.clone(), amount));
        self.note(format!("gateway {id}: {} for {} at {commune}", amount.0, owed.reference_code));
        if !self.chance.percent(90) {
            return;
        }
        let now = self.world.now();
        let claim = Claim {
            channel: POLL.to_owned(),
            external_id: id,
            account_no: self.world.communes()[commune].account_no.to_owned(),
            bank_bin: None,
            direction: Direction::Credit,
            amount,
            memo: format!("{} LE PHI", owed.reference_code),
            bank_reference: None,
            sender_account: None,
            sender_name: None,
            occurred_at: Some(now),
        };
        let seconds = if self.chance.percent(85) {
            self.chance.between(1, 30)
        } else {
            self.chance.between(60, 86_400)
        };
        self.push_claim(now.plus_seconds(seconds), claim);
    }

    pub(super) fn settle_claims(&mut self, commune: usize) {
        let claims = std::mem::take(&mut self.office().claims);
        let (own, others): (Vec<_>, Vec<_>) = claims.into_iter().partition(|one| one.0 == commune);
        self.office().claims = others;
        if own.is_empty() {
            return;
        }
        let items: Vec<gateway::Item> = own
            .into_iter()
            .map(|(_, reference, amount)| {
                let kind = gateway::ItemKind::Paid;
                gateway::Item { kind, reference, amount, fee: Dong(amount.0 / 200) }
            })
            .collect();
        let net: i64 = items.iter().map(|one| one.amount.0 - one.fee.0).sum();
        let reference = format!("QT{commune}{:06}", self.paper());
        let new = NewSettlement {
            unit: self.unit(commune),
            account: None,
            channel: POLL.to_owned(),
            reference: reference.clone(),
            settled_on: self.world.now().business_day(),
            charge: Dong::ZERO,
            items,
        };
        if let Some(at) = self.arrival() {
            self.push_work(at, Work::Report(Box::new(new)));
        }
        let memo = match self.chance.percent(80) {
            true => format!("QUYET TOAN {reference}"),
            false => "CHUYEN TIEN".to_owned(),
        };
        let at = self.later(1, 9);
        self.book_at(at, Work::Book { commune, amount: net, memo });
    }

    pub(super) fn take_report(&mut self, new: &NewSettlement) {
        let Some(commune) = self.commune_of(new.unit) else { return };
        let finance = self.finance(commune);
        let told: Vec<String> =
            new.items.iter().map(|one| format!("{} {}-{}", one.reference, one.amount.0, one.fee.0)).collect();
        let what = format!("report {}: {}", new.reference, told.join(", "));
        self.act(&finance, &what, |tx, stamp| gateway::import(tx, stamp, &finance, new));
        self.match_one(commune);
    }

    fn commune_of(&self, unit: bienlai::id::UnitId) -> Option<usize> {
        self.units().iter().position(|known| *known == unit)
    }
}
