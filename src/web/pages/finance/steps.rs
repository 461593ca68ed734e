//! What is done next about each kind of item: the resolution that is meant first, and the pages where it goes on.

use super::roads::Road;
use crate::actor::Role;
use crate::exception::{Exception, Kind, State};
use crate::web::pages::ways;
use crate::web::pages::wording::Lang;

/// The resolutions that settle a kind as a rule, the usual one first. None where what it waits for ends it.
pub(super) fn resolutions(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::DuplicateCallback
        | Kind::ContentDiffers
        | Kind::SameMoneyTwoChannels
        | Kind::CallbackMissing
        | Kind::CutOff
        | Kind::SwappedDigits
        | Kind::PaidForAnother
        | Kind::Complaint => &["acknowledge"],
        Kind::ClaimWithoutCredit | Kind::NotDeposited => &["disprove"],
        Kind::SeveralObligations => &["split", "assign"],
        Kind::UnidentifiedCredit | Kind::DamagedCode | Kind::TwinLines => &[
            "batch",
            "settlement",
            "assign",
            "split",
            "proves",
            "refund_bounced",
            "refund_bounced_whole",
            "refund_repaid",
            "to_budget",
        ],
        Kind::BankReversal => &["taken_back", "payout_back", "refund_bounced", "refund_bounced_whole"],
        Kind::RefundUnmatched => &["refund_debit", "refund_short", "refund_over", "refund_refused"],
        Kind::BankFee => &["bank_charge", "charge_returned"],
        Kind::Interest => &["to_budget"],
        Kind::UnknownDebit => &[
            "batch",
            "settlement",
            "bank_charge",
            "taken_back",
            "payout_back",
            "to_unit",
            "own_transfer",
            "budget_paid",
        ],
        Kind::DepositDiffers => &["shortage", "deposit", "shortage_repaid", "to_budget"],
        Kind::BulkSettlement => &["batch", "settlement", "proves", "assign", "split"],
        Kind::MatchDoubted => &["unmatch", "withdraw_paper"],
        Kind::LatePayment => &["reopen_obligation"],
        Kind::Underpaid => &["reduce"],
        Kind::Overpaid
        | Kind::DuplicateTransfer
        | Kind::WrongAccount
        | Kind::PaymentPending
        | Kind::StatementGap
        | Kind::StatementCorrected
        | Kind::ReceiptDue
        | Kind::TreasuryRejected
        | Kind::PosChargeback
        | Kind::RefundBounced
        | Kind::SeriesEnding
        | Kind::SeriesBroken => &[],
    }
}

/// The pages of the service where a kind is worked on besides its own.
fn pages(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::ContentDiffers | Kind::DuplicateCallback => &["/admin/operations", "/finance/statements"],
        Kind::SameMoneyTwoChannels | Kind::MatchDoubted => &["/finance/unmatch"],
        Kind::CallbackMissing | Kind::PaymentPending | Kind::ClaimWithoutCredit => {
            &["/finance/trust", "/admin/operations"]
        }
        Kind::LatePayment
        | Kind::Overpaid
        | Kind::DuplicateTransfer
        | Kind::RefundUnmatched
        | Kind::RefundBounced => &["/finance/refunds"],
        Kind::BulkSettlement => &["/finance/settlements"],
        Kind::CutOff | Kind::StatementGap | Kind::StatementCorrected => {
            &["/finance/statements", "/finance/days"]
        }
        Kind::NotDeposited => &["/finance/slips", "/finance/batches", "/counter/deposit"],
        Kind::DepositDiffers => &["/finance/slips", "/counter/deposit"],
        Kind::PosChargeback => &["/finance/batches", "/finance/refunds"],
        Kind::TreasuryRejected => &["/finance/remittances"],
        Kind::SeriesBroken => &["/finance/series", "/admin/units"],
        Kind::ReceiptDue | Kind::SeriesEnding => &["/admin/units", "/finance/lists"],
        Kind::UnknownDebit => &["/finance/refunds", "/finance/remittances"],
        Kind::BankFee | Kind::Interest => &["/finance/classification-rules"],
        Kind::Underpaid
        | Kind::SeveralObligations
        | Kind::BankReversal
        | Kind::UnidentifiedCredit
        | Kind::DamagedCode
        | Kind::WrongAccount
        | Kind::SwappedDigits
        | Kind::PaidForAnother
        | Kind::TwinLines
        | Kind::Complaint => &[],
    }
}

/// Where a role goes on with an open item.
pub(super) fn of(lang: Lang, role: Role, item: &Exception) -> Vec<Road> {
    if item.state == State::Resolved {
        return Vec::new();
    }
    let road = |href: &&'static str| {
        let key = ways::key_of(role, href)?;
        Some(Road { href: (*href).to_owned(), words: lang.t(key).to_owned() })
    };
    pages(item.kind).iter().filter_map(road).collect()
}

/// What a resolution is called on the pages.
pub fn resolution_key(resolution: &str) -> &'static str {
    match resolution {
        "assign" => "do_assign",
        "combine" => "combine_title",
        "split" => "do_split",
        "acknowledge" => "do_acknowledge",
        "bank_charge" => "do_bank_charge",
        "disprove" => "do_disprove",
        "refund_debit" => "do_refund_debit",
        "refund_short" => "do_refund_short",
        "refund_over" => "do_refund_over",
        "refund_refused" => "do_refund_refused",
        "refund_bounced" => "do_refund_bounced",
        "refund_bounced_whole" => "do_refund_bounced_whole",
        "refund_repaid" => "do_refund_repaid",
        "deposit" => "do_deposit",
        "shortage" => "do_shortage",
        "remittance" => "do_remittance",
        "remittance_refused" => "do_remittance_refused",
        "to_budget" => "do_to_budget",
        "shortage_repaid" => "do_shortage_repaid",
        "unmatch" => "do_unmatch",
        "withdraw_paper" => "do_withdraw_paper",
        "payout_back" => "do_payout_back",
        "proves" => "do_proves",
        "to_unit" => "do_to_unit",
        "own_transfer" => "do_own_transfer",
        "merger_transfer" => "do_merger_transfer",
        "cash_withdrawn" => "do_cash_withdrawn",
        "taken_back" => "do_taken_back",
        "given_back" => "do_given_back",
        "charge_returned" => "do_charge_returned",
        "budget_paid" => "do_budget_paid",
        "batch" => "do_batch",
        "settlement" => "do_settlement",
        "reopen_obligation" => "do_reopen_obligation",
        "reduce" => "do_reduce",
        _ => "do_other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payment::resolve::RESOLUTIONS;

    #[test]
    fn every_kind_leads_on_by_a_resolution_or_a_page_that_is_there() {
        for kind in Kind::all() {
            let (does, goes) = (resolutions(kind), pages(kind));
            for resolution in does {
                assert!(RESOLUTIONS.contains(resolution), "{kind}: {resolution}");
                let key = resolution_key(resolution);
                assert_ne!(key, "do_other", "{kind}: {resolution}");
                for lang in [Lang::Vi, Lang::En] {
                    assert!(lang.t(key).len() > 3, "{key}");
                }
            }
            let mut readers = 0;
            for href in goes {
                let roles = [Role::Finance, Role::Approver, Role::Administrator, Role::Cashier];
                let keys: Vec<_> = roles.into_iter().filter_map(|role| ways::key_of(role, href)).collect();
                assert!(!keys.is_empty(), "{kind}: nobody goes to {href}");
                readers += keys.len();
            }
            // The page of the item has the way of these: a cancellation, and the account to pay it on to.
            let is_on_page = matches!(kind, Kind::Underpaid | Kind::WrongAccount);
            assert!(is_on_page || !does.is_empty() || readers > 0, "{kind} leads nowhere");
        }
    }

    #[test]
    fn what_a_page_suggests_is_for_who_may_open_it() {
        assert_eq!(ways::key_of(Role::Finance, "/finance/refunds"), Some("way_refunds"));
        assert_eq!(ways::key_of(Role::Finance, "/admin/operations"), None);
        assert_eq!(ways::key_of(Role::Cashier, "/finance/refunds"), None);
    }
}
