use super::*;
use crate::id::{AccountId, LineId, UnitId};
use crate::reconciliation::matching::Line;

fn line(amount: i64, memo: &str) -> Line {
    Line {
        id: LineId(1),
        unit: UnitId(1),
        account: AccountId(1),
        booking_date: "2026-11-18".parse().unwrap(),
        amount: Dong(amount),
        codes: vec![],
        damaged: vec![],
        bank_reference: None,
        customer_reference: None,
        memo_folded: memo.into(),
        counterparty_account: None,
        reversal: false,
        open: Dong(amount),
    }
}

fn set(rules: &[Rule]) -> RuleSet {
    RuleSet::of(rules, &|account| format!("hash of {account}")).unwrap()
}

fn class(amount: i64, memo: &str) -> Option<Class> {
    classify(&line(amount, memo), &RuleSet::built_in()).map(|(class, _)| class)
}

#[test]
fn the_built_in_rules_know_the_ordinary_lines_of_a_collecting_account() {
    assert_eq!(class(-1_100, "PHI DICH VU SMS T10"), Some(Class::BankFee));
    assert_eq!(class(-110, "VAT PHI CHUYEN TIEN"), Some(Class::BankFee));
    assert_eq!(class(2_345, "TRA LAI TIEN GUI KKH"), Some(Class::Interest));
    assert_eq!(class(2_345, "LAI NHAP VON"), Some(Class::Interest));
    assert_eq!(class(-9_000_000, "NOP NSNN THANG 10"), Some(Class::TransferToBudget));
    assert_eq!(class(-9_000_000, "CHUYEN TIEN VAO KBNN HA NOI"), Some(Class::TransferToBudget));
    assert_eq!(class(1_000_000, "NOP TIEN MAT CA SANG"), Some(Class::CashDeposit));
    assert_eq!(class(-25_000, "HOAN TIEN NOP THUA"), Some(Class::RefundByUs));
    assert_eq!(class(500_000, "DIEU CHUYEN VON"), Some(Class::OwnTransfer));
    assert_eq!(class(25_000, "NGUYEN VAN TEO CHUYEN TIEN"), None);
}

#[test]
fn a_rule_minds_the_direction() {
    assert_eq!(class(1_100, "PHI DICH VU"), None, "a citizen pays a fee");
    assert_eq!(class(-2_345, "LAI NHAP VON"), None);
    assert_eq!(class(25_000, "HOAN TIEN"), None, "money in is no refund of ours");
    assert_eq!(class(0, "PHI DICH VU"), None);
}

#[test]
fn words_of_giving_back_and_of_the_budget_go_before_the_word_phi() {
    assert_eq!(class(-25_000, "PHI, HOAN TRA LE PHI"), Some(Class::RefundByUs));
    assert_eq!(class(-25_000, "PHI LE PHI NOP NSNN"), Some(Class::TransferToBudget));
}

#[test]
fn a_phrase_is_found_only_at_word_boundaries_whatever_stands_between_the_words() {
    assert_eq!(class(2_345, "LAI-NHAP  VON."), Some(Class::Interest));
    assert_eq!(class(2_345, "MLAI NHAP VONG"), None);
    assert_eq!(class(-1_100, "PHIEU CHI"), None);
    assert_eq!(class(-1_100, "phí dịch vụ"), Some(Class::BankFee), "folded once more, to be safe");
}

#[test]
fn the_bank_has_no_account_on_the_other_side_and_takes_no_large_charges() {
    let mut paid_to_somebody = line(-1_100, "PHI DICH VU");
    paid_to_somebody.counterparty_account = Some("a1".into());
    assert_eq!(classify(&paid_to_somebody, &RuleSet::built_in()), None);
    assert_eq!(class(-500_001, "PHI DICH VU"), None);
}

#[test]
fn the_banks_own_mark_goes_before_every_word() {
    let mut reversed = line(2_345, "LAI NHAP VON");
    reversed.reversal = true;
    let (class, rule) = classify(&reversed, &RuleSet::built_in()).unwrap();
    assert_eq!((class, rule.as_str()), (Class::Reversal, "reversal_marked"));
}

#[test]
fn the_first_rule_that_covers_a_line_wins() {
    let mut rules = default_rules();
    rules.reverse();
    let tested = line(-25_000, "PHI HOAN TRA LE PHI");
    assert_eq!(classify(&tested, &set(&rules)).unwrap().0, Class::BankFee);
    assert_eq!(classify(&tested, &RuleSet::built_in()).unwrap().0, Class::RefundByUs);
    assert_eq!(classify(&tested, &RuleSet::default()), None);
}

#[test]
fn rules_are_written_and_read_as_toml() {
    let text = rules_to_toml(&default_rules()).unwrap();
    assert_eq!(parse_rules(&text).unwrap(), default_rules());
    let own = parse_rules(
        "[[rule]]\nid = \"sms\"\nclass = \"bank_fee\"\ndirection = \"debit\"\nphrases = [\"Tin nhắn\"]\n",
    );
    assert_eq!(classify(&line(-1_100, "THU TIN NHAN T10"), &set(&own.unwrap())).unwrap().0, Class::BankFee);
}

#[test]
fn rules_that_cannot_be_meant_are_refused_with_their_place() {
    let rule = |id: &str, rest: &str| {
        format!("[[rule]]\nid = \"{id}\"\nclass = \"interest\"\ndirection = \"credit\"\n{rest}\n")
    };
    let phrase = "phrases = [\"LAI\"]";
    let code_of = |text: &str| parse_rules(text).unwrap_err().code();
    assert_eq!(code_of(&rule("a", "")), "class_rule_too_wide");
    assert_eq!(code_of(&rule("a", "phrases = [\"...\"]")), "class_rule_too_wide");
    assert_eq!(code_of(&rule(" ", phrase)), "class_rule_without_id");
    assert_eq!(code_of(&(rule("a", phrase) + &rule("a", phrase))), "class_rule_twice");
    assert_eq!(code_of(&rule("a", "phrase = [\"LAI\"]")), "class_rules_unreadable");
    assert_eq!(code_of("rubbish"), "class_rules_unreadable");
    let error = parse_rules(&(rule("a", phrase) + &rule("b", ""))).unwrap_err();
    assert!(error.to_string().starts_with("rule[1].phrases"), "{error}");
}

#[test]
fn every_class_reads_back_from_its_name() {
    for class in Class::ALL {
        assert_eq!(Class::parse(class.as_str()).unwrap(), class);
        assert_eq!(serde_json::to_string(&class).unwrap(), format!("\"{}\"", class.as_str()));
        assert_ne!(class.vi(), class.en());
    }
    assert_eq!(Class::parse("other").unwrap_err().code(), "line_class_unknown");
}

fn own(rest: &str) -> crate::error::Result<Rule> {
    let text = format!("[[rule]]\nid = \"own\"\n{rest}\n");
    parse_rules(&text).map(|mut rules| rules.remove(0))
}

#[test]
fn a_pattern_amounts_and_the_other_side_must_all_hold() {
    let rule =
        own("class = \"own_transfer\"\ndirection = \"both\"\npattern = 'HD\\d{4}'\namount_at_least = 1000\n\
         counterparty = \"19001\"");
    let rules = set(&[rule.unwrap()]);
    let mut tested = line(5_000, "CHUYEN HD2026 VE TK");
    assert_eq!(classify(&tested, &rules), None, "nobody on the other side");
    tested.counterparty_account = Some("hash of 19001".into());
    assert_eq!(classify(&tested, &rules).unwrap().0, Class::OwnTransfer);
    tested.amount = Dong(999);
    assert_eq!(classify(&tested, &rules), None, "too little");
    tested.amount = Dong(5_000);
    tested.memo_folded = "CHUYEN HD VE TK".into();
    assert_eq!(classify(&tested, &rules), None, "no number");
}

#[test]
fn rules_that_would_post_what_their_class_is_not_are_refused() {
    let code = |rest: &str| own(rest).unwrap_err().code();
    let phrases = "phrases = [\"X\"]";
    assert_eq!(
        code(&format!("class = \"bank_fee\"\ndirection = \"credit\"\n{phrases}")),
        "class_rule_direction"
    );
    assert_eq!(
        code(&format!("class = \"interest\"\ndirection = \"both\"\n{phrases}")),
        "class_rule_direction"
    );
    assert_eq!(
        code(&format!("class = \"fee_receipt\"\ndirection = \"credit\"\n{phrases}")),
        "class_rule_class"
    );
    let interest = "class = \"interest\"\ndirection = \"credit\"\n";
    assert_eq!(code(&format!("{interest}pattern = \"(\"")), "class_rule_pattern");
    assert_eq!(code(&format!("{interest}pattern = \".*\"")), "class_rule_pattern", "it covers every line");
    assert_eq!(
        code(&format!("{interest}pattern = '(A{{1000}}){{1000}}'")),
        "class_rule_pattern",
        "too large"
    );
    assert_eq!(code(&format!("{interest}{phrases}\namount_at_most = 0")), "class_rule_amounts");
    let least = format!("{interest}{phrases}\namount_at_least = 20\namount_at_most = 10");
    assert_eq!(code(&least), "class_rule_amounts");
}

#[test]
fn a_rule_that_is_off_covers_nothing() {
    let mut rules = default_rules();
    rules.iter_mut().for_each(|rule| rule.is_off = true);
    assert!(set(&rules).is_empty());
    assert!(!RuleSet::built_in().is_empty(), "the shipped file reads");
}
