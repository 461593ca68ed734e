//! What a proposed tariff changes, as prices: item, place and channel, the price before and after, from which day.

use super::charge;
use crate::clock::BusinessDay;
use crate::tariff::{Charge, FeeItem, Tariff};
use crate::web::pages::listing::day;
use crate::web::pages::wording::Lang;

/// One price that is no longer what it was.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ChangeRow {
    pub item: String,
    /// Where and through which channels.
    pub place: String,
    /// A dash where there was, or will be, none.
    pub old: String,
    pub new: String,
    pub from: String,
    pub ground: String,
}

/// The prices that come, each beside the one it takes the place of, and those that go with none in their place.
pub(super) fn rows(lang: Lang, old: Option<&Tariff>, new: &Tariff, today: BusinessDay) -> Vec<ChangeRow> {
    let mut found = Vec::new();
    for item in new.items() {
        let known = old.and_then(|old| old.item(&item.code)).map_or(&[][..], |item| item.charges.as_slice());
        for one in item.charges.iter().filter(|one| !known.iter().any(|other| is_same(one, other))) {
            let before = known.iter().filter(|other| is_beside(one, other)).max_by_key(|one| one.period.from);
            found.push(row(lang, item, (before, Some(one)), today));
        }
    }
    for item in old.into_iter().flat_map(Tariff::items) {
        let goes_on = new.item(&item.code).map_or(&[][..], |item| item.charges.as_slice());
        let is_gone =
            |one: &&Charge| !goes_on.iter().any(|other| is_same(one, other) || is_beside(other, one));
        for one in item.charges.iter().filter(is_gone) {
            found.push(row(lang, item, (Some(one), None), today));
        }
    }
    found
}

/// The same price from the same day; when it ends is told by the one that follows.
fn is_same(one: &Charge, other: &Charge) -> bool {
    Charge { period: other.period, ..one.clone() } == *other && one.period.from == other.period.from
}

/// Whether `other` held for the same places and channels when `one` begins.
fn is_beside(one: &Charge, other: &Charge) -> bool {
    one.places == other.places && one.channels == other.channels && other.period.from <= one.period.from
}

fn row(
    lang: Lang,
    item: &FeeItem,
    (old, new): (Option<&Charge>, Option<&Charge>),
    today: BusinessDay,
) -> ChangeRow {
    let words = |one: Option<&Charge>| one.map(|one| charge(lang, 0, one, today));
    let price = |one: Option<&Charge>| words(one).map_or_else(|| "–".to_owned(), |words| words.price);
    let shown = words(new.or(old));
    ChangeRow {
        item: lang.pick(&item.name.vi, &item.name.en).to_owned(),
        place: shown
            .as_ref()
            .map(|words| format!("{}; {}", words.places, words.channels))
            .unwrap_or_default(),
        old: price(old),
        new: price(new),
        from: new.or(old).map(|one| day(one.period.from)).unwrap_or_default(),
        ground: shown.map(|words| words.ground).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;
    use crate::tariff::load;
    use crate::tariff::revise::{Revision, price};

    #[test]
    fn a_price_that_changes_stands_beside_the_one_before() {
        let text = include_str!("../../../../fixtures/tariff/hanoi.toml");
        let revision = Revision {
            item: "chung_thuc_chu_ky".to_owned(),
            charge: 0,
            from: "2027-01-01".parse().unwrap(),
            price: Dong(12_000),
            legal_ground: "Nghị quyết Mẫu 1/2026".to_owned(),
        };
        let old = load(text).unwrap();
        let new = load(&price(text, &revision).unwrap()).unwrap();
        let found = rows(Lang::Vi, Some(&old), &new, "2026-11-29".parse().unwrap());
        let shown: Vec<_> =
            found.iter().map(|row| (row.old.as_str(), row.new.as_str(), row.from.as_str())).collect();
        assert_eq!(shown, [("10.000 đ", "12.000 đ", "01/01/2027")]);
        assert_eq!(found[0].ground, "Nghị quyết Mẫu 1/2026");
        assert!(rows(Lang::Vi, Some(&old), &old, "2026-11-29".parse().unwrap()).is_empty());
        let gone = rows(Lang::Vi, Some(&new), &old, "2026-11-29".parse().unwrap());
        assert_eq!((gone.len(), gone[0].old.as_str()), (1, "12.000 đ"));
    }
}
