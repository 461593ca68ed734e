//! Where each role can go from every page: one table, in groups as a day goes.

use super::wording::Lang;
use crate::actor::Role;

/// A part of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Daily,
    Period,
    Manage,
    Other,
}

impl Group {
    const ALL: [Group; 4] = [Group::Daily, Group::Period, Group::Manage, Group::Other];

    fn key(self) -> &'static str {
        match self {
            Group::Daily => "nav_daily",
            Group::Period => "nav_period",
            Group::Manage => "nav_manage",
            Group::Other => "nav_other",
        }
    }
}

/// A page that roles go to.
struct Way {
    path: &'static str,
    /// Its words in `wording.toml`.
    key: &'static str,
    group: Group,
    roles: &'static [Role],
}

const STAFF: &[Role] = &[Role::Cashier, Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];
const BOOKS: &[Role] = &[Role::Finance, Role::Approver, Role::Auditor, Role::Administrator];
const MONEY: &[Role] = &[Role::Finance, Role::Approver, Role::Auditor];
const OFFICE: &[Role] = &[Role::Administrator, Role::Auditor];
const CITY: &[Role] = &[Role::Approver, Role::Auditor, Role::Administrator];
const COUNTER: &[Role] = &[Role::Cashier];
const FRONT: &[Role] = &[Role::Cashier, Role::Finance];

const fn way(path: &'static str, key: &'static str, group: Group, roles: &'static [Role]) -> Way {
    Way { path, key, group, roles }
}

const WAYS: &[Way] = &[
    way("/counter", "way_counter", Group::Daily, COUNTER),
    way("/counter/walk-in", "way_walk_in", Group::Daily, COUNTER),
    way("/counter/shift", "way_shift", Group::Daily, COUNTER),
    way("/counter/deposit", "deposit_title", Group::Daily, COUNTER),
    way("/counter/slips", "way_slips", Group::Daily, COUNTER),
    way("/finance", "way_board", Group::Daily, BOOKS),
    way("/finance/statements", "way_statements", Group::Daily, MONEY),
    way("/finance/exceptions", "way_exceptions", Group::Daily, MONEY),
    way("/finance/refunds", "way_refunds", Group::Daily, MONEY),
    way("/finance/slips", "way_slips", Group::Daily, MONEY),
    way("/finance/unmatch", "unmatch_title", Group::Daily, MONEY),
    way("/counter/complaints", "complaint_title", Group::Daily, FRONT),
    way("/finance/notifications", "way_notifications", Group::Daily, STAFF),
    way("/duties", "way_duties", Group::Daily, STAFF),
    way("/finance/days", "way_days", Group::Period, MONEY),
    way("/finance/batches", "way_batches", Group::Period, MONEY),
    way("/finance/settlements", "way_settlements", Group::Period, MONEY),
    way("/finance/remittances", "way_remittances", Group::Period, MONEY),
    way("/finance/books", "way_books", Group::Period, BOOKS),
    way("/finance/figures", "way_figures", Group::Period, BOOKS),
    way("/finance/cut-off", "way_cut_off", Group::Period, BOOKS),
    way("/finance/reports", "way_reports", Group::Period, BOOKS),
    way("/finance/series", "way_series", Group::Period, BOOKS),
    way("/tax/messages", "way_tax_messages", Group::Period, BOOKS),
    way("/finance/lists", "way_lists", Group::Period, BOOKS),
    way("/city", "way_city", Group::Period, BOOKS),
    way("/users", "way_users", Group::Manage, OFFICE),
    way("/admin/units", "way_units", Group::Manage, OFFICE),
    way("/onboarding", "way_onboarding", Group::Manage, OFFICE),
    way("/tax/registration", "way_tax_registration", Group::Manage, BOOKS),
    way("/tariff", "way_tariff", Group::Manage, BOOKS),
    way("/finance/classification-rules", "way_rules", Group::Manage, BOOKS),
    way("/finance/trust", "way_trust", Group::Manage, BOOKS),
    way("/admin/clients", "way_clients", Group::Manage, OFFICE),
    way("/admin/screens", "way_screens", Group::Manage, OFFICE),
    way("/admin/calendar", "way_calendar", Group::Manage, OFFICE),
    way("/admin/webhooks", "way_webhooks", Group::Manage, OFFICE),
    way("/admin/operations", "way_operations", Group::Manage, OFFICE),
    way("/admin/trail", "way_trail", Group::Manage, OFFICE),
    way("/admin/evidence", "way_evidence", Group::Manage, OFFICE),
    way("/admin/proposals", "way_proposals", Group::Manage, CITY),
    way("/counter/favourites", "favourites_title", Group::Other, COUNTER),
    way("/counter/screen", "screen_title", Group::Other, COUNTER),
    way(
        "/privacy",
        "way_privacy",
        Group::Other,
        &[Role::Cashier, Role::Finance, Role::Auditor, Role::Administrator],
    ),
    way("/account", "way_account", Group::Other, STAFF),
];

/// One way to go.
pub struct Item {
    pub href: &'static str,
    pub words: &'static str,
    /// `page` for the page itself, `true` for the list that a page was opened from, else empty.
    pub here: &'static str,
}

/// The ways of a role that belong together.
pub struct Ways {
    pub words: &'static str,
    /// Where one is now; the others open when they are chosen.
    pub is_open: bool,
    pub items: Vec<Item>,
}

/// The words of a page, for a role that goes there.
pub fn key_of(role: Role, path: &str) -> Option<&'static str> {
    WAYS.iter().find(|way| way.path == path && way.roles.contains(&role)).map(|way| way.key)
}

/// Pages that belong to the way of another address.
const ALIASES: [(&str, &str); 3] = [
    ("/finance/refund-start", "/finance/refunds/start"),
    ("/finance/refund-requests", "/finance/refunds/requests"),
    ("/finance/overview", "/finance/days/overview"),
];

fn is_under(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The ways of a role, seen from a path.
pub fn of(role: Role, path: &str, lang: Lang) -> Vec<Ways> {
    let may = |way: &&Way| way.roles.contains(&role);
    let path = ALIASES.iter().find(|(from, _)| is_under(path, from)).map_or(path, |(_, to)| *to);
    let leads = |way: &&Way| is_under(path, way.path);
    let here = WAYS.iter().filter(may).filter(leads).max_by_key(|way| way.path.len());
    let open = here.map_or(Group::Daily, |way| way.group);
    let item = |way: &Way| Item {
        href: way.path,
        words: lang.t(way.key),
        here: match here {
            Some(here) if here.path == way.path && here.path == path => "page",
            Some(here) if here.path == way.path => "true",
            _ => "",
        },
    };
    let of_group = |group: Group| Ways {
        words: lang.t(group.key()),
        is_open: group == open,
        items: WAYS.iter().filter(may).filter(|way| way.group == group).map(item).collect(),
    };
    Group::ALL.into_iter().map(of_group).filter(|ways| !ways.items.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(role: Role, path: &str) -> (Vec<&'static str>, Vec<&'static str>) {
        let all = of(role, path, Lang::En);
        let groups = all.iter().filter(|ways| ways.is_open).map(|ways| ways.words).collect();
        let here = all.iter().flat_map(|ways| &ways.items).filter(|item| !item.here.is_empty());
        (groups, here.map(|item| item.href).collect())
    }

    #[test]
    fn the_group_one_works_in_is_open_and_the_list_of_a_thing_is_marked() {
        assert_eq!(open(Role::Finance, "/finance/books"), (vec!["End of period"], vec!["/finance/books"]));
        assert_eq!(
            open(Role::Finance, "/finance/exceptions/exc_1"),
            (vec!["Every day"], vec!["/finance/exceptions"])
        );
        for page in ["/finance/refund-start", "/finance/refund-requests/rfq_1"] {
            assert_eq!(open(Role::Finance, page).1, ["/finance/refunds"], "{page}");
        }
        assert_eq!(open(Role::Finance, "/finance/letters/1"), (vec!["Every day"], vec!["/finance"]));
        assert_eq!(
            open(Role::Finance, "/financed"),
            (vec!["Every day"], vec![]),
            "a path is no beginning of a word"
        );
    }

    #[test]
    fn every_role_that_signs_in_has_ways_and_none_twice() {
        for role in STAFF {
            let items: Vec<&str> =
                of(*role, "/", Lang::Vi).iter().flat_map(|ways| &ways.items).map(|item| item.href).collect();
            let mut once = items.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), items.len());
            assert!(items.contains(&"/account"), "{}", role.as_str());
        }
        assert!(of(Role::DossierSystem, "/", Lang::Vi).is_empty());
    }
}
