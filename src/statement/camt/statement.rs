//! One statement, report or notification.

use rust_decimal::Decimal;

use crate::statement::balance::{Tally, check_tally, prove_tally};
use crate::statement::finding::{Finding, Findings, excerpt};
use crate::statement::model::{Balance, Duplicate, Format, Line, Page, Statement, Totals};
use crate::statement::number::iso_amount;

use super::element::Element;
use super::entry::{self, Money};

/// A booked balance of the file; which ones count is decided when all are known.
struct TypedBalance {
    code: String,
    /// `SubTp` INTM: a balance between pages.
    is_interim: bool,
    balance: Balance,
}

pub(super) struct Builder {
    format: Format,
    statement: Statement,
    account_currency: Option<String>,
    balances: Vec<TypedBalance>,
    balance_count: usize,
    entry_count: usize,
    pending_count: usize,
    tally: Tally,
    number_parts: [Option<String>; 2],
    has_account: bool,
    findings: Findings,
}

impl Builder {
    pub fn new(format: Format, at: String) -> Self {
        Builder {
            format,
            statement: Statement { at, ..Statement::default() },
            account_currency: None,
            balances: Vec::new(),
            balance_count: 0,
            entry_count: 0,
            pending_count: 0,
            tally: Tally::default(),
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

    pub fn take(&mut self, element: &Element, path: &str, raw: &str) {
        match element.name.as_str() {
            "Id" => self.statement.id = clean(element),
            "ElctrncSeqNb" => self.number_parts[0] = clean(element),
            "LglSeqNb" => self.number_parts[1] = clean(element),
            "StmtPgntn" | "RptPgntn" | "NtfctnPgntn" => self.take_page(element),
            "CpyDplctInd" => self.take_duplicate(element, path),
            "Acct" => self.take_account(element),
            "Bal" => self.take_balance(element, path),
            "TxsSummry" => self.take_totals(element, path),
            "Ntry" => self.take_entry(element, path, raw),
            "CreDtTm" | "FrToDt" | "RptgSrc" | "RptgSeq" | "RltdAcct" | "Intrst" | "AddtlStmtInf"
            | "AddtlRptInf" | "AddtlNtfctnInf" => {}
            name => self.findings.warn(Finding::new(
                path,
                "element_unknown",
                format!("Bỏ qua phần tử {}", excerpt(name)),
                format!("the element {} is left out", excerpt(name)),
            )),
        }
    }

    fn take_page(&mut self, element: &Element) {
        let number: Option<u32> = element.text_at(&["PgNb"]).and_then(|text| text.parse().ok());
        let last = element.text_at(&["LastPgInd"]).is_none_or(|text| matches!(text, "true" | "1"));
        self.statement.page = Some(Page { number, continues: number.is_some_and(|number| number > 1), last });
    }

    fn take_duplicate(&mut self, element: &Element, path: &str) {
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

    fn take_account(&mut self, element: &Element) {
        self.has_account = true;
        let id = element.child("Id");
        let account = id.and_then(|id| {
            id.clean_at(&["IBAN"])
                .or_else(|| id.clean_at(&["Othr", "Id"]))
                .or_else(|| id.clean_at(&["PrtryAcct", "Id"]))
                .or_else(|| id.clean_at(&["BBAN"]))
        });
        self.statement.account = account;
        self.account_currency = element.text_at(&["Ccy"]).map(str::to_owned);
        let servicer = element.descend(&["Svcr", "FinInstnId"]);
        self.statement.bank_id = servicer.and_then(|bank| {
            let by_name = |name| bank.clean_at(&[name]);
            by_name("BICFI").or_else(|| by_name("BIC")).or_else(|| by_name("Nm"))
        });
    }

    fn take_balance(&mut self, element: &Element, path: &str) {
        let kind = element.child("Tp");
        let code = kind.and_then(|kind| {
            kind.text_at(&["CdOrPrtry", "Cd"])
                .or_else(|| kind.text_at(&["CdOrPrtry", "Prtry"]))
                .or_else(|| kind.text_at(&["Cd"]))
        });
        let Some(code) = code else {
            self.findings.error(entry::missing(path, "Tp/CdOrPrtry/Cd"));
            return;
        };
        // Expected, forward and informative balances prove nothing; nothing in them may refuse.
        // Available ones stand in only where no booked one is given.
        let is_booked = matches!(code, "OPBD" | "CLBD" | "PRCD" | "ITBD");
        if !is_booked && !matches!(code, "OPAV" | "CLAV") {
            return;
        }
        let mut of_available = Findings::default();
        let findings = if is_booked { &mut self.findings } else { &mut of_available };
        let Some(Money { amount, currency }) = entry::read_money(element, path, findings) else {
            return;
        };
        let date = entry::read_date(element, "Dt", path, findings);
        let is_interim = kind.is_some_and(|kind| {
            [["SubTp", "Cd"], ["SubTp", "Prtry"]].iter().any(|path| kind.text_at(path) == Some("INTM"))
        });
        let balance = Balance { date, amount, currency, at: path.to_owned() };
        self.balances.push(TypedBalance { code: code.to_owned(), is_interim, balance });
    }

    fn take_totals(&mut self, element: &Element, path: &str) {
        let mut sum = |group: &str| {
            let text = element.text_at(&[group, "Sum"])?;
            iso_amount(text)
                .map_err(|fault| self.findings.error(fault.at(format!("{path}/{group}/Sum"))))
                .ok()
        };
        let sums: [Option<Decimal>; 3] = [sum("TtlNtries"), sum("TtlCdtNtries"), sum("TtlDbtNtries")];
        let count = |group: &str| element.text_at(&[group, "NbOfNtries"]).and_then(|text| text.parse().ok());
        self.statement.totals = Some(Totals {
            count: count("TtlNtries"),
            sum: sums[0],
            credit_count: count("TtlCdtNtries"),
            credit_sum: sums[1],
            debit_count: count("TtlDbtNtries"),
            debit_sum: sums[2],
            ..Totals::default()
        });
    }

    fn take_entry(&mut self, element: &Element, path: &str, raw: &str) {
        let read = entry::read_entry(element, path, &mut self.findings);
        match read {
            Some(entry::Entry::Booked(line)) => {
                let entry_index = u32::try_from(self.entry_count).unwrap_or(u32::MAX);
                self.tally.add(&line);
                self.statement.lines.push(Line { entry_index, raw: raw.to_owned(), ..*line });
            }
            Some(entry::Entry::Pending) => self.pending_count += 1,
            None => {}
        }
    }

    /// The lines read so far, to be handed on; their sums stay.
    pub fn take_lines(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.statement.lines)
    }

    /// Closes the statement. When the XML broke off inside it, what is missing is no news.
    pub fn finish(mut self, is_whole: bool) -> (Statement, Findings) {
        self.choose_number();
        self.choose_balances();
        if !is_whole {
            return (self.statement, self.findings);
        }
        self.check_mandatory();
        if self.findings.errors.is_empty() {
            self.prove();
        }
        (self.statement, self.findings)
    }

    fn choose_number(&mut self) {
        let [electronic, legal] = std::mem::take(&mut self.number_parts);
        self.statement.sequence =
            electronic.as_deref().or(legal.as_deref()).and_then(|number| number.parse().ok());
        self.statement.number = electronic.or(legal).or_else(|| self.statement.id.clone());
    }

    fn choose_balances(&mut self) {
        let page = self.statement.page;
        let is_first = page.is_none_or(|page| !page.continues);
        let is_last = page.is_none_or(|page| page.last);
        let is_report = self.format != Format::Camt053;
        let has_booked = self.balances.iter().any(|typed| !matches!(typed.code.as_str(), "OPAV" | "CLAV"));
        let interim_count = self.balances.iter().filter(|typed| typed.code == "ITBD").count();
        // A report from one moment of the day to another has two balances of the same kind.
        let opens_interim = !is_first || (is_report && interim_count > 1);
        let opening = self
            .pick("OPBD", false)
            .or_else(|| if is_first { self.pick("PRCD", false) } else { None })
            .or_else(|| if opens_interim { self.pick("ITBD", false) } else { None })
            .or_else(|| if has_booked { None } else { self.pick("OPAV", false) });
        let closing = self
            .pick("CLBD", true)
            .or_else(|| if !is_last || is_report { self.pick("ITBD", true) } else { None })
            .or_else(|| if has_booked { None } else { self.pick("CLAV", true) });
        if !has_booked && (opening.is_some() || closing.is_some()) {
            self.findings.warn(Finding::new(
                &self.statement.at,
                "balance_available_only",
                "Chỉ có số dư khả dụng; dùng thay cho số dư ghi sổ",
                "only available balances are given; they stand in for the booked ones",
            ));
        }
        let currency = opening.as_ref().or(closing.as_ref()).map(|balance| balance.currency.clone());
        self.statement.currency = self.account_currency.clone().or(currency);
        if self.statement.currency.is_none() {
            self.statement.currency = self.tally.first_currency().map(str::to_owned);
        }
        self.statement.opening = opening;
        self.statement.closing = closing;
    }

    /// The balance of that type: earliest or latest by date, then by place (statements over several
    /// days repeat them), a final one before one between pages.
    fn pick(&self, code: &str, latest: bool) -> Option<Balance> {
        let of_type = || self.balances.iter().filter(|typed| typed.code == code);
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

    fn check_mandatory(&mut self) {
        let at = self.statement.at.clone();
        if self.statement.id.is_none() {
            self.findings.error(entry::missing(&at, "Id"));
        }
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
                // Nothing is proven then, and nothing is imported; the lines are read all the same.
                self.findings.warn(missing_balance(&at, "OPBD"));
            }
            if self.statement.closing.is_none() && page.is_none_or(|page| page.last) && !has_failed_balance {
                self.findings.error(missing_balance(&at, "CLBD"));
            }
        }
        self.check_currency(&at);
    }

    fn check_currency(&mut self, at: &str) {
        let Some(account_currency) = self.account_currency.clone() else { return };
        let opening = self.statement.opening.iter().map(|balance| (&balance.at, &balance.currency));
        let closing = self.statement.closing.iter().map(|balance| (&balance.at, &balance.currency));
        let stranger = opening.chain(closing).find(|(_, currency)| **currency != account_currency);
        if let Some((balance_at, currency)) = stranger {
            self.findings.error(Finding::new(
                balance_at,
                "currency_mixed",
                format!("Số dư bằng {currency}, tài khoản bằng {account_currency} ({at}/Acct/Ccy)"),
                format!("the balance is in {currency}, the account in {account_currency} ({at}/Acct/Ccy)"),
            ));
        }
    }

    fn prove(&mut self) {
        let has_both = self.statement.opening.is_some() && self.statement.closing.is_some();
        if has_both
            && self.format != Format::Camt054
            && let Some(finding) = prove_tally(&self.statement, &self.tally)
        {
            // A report within the day is no proof; it may list what is not booked yet.
            if self.format == Format::Camt053 {
                self.findings.error(finding);
            } else {
                self.findings.warn(finding);
            }
        }
        let is_one_page = self.statement.page.is_none_or(|page| page.last && !page.continues);
        if is_one_page && self.pending_count == 0 {
            check_tally(&self.statement, &self.tally, &mut self.findings);
        }
    }
}

fn clean(element: &Element) -> Option<String> {
    element.clean_at(&[])
}

fn missing_balance(at: &str, code: &str) -> Finding {
    let kind = if code == "OPBD" {
        ("đầu kỳ (OPBD hoặc PRCD)", "opening")
    } else {
        ("cuối kỳ (CLBD)", "closing")
    };
    Finding::new(
        at,
        "balance_missing",
        format!("Thiếu số dư {}", kind.0),
        format!("the {} balance ({code}) is missing", kind.1),
    )
}
