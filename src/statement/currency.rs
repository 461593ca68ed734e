//! Currencies as bank files name them: codes of ISO 4217, signs, and how many decimals they have.

use rust_decimal::Decimal;

use super::finding::Fault;

const LETTERS: usize = 26;

/// A set of codes of three capital letters: one bit for each that there could be, because every amount
/// of a file asks.
struct Codes([u64; (LETTERS * LETTERS * LETTERS).div_ceil(64)]);

impl Codes {
    /// From codes with one blank between them.
    const fn of(text: &str) -> Codes {
        let text = text.as_bytes();
        let mut bits = [0; (LETTERS * LETTERS * LETTERS).div_ceil(64)];
        let mut at = 0;
        while at + 2 < text.len() {
            let place = place([text[at], text[at + 1], text[at + 2]]);
            bits[place / 64] |= 1 << (place % 64);
            at += 4;
        }
        Codes(bits)
    }

    fn holds(&self, code: &str) -> bool {
        let Ok(letters) = <[u8; 3]>::try_from(code.as_bytes()) else { return false };
        let place = place(letters);
        letters.iter().all(u8::is_ascii_uppercase)
            && self.0.get(place / 64).is_some_and(|bits| (bits >> (place % 64)) & 1 == 1)
    }
}

const fn nth(letter: u8) -> usize {
    letter.wrapping_sub(b'A') as usize
}

/// The place of three letters among all there could be.
const fn place(letters: [u8; 3]) -> usize {
    let [first, second, third] = letters;
    (nth(first) * LETTERS + nth(second)) * LETTERS + nth(third)
}

/// ISO 4217: no currency.
pub(super) const UNKNOWN: &str = "XXX";

/// Codes in use, and those before the euro that old files have.
static CODES: Codes = Codes::of(
    "AED AFN ALL AMD ANG AOA ARS ATS AUD AWG AZN BAM BBD BDT BEF BGN BHD BIF BMD BND BOB BRL BSD BTN \
BWP BYN BZD CAD CDF CHF CLF CLP CNH CNY COP CRC CUP CVE CZK DEM DJF DKK DOP DZD EEK EGP ERN ESP ETB EUR FIM FJD FKP \
FRF GBP GEL GHS GIP GMD GNF GRD GTQ GYD HKD HNL HRK HTG HUF IDR IEP ILS INR IQD IRR ISK ITL JMD JOD JPY KES KGS KHR \
KMF KRW KWD KYD KZT LAK LBP LKR LRD LSL LTL LUF LVL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD \
NGN NIO NLG NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PTE PYG QAR RON RSD RUB RUR RWF SAR SBD SCR SDG SEK SGD SHP SIT SKK \
SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF \
XPF YER ZAR ZMW ZWL",
);

/// Codes of funds, metals, tests and of currencies that are no more: known, but not looked for in texts.
static RARE_CODES: Codes = Codes::of(
    "XXX XAU XAG XPD XPT XTS XDR XUA UYI UYW CHE CHW BOV COU MXV USN SVC TRL ROL BGL YUM CSD BYR ZMK \
GHC MZM TMM VEB VEF MRO STD SDD SLL ZWD CUC AZM CSK MTL PTL GRD IEP ESB CYP KPW VED XCG XSU ZWG",
);

/// Codes that are words of a language as well; in running text they name nothing.
const WORDS: [&str; 12] =
    ["ALL", "COP", "CUP", "GEL", "MAD", "MOP", "PEN", "RON", "SIT", "SOS", "TOP", "TRY"];

const SIGNS: [(&str, &str); 26] = [
    ("€", "EUR"),
    ("£", "GBP"),
    ("₫", "VND"),
    ("₹", "INR"),
    ("₩", "KRW"),
    ("₺", "TRY"),
    ("₽", "RUB"),
    ("฿", "THB"),
    ("₱", "PHP"),
    ("₪", "ILS"),
    ("₴", "UAH"),
    ("ZŁ", "PLN"),
    ("KČ", "CZK"),
    ("US$", "USD"),
    ("S$", "SGD"),
    ("HK$", "HKD"),
    ("A$", "AUD"),
    ("C$", "CAD"),
    ("R$", "BRL"),
    ("円", "JPY"),
    ("원", "KRW"),
    ("元", "CNY"),
    ("人民币", "CNY"),
    ("РУБ", "RUB"),
    ("ГРН", "UAH"),
    ("TL", "TRY"),
];

pub(super) fn is_code(text: &str) -> bool {
    CODES.holds(text)
}

/// A code that stands in running text and is no other word.
pub(super) fn is_code_in_text(text: &str) -> bool {
    is_code(text) && !WORDS.contains(&text)
}

/// The currency of a sign; `None` for one of several currencies, such as `$`.
pub(super) fn of_sign(sign: &str) -> Option<&'static str> {
    let upper = sign.to_uppercase();
    SIGNS.iter().find(|(written, _)| *written == upper).map(|(_, code)| *code)
}

/// A sign of money, whatever its currency.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c, '$' | '€' | '£' | '¥' | '₫' | '₹' | '₩' | '₺' | '₽' | '฿' | '₱' | '₪' | '₴')
}

/// Decimals of an amount. An unknown currency may have any.
pub(super) fn decimals(currency: &str) -> usize {
    match currency {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI"
        | "VND" | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" | UNKNOWN => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

/// Whether the code is or was one of ISO 4217, those of metals and of no currency among them.
pub(super) fn is_known(code: &str) -> bool {
    is_code(code) || RARE_CODES.holds(code)
}

/// What is wrong with an amount that has fractions its currency does not have. Zeros at the end say
/// nothing.
pub(super) fn fault_of_decimals(amount: Decimal, currency: &str) -> Option<Fault> {
    let places = amount.normalize().scale();
    let has_too_many = is_code(currency) && usize::try_from(places).is_ok_and(|own| own > decimals(currency));
    has_too_many.then(|| {
        Fault::new(
            "amount_decimals",
            format!("Số tiền {amount} có nhiều chữ số thập phân hơn {currency} có"),
            format!("the amount {amount} has more decimals than {currency} has"),
        )
    })
}

/// Whether a point before three digits is that of decimals.
pub(super) fn has_three_decimals(currency: &str) -> bool {
    currency != UNKNOWN && decimals(currency) == 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_of_codes_holds_its_codes_and_no_other_text() {
        let codes = Codes::of("AAA VND ZZZ");
        assert!(["AAA", "VND", "ZZZ"].into_iter().all(|code| codes.holds(code)));
        assert!(
            !["", "VN", "VNDX", "vnd", "VN ", "AAB", "ZZY", "A A", "[[[", "₫"]
                .into_iter()
                .any(|code| codes.holds(code))
        );
    }

    #[test]
    fn currencies_have_their_codes_signs_and_decimals() {
        assert!(is_code("VND") && is_code("CHF") && !is_code("ABC") && !is_code("VN") && !is_code("D VND"));
        assert!(is_code("TRY") && !is_code_in_text("TRY"));
        assert_eq!((of_sign("€"), of_sign("zł"), of_sign("$")), (Some("EUR"), Some("PLN"), None));
        assert_eq!((decimals("VND"), decimals("EUR"), decimals("KWD")), (0, 2, 3));
        let has_fault = |amount: &str, currency| {
            fault_of_decimals(amount.parse().unwrap_or_default(), currency).is_some()
        };
        assert!(has_fault("500.5", "JPY") && has_fault("1.234", "EUR") && !has_fault("1.234", "KWD"));
        assert!(!has_fault("1500.00", "JPY") && !has_fault("18.150", "EUR") && !has_fault("1.2345", "XXX"));
        assert!(is_known("XXX") && is_known("DEM") && !is_known("ZZZ") && !is_known("eur"));
        assert!(has_three_decimals("BHD") && !has_three_decimals(UNKNOWN));
    }
}
