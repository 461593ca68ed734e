//! Cash on its way to the bank, surplus on its way to payers, the budget's share on its way to the Treasury.

use bienlai::actor::Role;
use bienlai::amount::Dong;
use bienlai::id::{PaymentId, RefundId, ShiftId};
use bienlai::payment::book::Method;
use bienlai::payment::refund::{self, Payee, Refund, State};
use bienlai::remittance::{self, Draft, Kind, Order};
use bienlai::shift::{self, Count, deposit};

use super::city::City;
use super::office::Work;
use crate::corrections::person;
use crate::remittances::take_report;

impl City {
    /// What the drawers hold goes to the bank, which counts it a day later, not always alike.
    pub(super) fn hand_over_cash(&mut self, commune: usize) {
        let (unit, cashier) = (self.unit(commune), self.world.cashier(self.unit(commune)));
        let shifts: Vec<ShiftId> = self.ids(commune, "shift", "").into_iter().map(ShiftId).collect();
        let Some(shift) = self.chance.pick(&shifts).copied() else { return };
        if self.chance.percent(30) {
            self.count_drawer(commune, shift);
        }
        let held = self.world.look(|conn| shift::balance(conn, unit, shift));
        if !held.is_positive() || !self.chance.percent(60) {
            return;
        }
        let is_part = held.0 > 2_000 && self.chance.percent(20);
        let amount = if is_part { Dong(held.0 / 2_000 * 1_000) } else { held };
        let slip = self.act(&cashier, &format!("handed {} over", amount.0), |tx, stamp| {
            deposit::hand_over(tx, stamp, &cashier, unit, None, &[(shift, amount)])
        });
        let Some(slip) = slip else { return };
        if self.chance.percent(6) {
            let checker = self.approver(commune);
            self.act(&checker, &format!("slip {} withdrawn", slip.id), |tx, stamp| {
                deposit::withdraw(tx, stamp, &checker, unit, slip.id, "tiền còn trong két")
            });
            if self.chance.percent(70) {
                return;
            }
        }
        let counted = match self.chance.below(10) {
            0 => amount.0 - 1_000,
            1 => amount.0 + 2_000,
            _ => amount.0,
        };
        let days = match self.chance.below(10) {
            0 => return,
            1 | 2 => 2,
            _ => 1,
        };
        let memo = self.named("NOP TIEN MAT", &slip.reference_code);
        let at = self.later(days, 9);
        if counted > 0 {
            self.book_at(at, Work::Book { commune, amount: counted, memo });
        }
    }

    /// The drawer is counted, with a difference now and then, which another person signs off.
    fn count_drawer(&mut self, commune: usize, id: ShiftId) {
        let (unit, cashier) = (self.unit(commune), self.world.cashier(self.unit(commune)));
        let held = self.world.look(|conn| shift::balance(conn, unit, id));
        let off = match self.chance.below(8) {
            0 => 1_000,
            1 if held.0 >= 1_000 => -1_000,
            _ => 0,
        };
        let notes = (held.0 + off) / 1_000;
        let text = if notes > 0 { format!("1000x{notes}") } else { String::new() };
        let count = Count::parse(&text).expect("notes of 1.000");
        let closed = self.act(&cashier, &format!("counted {notes}.000 of {}", held.0), |tx, stamp| {
            shift::close(tx, stamp, &cashier, (unit, id), &count, &[])
        });
        if closed.is_some_and(|(_, counted)| !counted.variance.is_zero()) {
            let checker = person(unit, self.world.chief, Role::Approver);
            self.act(&checker, "signed off", |tx, stamp| {
                shift::sign_off(tx, stamp, &checker, unit, id, "biên bản kiểm quỹ")
            });
        }
    }

    /// A code in most memos, in others the bank's own words alone.
    fn named(&mut self, words: &str, code: &str) -> String {
        if self.chance.percent(85) { format!("{words} {code}") } else { words.to_owned() }
    }

    /// Surplus is asked back by one person, approved by another, sent; the bank debits it, and it may come back.
    pub(super) fn refund(&mut self, commune: usize) {
        let unit = self.unit(commune);
        let commune_of = self.world.communes()[commune].clone();
        for payment in self.world.payments(&commune_of) {
            if !payment.surplus.is_positive() || !self.chance.percent(40) {
                continue;
            }
            let refunds = self.world.look(|conn| refund::query::of_payments(conn, &[(unit, payment.id)]));
            let free = refund::rules::free(&payment, &refunds).unwrap_or_default();
            if free.is_positive() {
                self.ask_back(commune, payment.id, free);
            }
        }
        let ids: Vec<RefundId> = self.ids(commune, "refund", "").into_iter().map(RefundId).collect();
        for id in ids {
            let one = self.world.look(|conn| refund::find(conn, unit, id));
            match one.state {
                State::Requested => self.answer(commune, &one),
                State::Approved | State::Bounced if self.chance.percent(60) => self.send(commune, &one),
                _ => {}
            }
        }
    }

    fn ask_back(&mut self, commune: usize, payment: PaymentId, free: Dong) {
        let finance = self.finance(commune);
        let is_part = free.0 > 2_000 && self.chance.percent(25);
        let amount = if is_part { Dong(free.0 / 2) } else { free };
        let ask = refund::Ask {
            unit: self.unit(commune),
            payment,
            amount,
            reason: "nộp thừa".into(),
            payee: Some(payee()),
        };
        self.act(&finance, &format!("asked {} of {payment} back", amount.0), |tx, stamp| {
            refund::request(tx, stamp, &finance, &ask)
        });
    }

    fn answer(&mut self, commune: usize, one: &Refund) {
        let (unit, id) = (one.unit, one.id);
        let (finance, checker) = (self.finance(commune), self.approver(commune));
        if self.chance.percent(12) {
            self.act(&checker, &format!("refund {id} refused"), |tx, stamp| {
                refund::refuse(tx, stamp, &checker, unit, id, "sai tài khoản")
            });
            return;
        }
        let is_named = self.world.look(|conn| refund::payee(conn, &self.world.vault, unit, id)).is_some();
        if !is_named {
            self.act(&finance, &format!("payee of {id}"), |tx, stamp| {
                refund::name_payee(tx, stamp, &finance, unit, id, &payee())
            });
        }
        self.act(&checker, &format!("refund {id} of {} approved", one.amount.0), |tx, stamp| {
            refund::approve(tx, stamp, &checker, unit, id)
        });
    }

    fn send(&mut self, commune: usize, one: &Refund) {
        let (unit, id) = (one.unit, one.id);
        let (finance, checker) = (self.finance(commune), self.approver(commune));
        if self.chance.percent(10) {
            self.act(&checker, &format!("refund {id} refused"), |tx, stamp| {
                refund::refuse(tx, stamp, &checker, unit, id, "sai tài khoản")
            });
            return;
        }
        let sent = self.act(&finance, &format!("refund {id} sent"), |tx, stamp| {
            refund::send(tx, stamp, &finance, unit, id)
        });
        let payment = self
            .world
            .payments(&self.world.communes()[commune].clone())
            .into_iter()
            .find(|paid| paid.id == one.payment);
        // What was paid by card goes back with a batch.
        if sent.is_none() || payment.is_none_or(|paid| paid.method == Method::Card) {
            return;
        }
        let amount = match self.chance.below(12) {
            0 if one.amount.0 > 1_000 => one.amount.0 - 1_000,
            1 => one.amount.0 + 1_100,
            _ => one.amount.0,
        };
        if self.chance.percent(8) {
            return;
        }
        let memo = self.named(&format!("HOAN TIEN LAN {}", one.revision), &one.reference_code);
        let at = self.later(1, 10);
        self.book_at(at, Work::Book { commune, amount: -amount, memo: memo.clone() });
        if !self.chance.percent(35) {
            return;
        }
        let at = self.later(2, 10);
        let back = match self.chance.below(4) {
            0 => Work::GiveBack { commune, memo },
            1 => Work::Book { commune, amount, memo: "TRA LAI LENH CHUYEN TIEN".to_owned() },
            2 if amount > 1_100 => {
                Work::Book { commune, amount: amount - 1_100, memo: "TRA LAI SAU PHI".to_owned() }
            }
            _ => Work::Book { commune, amount, memo: format!("TRA LAI {}", one.reference_code) },
        };
        self.book_at(at, back);
    }

    /// What closed days made due is ordered, debited, and reported by the Treasury, which rejects some.
    pub(super) fn remit(&mut self, commune: usize) {
        if !self.chance.percent(40) {
            return;
        }
        let (unit, finance, checker) = (self.unit(commune), self.finance(commune), self.approver(commune));
        let kind = *self.chance.pick(&[Kind::Treasury, Kind::Treasury, Kind::Kept]).expect("kinds");
        let draft = Draft { unit, account: None, kind, lines: Vec::new() };
        let order = self.act(&finance, &format!("an order of {}", kind.as_str()), |tx, stamp| {
            remittance::draft(tx, stamp, &finance, &draft)
        });
        let Some(order) = order else { return };
        let refuse = self.chance.percent(15);
        if !refuse || self.chance.percent(50) {
            self.act(&checker, &format!("order {} of {} approved", order.id, order.amount.0), |tx, stamp| {
                remittance::approve(tx, stamp, &checker, unit, order.id)
            });
        }
        if refuse {
            self.act(&checker, &format!("order {} refused", order.id), |tx, stamp| {
                remittance::refuse(tx, stamp, &checker, unit, order.id, "sai mục")
            });
            // The bank had it already, now and then.
            if self.chance.percent(70) {
                return;
            }
        }
        self.carry_out_order(commune, &order, kind);
    }

    fn carry_out_order(&mut self, commune: usize, order: &Order, kind: Kind) {
        let memo = self.named("NOP NSNN", &order.reference_code);
        let at = self.later(1, 10);
        self.book_at(at, Work::Book { commune, amount: -order.amount.0, memo });
        if kind != Kind::Treasury || self.chance.percent(15) {
            return;
        }
        let is_rejected = self.chance.percent(20);
        let lines = self.world.look(|conn| remittance::query::lines(conn, order.unit, order.id));
        let on = self.world.now().business_day().plus_days(1);
        let mut rows = String::new();
        for line in lines {
            let (chapter, sub_item) = (line.chapter.unwrap_or_default(), line.sub_item.unwrap_or_default());
            let status = if is_rejected { "rejected,sai chương" } else { "credited," };
            rows.push_str(&format!(
                "{},{chapter},{sub_item},{},{on},{status}\n",
                order.reference_code, line.amount.0
            ));
        }
        let hour = if self.chance.percent(30) { 7 } else { 34 };
        let at = self.later(1, hour);
        self.push_work(at, Work::Treasury { commune, rows });
        if is_rejected {
            let memo = self.named("KBNN TRA LAI", &order.reference_code);
            let at = self.later(3, 10);
            self.book_at(at, Work::Book { commune, amount: order.amount.0, memo });
        }
    }

    pub(super) fn hear_treasury(&mut self, commune: usize, rows: &str) {
        let (unit, finance) = (self.unit(commune), self.finance(commune));
        let text = format!("ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do\n{rows}");
        let taken = take_report(&self.world, &finance, unit, text.as_bytes());
        self.told(&format!("the Treasury: {}", rows.trim_end()), taken);
    }
}

fn payee() -> Payee {
    crate::refunds::payee()
}
