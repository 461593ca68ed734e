//! One statement, report or notification.

use crate::statement::balance::prove_tally;
use crate::statement::date::iso_date;
use crate::statement::finding::{Finding, Findings, excerpt};
use crate::statement::model::{Duplicate, Format, Line, Page, Statement, Totals};
use crate::statement::tally::Tally;
use crate::statement::totals::{Counting, check_totals};

use super::balances::Balances;
use super::batch::Proof;
use super::detail::{self, Owner};
use super::entry::{self, Entry, Status};
use super::fragment::{Element, Fragment};
use super::summary;
use super::unread;

pub(super) struct Builder {
    format: Format,
    statement: Statement,
    account_currency: Option<String>,
    owner: Owner,
    balances: Balances,
    is_final: bool,
    balance_count: usize,
    entry_count: usize,
    /// Booked entries, announced ones, and those for information.
    tallies: [Tally; 3],
    /// Entries that have a status.
    stated_count: usize,
    /// Entries without status that have no booking date either.
    undated_count: usize,
    /// One error for each that has none.
    unstated: Findings,
    /// Where the message says that it is one of several.
    message_page: Option<Page>,
    number_parts: [Option<String>; 2],
    has_account: bool,
    /// Elements that come once.
    seen: Vec<String>,
    /// The entry before, where nothing else would show that it comes twice.
    previous: String,
    findings: Findings,
}

const SINGLE: [&str; 8] =
    ["Id", "ElctrncSeqNb", "LglSeqNb", "StmtPgntn", "RptPgntn", "NtfctnPgntn", "Acct", "TxsSummry"];

impl Builder {
    pub fn new(format: Format, at: String, message_page: Option<Page>) -> Self {
        Builder {
            format,
            statement: Statement { at, ..Statement::default() },
            account_currency: None,
            owner: Owner::default(),
            balances: Balances::default(),
            is_final: false,
            balance_count: 0,
            entry_count: 0,
            tallies: Default::default(),
            stated_count: 0,
            undated_count: 0,
            unstated: Findings::default(),
            message_page,
            seen: Vec::new(),
            previous: String::new(),
            number_parts: [None, None],
            has_account: false,
            findings: Findings::default(),
        }
    }

    /// The number of the next `Bal` or `Ntry`; other elements come once.
    pub fn ordinal_of(&mut self, name: &str) -> Option<usize> {
        let count = match name {
            "Bal" => &mut self.balance_count,
            "Ntry" => &mut self.entry_count,
            _ => return None,
        };
        *count += 1;
        Some(*count)
    }

    pub fn take(&mut self, fragment: &Fragment<'_>) {
        let (name, element, path) = (fragment.name(), fragment.root(), fragment.path);
        if SINGLE.contains(&name) {
            if self.seen.iter().any(|seen| seen == name) {
                self.findings.error(entry::repeated_at(path));
                return;
            }
            self.seen.push(name.to_owned());
        }
        match name {
            "Ntry" => self.take_entry(element, path, &fragment.raw),
            "Id" => self.statement.id = clean(element),
            "ElctrncSeqNb" => self.number_parts[0] = clean(element),
            "LglSeqNb" => self.number_parts[1] = clean(element),
            "StmtPgntn" | "RptPgntn" | "NtfctnPgntn" => {
                self.statement.page = Some(read_page(element, path, &mut self.findings));
            }
            "CpyDplctInd" => self.take_duplicate(element, path),
            "Acct" => self.take_account(element),
            "Bal" => self.balances.take(element, path, &mut self.findings),
            "TxsSummry" => {
                self.statement.totals = Some(summary::read_totals(element, path, &mut self.findings));
            }
            "CreDtTm" => check_moment(element, path, &mut self.findings),
            "FrToDt" => {
                let moments = ["FrDtTm", "ToDtTm", "FrDt", "ToDt"].into_iter();
                let given = moments.filter_map(|name| Some((name, element.child(name)?)));
                given.for_each(|(name, moment)| {
                    check_moment(moment, &format!("{path}/{name}"), &mut self.findings);
                });
            }
            "RptgSrc" | "RptgSeq" | "RltdAcct" | "Intrst" | "AddtlStmtInf" | "AddtlRptInf"
            | "AddtlNtfctnInf" => {}
            // Money under a name that is none must not be passed over.
            name if element.child("Amt").is_some() => self.findings.error(Finding::new(
                path,
                "element_unknown",
                format!("Phần tử lạ {} có số tiền", excerpt(name)),
                format!("the unknown element {} holds an amount", excerpt(name)),
            )),
            name => self.findings.warn(Finding::new(
                path,
                "element_unknown",
                format!("Bỏ qua phần tử {}", excerpt(name)),
                format!("the element {} is left out", excerpt(name)),
            )),
        }
    }

    fn take_duplicate(&mut self, element: Element<'_>, path: &str) {
        let duplicate = match element.text() {
            Some("COPY") => Duplicate::Copy,
            Some("DUPL") => Duplicate::Duplicate,
            Some("CODU") => Duplicate::CopyOfDuplicate,
            _ => return,
        };
        self.statement.duplicate = Some(duplicate);
        self.findings.warn(Finding::new(
            path,
            "duplicate_statement",
            "Ngân hàng đánh dấu đây là bản sao; không nhập hai lần",
            "the bank marks this as a copy; do not import it twice",
        ));
    }

    fn take_account(&mut self, element: Element<'_>) {
        self.has_account = true;
        let id = element.child("Id");
        let account = id.and_then(|id| {
            id.clean_at(&["IBAN"])
                .or_else(|| id.clean_at(&["Othr", "Id"]))
                .or_else(|| id.clean_at(&["PrtryAcct", "Id"]))
                .or_else(|| id.clean_at(&["BBAN"]))
        });
        self.owner = Owner { account: account.clone(), name: element.clean_at(&["Ownr", "Nm"]) };
        self.statement.account = account;
        self.account_currency = element.text_at(&["Ccy"]).map(str::to_owned);
        let servicer = element.descend(&["Svcr", "FinInstnId"]);
        self.statement.bank_id = servicer.and_then(|bank| {
            let by_name = |name| bank.clean_at(&[name]);
            by_name("BICFI").or_else(|| by_name("BIC")).or_else(|| by_name("Nm"))
        });
    }

    fn take_entry(&mut self, element: Element<'_>, path: &str, raw: &str) {
        let proof = if self.format == Format::Camt053 { Proof::Balances } else { Proof::Itself };
        let Some(entry) = entry::read_entry(element, path, (proof, &self.owner), &mut self.findings) else {
            unread::count(element, &mut self.tallies);
            return;
        };
        let Entry { line, status, payment_count } = entry;
        if proof == Proof::Itself {
            self.check_repeated(&line, raw);
        }
        if status == Status::Unsaid {
            self.unstated.error(entry::missing(path, "Sts"));
            self.undated_count += usize::from(line.booking_date.is_none());
        } else {
            self.stated_count += 1;
        }
        let [booked, pending, informative] = &mut self.tallies;
        match status {
            Status::Pending => pending.add(&line, payment_count),
            Status::Informative => informative.add(&line, payment_count),
            Status::Booked | Status::Unsaid => {
                booked.add(&line, payment_count);
                let entry_index = u32::try_from(self.entry_count).unwrap_or(u32::MAX);
                self.statement.lines.push(Line { entry_index, raw: raw.to_owned(), ..line });
            }
        }
    }

    /// A reference of the bank names one movement: the same entry once more is no other one. With
    /// balances it would show.
    fn check_repeated(&mut self, line: &Line, raw: &str) {
        let is_named = line.bank_reference.as_deref().is_some_and(|own| !detail::is_placeholder(own));
        if is_named && self.previous == raw {
            self.findings.error(Finding::new(
                &line.at,
                "entry_repeated",
                "Bút toán lặp lại nguyên văn bút toán trước, cùng số tham chiếu của ngân hàng",
                "the entry repeats the one before word by word, with the same reference of the bank",
            ));
        }
        raw.clone_into(&mut self.previous);
    }

    /// The lines read so far, to be handed on; their sums stay.
    pub fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.statement.lines)
    }

    /// Closes the statement. When the XML broke off inside it, what is missing is no news.
    pub fn finish(mut self, is_whole: bool) -> (Statement, Findings) {
        self.choose_number();
        self.adopt_message_page();
        self.choose_balances();
        if !is_whole {
            return (self.statement, self.findings);
        }
        self.settle_assumptions();
        self.adopt_moments();
        self.check_mandatory();
        self.balances.check_chain(&mut self.findings);
        if self.findings.errors.is_empty() {
            self.prove();
            self.compare_totals();
        } else if self.is_short_of_entries_alone() {
            self.compare_totals();
        }
        (self.statement, self.findings)
    }

    /// Whether nothing is wrong but entries that are set aside, which the bank has counted.
    fn is_short_of_entries_alone(&self) -> bool {
        self.tallies.iter().any(|tally| !tally.unread.is_empty())
            && self.findings.errors.iter().all(|error| error.at.contains("/Ntry["))
    }

    /// Version .02 has no pages of a statement: where the message is one of several and a balance is
    /// not there, the statement goes on in another.
    fn adopt_message_page(&mut self) {
        let Some(page) = self.message_page.filter(|_| self.statement.page.is_none()) else { return };
        let continues = page.continues && !self.balances.has_final(&["OPBD", "PRCD"]);
        let last = page.last || self.balances.has_final(&["CLBD"]);
        if self.format == Format::Camt053 && (continues || !last) {
            self.statement.page = Some(Page { continues, last, ..page });
        }
    }

    /// Some banks leave the mark of every balance out, and the status of every entry. Read as credit and
    /// as booked the statement must add up; what has no balances is booked where every entry has the date
    /// of its booking. Then it is told, else it is refused.
    fn settle_assumptions(&mut self) {
        let (unmarked, is_every_balance) = self.balances.take_unmarked();
        let unstated = std::mem::take(&mut self.unstated);
        let (lacks_marks, lacks_states) = (!unmarked.errors.is_empty(), !unstated.errors.is_empty());
        if !lacks_marks && !lacks_states {
            return;
        }
        let is_habit = (!lacks_marks || is_every_balance) && (!lacks_states || self.stated_count == 0);
        let [booked, ..] = &self.tallies;
        let has_both = self.statement.opening.is_some() && self.statement.closing.is_some();
        let is_shown = if self.format == Format::Camt053 || (has_both && self.format == Format::Camt052) {
            prove_tally(&self.statement, booked).is_none()
        } else {
            !lacks_marks && self.undated_count == 0
        };
        let is_proven = self.findings.errors.is_empty() && is_shown;
        if !is_habit || !is_proven {
            self.findings.append(unmarked);
            self.findings.append(unstated);
            if lacks_states {
                let [booked, ..] = &mut self.tallies;
                booked.unread.add_open();
            }
            return;
        }
        if lacks_marks {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "direction_assumed",
                "Số dư không ghi CdtDbtInd; hiểu là dư có, và sao kê cộng khớp",
                "the balances have no CdtDbtInd; they are read as credit, and the statement adds up",
            ));
        }
        if lacks_states {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "status_assumed",
                "Bút toán không ghi Sts; hiểu là đã ghi sổ theo ngày hạch toán hoặc số dư",
                "the entries have no Sts; their booking dates or the balances show that they are booked",
            ));
        }
    }

    /// Where a booked balance is not given, one of a moment between stands in if the statement adds up
    /// with it.
    fn adopt_moments(&mut self) {
        let (opening, closing) = (self.statement.opening.take(), self.statement.closing.take());
        let lacks_one = opening.is_none() || closing.is_none();
        let (first, last) = self.balances.of_moments();
        let is_alone = first == last && opening.is_none() && closing.is_none();
        if self.format != Format::Camt053 || !lacks_one || is_alone || !self.findings.errors.is_empty() {
            (self.statement.opening, self.statement.closing) = (opening, closing);
            return;
        }
        self.statement.opening = opening.clone().or(first);
        self.statement.closing = closing.clone().or(last);
        let [booked, ..] = &self.tallies;
        if prove_tally(&self.statement, booked).is_some() {
            (self.statement.opening, self.statement.closing) = (opening, closing);
            return;
        }
        self.findings.warn(Finding::new(
            &self.statement.at,
            "balance_of_moment",
            "Thiếu OPBD hoặc CLBD; số dư tại thời điểm (ITBD) được dùng thay, và sao kê cộng khớp",
            "OPBD or CLBD is missing; the balance of a moment (ITBD) stands in, and the statement adds up",
        ));
    }

    fn choose_number(&mut self) {
        let [electronic, legal] = std::mem::take(&mut self.number_parts);
        self.statement.sequence =
            electronic.as_deref().or(legal.as_deref()).and_then(|number| number.parse().ok());
        self.statement.number = electronic.or(legal).or_else(|| self.statement.id.clone());
    }

    fn choose_balances(&mut self) {
        let chosen = self.balances.choose(self.format, self.statement.page);
        if chosen.is_available_only {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "balance_available_only",
                "Chỉ có số dư khả dụng; dùng thay cho số dư ghi sổ",
                "only available balances are given; they stand in for the booked ones",
            ));
        }
        self.is_final = chosen.is_final;
        let of_balance = chosen.opening.as_ref().or(chosen.closing.as_ref());
        let of_balance = of_balance.map(|balance| balance.currency.clone());
        let of_line = || self.tallies.iter().find_map(Tally::first_currency).map(str::to_owned);
        self.statement.currency = self.account_currency.clone().or(of_balance).or_else(of_line);
        self.statement.opening = chosen.opening;
        self.statement.closing = chosen.closing;
    }

    fn check_mandatory(&mut self) {
        let at = self.statement.at.clone();
        self.check_id(&at);
        if self.statement.account.is_none() {
            let inside = if self.has_account { "Acct/Id" } else { "Acct" };
            self.findings.error(entry::missing(&at, inside));
        }
        let page = self.statement.page;
        if self.format == Format::Camt053 {
            let has_failed_balance = !self.findings.errors.is_empty();
            if self.statement.opening.is_none()
                && page.is_none_or(|page| !page.continues)
                && !has_failed_balance
            {
                self.tell_missing_opening(&at);
            }
            if self.statement.closing.is_none() && page.is_none_or(|page| page.last) && !has_failed_balance {
                self.findings.error(missing_closing(&at));
            }
        }
        self.check_currency(&at);
    }

    /// A statement without an id is one where its balances prove it.
    fn check_id(&mut self, at: &str) {
        if self.statement.id.is_some() {
            return;
        }
        let [booked, ..] = &self.tallies;
        let is_proven = self.format == Format::Camt053 && prove_tally(&self.statement, booked).is_none();
        let finding = entry::missing(at, "Id");
        if is_proven { self.findings.warn(finding) } else { self.findings.error(finding) }
    }

    /// Some banks give the closing balance only; then their sums must vouch for the entries. Without
    /// the opening the balance is not proven, and the statement cannot be imported.
    fn tell_missing_opening(&mut self, at: &str) {
        let finding = missing_opening(at);
        if self.statement.totals.as_ref().is_some_and(Totals::covers_all_lines) {
            self.findings.warn(finding);
        } else {
            self.findings.error(finding);
        }
    }

    /// Balances and entries are in the currency of the account, or of the statement.
    fn check_currency(&mut self, at: &str) {
        let Some(currency) = self.statement.currency.clone() else { return };
        let opening = self.statement.opening.iter().map(|balance| (&balance.at, &balance.currency));
        let closing = self.statement.closing.iter().map(|balance| (&balance.at, &balance.currency));
        let [booked, ..] = &self.tallies;
        let entries = booked.currencies().iter().map(|(currency, at)| (at, currency));
        let stranger = opening.chain(closing).chain(entries).find(|(_, found)| **found != currency);
        if let Some((stranger_at, found)) = stranger {
            self.findings.error(Finding::new(
                stranger_at,
                "currency_mixed",
                format!("Loại tiền {found} khác loại tiền {currency} của sao kê ({at})"),
                format!("the currency {found} differs from {currency} of the statement ({at})"),
            ));
        }
    }

    fn prove(&mut self) {
        let has_both = self.statement.opening.is_some() && self.statement.closing.is_some();
        let [booked, pending, _] = &self.tallies;
        let with_pending = booked.plus(pending);
        if has_both
            && self.format != Format::Camt054
            && let Some(finding) = prove_tally(&self.statement, booked)
        {
            // A report within the day may list what its balances do not have yet.
            let is_explained = !pending.is_empty() && prove_tally(&self.statement, &with_pending).is_none();
            if self.format == Format::Camt053 || (self.is_final && !is_explained) {
                self.findings.error(finding);
            } else {
                self.findings.warn(finding);
            }
        }
    }

    fn compare_totals(&mut self) {
        let has_both = self.statement.opening.is_some() && self.statement.closing.is_some();
        let [booked, pending, informative] = &self.tallies;
        let with_pending = booked.plus(pending);
        let is_one_page = self.statement.page.is_none_or(|page| page.last && !page.continues);
        let with_informative = booked.plus(informative);
        let all = with_pending.plus(informative);
        let tallies = [booked.clone(), with_pending, with_informative, all];
        if !is_one_page {
            self.statement.tallies = tallies.into();
        } else if let Some(totals) = &self.statement.totals {
            // Without balances nothing else would show an entry that was changed.
            let ways: Vec<Tally> = if has_both { tallies.into() } else { tallies.map(Tally::ways).concat() };
            check_totals(totals, &ways, Counting::Strict, &mut self.findings);
        }
    }
}

/// `PgNb` and `LastPgInd` of a statement or of the message.
pub(super) fn read_page(element: Element<'_>, path: &str, findings: &mut Findings) -> Page {
    let mut number: Option<u32> = None;
    if let Some(text) = element.text_at(&["PgNb"]) {
        number = text.parse().ok();
        if number.is_none() {
            findings.error(entry::unreadable_number(format!("{path}/PgNb"), text));
        }
    }
    let last = match element.text_at(&["LastPgInd"]).map(str::to_ascii_lowercase).as_deref() {
        None | Some("true" | "1") => true,
        Some("false" | "0") => false,
        Some(other) => {
            findings.error(Finding::new(
                format!("{path}/LastPgInd"),
                "page_mark_invalid",
                format!("LastPgInd “{}” không phải true hoặc false", excerpt(other)),
                format!("LastPgInd “{}” is not true or false", excerpt(other)),
            ));
            true
        }
    };
    Page { first: number, number, continues: number.is_some_and(|number| number > 1), last }
}

/// A moment of no use to us, whose day must exist all the same. Some banks write its time in a way of
/// their own.
pub(super) fn check_moment(element: Element<'_>, path: &str, findings: &mut Findings) {
    let Some((text, Err(fault))) = element.text().map(|text| (text, iso_date(text))) else { return };
    let has_day = text.trim().get(..10).is_some_and(|day| iso_date(day).is_ok());
    if has_day { findings.warn(fault.at(path)) } else { findings.error(fault.at(path)) }
}

fn clean(element: Element<'_>) -> Option<String> {
    element.clean_at(&[])
}

fn missing_opening(at: &str) -> Finding {
    Finding::new(
        at,
        "opening_missing",
        "Thiếu số dư đầu kỳ (OPBD hoặc PRCD): số dư không chứng minh được",
        "the opening balance (OPBD or PRCD) is missing: the balance is not proven",
    )
}

fn missing_closing(at: &str) -> Finding {
    Finding::new(at, "balance_missing", "Thiếu số dư cuối kỳ (CLBD)", "the closing balance (CLBD) is missing")
}
