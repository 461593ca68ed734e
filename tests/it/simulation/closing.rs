//! Days and months are closed, late as chance wants, opened again by two persons now and then, and what their
//! certificates say is what the books say.

use std::collections::BTreeSet;

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::clock::BusinessDay;
use bienlai::reconciliation::bridge::{self, Pier};
use bienlai::reconciliation::day_close::reading::{self, Reading};
use bienlai::reconciliation::day_close::{self, Certificate, close_through, verify_chain};
use bienlai::reconciliation::month_close::{self, Month};
use bienlai::reconciliation::proof::Obstacle;
use bienlai::reconciliation::reopening;

use super::city::City;
use super::verdict;
use crate::support::tools::{number, texts};

/// Obstacles that are nothing a bank's paper or a person's decision could still cure.
const OURS: [&str; 7] = [
    "posting_differs",
    "line_not_classified",
    "match_sum_differs",
    "class_sum_differs",
    "open_line_unnamed",
    "carried_amount_differs",
    "open_item_without_exception",
];

impl City {
    pub(super) fn close_until(&mut self, commune: usize, until: BusinessDay) {
        if self.chance.percent(8) {
            self.open_day_again(commune);
        }
        let refused = self.close_days(commune, until);
        let is_waited_for = refused.iter().any(|one| one.code().starts_with("version_"));
        let ours = refused.iter().filter(|one| OURS.contains(&one.code()) && !is_waited_for);
        let told: Vec<String> =
            ours.map(|one| format!("{}: a day of {commune}: {}", one.code(), one.en())).collect();
        self.accuse(told);
    }

    /// Closes what can be closed; what keeps the first open day open.
    fn close_days(&mut self, commune: usize, until: BusinessDay) -> Vec<Obstacle> {
        let (unit, account) = (self.unit(commune), self.world.communes()[commune].account);
        let closed = close_through(
            &self.world.store,
            &self.world.keyring,
            &|| self.world.stamp(),
            &Actor::system(),
            unit,
            account,
            until,
        );
        let Some(through) = self.told(&format!("closing {commune} until {until}"), closed) else {
            return Vec::new();
        };
        for certificate in &through.closed {
            let faults = certificate_faults(self, commune, certificate);
            self.accuse(faults);
        }
        let days: Vec<String> = through.closed.iter().map(|one| one.date.to_string()).collect();
        self.note(format!("closed: {}", days.join(" ")));
        match through.refused {
            Some((day, obstacles)) => {
                let why: Vec<&str> = obstacles.iter().map(Obstacle::code).collect();
                self.note(format!("{day} stays open: {}", why.join(" ")));
                obstacles
            }
            None => Vec::new(),
        }
    }

    fn open_day_again(&mut self, commune: usize) {
        let (unit, account) = (self.unit(commune), self.world.communes()[commune].account);
        let closed = self.world.look(|conn| day_close::standing(conn, unit, account));
        let days: Vec<BusinessDay> = closed.into_iter().map(|(day, _)| day).collect();
        if let Some(day) = self.chance.pick(&days).copied() {
            self.open_day(commune, day);
        }
    }

    /// Two persons open a closed day again, and all later ones with it.
    pub(super) fn open_day(&mut self, commune: usize, day: BusinessDay) {
        let (unit, account) = (self.unit(commune), self.world.communes()[commune].account);
        let (maker, checker) = (self.finance(commune), self.approver(commune));
        let asked = self.act(&maker, &format!("asked for {day} to be opened again"), |tx, stamp| {
            reopening::request(tx, stamp, &maker, (unit, account), day, "Ngân hàng gửi sao kê sửa")
        });
        if let Some(asked) = asked {
            self.act(&checker, &format!("{day} opened again"), |tx, stamp| {
                reopening::approve(tx, stamp, &checker, unit, asked.id)
            });
        }
    }

    /// Everything arrived and was decided: each day closes, but for what a person must settle first, and the month.
    pub(super) fn close_the_rest(&mut self) {
        if !self.is_at_work() {
            return;
        }
        for commune in 0..2 {
            let mut refused = self.close_days(commune, self.last_day());
            // A line of a closed day came after all: two persons open that day again.
            let mut rounds = 0;
            while refused.iter().any(|one| one.code() == "opening_differs") && rounds < 4 {
                if let Some(last) = self.last_closed(commune) {
                    self.open_day(commune, last);
                }
                refused = self.close_days(commune, self.last_day());
                rounds += 1;
            }
            let wrong = refused.iter().filter(|one| one.code() != "blocked_by_exception");
            let told: Vec<String> =
                wrong.map(|one| format!("{}: a day of {commune}: {}", one.code(), one.en())).collect();
            self.accuse(told);
            if refused.is_empty() {
                self.close_month(commune);
            }
        }
    }

    fn last_closed(&self, commune: usize) -> Option<BusinessDay> {
        let (unit, account) = (self.unit(commune), self.world.communes()[commune].account);
        self.world.look(|conn| day_close::standing(conn, unit, account)).last().map(|(day, _)| *day)
    }

    fn close_month(&mut self, commune: usize) {
        let place = (self.unit(commune), self.world.communes()[commune].account);
        let closed = month_close::close(
            &self.world.store,
            &self.world.keyring,
            &|| self.world.stamp(),
            &Actor::system(),
            place,
            Month::of(self.first),
        );
        match self.told("closing the month", closed) {
            Some(month_close::Closing::Closed(certificate)) => {
                let faults = month_faults(self, commune, &certificate);
                self.accuse(faults);
            }
            other => self.accuse(vec![format!("a month does not close: {commune}: {other:?}")]),
        }
    }

    /// The end of a day, as a check each night.
    pub(super) fn look_at_the_day(&mut self, day: BusinessDay) {
        let faults = verdict::faults_at_work(self);
        self.note(format!("{day} is over"));
        self.accuse(faults);
    }
}

/// What stands on a unit's accounts that begin with a word, debits less credits, at the end of a day.
fn standing(city: &City, commune: usize, word: &str, until: BusinessDay) -> i64 {
    let unit = city.unit(commune).0;
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(CASE WHEN debit_account LIKE '{word}%' THEN amount ELSE 0 END), 0) \
         - COALESCE(SUM(CASE WHEN credit_account LIKE '{word}%' THEN amount ELSE 0 END), 0) AS BIGINT) AS n \
         FROM posting WHERE unit_id = {unit} AND accounting_date <= '{until}'"
    );
    city.world.look(|conn| Ok(number(conn, &sql)))
}

/// What a certificate carries and has on its way is what the books had at the end of its day.
fn certificate_faults(city: &City, commune: usize, certificate: &Certificate) -> Vec<String> {
    let told = reading::read(&certificate.document).expect("a certificate is read back");
    let day = certificate.date;
    let mut faults = Vec::new();
    let lines: i64 = by_item(&told, &["line"]).iter().map(|(.., amount)| amount).sum();
    let (suspense, debits) =
        (standing(city, commune, "suspense/lin_", day), standing(city, commune, "unexplained_debit/", day));
    if lines != -(suspense + debits) {
        faults.push(format!(
            "carried lines: {day} of {commune} carries {lines}, the books have {suspense} and {debits}: {:?}",
            told.carried
        ));
    }
    let clearing = standing(city, commune, "clearing/", day);
    let claims = claims_of(city, commune);
    let named: i64 = by_item(&told, &["movement", "payment"])
        .into_iter()
        .filter(|(_, id, _)| claims.contains(id))
        .map(|(.., amount)| amount)
        .sum();
    // A line may show money before its channel tells of it: of that the certificate has the sum alone.
    let unnamed = told.in_transit_unnamed.0;
    if !(-shown_early(city, commune, day)..=0).contains(&unnamed) {
        faults.push(format!(
            "in transit: {day} of {commune} leaves {unnamed} without a name: {:?}",
            told.claims
        ));
    }
    let on_its_way: i64 = told.claims.iter().map(|one| one.amount.0).sum();
    if on_its_way + unnamed + named != clearing {
        faults.push(format!(
            "in transit: {day} of {commune} has {on_its_way} and {unnamed}, by name {named}, the books {clearing}: {:?} {:?}",
            told.claims, told.carried
        ));
    }
    faults
}

/// What lines of a day and earlier ones ever showed of claims that were told of after it.
fn shown_early(city: &City, commune: usize, day: BusinessDay) -> i64 {
    let unit = city.unit(commune).0;
    let sql = format!(
        "SELECT CAST(COALESCE(SUM(t.amount), 0) AS BIGINT) AS n FROM payment p JOIN match_part t \
         ON t.unit_id = p.unit_id AND t.movement_id = p.movement_id AND t.undoes_id IS NULL JOIN statement_line l \
         ON l.unit_id = t.unit_id AND l.id = t.line_id WHERE p.unit_id = {unit} AND p.accounting_date > '{day}' \
         AND p.debit_account LIKE 'clearing/%' AND l.booking_date <= '{day}'"
    );
    city.world.look(|conn| Ok(number(conn, &sql)))
}

/// What is carried under an exception about some claim or card, or about a line, each item once; of a line both sides.
fn by_item(told: &Reading, kinds: &[&str]) -> BTreeSet<(String, String, i64)> {
    // Surplus of a payment and what came back of a refund stand under the payment too.
    let is_claim = |kind: &str| !matches!(kind, "overpaid" | "duplicate_transfer" | "late_payment");
    told.carried
        .iter()
        .filter(|one| kinds.contains(&one.kind.as_str()))
        .filter(|one| {
            one.kind != "payment" || (is_claim(&one.exception_kind) && one.exception_kind == "not_deposited")
        })
        .map(|one| (one.kind.clone(), one.id.clone(), one.amount.0))
        .collect()
}

/// Movements and payments whose money went into clearing before a line showed it.
fn claims_of(city: &City, commune: usize) -> BTreeSet<String> {
    let mut claims = BTreeSet::new();
    for payment in city.payments(city.unit(commune)) {
        if payment.debit_account.starts_with("clearing/") {
            claims.insert(payment.id.to_string());
            claims.extend(payment.movement.map(|movement| movement.to_string()));
        }
    }
    claims
}

/// The days' bridges, as they were certified, add up to the month's.
fn month_faults(city: &City, commune: usize, month: &month_close::Certificate) -> Vec<String> {
    let told = month_close::certificate::read(&month.document).expect("a certificate is read back");
    let mut sums = [0_i64; 6];
    for certificate in standing_certificates(city, commune) {
        if certificate.date < told.from || certificate.date > told.until {
            continue;
        }
        let day = reading::read(&certificate.document).expect("a certificate is read back");
        let bridge = day.bridge.expect("certificates have a bridge");
        for (sum, pier) in sums.iter_mut().zip(bridge.piers.iter().chain([&bridge.bank])) {
            *sum += pier.0;
        }
    }
    if sums.map(Dong) == told.bridge {
        return Vec::new();
    }
    vec![format!("bridges of {commune}: the days come to {sums:?}, the month to {:?}", told.bridge)]
}

fn standing_certificates(city: &City, commune: usize) -> Vec<Certificate> {
    let (unit, account) = (city.unit(commune), city.world.communes()[commune].account);
    let closed = city.world.look(|conn| day_close::standing(conn, unit, account));
    let mut all = city.world.look(|conn| day_close::certificates(conn, unit, account));
    all.retain(|one| closed.contains(&(one.date, one.revision)));
    all
}

/// At the end: the chains hold, what was certified is still so, and nothing was posted on a day after it was closed.
pub(super) fn faults(city: &City) -> Vec<String> {
    let mut faults = Vec::new();
    for commune in 0..2 {
        let (unit, account) = (city.unit(commune), city.world.communes()[commune].account);
        faults.extend(
            [
                city.world.look(|conn| verify_chain(conn, unit, account)),
                city.world.look(|conn| month_close::verify_chain(conn, unit, account)),
            ]
            .into_iter()
            .flatten()
            .map(|fault| format!("chain: {commune}: {fault}")),
        );
        for certificate in standing_certificates(city, commune) {
            faults.extend(certificate_faults(city, commune, &certificate));
            faults.extend(bridge_faults(city, commune, &certificate));
        }
    }
    faults
}

fn bridge_faults(city: &City, commune: usize, certificate: &Certificate) -> Vec<String> {
    let (unit, account, day) = (city.unit(commune), city.world.communes()[commune].account, certificate.date);
    let told = reading::read(&certificate.document).expect("a certificate is read back");
    let told = told.bridge.expect("certificates have a bridge");
    let now = city.world.look(|conn| bridge::of_period(conn, (unit, account), (day, day)));
    let piers = Pier::ALL.map(|pier| now.of(pier));
    let shares = shares_of(city, commune, day);
    if told.piers == piers && told.bank == now.bank {
        return Vec::new();
    }
    vec![format!(
        "bridge: {day} of {commune} was certified as {:?}, is now {piers:?}; shares {shares:?}",
        told.piers
    )]
}

/// What a day's postings were, for the words of a fault.
fn shares_of(city: &City, commune: usize, day: BusinessDay) -> Vec<String> {
    let unit = city.unit(commune).0;
    let sql = format!(
        "SELECT debit_account || ' ' || credit_account || ' ' || CAST(amount AS TEXT) || ' ' || source_kind AS t \
         FROM posting WHERE unit_id = {unit} AND accounting_date = '{day}' ORDER BY id"
    );
    city.world.look(|conn| Ok(texts(conn, &sql)))
}
