//! Stored words in both languages, Vietnamese first, for the commands: they say what the pages say.

use super::called;
use super::detail::{self, fault_key};
use super::finance::exceptions::OWNERS;
use super::finance::report_page::called_by;
use super::finance::tax::words;
use super::finance::{refunds, remittances, stored};
use super::frame::role_words;
use super::wording::Lang;
use crate::actor::Role;
use crate::filing;
use crate::filing::rules::State as MessageState;
use crate::ledger;
use crate::payment::refund;
use crate::register::broken::Broken;
use crate::register::proof::Fault;
use crate::remittance::Order;
use crate::tariff::Tariff;
use crate::unit::series::life::Phase;

/// What both languages write alike is said once.
fn both(say: impl Fn(Lang) -> String) -> String {
    let (vi, en) = (say(Lang::Vi), say(Lang::En));
    if vi == en { vi } else { format!("{vi} / {en}") }
}

/// The state of a message to the tax authority.
pub fn message_state(state: MessageState) -> String {
    both(|lang| words::message_state(lang, state).0.to_owned())
}

/// The same of the stored word; another word stays.
pub fn message_state_of(stored: &str) -> String {
    let known = MessageState::ALL.into_iter().find(|state| state.as_str() == stored);
    known.map_or_else(|| stored.to_owned(), message_state)
}

/// What happened to a message to the tax authority.
pub fn message_event(stored: &str) -> String {
    both(|lang| words::event(lang, stored))
}

/// What an answer of the tax authority says.
pub fn verdict(stored: &str) -> String {
    both(|lang| words::verdict(lang, stored).0.to_owned())
}

/// The state of a form to the tax authority.
pub fn form_state(state: filing::State) -> String {
    both(|lang| words::form_state(lang, state).0.to_owned())
}

/// The same of the stored word; another word stays.
pub fn form_state_of(stored: &str) -> String {
    let known = filing::State::ALL.into_iter().find(|state| state.as_str() == stored);
    known.map_or_else(|| stored.to_owned(), form_state)
}

/// What happened to a form to the tax authority.
pub fn form_event(stored: &str) -> String {
    both(|lang| words::form_event(lang, stored))
}

/// Where a series is in its life.
pub fn phase(phase: Phase) -> String {
    both(|lang| called::phase(lang, phase).to_owned())
}

/// What is wrong with a number of a series.
pub fn fault(fault: Fault) -> String {
    both(|lang| lang.t(fault_key(fault.as_str())).to_owned())
}

/// What is wrong with the nightly certificates of series, or with the numbers beside them.
pub fn broken(broken: &Broken) -> String {
    both(|lang| detail::broken(lang, broken))
}

/// The state of a refund.
pub fn refund_state(state: refund::State) -> String {
    both(|lang| refunds::state_words(lang, state).0.to_owned())
}

/// Where an order to the Treasury, or over kept shares, stands.
pub fn order_state(order: &Order) -> String {
    both(|lang| remittances::words_of(lang, order).0.to_owned())
}

/// What a role is called.
pub fn role(role: Role) -> String {
    both(|lang| role_words(lang, role).to_owned())
}

/// Whether the token of an API client still opens.
pub fn client_state(is_revoked: bool) -> String {
    let key = if is_revoked { "clients_revoked" } else { "clients_active" };
    both(|lang| lang.t(key).to_owned())
}

/// An account of the ledger in words, with what it is about: a fee item by its name, what `names` has by what stands
/// there, else as it is. Any other text stays.
pub fn account(text: &str, tariff: Option<&Tariff>, names: &[(String, String)]) -> String {
    let called = match (ledger::words::words(text), ledger::words::about(text)) {
        (None, _) => text.to_owned(),
        (Some((vi, en)), "") => format!("{vi} / {en}"),
        (Some((vi, en)), about) => {
            format!("{vi} / {en} · {}", both(|lang| called::item(lang, about, tariff)))
        }
    };
    called_by(names, called)
}

/// A stored word of lists, a state or a kind; another word stays.
pub fn value(stored: &str) -> String {
    both(|lang| stored::value(lang, stored))
}

/// Who looks after an exception; another word stays.
pub fn owner(role: &str) -> String {
    let key = OWNERS.iter().find(|(known, _)| *known == role).map(|(_, key)| *key);
    key.map_or_else(|| role.to_owned(), |key| both(|lang| lang.t(key).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::register::broken::Why;

    #[test]
    fn each_fault_of_a_series_has_words_of_its_own_in_both_languages() {
        let told: std::collections::BTreeSet<String> = Fault::ALL.into_iter().map(fault).collect();
        assert_eq!(told.len(), Fault::ALL.len(), "{told:#?}");
        assert!(told.iter().all(|words| words.contains(" / ")), "{told:#?}");
        let amount = "số tiền khác với nội dung chứng từ / has another amount than its body says";
        assert_eq!(fault(Fault::AmountChanged), amount);
    }

    #[test]
    fn what_is_wrong_with_certificates_is_said_in_both_languages_and_names_a_series_by_its_symbol() {
        let (date, series) = ("2026-12-01".to_owned(), "BD-26E".to_owned());
        let short = Broken::FellShort { date: date.clone(), series: series.clone(), counted: 7, now: 6 };
        let words = "Chứng nhận ngày 01/12/2026 đếm 7 số của BD-26E, nay chỉ còn 6 / \
                     The certificate of 01/12/2026 counted 7 numbers of BD-26E, and there are 6";
        assert_eq!(broken(&short), words);
        let others =
            [Broken::SeriesGone { series: series.clone() }, Broken::NotCertified { date, series, count: 7 }];
        let of_certificates = Why::ALL.map(|why| Broken::Certificate { date: "2026-12-01".into(), why });
        for one in others.iter().chain(&of_certificates) {
            let told = broken(one);
            assert!(told.contains(" / ") && !told.contains("{}") && !told.contains('…'), "{told}");
        }
    }

    #[test]
    fn commands_say_states_in_the_words_of_the_pages_and_leave_what_nobody_worded() {
        assert_eq!(message_state_of("queued"), "chờ gửi / waits to be sent");
        assert_eq!(form_state(filing::State::Withdrawn), "đã rút / withdrawn");
        assert_eq!(phase(Phase::Stopped), "đã dừng / stopped");
        assert_eq!(refund_state(refund::State::Sent), "Đã gửi ngân hàng / With the bank");
        assert_eq!(owner("cashier"), "Thu ngân / Cashier");
        assert_eq!(role(Role::DossierSystem), "Hệ thống hồ sơ / Dossier system");
        assert_eq!(client_state(true), "đã thu hồi / revoked");
        assert_eq!(value("withdrawal_requested"), "đề nghị rút / withdrawal asked for");
        for unworded in ["nobody worded it", ""] {
            assert_eq!(message_state_of(unworded), unworded);
            assert_eq!(form_state_of(unworded), unworded);
            assert_eq!(message_event(unworded), unworded);
            assert_eq!(owner(unworded), unworded);
        }
    }
}
