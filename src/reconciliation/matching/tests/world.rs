//! A small city to match in: builders with sensible defaults.

use super::super::*;

pub const A: UnitId = UnitId(1);
pub const B: UnitId = UnitId(2);
pub const X: &str = "HNPH7K2MQ4X97";
pub const Y: &str = "HNPH3C8DR5Y1A";

pub fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

/// A credit on a Wednesday.
pub fn line(id: i64, amount: i64) -> Line {
    Line {
        id: LineId(id),
        unit: A,
        account: AccountId(1),
        booking_date: day("2026-11-18"),
        amount: Dong(amount),
        codes: vec![],
        damaged: vec![],
        bank_reference: None,
        customer_reference: None,
        memo_folded: "NGUOI NOP CHUYEN TIEN".into(),
        counterparty_account: None,
        reversal: false,
        open: Dong(amount),
    }
}

pub fn movement(id: i64, amount: i64) -> Movement {
    Movement {
        id: MovementId(id),
        unit: A,
        account: AccountId(1),
        inflow: true,
        amount: Dong(amount),
        open: Dong(amount),
        codes: vec![],
        bank_references: vec![],
        first_seen: day("2026-11-18"),
        obligation: None,
        has_line: false,
        external_ids: vec![],
    }
}

pub fn obligation(id: i64, code: &str, outstanding: i64) -> Obligation {
    Obligation {
        id: ObligationId(id),
        unit: A,
        code: code.into(),
        former_codes: vec![],
        outstanding: Dong(outstanding),
        dossier_code_folded: None,
        state_open: true,
        raised_on: day("2026-11-16"),
        payer_name_folded: None,
    }
}

impl Line {
    pub fn code(mut self, code: &str) -> Self {
        self.codes.push(code.into());
        self
    }

    pub fn reference(mut self, reference: &str) -> Self {
        self.bank_reference = Some(reference.into());
        self
    }

    pub fn memo(mut self, memo: &str) -> Self {
        self.memo_folded = memo.into();
        self
    }

    pub fn on(mut self, date: &str) -> Self {
        self.booking_date = day(date);
        self
    }

    pub fn from(mut self, account: &str) -> Self {
        self.counterparty_account = Some(account.into());
        self
    }

    pub fn reversed(mut self) -> Self {
        self.reversal = true;
        self
    }
}

impl Movement {
    pub fn code(mut self, code: &str) -> Self {
        self.codes.push(code.into());
        self
    }

    pub fn reference(mut self, reference: &str) -> Self {
        self.bank_references.push(reference.into());
        self
    }

    pub fn on(mut self, date: &str) -> Self {
        self.first_seen = day(date);
        self
    }

    pub fn outgoing(mut self) -> Self {
        self.inflow = false;
        self
    }
}

pub fn run(lines: &[Line], movements: &[Movement], obligations: &[Obligation]) -> Outcome {
    matching(lines, movements, obligations, &Settings::default())
}

/// Line and movement of every proof.
pub fn pairs(outcome: &Outcome) -> Vec<(i64, Vec<i64>)> {
    let pair = |proof: &Proof| (proof.line.0, proof.parts.iter().map(|(id, _)| id.0).collect());
    outcome.proofs.iter().map(pair).collect()
}

pub fn credit_of(outcome: &Outcome, line: i64) -> &Credit {
    outcome.credits.iter().find(|credit| credit.line == LineId(line)).unwrap()
}

pub fn fit_of(outcome: &Outcome, line: i64) -> (i64, Fit) {
    match credit_of(outcome, line).kind {
        CreditKind::Code(obligation, fit) => (obligation.0, fit),
        ref other => panic!("{other:?}"),
    }
}

pub fn kinds_of(outcome: &Outcome, line: i64) -> Vec<Kind> {
    outcome.exceptions.iter().filter(|(id, _)| *id == LineId(line)).map(|(_, kind)| *kind).collect()
}

pub fn suggested(outcome: &Outcome, line: i64) -> Vec<(Target, Rule)> {
    let of_line = outcome.suggestions.iter().filter(|one| one.line == LineId(line));
    of_line.map(|one| (one.target.clone(), one.rule)).collect()
}

/// What the database holds after the outcome was applied.
pub fn apply(
    outcome: &Outcome,
    lines: &mut [Line],
    movements: &mut [Movement],
    obligations: &mut [Obligation],
) {
    let mut done: Vec<LineId> = outcome.classified.iter().map(|(line, ..)| *line).collect();
    done.extend(outcome.reversals.iter().map(|reversal| reversal.line));
    for same in &outcome.same_money {
        done.push(same.line);
        for id in same.movements {
            let movement = movements.iter_mut().find(|movement| movement.id == id).unwrap();
            (movement.has_line, movement.open) = (true, Dong::ZERO);
        }
    }
    for proof in &outcome.proofs {
        done.push(proof.line);
        for (id, amount) in proof.parts.iter() {
            let movement = movements.iter_mut().find(|movement| movement.id == *id).unwrap();
            movement.has_line = true;
            movement.open = movement.open.checked_sub(*amount).unwrap();
        }
    }
    let mut pay = |id: ObligationId, amount: Dong| {
        let obligation = obligations.iter_mut().find(|obligation| obligation.id == id).unwrap();
        obligation.outstanding = Dong((obligation.outstanding.0 - amount.0).max(0));
    };
    for credit in outcome.credits.iter().filter(|credit| credit.kind.is_settled()) {
        done.push(credit.line);
        match &credit.kind {
            CreditKind::Code(_, Fit::Closed) => {}
            CreditKind::Code(id, _) => pay(*id, credit.amount),
            CreditKind::SeveralCodes { parts } => parts.iter().for_each(|(id, amount)| pay(*id, *amount)),
            other => panic!("{other:?}"),
        }
    }
    for line in lines.iter_mut().filter(|line| done.contains(&line.id)) {
        line.open = Dong::ZERO;
    }
}
