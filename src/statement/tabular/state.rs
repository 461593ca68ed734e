//! Whether the bank has booked a row, by the words in its column of states.

use super::column::normalise;
use super::dictionary::{self, StateWord};

/// The longest phrase of the dictionary has so many words.
const MAX_WORDS: usize = 6;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Booked,
    /// Waiting, declined or taken back.
    NotBooked,
    /// The words are not known, or say both.
    Unknown,
}

/// What a cell says; `None` where it says nothing. Booked is only what every word says: “Completed” is,
/// “Completed, reversed” may not be. Behind “Rejected” the reason may stand.
pub(super) fn of(cell: &str) -> Option<State> {
    let text = normalise(cell);
    let words: Vec<&str> = text.split_whitespace().collect();
    if matches!(words.as_slice(), [] | ["N", "A"]) {
        return None;
    }
    let (mut is_booked, mut is_open, mut is_known) = (false, false, true);
    let mut rest = words.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        let Some((word, count)) = longest(rest) else {
            // A day, an hour or a code is no word.
            is_known &= is_open || first.bytes().any(|byte| byte.is_ascii_digit());
            rest = behind;
            continue;
        };
        is_booked |= word == StateWord::Booked;
        is_open |= matches!(word, StateWord::NotBooked | StateWord::Open);
        rest = rest.get(count..).unwrap_or_default();
    }
    Some(match (is_booked, is_open, is_known) {
        (false, true, true) => State::NotBooked,
        (true, false, true) => State::Booked,
        _ => State::Unknown,
    })
}

/// The longest phrase goes first: “không thành công” before “thành công”.
fn longest(words: &[&str]) -> Option<(StateWord, usize)> {
    let counts = (1..=words.len().min(MAX_WORDS)).rev();
    let known = |count: usize| Some((dictionary::state_word(&words.get(..count)?.join(" "))?, count));
    counts.into_iter().find_map(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cells: &[&str], state: State) {
        for cell in cells {
            assert_eq!(of(cell), Some(state), "{cell}");
        }
    }

    #[test]
    fn what_is_booked_is_known_in_many_languages() {
        check(
            &[
                "Thành công",
                "Giao dịch thành công",
                "Đã hạch toán",
                "Đã ghi sổ",
                "Hoàn thành",
                "COMPLETED",
                "Transaction completed",
                "Posted",
                "Success",
                "Booked on 05/01/2026",
                "Umsatz gebucht",
                "Comptabilisé",
                "Contabilizzato",
                "Zaksięgowana",
                "Исполнен",
                "交易成功",
            ],
            State::Booked,
        );
    }

    #[test]
    fn what_waits_or_failed_is_known_with_its_reason() {
        check(
            &[
                "Thất bại",
                "Giao dịch không thành công",
                "Giao dịch bị hủy bỏ",
                "Đã bị từ chối",
                "Chờ hạch toán",
                "Chưa hạch toán",
                "Đang chờ xử lý",
                "Rejected - insufficient funds on account",
                "Declined because of insufficient funds",
                "Payment was cancelled by sender",
                "Transaction has been declined",
                "Pending authorisation at merchant",
                "Not booked",
                "Umsatz noch nicht gebucht",
                "Operazione non ancora contabilizzata",
                "En attente de comptabilisation",
                "处理中",
            ],
            State::NotBooked,
        );
    }

    #[test]
    fn what_is_not_known_or_says_both_is_neither() {
        check(
            &["Under review", "Completed, reversed", "Refund of cancelled order", "Kiểm tra lại", "7"],
            State::Unknown,
        );
        assert_eq!([of(" - "), of("N/A")], [None, None]);
    }
}
