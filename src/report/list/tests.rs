use super::list_query::WIDTH;
use super::*;

fn asked(list: &str, unit: &str, until: &str, state: Option<&str>) -> Asked {
    Asked {
        list: List::parse(list).unwrap(),
        unit: UnitId(1),
        unit_code: unit.to_owned(),
        period: Period::new("2026-11-01".parse().unwrap(), until.parse().unwrap()).unwrap(),
        state: state.map(str::to_owned),
    }
}

#[test]
fn the_same_question_has_the_same_id_and_another_question_another() {
    let one = asked("payments", "00004", "2026-11-30", None).query_id();
    assert_eq!(one, asked("payments", "00004", "2026-11-30", None).query_id());
    assert!(one.starts_with("qry_") && one.len() == 20, "{one}");
    let others = [
        asked("receipts", "00004", "2026-11-30", None),
        asked("payments", "00091", "2026-11-30", None),
        asked("payments", "00004", "2026-11-29", None),
        asked("payments", "00004", "2026-11-30", Some("proven")),
    ];
    for other in others {
        assert_ne!(one, other.query_id(), "{other:?}");
    }
}

#[test]
fn no_list_is_wider_than_a_row_and_each_has_a_name_of_its_own() {
    let mut names = std::collections::BTreeSet::new();
    for list in List::all() {
        assert!((1..=WIDTH).contains(&list.columns().len()), "{}", list.name());
        assert!(names.insert(list.name()), "{} twice", list.name());
        assert!(list.title().contains(" / "), "Vietnamese and English: {}", list.title());
    }
    assert_eq!(List::parse("people").unwrap_err().code(), "list_unknown");
}
