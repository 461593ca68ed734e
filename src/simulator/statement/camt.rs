//! camt.053.001.08, as a bank writes it.

use std::fmt::Write;

use super::Day;
use crate::amount::Dong;
use crate::payment::Direction;
use crate::simulator::bank::Booking;

pub fn write(day: &Day<'_>) -> String {
    let mut xml = String::new();
    let stamp = format!("{}T23:30:00+07:00", day.day);
    let id = format!("VPB{}-{}", day.account_no, day.sequence);
    push(&mut xml, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    push(&mut xml, "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>");
    push(&mut xml, &format!("<GrpHdr><MsgId>{id}</MsgId><CreDtTm>{stamp}</CreDtTm></GrpHdr>"));
    push(&mut xml, &format!("<Stmt><Id>{id}</Id><ElctrncSeqNb>{}</ElctrncSeqNb>", day.sequence));
    push(&mut xml, &format!("<CreDtTm>{stamp}</CreDtTm>"));
    push(
        &mut xml,
        &format!(
            "<Acct><Id><Othr><Id>{}</Id></Othr></Id><Ccy>VND</Ccy><Nm>{}</Nm>\
         <Svcr><FinInstnId><BICFI>VPBKVNVX</BICFI></FinInstnId></Svcr></Acct>",
            day.account_no,
            escaped(day.holder)
        ),
    );
    let before = day.day.plus_days(-1);
    push(&mut xml, &balance("OPBD", day.opening, &before.to_string()));
    push(&mut xml, &balance("CLBD", day.closing, &day.day.to_string()));
    push(&mut xml, &summary(day));
    for booking in &day.bookings {
        push(&mut xml, &entry(booking, &day.day.to_string()));
    }
    push(&mut xml, "</Stmt></BkToCstmrStmt></Document>");
    xml
}

fn push(xml: &mut String, line: &str) {
    xml.push_str(line);
    xml.push('\n');
}

fn balance(kind: &str, amount: Dong, on: &str) -> String {
    let mark = if amount < Dong::ZERO { "DBIT" } else { "CRDT" };
    format!(
        "<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{}</Amt>\
         <CdtDbtInd>{mark}</CdtDbtInd><Dt><Dt>{on}</Dt></Dt></Bal>",
        amount.0.unsigned_abs()
    )
}

fn summary(day: &Day<'_>) -> String {
    let total = |direction: Direction| -> (usize, i64) {
        let amounts = day.bookings.iter().filter(|b| b.direction == direction).map(|b| b.amount.0);
        (amounts.clone().count(), amounts.sum())
    };
    let ((credits, credited), (debits, debited)) = (total(Direction::Credit), total(Direction::Debit));
    format!(
        "<TxsSummry><TtlNtries><NbOfNtries>{}</NbOfNtries><Sum>{}</Sum></TtlNtries>\
         <TtlCdtNtries><NbOfNtries>{credits}</NbOfNtries><Sum>{credited}</Sum></TtlCdtNtries>\
         <TtlDbtNtries><NbOfNtries>{debits}</NbOfNtries><Sum>{debited}</Sum></TtlDbtNtries></TxsSummry>",
        credits + debits,
        credited + debited
    )
}

fn entry(booking: &Booking, on: &str) -> String {
    let (mark, family) = match booking.direction {
        Direction::Credit => ("CRDT", "RCDT"),
        Direction::Debit => ("DBIT", "ICDT"),
    };
    let amount = booking.amount.0;
    let reversal = booking.is_reversal;
    let mut xml = format!(
        "<Ntry><Amt Ccy=\"VND\">{amount}</Amt><CdtDbtInd>{mark}</CdtDbtInd><RvslInd>{reversal}</RvslInd>\
         <Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{on}</Dt></BookgDt><ValDt><Dt>{on}</Dt></ValDt>\
         <AcctSvcrRef>{}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>\
         <SubFmlyCd>OTHR</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls>\
         <Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy=\"VND\">{amount}</Amt>\
         <CdtDbtInd>{mark}</CdtDbtInd>",
        booking.bank_reference
    );
    if let (Some(account), Some(name)) = (&booking.sender_account, &booking.sender_name) {
        let party = if booking.direction == Direction::Credit { "Dbtr" } else { "Cdtr" };
        let _ = write!(
            xml,
            "<RltdPties><{party}><Pty><Nm>{}</Nm></Pty></{party}><{party}Acct><Id><Othr><Id>{account}</Id></Othr>\
             </Id></{party}Acct></RltdPties>",
            escaped(name)
        );
    }
    // One occurrence holds 140 characters; a longer text goes on in the next.
    xml.push_str("<RmtInf>");
    let letters: Vec<char> = booking.memo.chars().collect();
    for piece in letters.chunks(140) {
        let _ = write!(xml, "<Ustrd>{}</Ustrd>", escaped(&piece.iter().collect::<String>()));
    }
    xml.push_str("</RmtInf></TxDtls></NtryDtls></Ntry>");
    xml
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
