//! One item of a legal profile: its value, how sure we are of it, and where it comes from.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::text::words::{EmptyTens, Four, Thousand, Wording};

/// How well an item of a profile is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub enum Certainty {
    /// Read in the legal or technical text, or measured on real documents.
    #[serde(rename = "V")]
    Verified,
    /// Read in somebody else's restatement of it.
    #[serde(rename = "V2")]
    SecondHand,
    /// From memory; not to be presented as law.
    #[serde(rename = "M")]
    FromMemory,
    /// Our own decision where no public rule exists.
    #[serde(rename = "P")]
    OwnProposal,
}

impl Certainty {
    /// The mark that is shown to whoever decides by the rule.
    pub fn mark(self) -> &'static str {
        match self {
            Certainty::Verified => "V",
            Certainty::SecondHand => "V2",
            Certainty::FromMemory => "M",
            Certainty::OwnProposal => "P",
        }
    }

    /// The certainty of a mark; what is no mark is our own.
    pub fn of_mark(mark: &str) -> Certainty {
        match mark {
            "V" => Certainty::Verified,
            "V2" => Certainty::SecondHand,
            "M" => Certainty::FromMemory,
            _ => Certainty::OwnProposal,
        }
    }

    /// What the mark means: Vietnamese, English.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Certainty::Verified => ("đã đọc trong văn bản", "read in the text"),
            Certainty::SecondHand => ("theo tài liệu thứ cấp", "read in a restatement"),
            Certainty::FromMemory => ("chưa kiểm chứng", "from memory, unverified"),
            Certainty::OwnProposal => ("đề xuất của phần mềm", "our own proposal"),
        }
    }
}

/// A value with its certainty and where it comes from.
#[derive(Clone, Debug)]
pub struct Item<T> {
    pub value: T,
    pub certainty: Certainty,
    pub source: &'static str,
}

/// What an item can hold: how it stands in the file, and how it is shown.
pub trait Rule: Sized {
    type Raw: DeserializeOwned;

    fn of(raw: Self::Raw) -> Self;
    fn shown(&self) -> String;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawItem<R> {
    value: R,
    mark: Certainty,
    source: String,
}

impl<'de, T: Rule> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = RawItem::<T::Raw>::deserialize(deserializer)?;
        if raw.source.trim().is_empty() {
            return Err(serde::de::Error::custom("`source` says nothing"));
        }
        Ok(Item { value: T::of(raw.value), certainty: raw.mark, source: kept(raw.source) })
    }
}

/// An item as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Listed {
    pub item: &'static str,
    pub value: String,
    pub mark: &'static str,
    pub source: &'static str,
}

impl<T: Rule> Item<T> {
    pub(super) fn listed(&self, item: &'static str) -> Listed {
        Listed { item, value: self.value.shown(), mark: self.certainty.mark(), source: self.source }
    }
}

/// Profiles are read once and live as long as the program.
pub(super) fn kept(text: String) -> &'static str {
    text.leak()
}

impl Rule for &'static str {
    type Raw = String;

    fn of(raw: String) -> Self {
        kept(raw)
    }

    fn shown(&self) -> String {
        (*self).to_owned()
    }
}

macro_rules! plain_rules {
    ($($kind:ty => $shown:expr),+ $(,)?) => { $(
        impl Rule for $kind {
            type Raw = $kind;

            fn of(raw: Self) -> Self {
                raw
            }

            fn shown(&self) -> String {
                ($shown)(self)
            }
        }
    )+ };
}

plain_rules! {
    u32 => |value: &u32| value.to_string(),
    Vec<u8> => |codes: &Vec<u8>| joined(codes),
    Vec<Correction> => |kinds: &Vec<Correction>| joined(kinds),
    FeesAndCharges => |rule: &FeesAndCharges| match rule {
        FeesAndCharges::OnOneDocument => "on_one_document".to_owned(),
        FeesAndCharges::Apart => "apart".to_owned(),
    },
    ReportRelease => |rule: &ReportRelease| match rule {
        ReportRelease::Approved => "approved".to_owned(),
        ReportRelease::Automatic => "automatic".to_owned(),
    },
    Wording => wording_shown,
    Lengths => lengths_shown,
}

fn wording_shown(wording: &Wording) -> String {
    let words = [
        if wording.thousand == Thousand::Nghin { "nghìn" } else { "ngàn" },
        if wording.empty_tens == EmptyTens::Linh { "linh" } else { "lẻ" },
        if wording.four == Four::Tu { "tư" } else { "bốn" },
        if wording.even { "chẵn" } else { "" },
    ];
    words.join(" ").trim_end().to_owned()
}

/// Each limit with what it limits, in both languages.
fn lengths_shown(lengths: &Lengths) -> String {
    let limits = LIMITED_TEXTS.into_iter().zip(lengths.all());
    limits.map(|((vi, en), limit)| format!("{vi} / {en}: {limit}")).collect::<Vec<_>>().join("; ")
}

fn joined<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// A list of codes, such as `TSuat`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes(pub Vec<&'static str>);

impl Rule for Codes {
    type Raw = Vec<String>;

    fn of(raw: Vec<String>) -> Self {
        Codes(raw.into_iter().map(kept).collect())
    }

    fn shown(&self) -> String {
        self.0.join(", ")
    }
}

/// `THDon` by `KHMSHDon`: which invoice kinds there are, and what they are called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvoiceNames(pub BTreeMap<u8, &'static str>);

impl Rule for InvoiceNames {
    type Raw = BTreeMap<String, String>;

    /// A key that is no digit stays out of the list; `load` compares the counts.
    fn of(raw: BTreeMap<String, String>) -> Self {
        let digit = |key: String| key.parse().unwrap_or_default();
        InvoiceNames(raw.into_iter().map(|(key, name)| (digit(key), kept(name))).collect())
    }

    fn shown(&self) -> String {
        self.0.iter().map(|(kind, name)| format!("{kind} {name}")).collect::<Vec<_>>().join("; ")
    }
}

/// `LBLai` by the first characters of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptTypes(pub Vec<(&'static str, u8)>);

impl Rule for ReceiptTypes {
    type Raw = BTreeMap<String, u8>;

    fn of(raw: BTreeMap<String, u8>) -> Self {
        ReceiptTypes(raw.into_iter().map(|(prefix, code)| (kept(prefix), code)).collect())
    }

    fn shown(&self) -> String {
        self.0.iter().map(|(prefix, code)| format!("{prefix} {code}")).collect::<Vec<_>>().join("; ")
    }
}

/// How messages of some kinds say yes or no: in a field, by values. What is neither is unclear.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// `MLTDiep`
    pub kinds: Vec<i32>,
    pub field: &'static str,
    pub yes: Vec<&'static str>,
    pub no: Vec<&'static str>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawAnswer {
    kinds: Vec<i32>,
    field: String,
    yes: Vec<String>,
    no: Vec<String>,
}

impl Rule for Answer {
    type Raw = RawAnswer;

    fn of(raw: RawAnswer) -> Self {
        let all = |texts: Vec<String>| texts.into_iter().map(kept).collect();
        Answer { kinds: raw.kinds, field: kept(raw.field), yes: all(raw.yes), no: all(raw.no) }
    }

    fn shown(&self) -> String {
        let (kinds, yes, no) = (joined(&self.kinds), self.yes.join(", "), self.no.join(", "));
        format!("{kinds}: {} yes {yes}; no {no}", self.field)
    }
}

/// Whether phí and lệ phí of one payment stand on one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeesAndCharges {
    OnOneDocument,
    Apart,
}

/// Who lets a usage report go that was made by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportRelease {
    /// It waits until a person approves it.
    Approved,
    /// It is signed and sent as soon as it is made.
    Automatic,
}

/// A way to put a wrong document right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Correction {
    Replace,
    Adjust,
    Cancel,
    /// An error notice without a new document.
    Explain,
}

impl fmt::Display for Correction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Correction::Replace => "replace",
            Correction::Adjust => "adjust",
            Correction::Cancel => "cancel",
            Correction::Explain => "explain",
        })
    }
}

/// The longest texts, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lengths {
    /// Names of documents.
    pub title: usize,
    /// Names and addresses of parties.
    pub party: usize,
    /// Names of fees, goods and services.
    pub item: usize,
    /// Codes, units of measure, e-mail addresses, ways of paying.
    pub short: usize,
    pub phone: usize,
    pub account: usize,
    /// Names of persons.
    pub person: usize,
    pub note: usize,
    /// The amount in words.
    pub words: usize,
    /// All additional fields (`TTKhac`) together.
    pub extra: usize,
}

/// What is limited, in the order of `Lengths::all`.
const LIMITED_TEXTS: [(&str, &str); 10] = [
    ("tên chứng từ", "document's name"),
    ("tên và địa chỉ các bên", "parties' names and addresses"),
    ("tên khoản thu", "fees, goods and services"),
    ("mã và đơn vị tính", "codes and units"),
    ("điện thoại", "telephone"),
    ("số tài khoản", "account number"),
    ("tên người", "persons' names"),
    ("ghi chú", "note"),
    ("số tiền bằng chữ", "amount in words"),
    ("phần bổ sung", "additional fields"),
];

impl Lengths {
    pub(super) fn all(&self) -> [usize; 10] {
        [
            self.title,
            self.party,
            self.item,
            self.short,
            self.phone,
            self.account,
            self.person,
            self.note,
            self.words,
            self.extra,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_texts_are_told_in_words_each_with_its_own_limit() {
        let lengths = Lengths {
            title: 1,
            party: 2,
            item: 3,
            short: 4,
            phone: 5,
            account: 6,
            person: 7,
            note: 8,
            words: 9,
            extra: 10,
        };
        let shown = Rule::shown(&lengths);
        let told: Vec<&str> = shown.split("; ").collect();
        assert_eq!(told.len(), 10);
        assert_eq!(told[0], "tên chứng từ / document's name: 1");
        assert_eq!(told[8], "số tiền bằng chữ / amount in words: 9");
        assert_eq!(told[9], "phần bổ sung / additional fields: 10");
    }
}
