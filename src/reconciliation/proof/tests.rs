use super::*;

const FEE: LineId = LineId(1);
const CHARGE: LineId = LineId(2);
const UNKNOWN: LineId = LineId(3);

fn day(text: &str) -> BusinessDay {
    text.parse().unwrap()
}

fn line(id: LineId, amount: i64, class: Class) -> LineFacts {
    LineFacts {
        id,
        booking_date: day("2026-11-18"),
        amount: Dong(amount),
        posted: Some(Dong(amount)),
        class: Some(class),
        matched: Dong::ZERO,
        charge: Dong::ZERO,
        open: Dong::ZERO,
        beside: Dong::ZERO,
    }
}

/// A day that holds: one fee, one charge of the bank, one credit nobody knows, carried by name.
fn sound_day() -> DayFacts {
    DayFacts {
        account: AccountId(1),
        day: day("2026-11-18"),
        before: Before::Closed { day: day("2026-11-17"), closing: Dong(100_000), sequence_last: Some(41) },
        statement: Some(StatementFacts {
            opening: Dong(100_000),
            closing: Dong(133_900),
            sequence: Some(Sequence { first: 42, last: 42 }),
            is_derived: false,
        }),
        lines: vec![
            LineFacts { matched: Dong(25_000), ..line(FEE, 25_000, Class::FeeReceipt) },
            line(CHARGE, -1_100, Class::BankFee),
            LineFacts { open: Dong(10_000), ..line(UNKNOWN, 10_000, Class::Unknown) },
        ],
        open_items: vec![item(Item::Line(UNKNOWN), 10_000)],
        ledger_by_class: BTreeMap::from([
            (Class::FeeReceipt, Dong(25_000)),
            (Class::BankFee, Dong(-1_100)),
            (Class::Unknown, Dong(10_000)),
        ]),
        ledger_closing: Dong(133_900),
        next_statement: None,
    }
}

fn item(item: Item, amount: i64) -> OpenItem {
    let exception = Some((ExceptionId(1), Kind::UnidentifiedCredit));
    OpenItem { item, amount: Dong(amount), first_seen: day("2026-11-18"), exception }
}

fn nil_day() -> DayFacts {
    DayFacts {
        statement: None,
        lines: vec![],
        open_items: vec![],
        ledger_by_class: BTreeMap::new(),
        ledger_closing: Dong(100_000),
        next_statement: Some(NextStatement {
            first_day: day("2026-11-19"),
            opening: Dong(100_000),
            sequence_first: Some(42),
        }),
        ..sound_day()
    }
}

/// The names of what stands in the way after a sound day was changed.
fn obstacles(facts: &DayFacts) -> Vec<&'static str> {
    day_proof(facts).unwrap_err().iter().map(Obstacle::code).collect()
}

fn changed(change: impl FnOnce(&mut DayFacts)) -> Vec<&'static str> {
    let mut facts = sound_day();
    change(&mut facts);
    obstacles(&facts)
}

fn changed_statement(change: impl FnOnce(&mut StatementFacts)) -> Vec<&'static str> {
    changed(|facts| change(facts.statement.as_mut().unwrap()))
}

#[test]
fn a_sound_day_is_proven_with_its_sums_and_its_open_items_by_name() {
    let proof = day_proof(&sound_day()).unwrap();
    assert_eq!((proof.opening, proof.closing), (Dong(100_000), Dong(133_900)));
    assert_eq!((proof.credits, proof.debits, proof.line_count), (Dong(35_000), Dong(1_100), 3));
    assert_eq!(proof.by_class[&Class::FeeReceipt], Dong(25_000));
    assert_eq!(proof.carried.len(), 1);
    assert_eq!(proof.carried[0].kind, Kind::UnidentifiedCredit);
    assert!(proof.is_sequence_checked && !proof.is_nil && !proof.is_derived);
}

#[test]
fn a_proof_is_stored_and_read_back_unchanged() {
    let proof = day_proof(&sound_day()).unwrap();
    let json = serde_json::to_string(&proof).unwrap();
    assert_eq!(serde_json::from_str::<Proof>(&json).unwrap(), proof);
}

#[test]
fn a_tampered_amount_is_caught_by_balance_posting_match_and_class() {
    let found = changed(|facts| facts.lines[0].amount = Dong(24_000));
    for expected in ["closing_differs", "posting_differs", "match_sum_differs", "class_sum_differs"] {
        assert!(found.contains(&expected), "{expected} in {found:?}");
    }
}

#[test]
fn two_tampered_amounts_that_even_out_are_still_caught() {
    let found = changed(|facts| {
        facts.lines[0].amount = Dong(24_000);
        facts.lines[2].amount = Dong(11_000);
    });
    assert!(found.contains(&"posting_differs") && found.contains(&"class_sum_differs"), "{found:?}");
    assert!(!found.contains(&"closing_differs"));
}

#[test]
fn a_dropped_line_is_caught_by_balance_and_class() {
    let found = changed(|facts| facts.lines.retain(|line| line.id != CHARGE));
    for expected in ["closing_differs", "class_sum_differs"] {
        assert!(found.contains(&expected), "{expected} in {found:?}");
    }
}

#[test]
fn a_doubled_line_is_caught_by_name() {
    let found = changed(|facts| facts.lines.push(facts.lines[0].clone()));
    for expected in ["line_twice", "closing_differs"] {
        assert!(found.contains(&expected), "{expected} in {found:?}");
    }
}

#[test]
fn two_days_swapped_are_caught_by_opening_sequence_and_booking_dates() {
    let found = changed(|facts| {
        facts.day = day("2026-11-19");
        facts.before =
            Before::Closed { day: day("2026-11-18"), closing: Dong(90_000), sequence_last: Some(42) };
    });
    assert_eq!(
        found,
        [
            "statement_repeated",
            "opening_differs",
            "line_of_other_day",
            "line_of_other_day",
            "line_of_other_day"
        ]
    );
}

#[test]
fn a_day_waits_for_the_day_before() {
    assert_eq!(changed(|facts| facts.before = Before::Missing), ["day_before_open"]);
    let gap = Before::Closed { day: day("2026-11-16"), closing: Dong(100_000), sequence_last: Some(41) };
    assert_eq!(changed(|facts| facts.before = gap), ["day_before_open"]);
}

#[test]
fn the_first_day_opens_with_the_balance_taken_on() {
    let mut facts = sound_day();
    facts.before = Before::TakenOn { opening: Dong(100_000) };
    assert!(!day_proof(&facts).unwrap().is_sequence_checked);
    facts.before = Before::TakenOn { opening: Dong(1) };
    assert_eq!(obstacles(&facts), ["opening_differs"]);
}

#[test]
fn a_missing_and_a_repeated_statement_are_told_apart() {
    let numbered = |first| Some(Sequence { first, last: first });
    assert_eq!(changed_statement(|statement| statement.sequence = numbered(43)), ["statement_missing"]);
    assert_eq!(changed_statement(|statement| statement.sequence = numbered(41)), ["statement_repeated"]);
    assert_eq!(changed_statement(|statement| statement.sequence = numbered(1)), ["statement_repeated"]);
}

#[test]
fn numbering_may_begin_again_with_the_year() {
    let mut facts = sound_day();
    facts.day = day("2027-01-01");
    facts.lines.iter_mut().for_each(|line| line.booking_date = facts.day);
    facts.before =
        Before::Closed { day: day("2026-12-31"), closing: Dong(100_000), sequence_last: Some(250) };
    facts.statement.as_mut().unwrap().sequence = Some(Sequence { first: 1, last: 1 });
    assert!(day_proof(&facts).unwrap().is_sequence_checked);
}

#[test]
fn a_bank_without_numbers_is_proven_by_balances_alone_and_the_proof_says_so() {
    let mut facts = sound_day();
    facts.statement.as_mut().unwrap().sequence = None;
    assert!(!day_proof(&facts).unwrap().is_sequence_checked);
}

#[test]
fn the_ledger_must_have_the_banks_balance_and_its_sums_by_class() {
    assert_eq!(changed(|facts| facts.ledger_closing = Dong(133_899)), ["ledger_differs"]);
    assert_eq!(
        changed(|facts| facts.ledger_by_class.extend([(Class::Interest, Dong(5))])),
        ["class_sum_differs"]
    );
    assert_eq!(
        changed(|facts| facts.ledger_by_class.retain(|class, _| *class != Class::BankFee)),
        ["class_sum_differs"]
    );
}

#[test]
fn every_line_is_posted_and_classified() {
    assert_eq!(changed(|facts| facts.lines[0].posted = None), ["line_not_posted"]);
    assert_eq!(changed(|facts| facts.lines[0].posted = Some(Dong(1))), ["posting_differs"]);
    assert_eq!(changed(|facts| facts.lines[0].class = None), ["line_not_classified"]);
}

#[test]
fn match_parts_less_charge_and_what_is_open_are_the_line() {
    assert_eq!(changed(|facts| facts.lines[0].matched = Dong(24_999)), ["match_sum_differs"]);
    let mut gross = sound_day();
    gross.lines[0].matched = Dong(25_300);
    gross.lines[0].charge = Dong(300);
    assert!(day_proof(&gross).is_ok(), "a POS batch net of its charge");
    assert_eq!(
        changed(|facts| {
            facts.lines[0].matched = Dong(24_700);
            facts.lines[0].charge = Dong(-300);
        }),
        ["match_sum_differs"]
    );
    assert_eq!(
        changed(|facts| {
            facts.lines[2].matched = Dong(10_000);
            facts.lines[2].open = Dong::ZERO;
            facts.open_items.clear();
        }),
        ["match_sum_differs"],
        "what is matched is not unknown"
    );
}

#[test]
fn a_debit_of_chargebacks_that_nobody_knows_holds_though_sales_paid_for_a_part_of_them() {
    let mut taken = sound_day();
    let shown = line(UNKNOWN, -25_100, Class::Unknown);
    taken.lines[2] = LineFacts { open: Dong(-50_000), charge: Dong(24_900), ..shown };
    taken.open_items[0].amount = Dong(-50_000);
    taken.statement.as_mut().unwrap().closing = Dong(98_800);
    taken.ledger_closing = Dong(98_800);
    taken.ledger_by_class.insert(Class::Unknown, Dong(-25_100));
    assert!(day_proof(&taken).is_ok(), "{:?}", obstacles(&taken));
    taken.lines[2].charge = Dong(24_899);
    assert_eq!(obstacles(&taken), ["match_sum_differs"]);
}

#[test]
fn what_is_open_is_carried_by_name_with_its_amount_and_an_exception() {
    assert_eq!(changed(|facts| facts.open_items.clear()), ["open_line_unnamed"]);
    assert_eq!(changed(|facts| facts.open_items[0].exception = None), ["open_item_without_exception"]);
    assert_eq!(changed(|facts| facts.open_items[0].amount = Dong(9_000)), ["carried_amount_differs"]);
    let corrected = Some((ExceptionId(2), Kind::StatementCorrected));
    assert_eq!(changed(|facts| facts.open_items[0].exception = corrected), ["blocked_by_exception"]);
}

#[test]
fn chargebacks_of_a_credit_that_nobody_knows_are_carried_beside_what_it_brought() {
    let mut facts = sound_day();
    facts.lines[2].beside = Dong(-7_000);
    assert_eq!(obstacles(&facts), ["open_line_unnamed"], "what it took has no name");
    facts.open_items.push(item(Item::Line(UNKNOWN), -7_000));
    let carried: Vec<i64> = day_proof(&facts).unwrap().carried.iter().map(|one| one.amount.0).collect();
    assert_eq!(carried, [10_000, -7_000]);
    facts.open_items[0].amount = Dong(-7_000);
    assert_eq!(obstacles(&facts), ["open_line_unnamed"], "what it brought has none");
    facts.open_items[0].amount = Dong(7_000);
    assert_eq!(obstacles(&facts), ["carried_amount_differs"]);
}

#[test]
fn a_line_of_which_a_part_is_open_is_unknown_still() {
    let mut facts = sound_day();
    facts.lines[2].matched = Dong(4_000);
    facts.lines[2].open = Dong(6_000);
    facts.open_items[0].amount = Dong(6_000);
    let proof = day_proof(&facts).unwrap();
    assert_eq!(proof.by_class.get(&Class::Unknown), Some(&Dong(10_000)));
}

#[test]
fn claims_without_their_line_are_carried_too() {
    let mut facts = sound_day();
    facts.open_items.insert(0, item(Item::Payment(PaymentId(8)), 4_000));
    facts.open_items.insert(0, item(Item::Movement(MovementId(7)), 5_000));
    let carried: Vec<Item> = day_proof(&facts).unwrap().carried.iter().map(|carried| carried.item).collect();
    assert_eq!(
        carried,
        [Item::Line(UNKNOWN), Item::Movement(MovementId(7)), Item::Payment(PaymentId(8))],
        "in the order of items, whatever order they came in"
    );
}

#[test]
fn a_nil_day_is_proven_by_the_next_statement() {
    let proof = day_proof(&nil_day()).unwrap();
    assert!(proof.is_nil && proof.is_sequence_checked);
    assert_eq!((proof.opening, proof.closing, proof.line_count), (Dong(100_000), Dong(100_000), 0));
}

#[test]
fn a_nil_day_is_not_closed_before_the_next_statement_is_here() {
    assert_eq!(obstacles(&DayFacts { next_statement: None, ..nil_day() }), ["nil_day_unproven"]);
    let mut early = nil_day();
    early.next_statement.as_mut().unwrap().first_day = early.day;
    assert_eq!(obstacles(&early), ["nil_day_unproven"]);
}

#[test]
fn a_day_without_statement_on_which_money_moved_is_not_nil() {
    let mut moved = nil_day();
    moved.next_statement.as_mut().unwrap().opening = Dong(120_000);
    assert_eq!(obstacles(&moved), ["nil_day_moved"]);
    let mut gap = nil_day();
    gap.next_statement.as_mut().unwrap().sequence_first = Some(43);
    assert_eq!(obstacles(&gap), ["statement_missing"]);
    let with_lines = DayFacts { statement: None, next_statement: nil_day().next_statement, ..sound_day() };
    assert!(obstacles(&with_lines).contains(&"lines_without_statement"));
}

#[test]
fn sums_beyond_the_range_are_an_obstacle_and_not_a_panic() {
    let found = changed(|facts| {
        facts.lines[0].amount = Dong(i64::MAX);
        facts.lines[1].amount = Dong(i64::MIN);
    });
    assert!(found.contains(&"out_of_range"), "{found:?}");
}

#[test]
fn the_refusal_reads_in_both_languages() {
    let mut facts = sound_day();
    facts.statement.as_mut().unwrap().closing = Dong(134_900);
    let obstacles = day_proof(&facts).unwrap_err();
    let (vi, en) = (obstacles[0].vi(), obstacles[0].en());
    assert!(vi.starts_with("Số dư cuối ngày tính được 133.900 đ, sao kê ghi 134.900 đ: "), "{vi}");
    assert!(vi.ends_with("hãy nạp sao kê cả ngày của ngân hàng."), "{vi}");
    assert!(en.starts_with("The closing balance comes to 133.900 đ; the statement says 134.900 đ: "), "{en}");
    assert!(serde_json::to_string(&obstacles[0]).unwrap().starts_with("{\"obstacle\":\"closing_differs\""));
}
