//! A file with as much of its lines as decides whether their statements go in. A month has a million of them, and what
//! the bank has written in each is most of what they take.

use super::{Detail, Format, Line, Parsed, Statement};

pub(super) fn outline(parsed: &Parsed) -> Parsed {
    let of_line: fn(&Line) -> Line = if parsed.format == Format::Camt054 { of_entry } else { of_line };
    Parsed {
        format: parsed.format,
        statements: parsed.statements.iter().map(|one| of_statement(one, of_line)).collect(),
        warnings: Vec::new(),
        errors: parsed.errors.clone(),
        version: None,
        encoding: parsed.encoding,
    }
}

fn of_statement(statement: &Statement, of_line: fn(&Line) -> Line) -> Statement {
    Statement {
        account: statement.account.clone(),
        currency: statement.currency.clone(),
        number: statement.number.clone(),
        opening: statement.opening.clone(),
        closing: statement.closing.clone(),
        lines: statement.lines.iter().map(of_line).collect(),
        id: statement.id.clone(),
        sequence: statement.sequence,
        page: statement.page,
        bank_id: statement.bank_id.clone(),
        duplicate: statement.duplicate,
        totals: statement.totals.clone(),
        tallies: statement.tallies.clone(),
        balance_basis: statement.balance_basis,
        sheet: statement.sheet,
        at: statement.at.clone(),
    }
}

/// Its days, its amount and its place.
fn of_line(line: &Line) -> Line {
    Line {
        booking_date: line.booking_date,
        value_date: line.value_date,
        amount: line.amount,
        reversal: line.reversal,
        entry_index: line.entry_index,
        currency: line.currency.clone(),
        at: line.at.clone(),
        ..Line::default()
    }
}

/// Of a notification, also what its entry is found by, and the amounts of the payments inside.
fn of_entry(line: &Line) -> Line {
    let of_detail = |detail: &Detail| Detail { amount: detail.amount, ..Detail::default() };
    Line {
        bank_reference: line.bank_reference.clone(),
        details: line.details.iter().map(of_detail).collect(),
        ..of_line(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::{draft, notice, parse};

    fn message(number: u32, second: &str, closing: &str) -> String {
        format!(
            ":20:S\r\n:25:19002222{number}\r\n:28C:{number}/1\r\n:60F:C261122VND1000,\r\n\
             :61:261123C25000,NTRFA\r\n:86:HOC PHI\r\n:61:{second}\r\n:86:PHI\r\n:62F:C261124VND{closing},\r\n-\r\n"
        )
    }

    /// What is decided of a file: the statements that go in with their lines, and those that do not.
    fn decided(mut parsed: Parsed) -> Vec<String> {
        let sorted = draft::drafts(&mut parsed, None).unwrap_or_else(|errors| panic!("{errors:?}"));
        let taken = sorted.drafts.into_iter().map(|draft| {
            let lines =
                draft.lines.iter().map(|line| (line.line_no, line.booking_date, line.amount, &line.read.at));
            let balances = (draft.opening, draft.opening_on, draft.closing, draft.closing_on);
            format!("{} {balances:?} {:?} {:?}", draft.at, lines.collect::<Vec<_>>(), draft.quarantined)
        });
        let refused = sorted.refused.into_iter();
        let refused = refused.map(|one| format!("{} {:?} {:?}", one.at, one.stated_on, one.findings));
        taken.chain(refused).collect()
    }

    #[test]
    fn the_outline_of_a_file_decides_as_the_file_does_and_holds_no_words() {
        let text = [
            message(1, "261124D5000,NTRFB", "21000"),
            message(2, "261124D5x00,NTRFB", "21000"),
            message(3, "261124D5000,NTRFB", "22000"),
        ];
        let parsed = parse(text.concat().as_bytes());
        let outlined = outline(&parsed);
        let lines = |of: &Parsed| of.statements.iter().flat_map(|one| one.lines.clone()).collect::<Vec<_>>();
        let is_bare = |line: &Line| line.memo.is_none() && line.raw.is_empty() && line.reference.is_none();
        assert!(!lines(&parsed).iter().any(is_bare));
        assert!(lines(&outlined).iter().all(is_bare));
        let of_file = decided(parsed);
        assert_eq!(of_file.len(), 3, "{of_file:?}");
        assert_eq!(decided(outlined), of_file);
    }

    #[test]
    fn the_outline_of_notifications_decides_as_they_do_and_holds_no_words() {
        let told = |number: u32, inside: &str| {
            format!(
                "<Ntfctn><Id>N{number}</Id><Acct><Id><Othr><Id>19002222{number}</Id></Othr></Id></Acct><Ntry>\
                 <Amt Ccy=\"VND\">9000</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>\
                 <BookgDt><Dt>2026-11-22</Dt></BookgDt><AcctSvcrRef>R</AcctSvcrRef><NtryDtls><TxDtls>\
                 <Amt Ccy=\"VND\">{inside}</Amt><CdtDbtInd>CRDT</CdtDbtInd><RmtInf><Ustrd>nop phi</Ustrd></RmtInf>\
                 </TxDtls></NtryDtls></Ntry></Ntfctn>"
            )
        };
        let both = told(1, "9000") + &told(2, "8000");
        let text = format!("<Document><BkToCstmrDbtCdtNtfctn>{both}</BkToCstmrDbtCdtNtfctn></Document>");
        let mut parsed = parse(text.as_bytes());
        let mut outlined = outline(&parsed);
        let details = |of: &Parsed| {
            let lines = of.statements.iter().flat_map(|one| &one.lines);
            lines.flat_map(|line| line.details.clone()).collect::<Vec<Detail>>()
        };
        let amounts = |of: &Parsed| details(of).iter().map(|detail| detail.amount).collect::<Vec<_>>();
        assert_eq!(
            amounts(&outlined),
            [Some(9_000.into())],
            "the entry whose parts come to less is not read"
        );
        assert_eq!(amounts(&outlined), amounts(&parsed));
        assert!(details(&parsed).iter().all(|detail| detail.memo.is_some()));
        assert!(details(&outlined).iter().all(|detail| detail.memo.is_none()));
        let decided = |of: &mut Parsed| {
            let sorted = notice::sort(of).unwrap_or_else(|errors| panic!("{errors:?}"));
            let refused = sorted.refused.into_iter().map(|one| (one.position, one.id, one.findings));
            (sorted.drafts.len(), refused.collect::<Vec<_>>())
        };
        let of_file = decided(&mut parsed);
        assert_eq!((of_file.0, of_file.1.len()), (1, 1), "{of_file:?}");
        assert_eq!(decided(&mut outlined), of_file);
    }
}
