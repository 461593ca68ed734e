//! The details of exceptions in words. They are kept as codes and values (`exception::Detail`); a
//! sentence that an older version kept is shown as it is.

use super::wording::Lang;
use crate::clock::BusinessDay;
use crate::exception::{Detail, Hint, Suggested};
use crate::reconciliation::classification::Class;
use crate::reconciliation::evidence::{self, Evidence, words_en, words_vi};
use crate::register::broken::{Broken, Why};
use crate::statement::sequence::Oddity;

/// What is kept of an item, in a language.
pub fn words(lang: Lang, kept: &str) -> String {
    match Detail::read(kept) {
        Some(detail) => told(lang, &detail),
        None => kept.to_owned(),
    }
}

/// A list of kept evidence, in a language.
pub fn evidence(lang: Lang, values: &[serde_json::Value]) -> String {
    of_evidence(lang, &evidence::of_values(values))
}

/// Evidence in words.
pub fn of_evidence(lang: Lang, evidence: &[Evidence]) -> String {
    match lang {
        Lang::Vi => words_vi(evidence),
        Lang::En => words_en(evidence),
    }
}

/// The words of a key, its places filled in their order.
fn fill(lang: Lang, key: &str, values: &[&dyn std::fmt::Display]) -> String {
    values.iter().fold(lang.t(key).to_owned(), |text, value| text.replacen("{}", &value.to_string(), 1))
}

fn day(on: &BusinessDay) -> String {
    on.0.format("%d/%m/%Y").to_string()
}

fn told(lang: Lang, detail: &Detail) -> String {
    match detail {
        Detail::PayerSays { amount, on, time, trace, waiting } => {
            let mut words = fill(lang, "detail_payer_says", &[amount, &day(on)]);
            if let Some(time) = time {
                words.push_str(&fill(lang, "detail_at", &[time]));
            }
            if let Some(trace) = trace {
                words.push_str(&fill(lang, "detail_trace", &[trace]));
            }
            if !waiting.is_empty() {
                let named: Vec<String> = waiting.iter().map(ToString::to_string).collect();
                words.push_str(&fill(lang, "detail_perhaps", &[&named.join(", ")]));
            }
            words
        }
        Detail::Complaint { way, about } => {
            fill(lang, "detail_complaint", &[&lang.t(super::complaint::way_key(way)), about])
        }
        Detail::AsksBack { request } => fill(lang, "detail_asks_back", &[request]),
        Detail::Line { code, hint, .. } => line(lang, code, hint.as_ref()),
        Detail::Channel { channel, code } if code.is_empty() => fill(lang, "detail_channel", &[channel]),
        Detail::Channel { channel, code } => fill(lang, "detail_channel_code", &[channel, code]),
        Detail::Pending { channel, transaction } => fill(lang, "detail_pending", &[channel, transaction]),
        Detail::ToldAgain { channel } => fill(lang, "detail_told_again", &[channel]),
        Detail::ToldOtherwise { channel } => fill(lang, "detail_told_otherwise", &[channel]),
        Detail::Untold { booked_on } => fill(lang, "detail_untold", &[&day(booked_on)]),
        Detail::NotShown { claimed_on, covered_until } => {
            fill(lang, "detail_not_shown", &[&day(claimed_on), &day(covered_until)])
        }
        Detail::WithoutLine { working_days } => fill(lang, "detail_without_line", &[working_days]),
        Detail::SameDigits { paid, due } => fill(lang, "detail_same_digits", &[paid, due]),
        Detail::OtherName { line } => fill(lang, "detail_other_name", &[line]),
        Detail::Obligation { obligation, code } => fill(lang, "detail_obligation", &[obligation, code]),
        Detail::Correction { correction, of } => fill(lang, "detail_correction", &[correction, of]),
        Detail::Refund { refund, code } => fill(lang, "detail_refund", &[refund, code]),
        Detail::RestOfSplit { line } => fill(lang, "detail_rest_of_split", &[line]),
        Detail::Unmatched { exception } => fill(lang, "detail_unmatched", &[exception]),
        other => of_desk(lang, other),
    }
}

/// What drawers, machines, the Treasury, statements and series tell.
fn of_desk(lang: Lang, detail: &Detail) -> String {
    match detail {
        // All of them are known: the item is about a report that pays nothing out.
        Detail::Settlement { reference, channel, transactions } if transactions.is_empty() => {
            fill(lang, "detail_settlement_takes", &[reference, channel])
        }
        Detail::Settlement { reference, channel, transactions } => {
            fill(lang, "detail_settlement", &[reference, channel, &transactions.join(" ")])
        }
        Detail::Batch { reference, approval_codes } => {
            fill(lang, "detail_batch", &[reference, &approval_codes.join(" ")])
        }
        Detail::Approval { code } => fill(lang, "detail_approval", &[code]),
        Detail::CardInNoBatch { taken_on } => fill(lang, "detail_card_in_no_batch", &[&day(taken_on)]),
        Detail::HandedOver { on, code } => fill(lang, "detail_handed_over", &[&day(on), code]),
        Detail::InDrawer { of } => fill(lang, "detail_in_drawer", &[&day(of)]),
        Detail::CreditedInPart { credited, amount, code } => {
            fill(lang, "detail_credited_in_part", &[credited, amount, code])
        }
        Detail::CountedShort { by } => fill(lang, "detail_counted_short", &[by]),
        Detail::CountedOver { by } => fill(lang, "detail_counted_over", &[by]),
        Detail::OverInDrawer { of } => fill(lang, "detail_over_in_drawer", &[&day(of)]),
        Detail::Order { number, year, code, is_rejected: false } => {
            fill(lang, "detail_order_differs", &[number, year, code])
        }
        Detail::Order { number, year, code, .. } => {
            fill(lang, "detail_order_rejected", &[number, year, code])
        }
        Detail::Version { version, added, gone, changed } => {
            fill(lang, "detail_version", &[version, added, gone, changed])
        }
        Detail::LeftOut { ordinal, place, account_no, code, is_notice, .. } => {
            let account = if account_no.is_empty() { "–" } else { account_no.as_str() };
            let key = if *is_notice { "detail_notice_left_out" } else { "detail_left_out" };
            fill(lang, key, &[ordinal, place, &account, &lang.of_code(code)])
        }
        Detail::Gaps { gaps } => {
            let read = gaps.iter().filter_map(|gap| serde_json::from_value::<Oddity>(gap.clone()).ok());
            let say = |gap: Oddity| if lang == Lang::Vi { gap.vi() } else { gap.en() };
            read.map(say).collect::<Vec<_>>().join(" ")
        }
        Detail::Waits { causes } => {
            let words = causes.iter().map(|(_, code)| lang.of_code(code));
            let mut words: Vec<&str> = words.collect();
            words.dedup();
            words.join(" ")
        }
        Detail::NumbersLeft { series, left } => fill(lang, "detail_numbers_left", &[left, series]),
        Detail::NoSuccessor { series, year } => fill(lang, "detail_no_successor", &[year, series]),
        Detail::CannotOpen { series } => fill(lang, "detail_cannot_open", &[series]),
        Detail::BrokenSeries { series, number, fault, count } => {
            fill(lang, "detail_broken_series", &[series, number, &lang.t(fault_key(fault)), count])
        }
        _ => String::new(),
    }
}

/// What a fault of a numbered document is called.
pub(super) fn fault_key(fault: &str) -> &'static str {
    match fault {
        "missing" => "fault_missing",
        "beyond_next" => "fault_beyond_next",
        "body_changed" => "fault_body_changed",
        "seal_missing" => "fault_seal_missing",
        "seal_changed" => "fault_seal_changed",
        "seal_of_another_body" => "fault_seal_of_another_body",
        "seal_too_early" => "fault_seal_too_early",
        "date_fell" => "fault_date_fell",
        "state_changed" => "fault_state_changed",
        "correction_changed" => "fault_correction_changed",
        "number_changed" => "fault_number_changed",
        "date_changed" => "fault_date_changed",
        "series_changed" => "fault_series_changed",
        "amount_changed" => "fault_amount_changed",
        "lookup_code_changed" => "fault_lookup_code_changed",
        "profile_changed" => "fault_profile_changed",
        "obligation_changed" => "fault_obligation_changed",
        "taken_away" => "fault_taken_away",
        "untraced" => "fault_untraced",
        "phase_changed" => "fault_phase_changed",
        _ => "fault_state_unknown",
    }
}

/// What is wrong with the nightly certificates, or with the numbers beside them.
pub(super) fn broken(lang: Lang, broken: &Broken) -> String {
    let on = |date: &str| date.parse::<BusinessDay>().map_or_else(|_| date.to_owned(), |date| day(&date));
    match broken {
        Broken::Certificate { date, why } => {
            let why = match why {
                Why::HashDiffers => "broken_hash_differs",
                Why::Unreadable => "broken_unreadable",
                Why::RowDiffers => "broken_row_differs",
                Why::NotSigned => "broken_not_signed",
                Why::NotFollowing => "broken_not_following",
            };
            fill(lang, "broken_certificate", &[&on(date), &lang.t(why)])
        }
        Broken::SeriesGone { series } => fill(lang, "broken_series_gone", &[series]),
        Broken::FellShort { date, series, counted, now } => {
            fill(lang, "broken_fell_short", &[&on(date), counted, series, now])
        }
        Broken::NotCertified { date, series, count } => {
            fill(lang, "broken_not_certified", &[count, series, &on(date)])
        }
    }
}

/// Of a line: the codes in its memo, and what is only suggested.
fn line(lang: Lang, code: &str, hint: Option<&Hint>) -> String {
    let mut parts = Vec::new();
    if !code.is_empty() {
        parts.push(fill(lang, "detail_code", &[&code]));
    }
    match hint {
        Some(Hint::Suggested { all }) => {
            let named: Vec<String> = all.iter().map(|one| suggested(lang, one)).collect();
            parts.push(fill(lang, "detail_suggested", &[&named.join(" | ")]));
        }
        Some(Hint::Searched { evidence: values }) => parts.push(evidence(lang, values)),
        Some(Hint::TakenOut { line, payments }) => {
            parts.push(fill(lang, "detail_taken_out", &[line]));
            let named: Vec<String> = payments.iter().map(ToString::to_string).collect();
            if !named.is_empty() {
                parts.push(fill(lang, "detail_had_proven", &[&named.join(" ")]));
            }
        }
        None => {}
    }
    parts.join("; ")
}

fn suggested(lang: Lang, one: &Suggested) -> String {
    let class = Class::parse(&one.what).ok();
    let what = class.map_or(one.what.as_str(), |class| lang.pick(class.vi(), class.en()));
    format!("{what} ({}): {}", one.score, evidence(lang, &one.evidence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;

    #[test]
    fn a_detail_is_told_in_the_readers_language() {
        let on: BusinessDay = "2026-11-27".parse().unwrap();
        let says = Detail::PayerSays {
            amount: Dong(25_000),
            on,
            time: Some("14:05".into()),
            trace: Some("FT1".into()),
            waiting: Vec::new(),
        };
        let kept = String::from(says);
        assert_eq!(
            words(Lang::Vi, &kept),
            "Người nộp cho biết đã chuyển 25.000 đ ngày 27/11/2026, lúc 14:05; mã giao dịch FT1"
        );
        assert!(words(Lang::En, &kept).starts_with("The payer says that 25.000 đ was sent on 27/11/2026"));
        assert_eq!(words(Lang::Vi, "taken by card on 2026-11-27"), "taken by card on 2026-11-27");
        let cash = Suggested { what: "cash_deposit".into(), score: 55, evidence: Vec::new() };
        let hint = Some(Hint::Suggested { all: vec![cash] });
        let kept = String::from(Detail::Line { rule: "none".into(), code: String::new(), hint });
        assert_eq!(words(Lang::Vi, &kept), "gợi ý nộp tiền mặt (55): ");
        let kept = String::from(Detail::Waits { causes: vec![("receipt".into(), "field_missing".into())] });
        assert_eq!(words(Lang::Vi, &kept), Lang::Vi.of_code("field_missing"));
    }
}
