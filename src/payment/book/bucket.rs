//! Money accepted, and the buckets its parts stand in.

use crate::amount::Dong;
use crate::clock::BusinessDay;
use crate::id::*;

/// How money came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Transfer,
    Cash,
    Card,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Transfer => "transfer",
            Method::Cash => "cash",
            Method::Card => "card",
        }
    }

    pub fn parse(text: &str) -> Method {
        match text {
            "cash" => Method::Cash,
            "card" => Method::Card,
            _ => Method::Transfer,
        }
    }

    /// `HTTToan` of the receipt.
    pub fn on_receipt(self) -> &'static str {
        match self {
            Method::Transfer => "Chuyển khoản",
            Method::Cash => "Tiền mặt",
            Method::Card => "Thẻ",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentState {
    Claimed,
    Proven,
    Disproven,
    Reversed,
}

impl PaymentState {
    pub fn as_str(self) -> &'static str {
        match self {
            PaymentState::Claimed => "claimed",
            PaymentState::Proven => "proven",
            PaymentState::Disproven => "disproven",
            PaymentState::Reversed => "reversed",
        }
    }

    pub fn parse(text: &str) -> PaymentState {
        match text {
            "proven" => PaymentState::Proven,
            "disproven" => PaymentState::Disproven,
            "reversed" => PaymentState::Reversed,
            _ => PaymentState::Claimed,
        }
    }
}

/// Money accepted. The buckets always sum to the amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    pub unit: UnitId,
    pub id: PaymentId,
    pub movement: Option<MovementId>,
    pub account: Option<AccountId>,
    pub method: Method,
    pub channel: String,
    pub amount: Dong,
    pub obligation: Option<ObligationId>,
    pub shift: Option<ShiftId>,
    pub debit_account: String,
    pub accounting_date: BusinessDay,
    pub state: PaymentState,
    pub revision: i64,
    pub unallocated: Dong,
    pub to_obligations: Dong,
    pub surplus: Dong,
    pub suspense: Dong,
    pub other_unit: Dong,
    pub reversed: Dong,
}

/// Where a part of a payment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    Unallocated,
    Obligation(ObligationId),
    Surplus,
    Suspense,
    OtherUnit,
    Reversed,
}

impl Bucket {
    pub fn as_str(self) -> &'static str {
        match self {
            Bucket::Unallocated => "unallocated",
            Bucket::Obligation(_) => "obligation",
            Bucket::Surplus => "surplus",
            Bucket::Suspense => "suspense",
            Bucket::OtherUnit => "other_unit",
            Bucket::Reversed => "reversed",
        }
    }
}

impl Payment {
    pub(super) fn bucket(&mut self, bucket: Bucket) -> &mut Dong {
        match bucket {
            Bucket::Unallocated => &mut self.unallocated,
            Bucket::Obligation(_) => &mut self.to_obligations,
            Bucket::Surplus => &mut self.surplus,
            Bucket::Suspense => &mut self.suspense,
            Bucket::OtherUnit => &mut self.other_unit,
            Bucket::Reversed => &mut self.reversed,
        }
    }
}

/// A move of a payment's money from one bucket to another.
#[derive(Clone, Debug)]
pub struct Allocation {
    pub unit: UnitId,
    pub payment: PaymentId,
    pub revision: i64,
    pub from: Bucket,
    pub to: Bucket,
    pub amount: Dong,
}

#[derive(Clone, Debug)]
pub struct PaymentEvent {
    pub unit: UnitId,
    pub payment: PaymentId,
    pub revision: i64,
    pub kind: &'static str,
    pub state: PaymentState,
    pub reason: Option<String>,
}
