//! What the headings and words of partners' tables mean, as data: `profiles/partners/headings.toml`.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::statement::tabular;

const TEXT: &str = include_str!("../../../profiles/partners/headings.toml");

/// No heading is longer.
pub(super) const MAX_HEADING_BYTES: usize = 200;

/// What keeps the two languages of a heading apart, or its unit from it.
const SEPARATORS: [char; 10] = ['/', '\n', '|', '(', ')', '[', ']', '-', ':', ';'];

/// What a column of a partner's table is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    ApprovalCode,
    /// A gateway's own id of a payment.
    Transaction,
    /// What the gateway was asked to collect for.
    OrderNo,
    /// The code of an order to the Treasury.
    ReferenceCode,
    Chapter,
    SubItem,
    Amount,
    Fee,
    /// The tax on the fee, where it stands apart.
    FeeTax,
    /// The amount less fee and its tax.
    Net,
    Kind,
    State,
    Date,
    CreditDate,
    Reason,
    Currency,
    /// Known, and of no use here.
    Other,
}

impl Field {
    /// Those that hold money.
    pub const MONEY: [Field; 4] = [Field::Amount, Field::Fee, Field::FeeTax, Field::Net];

    pub fn is_money(self) -> bool {
        Field::MONEY.contains(&self)
    }

    /// The field of the form in which a person says which column it is.
    pub const fn form_name(self) -> &'static str {
        match self {
            Field::ApprovalCode => "column_approval_code",
            Field::Transaction => "column_transaction",
            Field::OrderNo => "column_order_no",
            Field::ReferenceCode => "column_reference_code",
            Field::Chapter => "column_chapter",
            Field::SubItem => "column_sub_item",
            Field::Amount => "column_amount",
            Field::Fee => "column_fee",
            Field::FeeTax => "column_fee_tax",
            Field::Net => "column_net",
            Field::Kind => "column_kind",
            Field::State => "column_state",
            Field::Date => "column_date",
            Field::CreditDate => "column_credit_date",
            Field::Reason => "column_reason",
            Field::Currency => "column_currency",
            Field::Other => "column_other",
        }
    }

    pub fn vi(self) -> &'static str {
        DICTIONARY.names.get(&self).map_or("", |(vi, _)| vi.as_str())
    }

    pub fn en(self) -> &'static str {
        DICTIONARY.names.get(&self).map_or("", |(_, en)| en.as_str())
    }
}

/// What a word in a cell may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Word {
    Sale,
    Back,
    Settled,
    Credited,
    Rejected,
    Total,
    TotalAlone,
    Count,
    Dong,
}

type Headings = BTreeMap<Field, Vec<String>>;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    /// In Vietnamese and in English.
    names: BTreeMap<Field, (String, String)>,
    /// Of every kind.
    all: Headings,
    pos: Headings,
    gateway: Headings,
    treasury: Headings,
    words: BTreeMap<Word, Vec<String>>,
}

#[derive(Default)]
struct Dictionary {
    names: BTreeMap<Field, (String, String)>,
    /// With the rank of each heading among those of its meaning.
    headings: HashMap<Kind, HashMap<String, (Field, usize)>>,
    words: BTreeMap<Word, Vec<String>>,
}

static DICTIONARY: LazyLock<Dictionary> =
    LazyLock::new(|| toml::from_str(TEXT).map(Dictionary::of).unwrap_or_default());

impl Dictionary {
    fn of(file: File) -> Dictionary {
        let of_kinds =
            [(Kind::Pos, &file.pos), (Kind::Gateway, &file.gateway), (Kind::Treasury, &file.treasury)];
        let headings = of_kinds.into_iter().map(|(kind, own)| (kind, ranked(own, &file.all))).collect();
        let folded =
            |words: Vec<String>| -> Vec<String> { words.iter().map(|word| tabular::words(word)).collect() };
        let words = file.words.into_iter().map(|(word, list)| (word, folded(list))).collect();
        Dictionary { names: file.names, headings, words }
    }
}

/// The headings of a kind before those of all.
fn ranked(own: &Headings, all: &Headings) -> HashMap<String, (Field, usize)> {
    let mut known = HashMap::new();
    for (first_rank, fields) in [(0, own), (1_000, all)] {
        for (field, headings) in fields {
            for (rank, heading) in (first_rank..).zip(headings) {
                known.entry(tabular::words(heading)).or_insert((*field, rank));
            }
        }
    }
    known
}

/// What a heading means, and how good it is among those of one meaning: the least is the best. A heading in
/// two languages is known by its parts; where it tells of money, each part must be known or be a unit, so that
/// “Số tiền (đã trừ phí)” is not taken for the amount.
pub(super) fn heading(kind: Kind, cell: &str) -> Option<(Field, usize)> {
    if cell.len() > MAX_HEADING_BYTES {
        return None;
    }
    let whole = tabular::words(cell);
    named(kind, &whole).or_else(|| by_parts(kind, cell)).or_else(|| joined(kind, &whole))
}

/// What folded words mean as a heading.
pub(super) fn named(kind: Kind, words: &str) -> Option<(Field, usize)> {
    let known = DICTIONARY.headings.get(&kind)?;
    known.get(words).or_else(|| known.get(without_currency(words))).copied()
}

fn without_currency(words: &str) -> &str {
    [" VND", " DONG"].iter().find_map(|currency| words.strip_suffix(currency)).unwrap_or(words)
}

fn by_parts(kind: Kind, cell: &str) -> Option<(Field, usize)> {
    let mut parts = cell.split(SEPARATORS).map(tabular::words).filter(|part| !part.is_empty());
    let first = named(kind, &parts.next()?)?;
    let is_harmless = |part: String| {
        let is_same = named(kind, &part).is_some_and(|(field, _)| field == first.0);
        is_same || part.len() <= 2 || list(Word::Dong).contains(&part)
    };
    (!first.0.is_money() || parts.all(is_harmless)).then_some(first)
}

/// Two languages with nothing but a blank between them: `Số tiền Amount`.
fn joined(kind: Kind, whole: &str) -> Option<(Field, usize)> {
    whole.match_indices(' ').find_map(|(at, _)| {
        let (left, right) = whole.split_at_checked(at)?;
        let (left, right) = (named(kind, left)?, named(kind, right.trim_start())?);
        (left.0 == right.0).then_some(left)
    })
}

fn list(word: Word) -> &'static [String] {
    DICTIONARY.words.get(&word).map_or(&[], Vec::as_slice)
}

/// Whether a cell says this and nothing else.
pub(super) fn says(cell: &str, word: Word) -> bool {
    list(word).contains(&tabular::words(cell))
}

/// Whether folded words are those a row of sums begins with.
pub(super) fn is_total(words: &str) -> bool {
    list(Word::TotalAlone).iter().any(|total| total == words) || behind_total(words).next().is_some()
}

/// What stands behind the word of a total, for each word it may be.
pub(super) fn behind_total(words: &str) -> impl Iterator<Item = &str> {
    list(Word::Total).iter().filter_map(move |total| {
        let rest = words.strip_prefix(total.as_str())?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim_start())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_is_read_and_each_needed_column_has_a_name_and_headings() {
        let file: File = toml::from_str(TEXT).unwrap();
        for (kind, own) in
            [(Kind::Pos, &file.pos), (Kind::Gateway, &file.gateway), (Kind::Treasury, &file.treasury)]
        {
            let mut seen: HashMap<String, Field> = HashMap::new();
            for (field, headings) in own.iter().chain(&file.all) {
                for heading in headings {
                    assert_eq!(heading.to_lowercase(), *heading, "{kind:?}");
                    let before = seen.insert(tabular::words(heading), *field);
                    assert!(
                        before.is_none_or(|before| before == *field),
                        "{kind:?}: {heading} means two things"
                    );
                }
            }
            for field in kind.needs().iter().flat_map(|group| group.iter()) {
                assert!(!field.vi().is_empty() && !field.en().is_empty(), "{field:?}");
                assert!(seen.values().any(|known| known == field), "{kind:?} knows no {field:?}");
            }
        }
    }

    #[test]
    fn a_heading_is_known_in_either_language_and_in_both() {
        let meaning = |cell: &str| heading(Kind::Pos, cell).map(|(field, _)| field);
        for cell in
            ["Mã chuẩn chi", "MA CHUAN CHI", "Mã chuẩn chi/Approval code", "Mã chuẩn chi Approval Code"]
        {
            assert_eq!(meaning(cell), Some(Field::ApprovalCode), "{cell}");
        }
        for cell in ["Số tiền (VNĐ)", "SO TIEN VND", "Số tiền\nAmount", "Amount (VND)"] {
            assert_eq!(meaning(cell), Some(Field::Amount), "{cell}");
        }
        assert_eq!(meaning("Phí/Fee/MDR"), Some(Field::Fee));
        assert_eq!(meaning("Số tiền thực nhận"), Some(Field::Net));
        for cell in ["Số tiền (đã trừ phí)", "Số tiền hoàn (Amount)", "", "Hợp đồng"] {
            assert_eq!(meaning(cell), None, "{cell}");
        }
    }

    #[test]
    fn the_words_of_a_total_begin_its_row() {
        for words in ["TONG CONG", "TONG", "CONG", "TOTAL", "GRAND TOTAL VND", "TONG PHI"] {
            assert!(is_total(words), "{words}");
        }
        for words in ["CONG TY A", "TONG001", "TOTALLY", ""] {
            assert!(!is_total(words), "{words}");
        }
    }
}
