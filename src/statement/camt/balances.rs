//! `Bal`: the balances of a statement, and which of them open and close it.

use crate::statement::date::is_no_day_of_banks;
use crate::statement::finding::{Finding, Findings};
use crate::statement::model::{Balance, Format, Page};
use crate::statement::number::signed;

use super::entry;
use super::fragment::Element;

/// A balance of the file; which ones count is decided when all are known.
struct Typed {
    code: &'static str,
    /// `SubTp` INTM: a balance between pages.
    is_interim: bool,
    balance: Balance,
}

#[derive(Default)]
pub(super) struct Balances {
    typed: Vec<Typed>,
    /// Balances that say whether they are credit or debit.
    marked_count: usize,
    /// One error for each that does not say it.
    unmarked: Findings,
}

/// What is no habit of any bank: a number that is none, and a day that does not exist.
const OF_DAMAGE: [&str; 2] = ["amount_unreadable", "date_invalid"];

/// The balances a statement is proven with.
pub(super) struct Chosen {
    pub opening: Option<Balance>,
    pub closing: Option<Balance>,
    pub is_available_only: bool,
    /// Both are of booked days and not of a moment between.
    pub is_final: bool,
}

impl Balances {
    /// Expected, forward and informative balances prove nothing; nothing in them may refuse.
    /// Available ones stand in only where no booked one is given: of them only what is damaged refuses, and a
    /// day by which a program says that it has none is not.
    pub fn take(&mut self, element: Element<'_>, path: &str, findings: &mut Findings) {
        let kind = element.child("Tp");
        let Some(written) = kind.and_then(written_code) else {
            findings.error(entry::missing(path, "Tp/CdOrPrtry/Cd"));
            return;
        };
        let Some(code) = known_code(written) else { return };
        let mut own = Findings::default();
        self.read(code, element, path, &mut own);
        if matches!(code, "OPAV" | "CLAV") {
            let is_dateless = is_dateless(element);
            own.errors.retain(|error| {
                OF_DAMAGE.contains(&error.code) && !(is_dateless && error.code == "date_invalid")
            });
            own.warnings.clear();
        }
        findings.append(own);
    }

    fn read(&mut self, code: &'static str, element: Element<'_>, path: &str, findings: &mut Findings) {
        entry::check_singles(element, &["Tp", "Amt", "CdtDbtInd", "Dt"], path, findings);
        let unsigned = entry::read_unsigned(element, path, findings);
        let date = entry::read_date(element, "Dt", path, findings);
        let is_credit = match element.child("CdtDbtInd") {
            Some(_) => {
                self.marked_count += 1;
                entry::read_direction(element, path, findings)
            }
            None => {
                self.unmarked.error(entry::missing(path, "CdtDbtInd"));
                Some(true)
            }
        };
        let Some(((amount, currency), is_credit)) = unsigned.zip(is_credit) else { return };
        let is_interim = element.child("Tp").is_some_and(|kind| {
            [["SubTp", "Cd"], ["SubTp", "Prtry"]].iter().any(|path| kind.text_at(path) == Some("INTM"))
        });
        let balance = Balance { date, amount: signed(amount, is_credit), currency, at: path.to_owned() };
        self.typed.push(Typed { code, is_interim, balance });
    }

    /// The errors of the balances without a mark, and whether leaving it out is the way of this bank.
    pub fn take_unmarked(&mut self) -> (Findings, bool) {
        (std::mem::take(&mut self.unmarked), self.marked_count == 0)
    }

    /// A balance of that kind which is not one between pages.
    pub fn has_final(&self, codes: &[&str]) -> bool {
        self.typed.iter().any(|typed| codes.contains(&typed.code) && !typed.is_interim)
    }

    pub fn choose(&self, format: Format, page: Option<Page>) -> Chosen {
        let is_first = page.is_none_or(|page| !page.continues);
        let is_last = page.is_none_or(|page| page.last);
        let is_report = format != Format::Camt053;
        let has_booked = self.typed.iter().any(|typed| !matches!(typed.code, "OPAV" | "CLAV"));
        let interim_count = self.typed.iter().filter(|typed| typed.code == "ITBD").count();
        // A report from one moment of the day to another has two balances of the same kind.
        let opens_interim = !is_first || (is_report && interim_count > 1);
        let booked_opening =
            self.pick("OPBD", false).or_else(|| if is_first { self.pick("PRCD", false) } else { None });
        let booked_closing = self.pick("CLBD", true);
        let is_final = booked_opening.is_some() && booked_closing.is_some();
        let opening = booked_opening
            .or_else(|| if opens_interim { self.pick("ITBD", false) } else { None })
            .or_else(|| if has_booked { None } else { self.pick("OPAV", false) });
        let closing = booked_closing
            .or_else(|| if !is_last || is_report { self.pick("ITBD", true) } else { None })
            .or_else(|| if has_booked { None } else { self.pick("CLAV", true) });
        let is_available_only = !has_booked && (opening.is_some() || closing.is_some());
        Chosen { opening, closing, is_available_only, is_final }
    }

    /// Balances of a moment between, which may stand for an opening and a closing that are not given: the
    /// first and the last of them.
    pub fn of_moments(&self) -> (Option<Balance>, Option<Balance>) {
        (self.pick("ITBD", false), self.pick("ITBD", true))
    }

    /// The balance of that type: earliest or latest by date, then by place (statements over several
    /// days repeat them), a final one before one between pages.
    fn pick(&self, code: &str, latest: bool) -> Option<Balance> {
        let of_type = || self.typed.iter().filter(|typed| typed.code == code);
        let has_final = of_type().any(|typed| !typed.is_interim);
        let candidates =
            of_type().filter(|typed| !typed.is_interim || !has_final).map(|typed| &typed.balance);
        let chosen = if latest {
            candidates.reduce(|best, next| if next.date >= best.date { next } else { best })
        } else {
            candidates.reduce(|best, next| if next.date < best.date { next } else { best })
        };
        chosen.cloned()
    }

    /// A statement over several days gives each of them its balances: one day opens with what the day
    /// before closed with.
    pub fn check_chain(&self, findings: &mut Findings) {
        self.check_repeated(findings);
        self.check_previous(findings);
        let closings = self.by_day("CLBD");
        let previous = self.by_day("PRCD");
        let openings = self.by_day("OPBD").filter(|found| found.len() > 1).or(previous);
        let Some((openings, closings)) = openings.zip(closings) else { return };
        if openings.len() != closings.len() {
            return;
        }
        for (closing, opening) in closings.iter().zip(openings.iter().skip(1)) {
            if closing.currency == opening.currency && closing.amount != opening.amount {
                findings.error(Finding::new(
                    &opening.at,
                    "balance_chain_broken",
                    format!(
                        "Ngày trước kết thúc ở {}, ngày này bắt đầu ở {}",
                        closing.amount, opening.amount
                    ),
                    format!(
                        "the day before closes at {}, this one opens at {}",
                        closing.amount, opening.amount
                    ),
                ));
            }
        }
    }

    /// Two balances of one kind and one day (or of none) that differ: one of them is wrong.
    fn check_repeated(&self, findings: &mut Findings) {
        let booked = |typed: &&Typed| !typed.is_interim && matches!(typed.code, "OPBD" | "CLBD" | "PRCD");
        let booked: Vec<&Typed> = self.typed.iter().filter(booked).collect();
        for (place, typed) in booked.iter().enumerate() {
            let contradicts = |earlier: &&&Typed| {
                let (a, b) = (&earlier.balance, &typed.balance);
                earlier.code == typed.code && a.date == b.date && a.currency == b.currency
            };
            let mut earlier = booked.iter().take(place).filter(contradicts);
            if earlier.any(|earlier| earlier.balance.amount != typed.balance.amount) {
                findings.error(Finding::new(
                    &typed.balance.at,
                    "balance_repeated",
                    format!("Có hai số dư {} khác nhau của cùng một ngày", typed.code),
                    format!("two balances {} of one day differ", typed.code),
                ));
            }
        }
    }

    /// A statement opens with what the one before closed with.
    fn check_previous(&self, findings: &mut Findings) {
        let (Some(previous), Some(opening)) = (self.pick("PRCD", false), self.pick("OPBD", false)) else {
            return;
        };
        if previous.currency == opening.currency && previous.amount != opening.amount {
            findings.warn(Finding::new(
                &opening.at,
                "opening_differs",
                format!("Số dư đầu kỳ {} khác số dư cuối kỳ trước {}", opening.amount, previous.amount),
                format!("opening {} differs from the previous closing {}", opening.amount, previous.amount),
            ));
        }
    }

    /// The balances of that type by day; `None` when a day is missing or comes twice.
    fn by_day(&self, code: &str) -> Option<Vec<&Balance>> {
        let of_type = self.typed.iter().filter(|typed| typed.code == code);
        let mut balances: Vec<&Balance> = of_type.map(|typed| &typed.balance).collect();
        balances.sort_by_key(|balance| balance.date);
        let rises = balances.windows(2).all(|pair| match pair {
            [first, second] => first.date.is_some() && first.date < second.date,
            _ => true,
        });
        rises.then_some(balances)
    }
}

fn is_dateless(balance: Element<'_>) -> bool {
    let written = [&["Dt", "Dt"][..], &["Dt", "DtTm"], &["Dt"]];
    written.into_iter().find_map(|path| balance.text_at(path)).is_some_and(is_no_day_of_banks)
}

fn written_code(kind: Element<'_>) -> Option<&str> {
    kind.text_at(&["CdOrPrtry", "Cd"])
        .or_else(|| kind.text_at(&["CdOrPrtry", "Prtry"]))
        .or_else(|| kind.text_at(&["Cd"]))
}

/// The codes that can prove something. Banks of North America write the numbers of BAI: opening and
/// closing ledger, opening and closing available.
fn known_code(written: &str) -> Option<&'static str> {
    match written {
        "OPBD" | "010" => Some("OPBD"),
        "CLBD" | "015" => Some("CLBD"),
        "PRCD" => Some("PRCD"),
        "ITBD" => Some("ITBD"),
        "OPAV" | "040" => Some("OPAV"),
        "CLAV" | "045" => Some("CLAV"),
        _ => None,
    }
}
