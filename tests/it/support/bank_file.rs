//! The bank's file of some days, in the three formats.

use std::fmt::Write as _;

use bienlai::clock::BusinessDay;

/// One booking as the bank prints it.
#[derive(Clone, Debug)]
pub struct Booking {
    pub day: BusinessDay,
    /// Minus is money out.
    pub amount: i64,
    pub memo: String,
    pub reference: Option<String>,
    /// The account on the other side, where the bank shows it (camt.053).
    pub other_account: Option<String>,
}

/// A statement to be written.
#[derive(Clone, Debug)]
pub struct BankFile {
    pub account_no: String,
    pub sequence: u32,
    pub opening: i64,
    pub closing_on: BusinessDay,
    pub bookings: Vec<Booking>,
    /// What the bank says it closes with, when that is not the sum.
    pub claimed_closing: Option<i64>,
}

impl BankFile {
    pub fn new(account_no: &str, closing_on: BusinessDay, opening: i64) -> BankFile {
        BankFile {
            account_no: account_no.to_owned(),
            sequence: 1,
            opening,
            closing_on,
            bookings: Vec::new(),
            claimed_closing: None,
        }
    }

    pub fn numbered(mut self, sequence: u32) -> BankFile {
        self.sequence = sequence;
        self
    }

    /// A booking on the closing day.
    pub fn book(self, amount: i64, memo: &str, reference: &str) -> BankFile {
        let day = self.closing_on;
        self.book_on(day, amount, memo, reference)
    }

    pub fn book_on(mut self, day: BusinessDay, amount: i64, memo: &str, reference: &str) -> BankFile {
        let reference = Some(reference.to_owned()).filter(|reference| !reference.is_empty());
        self.bookings.push(Booking { day, amount, memo: memo.to_owned(), reference, other_account: None });
        self
    }

    /// The last booking's money came from this account.
    pub fn sent_from(mut self, account_no: &str) -> BankFile {
        self.bookings.last_mut().expect("a booking").other_account = Some(account_no.to_owned());
        self
    }

    pub fn reversed(mut self) -> BankFile {
        self.bookings.reverse();
        self
    }

    /// As from a bank that numbers nothing.
    pub fn without_sequence(mut self) -> BankFile {
        self.sequence = 0;
        self
    }

    /// As an export that shows no references.
    pub fn without_references(mut self) -> BankFile {
        self.bookings.iter_mut().for_each(|booking| booking.reference = None);
        self
    }

    pub fn closing(&self) -> i64 {
        self.claimed_closing
            .unwrap_or_else(|| self.opening + self.bookings.iter().map(|one| one.amount).sum::<i64>())
    }

    pub fn camt(&self) -> Vec<u8> {
        let sequence = match self.sequence {
            0 => String::new(),
            number => format!("<ElctrncSeqNb>{number}</ElctrncSeqNb>"),
        };
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\">\
             <BkToCstmrStmt><GrpHdr><MsgId>M{0}</MsgId><CreDtTm>{1}T23:30:00+07:00</CreDtTm></GrpHdr><Stmt><Id>S{0}</Id>\
             {3}<Acct><Id><Othr><Id>{2}</Id></Othr></Id><Ccy>VND</Ccy></Acct>",
            self.sequence, self.closing_on, self.account_no, sequence
        );
        for (code, amount) in [("OPBD", self.opening), ("CLBD", self.closing())] {
            write!(
                xml,
                "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"VND\">{}</Amt><CdtDbtInd>{}</CdtDbtInd>\
                 <Dt><Dt>{}</Dt></Dt></Bal>",
                amount.abs(), mark(amount, "CRDT", "DBIT"), self.closing_on
            )
            .unwrap();
        }
        for one in &self.bookings {
            let reference = one.reference.as_ref().map(|text| format!("<AcctSvcrRef>{text}</AcctSvcrRef>"));
            let other = one.other_account.as_ref().map(|number| {
                format!("<RltdPties><DbtrAcct><Id><Othr><Id>{number}</Id></Othr></Id></DbtrAcct></RltdPties>")
            });
            write!(
                xml,
                "<Ntry><Amt Ccy=\"VND\">{}</Amt><CdtDbtInd>{}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>{}</Dt></BookgDt>\
                 {}<NtryDtls><TxDtls>{}<RmtInf><Ustrd>{}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>",
                one.amount.abs(), mark(one.amount, "CRDT", "DBIT"), one.day, reference.unwrap_or_default(),
                other.unwrap_or_default(), one.memo
            )
            .unwrap();
        }
        xml.push_str("</Stmt></BkToCstmrStmt></Document>");
        xml.into_bytes()
    }

    pub fn mt940(&self) -> Vec<u8> {
        let short = |day: BusinessDay| day.0.format("%y%m%d").to_string();
        let balance = |tag: &str, amount: i64| {
            format!(":{tag}:{}{}VND{},\r\n", mark(amount, "C", "D"), short(self.closing_on), amount.abs())
        };
        let mut text = format!(":20:S{0}\r\n:25:{1}\r\n:28C:{0}/1\r\n", self.sequence, self.account_no);
        text.push_str(&balance("60F", self.opening));
        for one in &self.bookings {
            let reference = one.reference.as_ref().map(|text| format!("//{text}")).unwrap_or_default();
            write!(
                text,
                ":61:{}{}{}{},NTRFNONREF{reference}\r\n:86:{}\r\n",
                short(one.day),
                one.day.0.format("%m%d"),
                mark(one.amount, "C", "D"),
                one.amount.abs(),
                one.memo
            )
            .unwrap();
        }
        text.push_str(&balance("62F", self.closing()));
        text.push_str("-\r\n");
        text.into_bytes()
    }

    pub fn csv(&self) -> Vec<u8> {
        let long = |day: BusinessDay| day.0.format("%d/%m/%Y").to_string();
        let first = self.bookings.iter().map(|one| one.day).min().unwrap_or(self.closing_on);
        let mut text = format!(
            "Số tài khoản/Account No:;{}\nLoại tiền/Currency:;VND\nTừ ngày: {} Đến ngày: {}\n\
             Số dư đầu kỳ/Opening balance;{}\n\nSTT;Ngày hạch toán;Ngày hiệu lực;Số tham chiếu/Reference;\
             Nội dung/Description;Nợ/Debit;Có/Credit;Số dư/Balance\n",
            self.account_no,
            long(first),
            long(self.closing_on),
            self.opening
        );
        let mut balance = self.opening;
        for (index, one) in self.bookings.iter().enumerate() {
            balance += one.amount;
            let (debit, credit) = if one.amount < 0 {
                (one.amount.abs().to_string(), String::new())
            } else {
                (String::new(), one.amount.to_string())
            };
            let reference = one.reference.clone().unwrap_or_default();
            writeln!(
                text,
                "{};{day};{day};{reference};{};{debit};{credit};{balance}",
                index + 1,
                one.memo,
                day = long(one.day)
            )
            .unwrap();
        }
        writeln!(text, "Số dư cuối kỳ/Closing balance;;;;;;;{}", self.closing()).unwrap();
        text.into_bytes()
    }
}

fn mark<'a>(amount: i64, credit: &'a str, debit: &'a str) -> &'a str {
    if amount < 0 { debit } else { credit }
}
