use super::*;
use crate::tariff::{FeeKind, IntakeMode, Place, UnitKind};

pub(in crate::tariff) const HANOI: &str = include_str!("../../../fixtures/tariff/hanoi.toml");

macro_rules! bad {
    ($($name:literal),+ $(,)?) => {
        [$(($name, include_str!(concat!("../../../fixtures/tariff/bad/", $name, ".toml")))),+]
    };
}

/// Each line that must be refused says so: `# bad: <code>`.
fn announced(text: &str) -> Vec<(usize, String)> {
    let lines = text.lines().enumerate();
    lines.filter_map(|(index, line)| Some((index + 1, line.split_once("# bad: ")?.1.to_owned()))).collect()
}

#[test]
fn every_bad_row_is_refused_by_line_and_code_and_no_good_row_is() {
    let files = bad![
        "bad_date",
        "cap_below_floor",
        "float",
        "gap",
        "item",
        "le_phi_keeps_share",
        "negative_amount",
        "no_name",
        "overlap",
        "pass_through",
        "places",
        "pricing",
        "repeated_code",
        "syntax",
        "tiers",
        "unknown_item",
        "unknown_key",
    ];
    for (name, text) in files {
        let problems = load(text).expect_err(name);
        let told: Vec<(usize, String)> =
            problems.iter().map(|problem| (problem.line, problem.code.to_owned())).collect();
        assert_eq!(told, announced(text), "{name}: {problems:#?}");
    }
}

#[test]
fn a_row_error_names_line_row_and_reason() {
    let problems = load(&HANOI.replace("cap = 5_000_000", "cap = 5_000_000\nfloor = 6_000_000")).unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems:?}") };
    assert_eq!(problem.row, "fee dat_dai_tham_dinh");
    let text = problem.to_string();
    assert!(text.contains("the cap 5.000.000 đ is below the floor 6.000.000 đ"), "{text}");
    assert!(HANOI.lines().nth(problem.line - 1).unwrap().starts_with("[[fee.charge]]"), "{text}");
}

#[test]
fn the_shipped_tariff_is_good_and_broad() {
    let tariff = load(HANOI).unwrap_or_else(|problems| panic!("{problems:#?}"));
    assert!(tariff.items().count() >= 14);
    assert_eq!(tariff.exemption_groups().count(), 7);
    assert_eq!(tariff.procedure("2.000815").unwrap().items, ["chung_thuc_ban_sao"]);
    for item in tariff.items().filter(|item| item.kind != FeeKind::Phi) {
        assert!(item.kept_shares.iter().all(|share| share.basis_points == 0), "{}", item.code);
    }
    let ward = Place { unit_code: "00004".into(), unit_kind: UnitKind::Phuong };
    let on = "2026-11-22".parse().unwrap();
    let at_the_counter = tariff.in_force(&ward, IntakeMode::Counter, on).count();
    assert!(at_the_counter >= 14, "{at_the_counter}");
}

#[test]
fn the_kept_share_changes_on_its_day() {
    let tariff = load(HANOI).unwrap();
    let share = |day: &str| tariff.item("chung_thuc_ban_sao").unwrap().kept_share_bp(day.parse().unwrap());
    assert_eq!([share("2025-06-30"), share("2026-06-30"), share("2026-07-01")], [0, 5_000, 4_000]);
}

#[test]
fn a_named_unit_may_fill_the_gaps_of_its_kind_and_not_the_other_way_round() {
    let fee = |charges: &str| {
        load(&format!(
            "name = \"A\"\n[[fee]]\ncode = \"a\"\nname = \"A\"\nkind = \"phi\"\ndocument = \"receipt\"\n\
             chapter = \"805\"\nsub_item = \"2716\"\n{charges}"
        ))
    };
    let charge = |from: &str, to: &str, place: &str| {
        format!(
            "[[fee.charge]]\nvalid_from = \"{from}\"\nvalid_to = \"{to}\"\nlegal_ground = \"A\"\nper_unit = 1\n{place}\n"
        )
    };
    let unit = "unit_codes = [\"00004\"]";
    let city = charge("2026-01-01", "2026-12-31", "");
    let twice = charge("2026-02-01", "2026-02-28", unit) + &charge("2026-06-01", "2026-06-30", unit);
    assert!(fee(&(city + &twice)).is_ok());

    let halves = charge("2026-01-01", "2026-03-31", "") + &charge("2026-06-01", "2026-12-31", "");
    let between = charge("2026-04-01", "2026-05-31", unit);
    let problems = fee(&(halves + &between)).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.code).collect::<Vec<_>>(), ["tariff_charge_gap"]);
}

#[test]
fn texts_are_cleaned_on_the_way_in() {
    let tariff = load(&HANOI.replace("Hà Nội, tháng 11/2026", " Ha\u{300} Nội\u{200B},  tháng 11 ")).unwrap();
    assert_eq!(tariff.name(), "Hà Nội, tháng 11");
}

proptest::proptest! {
    #[test]
    fn no_file_makes_the_loader_panic(cut in 0..15_000_usize, insert in "\\PC{0,12}|\\[\\[|\"|= -1|9{20}", length in 0..40_usize) {
        let characters: Vec<char> = HANOI.chars().collect();
        let cut = cut.min(characters.len());
        let rest = (cut + length).min(characters.len());
        let inserted: Vec<char> = insert.chars().collect();
        let text: String = characters[..cut].iter().chain(&inserted).chain(&characters[rest..]).collect();
        let _ = load(&text);
    }
}
