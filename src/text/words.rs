//! Amounts in Vietnamese words, as receipts must carry them.
//!
//! A receipt states its amount in figures and in words (Decree 123/2020/NĐ-CP, article 32.2e), and
//! the words are what a court reads. Regional habits differ, so the choice of words is data.

use serde::{Deserialize, Serialize};

use crate::amount::Dong;

/// How a thousand is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Thousand {
    #[default]
    Nghin,
    /// The southern word.
    Ngan,
}

/// What stands for an empty tens place: 101 “một trăm linh một”.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmptyTens {
    #[default]
    Linh,
    /// The southern word.
    Le,
}

/// What a four is called after “mươi”: 24 “hai mươi tư”. Elsewhere it is always “bốn”.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Four {
    #[default]
    Tu,
    Bon,
}

/// The choice of words; the default is what accepted documents of the tax authority carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Wording {
    pub thousand: Thousand,
    pub empty_tens: EmptyTens,
    pub four: Four,
    /// Ends whole thousands with “chẵn”.
    pub even: bool,
}

impl Wording {
    pub const STANDARD: Wording =
        Wording { thousand: Thousand::Nghin, empty_tens: EmptyTens::Linh, four: Four::Tu, even: false };

    fn thousand(&self) -> &'static str {
        match self.thousand {
            Thousand::Nghin => "nghìn",
            Thousand::Ngan => "ngàn",
        }
    }

    fn empty_tens(&self) -> &'static str {
        match self.empty_tens {
            EmptyTens::Linh => "linh",
            EmptyTens::Le => "lẻ",
        }
    }

    fn unit_after_tens(&self, unit: u64) -> &'static str {
        match (unit, self.four) {
            (1, _) => "mốt",
            (4, Four::Tu) => "tư",
            (5, _) => "lăm",
            _ => digit(unit),
        }
    }
}

const BILLION: u64 = 1_000_000_000;

/// `25000` as “Hai mươi lăm nghìn đồng”: a capital first, one space between words, NFC, ending in
/// “đồng”. A negative amount (an adjustment down) begins with “Âm”.
pub fn amount_in_words(amount: Dong, wording: &Wording) -> String {
    let magnitude = amount.0.unsigned_abs();
    let mut words: Vec<&'static str> = Vec::with_capacity(24);
    if amount.0 < 0 {
        words.push("âm");
    }
    if magnitude == 0 {
        words.push("không");
    }
    push_number(&mut words, magnitude, false, wording);
    words.push("đồng");
    if wording.even && magnitude != 0 && magnitude.is_multiple_of(1_000) {
        words.push("chẵn");
    }
    super::capitalised(&words.join(" "))
}

/// Everything from a billion up is itself a number of billions: 10^12 is “một nghìn tỷ”.
/// `inner` says that a higher group was spoken before, so that a missing hundred is spoken too.
fn push_number(words: &mut Vec<&'static str>, number: u64, inner: bool, wording: &Wording) {
    let (billions, below) = (number / BILLION, number % BILLION);
    if billions > 0 {
        push_number(words, billions, inner, wording);
        words.push("tỷ");
    }
    let inner = inner || billions > 0;
    let (millions, thousands, units) = (below / 1_000_000, below / 1_000 % 1_000, below % 1_000);
    push_group(words, millions, inner, Some("triệu"), wording);
    push_group(words, thousands, inner || millions > 0, Some(wording.thousand()), wording);
    push_group(words, units, inner || millions > 0 || thousands > 0, None, wording);
}

/// Three digits with the name of their group; a group of zeros is skipped with its name.
fn push_group(
    words: &mut Vec<&'static str>,
    group: u64,
    inner: bool,
    name: Option<&'static str>,
    wording: &Wording,
) {
    if group == 0 {
        return;
    }
    let (hundreds, tens, unit) = (group / 100, group / 10 % 10, group % 10);
    let with_hundreds = inner || hundreds > 0;
    if with_hundreds {
        words.extend([digit(hundreds), "trăm"]);
    }
    match (tens, unit) {
        (0, 0) => {}
        (0, _) if with_hundreds => words.extend([wording.empty_tens(), digit(unit)]),
        (0, _) => words.push(digit(unit)),
        (1, 0) => words.push("mười"),
        (1, 5) => words.extend(["mười", "lăm"]),
        (1, _) => words.extend(["mười", digit(unit)]),
        (_, 0) => words.extend([digit(tens), "mươi"]),
        _ => words.extend([digit(tens), "mươi", wording.unit_after_tens(unit)]),
    }
    words.extend(name);
}

fn digit(value: u64) -> &'static str {
    match value {
        0 => "không",
        1 => "một",
        2 => "hai",
        3 => "ba",
        4 => "bốn",
        5 => "năm",
        6 => "sáu",
        7 => "bảy",
        8 => "tám",
        _ => "chín",
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_normalization::is_nfc;

    use super::*;

    fn words(amount: i64) -> String {
        amount_in_words(Dong(amount), &Wording::STANDARD)
    }

    #[test]
    fn amounts_of_accepted_invoices_read_as_those_invoices_read() {
        assert_eq!(words(6_405_836), "Sáu triệu bốn trăm linh năm nghìn tám trăm ba mươi sáu đồng");
        assert_eq!(
            words(103_749_487),
            "Một trăm linh ba triệu bảy trăm bốn mươi chín nghìn bốn trăm tám mươi bảy đồng"
        );
        assert_eq!(words(378_000), "Ba trăm bảy mươi tám nghìn đồng");
    }

    #[test]
    fn every_rule_of_the_spoken_number_holds() {
        let table = [
            (0, "Không"),
            (1, "Một"),
            (4, "Bốn"),
            (5, "Năm"),
            (10, "Mười"),
            (11, "Mười một"),
            (14, "Mười bốn"),
            (15, "Mười lăm"),
            (20, "Hai mươi"),
            (21, "Hai mươi mốt"),
            (24, "Hai mươi tư"),
            (25, "Hai mươi lăm"),
            (31, "Ba mươi mốt"),
            (55, "Năm mươi lăm"),
            (91, "Chín mươi mốt"),
            (100, "Một trăm"),
            (101, "Một trăm linh một"),
            (104, "Một trăm linh bốn"),
            (105, "Một trăm linh năm"),
            (110, "Một trăm mười"),
            (111, "Một trăm mười một"),
            (115, "Một trăm mười lăm"),
            (121, "Một trăm hai mươi mốt"),
            (555, "Năm trăm năm mươi lăm"),
            (1_001, "Một nghìn không trăm linh một"),
            (1_010, "Một nghìn không trăm mười"),
            (1_015, "Một nghìn không trăm mười lăm"),
            (5_000, "Năm nghìn"),
            (10_000, "Mười nghìn"),
            (15_000, "Mười lăm nghìn"),
            (21_021, "Hai mươi mốt nghìn không trăm hai mươi mốt"),
            (100_000, "Một trăm nghìn"),
            (104_000, "Một trăm linh bốn nghìn"),
            (1_000_000, "Một triệu"),
            (1_000_005, "Một triệu không trăm linh năm"),
            (1_005_000, "Một triệu không trăm linh năm nghìn"),
            (1_024_000, "Một triệu không trăm hai mươi tư nghìn"),
            (1_000_000_000, "Một tỷ"),
            (1_000_000_001, "Một tỷ không trăm linh một"),
            (1_005_000_000, "Một tỷ không trăm linh năm triệu"),
            (1_000_005_000, "Một tỷ không trăm linh năm nghìn"),
            (10_000_000_000, "Mười tỷ"),
            (1_000_000_000_000, "Một nghìn tỷ"),
            (1_000_500_000_000, "Một nghìn tỷ năm trăm triệu"),
            (1_005_000_000_000, "Một nghìn không trăm linh năm tỷ"),
            (1_000_000_000_000_000, "Một triệu tỷ"),
            (1_000_000_000_000_000_000, "Một tỷ tỷ"),
            (-5_000, "Âm năm nghìn"),
        ];
        for (amount, spoken) in table {
            assert_eq!(words(amount), format!("{spoken} đồng"), "{amount}");
        }
    }

    #[test]
    fn the_southern_words_are_a_setting() {
        let southern =
            Wording { thousand: Thousand::Ngan, empty_tens: EmptyTens::Le, four: Four::Bon, even: true };
        assert_eq!(amount_in_words(Dong(24_000), &southern), "Hai mươi bốn ngàn đồng chẵn");
        assert_eq!(amount_in_words(Dong(1_104), &southern), "Một ngàn một trăm lẻ bốn đồng");
        assert_eq!(amount_in_words(Dong(0), &southern), "Không đồng");
    }

    /// Reads words back with no knowledge of the writer: digits collect, group names multiply.
    fn value_of(text: &str) -> u64 {
        let (mut total, mut block, mut group, mut last) = (0_u64, 0_u64, 0_u64, 0_u64);
        for word in text.split(' ') {
            match word {
                "đồng" | "linh" | "lẻ" | "âm" | "chẵn" => {}
                "trăm" => (group, last) = (last * 100, 0),
                "mười" => (group, last) = (group + 10, 0),
                "mươi" => (group, last) = (group + last * 10, 0),
                "nghìn" | "ngàn" => (block, group, last) = (block + (group + last) * 1_000, 0, 0),
                "triệu" => (block, group, last) = (block + (group + last) * 1_000_000, 0, 0),
                "tỷ" => (total, block, group, last) = ((total + block + group + last) * BILLION, 0, 0, 0),
                unit => {
                    let names = ["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"];
                    let unit = match unit {
                        "mốt" => "một",
                        "tư" => "bốn",
                        "lăm" => "năm",
                        plain => plain,
                    };
                    last = names.iter().position(|&name| name == unit).expect("a digit") as u64;
                }
            }
        }
        total + block + group + last
    }

    proptest! {
        #[test]
        fn words_read_back_as_the_same_amount(exponent in 0_u32..19, seed in any::<u64>()) {
            let amount = (seed % 10_u64.pow(exponent)) as i64;
            let spoken = words(amount);
            prop_assert_eq!(value_of(&spoken.to_lowercase()), amount.unsigned_abs());
            prop_assert!(is_nfc(&spoken) && !spoken.contains("  "));
        }

        /// Whatever a profile chooses, the words say the amount, and begin with one capital.
        #[test]
        fn every_choice_of_words_reads_back_as_the_same_amount(
            exponent in 0_u32..16,
            seed in any::<u64>(),
            choice in 0_u8..16,
            is_negative in any::<bool>(),
        ) {
            let wording = Wording {
                thousand: if choice & 1 == 0 { Thousand::Nghin } else { Thousand::Ngan },
                empty_tens: if choice & 2 == 0 { EmptyTens::Linh } else { EmptyTens::Le },
                four: if choice & 4 == 0 { Four::Tu } else { Four::Bon },
                even: choice & 8 != 0,
            };
            let magnitude = (seed % 10_u64.pow(exponent)) as i64;
            let amount = if is_negative { -magnitude } else { magnitude };
            let spoken = amount_in_words(Dong(amount), &wording);
            prop_assert_eq!(value_of(&spoken.to_lowercase()), amount.unsigned_abs());
            prop_assert_eq!(spoken.starts_with("Âm "), amount < 0);
            prop_assert_eq!(spoken.chars().filter(|c| c.is_uppercase()).count(), 1);
            prop_assert_eq!(spoken.ends_with(" chẵn"), wording.even && amount != 0 && amount % 1_000 == 0);
            let foreign = |word| spoken.to_lowercase().split(' ').any(|found| found == word);
            let thousand = if wording.thousand == Thousand::Nghin { "ngàn" } else { "nghìn" };
            let empty_tens = if wording.empty_tens == EmptyTens::Linh { "lẻ" } else { "linh" };
            prop_assert!(!foreign(thousand) && !foreign(empty_tens), "{}", spoken);
        }

        #[test]
        fn no_amount_is_without_words(amount in any::<i64>()) {
            prop_assert!(words(amount).ends_with(" đồng"));
        }
    }

    #[test]
    fn the_extreme_amounts_are_spoken_too() {
        assert!(words(i64::MIN).starts_with("Âm chín tỷ hai trăm hai mươi ba triệu"));
        assert!(words(i64::MAX).starts_with("Chín tỷ hai trăm hai mươi ba triệu"));
    }
}
