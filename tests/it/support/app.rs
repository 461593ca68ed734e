//! The wired application on a story's database, which looks over the books when the story ends.

use std::ops::Deref;
use std::sync::Arc;

use bienlai::actor::Scope;
use bienlai::app::App;
use bienlai::clock::{Clock, Instant};
use bienlai::config::Config;
use bienlai::error::Result;
use bienlai::exception;
use bienlai::id::{ExceptionId, UnitId};
use bienlai::store::{Conn, Lane, Product, Stamp, Tx};
use bienlai::{audit, worker};

use super::database::Database;
use super::tools::{numbers, texts};

pub const MASTER_KEY: &str = "0707070707070707070707070707070707070707070707070707070707070707";

/// A Monday morning.
pub const MORNING: &str = "2026-11-23T09:00:00+07:00";

pub struct TestApp {
    pub app: Arc<App>,
    pub database: Arc<Database>,
    is_watched: bool,
}

impl Deref for TestApp {
    type Target = Arc<App>;
    fn deref(&self) -> &Arc<App> {
        &self.app
    }
}

impl TestApp {
    pub fn open(database: Database) -> TestApp {
        TestApp::open_on(Arc::new(database))
    }

    /// Another process, as it were, on the same database.
    pub fn open_on(database: Arc<Database>) -> TestApp {
        TestApp::open_with(database, Clock::fixed(MORNING.parse().expect("a good time")))
    }

    pub fn open_with(database: Arc<Database>, clock: Clock) -> TestApp {
        let config = format!(
            "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n\
             [signing]\nthreads = 1\n[onboarding]\nrequired = false\n",
            database.url
        );
        let config = Config::parse(&config).expect("the configuration of the tests is good");
        let app = App::open(config, clock).expect("the application opens");
        TestApp { app, database, is_watched: true }
    }

    pub fn stop_watching(&mut self) {
        self.is_watched = false;
    }

    pub fn product(&self) -> Product {
        self.database.product
    }

    pub fn now(&self) -> Instant {
        self.app.clock.now()
    }

    /// Lets time pass, as it does for a running service: the lease on the id node is renewed.
    pub fn wait_seconds(&self, seconds: i64) {
        self.app.clock.set(self.now().plus_seconds(seconds));
        self.app.lease.renew(&self.app.store, &self.app.clock).expect("the lease is renewed");
    }

    pub fn wait_days(&self, days: i64) {
        self.wait_seconds(days * 86_400);
    }

    pub fn look<T>(&self, body: impl FnOnce(&mut Conn) -> Result<T>) -> T {
        self.app.store.read(&Scope::All, body).expect("the store is read")
    }

    pub fn change<T>(&self, body: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<T>) -> T {
        self.try_change(body).expect("the change is accepted")
    }

    pub fn try_change<T>(&self, mut body: impl FnMut(&mut Tx<'_>, &Stamp<'_>) -> Result<T>) -> Result<T> {
        // Beside a real service time passes, and a story may have waited long for a browser.
        if matches!(self.app.clock, Clock::System) {
            self.app.lease.renew(&self.app.store, &self.app.clock)?;
        }
        self.app.store.write(&Scope::All, Lane::Live, |tx| body(tx, &self.app.stamp()))
    }

    /// Signs what is numbered, and gives committed events their places.
    pub fn seal(&self) -> usize {
        let sealed = worker::seal_waiting(&self.app);
        worker::number_committed(&self.app).expect("the trail is sealed");
        sealed
    }

    /// Everything that does not hold in the books, in words.
    pub fn problems(&self) -> Vec<String> {
        worker::number_committed(&self.app).expect("the trail is sealed");
        let mut problems = self.look(|conn| Ok(problems(conn)));
        problems.extend(self.unowned());
        problems
    }

    /// Every item of the queue has the owner its newest event says, else its kind's, and its kind's due day.
    fn unowned(&self) -> Vec<String> {
        let owners = "SELECT CAST(x.unit_id AS TEXT) || ' ' || CAST(x.id AS TEXT) || ' ' || COALESCE((SELECT e.owner \
                      FROM exception_event e WHERE e.unit_id = x.unit_id AND e.exception_id = x.id \
                      AND e.owner IS NOT NULL ORDER BY e.revision DESC LIMIT 1), '') AS t FROM exception x";
        let calendar = self.app.stamp().calendar;
        let mut wrong = Vec::new();
        for row in self.look(|conn| Ok(texts(conn, owners))) {
            let mut parts = row.split(' ');
            let mut number = || parts.next().and_then(|text| text.parse::<i64>().ok()).expect("a number");
            let (unit, id) = (UnitId(number()), ExceptionId(number()));
            let given = parts.next().unwrap_or_default();
            let item = self.look(|conn| exception::find(conn, unit, id));
            let owner = if given.is_empty() { item.kind.default_owner() } else { given };
            let due_on = calendar.after(item.opened_on, item.kind.due_working_days());
            if item.owner != owner || item.due_on != due_on {
                wrong.push(format!("{} ({}) has {} until {}", item.id, item.kind, item.owner, item.due_on));
            }
        }
        wrong
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !self.is_watched || std::thread::panicking() {
            return;
        }
        let problems = self.problems();
        assert!(problems.is_empty(), "the books do not hold:\n{}", problems.join("\n"));
    }
}

/// What must hold in every database at rest, whatever happened before. Each query names the rows
/// that break it.
pub fn problems(conn: &mut Conn) -> Vec<String> {
    let mut problems = Vec::new();
    for (promise, sql) in PROMISES {
        problems.extend(texts(conn, sql).into_iter().map(|row| format!("{promise}: {row}")));
    }
    for (noun, table) in LIVES {
        let rows = texts(conn, &not_as_its_newest_event(table));
        problems.extend(rows.into_iter().map(|row| format!("{noun} is what its newest event says: {row}")));
    }
    for unit in numbers(conn, "SELECT unit_id AS n FROM unit") {
        let faults = bienlai::report::verify::unit(conn, UnitId(unit)).expect("the books are read");
        problems.extend(faults.into_iter().map(|fault| format!("{}: {:?}", fault.en, fault.about)));
        if let Some(fault) = audit::verify(conn, UnitId(unit)).expect("the trail is read") {
            problems.push(format!("the trail of unit {unit}: {fault}"));
        }
        let rest: i64 = bienlai::ledger::trial_balance(conn, UnitId(unit))
            .expect("the ledger is read")
            .iter()
            .map(|(_, balance)| balance.0)
            .sum();
        if rest != 0 {
            problems.push(format!("the trial balance of unit {unit} is {rest}"));
        }
    }
    problems
}

/// Nouns whose state is what their newest event says and whose revision counts their events, each with its table.
const LIVES: &[(&str, &str)] = &[
    ("a payment", "payment"),
    ("a receipt", "receipt"),
    ("a message", "message"),
    ("an exception", "exception"),
    ("a form to the tax authority", "filing"),
    ("a message to the tax authority", "transmission"),
    ("a correction", "correction"),
    ("a refund", "refund"),
];

/// The rows of a table that are not as their events in its event table say.
fn not_as_its_newest_event(table: &str) -> String {
    format!(
        "SELECT CAST(t.id AS TEXT) AS t FROM {table} t WHERE NOT EXISTS (SELECT 1 FROM {table}_event e \
         WHERE e.unit_id = t.unit_id AND e.{table}_id = t.id AND e.revision = t.revision AND e.state = t.state) \
         OR t.revision <> (SELECT COUNT(*) FROM {table}_event e WHERE e.unit_id = t.unit_id AND e.{table}_id = t.id)"
    )
}

const PROMISES: &[(&str, &str)] = &[
    (
        "no money of a payment waits for a place",
        "SELECT CAST(id AS TEXT) AS t FROM payment WHERE unallocated <> 0",
    ),
    (
        "a payment's buckets are the sum of its allocations",
        "SELECT CAST(p.id AS TEXT) AS t FROM payment p WHERE \
         (p.to_obligations <> (SELECT COALESCE(SUM(CASE WHEN a.to_bucket = 'obligation' THEN a.amount \
            WHEN a.from_bucket = 'obligation' THEN -a.amount ELSE 0 END), 0) FROM allocation a \
            WHERE a.unit_id = p.unit_id AND a.payment_id = p.id)) OR \
         (p.surplus <> (SELECT COALESCE(SUM(CASE WHEN a.to_bucket = 'surplus' THEN a.amount \
            WHEN a.from_bucket = 'surplus' THEN -a.amount ELSE 0 END), 0) FROM allocation a \
            WHERE a.unit_id = p.unit_id AND a.payment_id = p.id)) OR \
         (p.suspense <> (SELECT COALESCE(SUM(CASE WHEN a.to_bucket = 'suspense' THEN a.amount \
            WHEN a.from_bucket = 'suspense' THEN -a.amount ELSE 0 END), 0) FROM allocation a \
            WHERE a.unit_id = p.unit_id AND a.payment_id = p.id)) OR \
         (p.other_unit <> (SELECT COALESCE(SUM(CASE WHEN a.to_bucket = 'other_unit' THEN a.amount \
            WHEN a.from_bucket = 'other_unit' THEN -a.amount ELSE 0 END), 0) FROM allocation a \
            WHERE a.unit_id = p.unit_id AND a.payment_id = p.id)) OR \
         (p.reversed <> (SELECT COALESCE(SUM(CASE WHEN a.to_bucket = 'reversed' THEN a.amount \
            WHEN a.from_bucket = 'reversed' THEN -a.amount ELSE 0 END), 0) FROM allocation a \
            WHERE a.unit_id = p.unit_id AND a.payment_id = p.id))",
    ),
    (
        "an obligation holds what was allocated to it",
        "SELECT CAST(o.id AS TEXT) AS t FROM obligation o WHERE o.allocated <> \
         (SELECT COALESCE(SUM(CASE WHEN a.to_bucket = 'obligation' THEN a.amount ELSE -a.amount END), 0) \
          FROM allocation a WHERE a.unit_id = o.unit_id AND a.obligation_id = o.id \
          AND (a.to_bucket = 'obligation' OR a.from_bucket = 'obligation'))",
    ),
    (
        "no obligation holds more than it asked for, and a paid one holds all",
        "SELECT CAST(id AS TEXT) AS t FROM obligation WHERE allocated > total + adjusted \
         OR (state = 'paid') <> (allocated = total + adjusted AND (total + adjusted > 0 OR line_edition > 0))",
    ),
    (
        "an obligation is what its newest event says",
        "SELECT CAST(o.id AS TEXT) AS t FROM obligation o WHERE NOT EXISTS (SELECT 1 FROM obligation_event e \
         WHERE e.unit_id = o.unit_id AND e.obligation_id = o.id AND e.revision = o.revision AND e.state = o.state \
         AND e.allocated = o.allocated) OR o.revision <> (SELECT COUNT(*) FROM obligation_event e \
         WHERE e.unit_id = o.unit_id AND e.obligation_id = o.id)",
    ),
    (
        "the payer of a sealed receipt has a message, or the look-up code",
        "SELECT CAST(s.receipt_id AS TEXT) AS t FROM receipt_seal s WHERE NOT EXISTS (SELECT 1 FROM message m \
         WHERE m.unit_id = s.unit_id AND m.subject_kind = 'receipt' AND m.subject_id = s.receipt_id)",
    ),
    (
        "an event names something that exists",
        "SELECT CAST(e.id AS TEXT) AS t FROM obligation_event e WHERE NOT EXISTS (SELECT 1 FROM obligation o \
         WHERE o.unit_id = e.unit_id AND o.id = e.obligation_id) UNION ALL \
         SELECT CAST(e.id AS TEXT) AS t FROM payment_event e WHERE NOT EXISTS (SELECT 1 FROM payment p \
         WHERE p.unit_id = e.unit_id AND p.id = e.payment_id)",
    ),
    (
        "a series is exactly 1 to N",
        "SELECT CAST(s.id AS TEXT) AS t FROM receipt_series s WHERE s.next_no - 1 <> \
         (SELECT COUNT(*) FROM receipt r WHERE r.unit_id = s.unit_id AND r.series_id = s.id) \
         OR s.next_no - 1 <> (SELECT COALESCE(MAX(r.number), 0) FROM receipt r WHERE r.unit_id = s.unit_id AND r.series_id = s.id) \
         OR EXISTS (SELECT 1 FROM receipt r WHERE r.unit_id = s.unit_id AND r.series_id = s.id AND r.number < 1)",
    ),
    (
        "receipts of a series are dated in the order of their numbers",
        "SELECT CAST(r.id AS TEXT) AS t FROM receipt r JOIN receipt s ON s.unit_id = r.unit_id \
         AND s.series_id = r.series_id AND s.number = r.number + 1 WHERE s.issued_on < r.issued_on",
    ),
    (
        "one paid obligation has one valid receipt of a kind",
        "SELECT CAST(obligation_id AS TEXT) AS t FROM receipt WHERE state IN ('numbered', 'signed', 'adjusted') \
         AND NOT EXISTS (SELECT 1 FROM receipt_relation x WHERE x.unit_id = receipt.unit_id AND x.receipt_id = receipt.id \
         AND x.action = 'adjust') \
         GROUP BY unit_id, obligation_id, document_kind HAVING COUNT(*) > 1",
    ),
    (
        "the valid receipts are the fees collected",
        "SELECT CAST(u.unit_id AS TEXT) AS t FROM unit u WHERE \
         (SELECT COALESCE(SUM(r.amount), 0) FROM receipt r WHERE r.unit_id = u.unit_id AND r.state IN ('numbered', 'signed', 'adjusted') \
          AND NOT EXISTS (SELECT 1 FROM receipt_relation x JOIN receipt o ON o.unit_id = x.unit_id AND o.id = x.original_id \
          WHERE x.unit_id = r.unit_id AND x.receipt_id = r.id AND x.action = 'adjust' AND o.state = 'cancelled')) <> \
         (SELECT COALESCE(SUM(CASE WHEN p.credit_account LIKE 'fees_collected/%' THEN p.amount ELSE 0 END), 0) \
               - COALESCE(SUM(CASE WHEN p.debit_account LIKE 'fees_collected/%' THEN p.amount ELSE 0 END), 0) \
          FROM posting p WHERE p.unit_id = u.unit_id AND p.source_kind = 'receipt')",
    ),
    (
        "what still adjusts a cancelled document takes all of it back",
        "SELECT CAST(o.id AS TEXT) AS t FROM receipt o WHERE o.state = 'cancelled' AND EXISTS (SELECT 1 FROM receipt_relation x \
         JOIN receipt r ON r.unit_id = x.unit_id AND r.id = x.receipt_id WHERE x.unit_id = o.unit_id AND x.original_id = o.id \
         AND x.action = 'adjust' AND r.state <> 'cancelled') AND o.amount + (SELECT SUM(r.amount) FROM receipt_relation x \
         JOIN receipt r ON r.unit_id = x.unit_id AND r.id = x.receipt_id WHERE x.unit_id = o.unit_id AND x.original_id = o.id \
         AND x.action = 'adjust') <> 0",
    ),
    (
        "fees are collected against receipts only, and come back from shares by a day close",
        "SELECT CAST(id AS TEXT) AS t FROM posting WHERE credit_account LIKE 'fees_collected/%' \
         AND source_kind NOT IN ('receipt', 'day')",
    ),
    (
        "lines in force are the total, corrections included",
        "SELECT CAST(o.id AS TEXT) AS t FROM obligation o WHERE o.total + o.adjusted <> (SELECT COALESCE(SUM(l.amount), 0) \
         FROM obligation_line l WHERE l.unit_id = o.unit_id AND l.obligation_id = o.id AND l.edition = o.line_edition)",
    ),
    (
        "what a receipt is corrected to has a document that says so, and the other way round",
        "SELECT CAST(r.id AS TEXT) AS t FROM receipt r WHERE (r.state = 'replaced') <> EXISTS (SELECT 1 FROM receipt_relation x \
         WHERE x.unit_id = r.unit_id AND x.original_id = r.id AND x.action = 'replace') UNION ALL \
         SELECT CAST(r.id AS TEXT) FROM receipt r WHERE r.state = 'adjusted' AND NOT EXISTS (SELECT 1 FROM receipt_relation x \
         WHERE x.unit_id = r.unit_id AND x.original_id = r.id AND x.action = 'adjust')",
    ),
    (
        "refund_payable is what approved, sent and bounced refunds amount to",
        "SELECT CAST(u.unit_id AS TEXT) AS t FROM unit u WHERE \
         (SELECT COALESCE(SUM(CASE WHEN p.credit_account = 'refund_payable' THEN p.amount ELSE 0 END), 0) \
               - COALESCE(SUM(CASE WHEN p.debit_account = 'refund_payable' THEN p.amount ELSE 0 END), 0) \
          FROM posting p WHERE p.unit_id = u.unit_id) <> (SELECT COALESCE(SUM(f.amount), 0) FROM refund f \
          WHERE f.unit_id = u.unit_id AND f.state IN ('approved', 'sent', 'bounced'))",
    ),
    (
        "surplus and refund_payable are what payers are owed",
        "SELECT CAST(u.unit_id AS TEXT) AS t FROM unit u WHERE \
         (SELECT COALESCE(SUM(CASE WHEN p.credit_account = 'refund_payable' OR p.credit_account LIKE 'surplus/%' \
                 THEN p.amount ELSE 0 END), 0) - COALESCE(SUM(CASE WHEN p.debit_account = 'refund_payable' \
                 OR p.debit_account LIKE 'surplus/%' THEN p.amount ELSE 0 END), 0) \
          FROM posting p WHERE p.unit_id = u.unit_id) <> (SELECT COALESCE(SUM(y.surplus), 0) FROM payment y \
          WHERE y.unit_id = u.unit_id)",
    ),
    (
        "no surplus is promised twice",
        "SELECT CAST(y.id AS TEXT) AS t FROM payment y WHERE y.surplus < (SELECT COALESCE(SUM(f.amount), 0) FROM refund f \
         WHERE f.unit_id = y.unit_id AND f.payment_id = y.id AND f.state IN ('requested', 'approved', 'sent', 'bounced'))",
    ),
    (
        "no payment is owed to its payer and owed by them at once",
        "SELECT s.account AS t FROM (SELECT unit_id, account, SUM(amount) AS balance FROM \
         (SELECT unit_id, debit_account AS account, amount FROM posting WHERE debit_account LIKE 'reversal_to_recover/%' \
          UNION ALL SELECT unit_id, credit_account, -amount FROM posting WHERE credit_account LIKE 'reversal_to_recover/%') x \
          GROUP BY unit_id, account) d JOIN (SELECT unit_id, account, SUM(amount) AS balance FROM \
         (SELECT unit_id, credit_account AS account, amount FROM posting WHERE credit_account LIKE 'surplus/%' \
          UNION ALL SELECT unit_id, debit_account, -amount FROM posting WHERE debit_account LIKE 'surplus/%') y \
          GROUP BY unit_id, account) s ON s.unit_id = d.unit_id \
          AND replace(s.account, 'surplus/', '') = replace(d.account, 'reversal_to_recover/', '') \
          WHERE s.balance > 0 AND d.balance > 0",
    ),
    (
        "what waits for its money is one thing at a time",
        "SELECT CAST(obligation_id AS TEXT) AS t FROM awaited_document WHERE state = 'waiting' \
         GROUP BY unit_id, obligation_id HAVING COUNT(*) > 1",
    ),
    (
        "money that is owed for nothing is no advance",
        "SELECT a.account AS t FROM (SELECT unit_id, account, SUM(amount) AS balance FROM \
         (SELECT unit_id, credit_account AS account, amount FROM posting WHERE credit_account LIKE 'received_in_advance/%' \
          UNION ALL SELECT unit_id, debit_account, -amount FROM posting WHERE debit_account LIKE 'received_in_advance/%') x \
          GROUP BY unit_id, account) a WHERE a.balance < 0",
    ),
    (
        "a sealed receipt is signed, and a signed one sealed",
        "SELECT CAST(r.id AS TEXT) AS t FROM receipt r WHERE (r.state = 'signed') <> EXISTS (SELECT 1 FROM receipt_seal s \
         WHERE s.unit_id = r.unit_id AND s.receipt_id = r.id) AND r.state IN ('numbered', 'signed')",
    ),
    (
        "clearing is what is claimed and not proven",
        "SELECT c.account AS t FROM (SELECT unit_id, account, SUM(amount) AS balance FROM \
         (SELECT unit_id, debit_account AS account, amount FROM posting WHERE debit_account LIKE 'clearing/%' \
          UNION ALL SELECT unit_id, credit_account, -amount FROM posting WHERE credit_account LIKE 'clearing/%') x \
          GROUP BY unit_id, account) c WHERE c.balance <> (SELECT COALESCE(SUM(p.amount - COALESCE(m.proven, 0)), 0) \
          FROM payment p LEFT JOIN movement m ON m.unit_id = p.unit_id AND m.id = p.movement_id \
          WHERE p.unit_id = c.unit_id AND p.debit_account = c.account AND p.state = 'claimed')",
    ),
    (
        "a channel's exposure is what it claimed and nothing has proven",
        "SELECT x.channel AS t FROM channel_exposure x WHERE x.unproven <> (SELECT COALESCE(SUM(p.amount), 0) FROM payment p \
         WHERE p.unit_id = x.unit_id AND p.account_id = x.account_id AND p.channel = x.channel AND p.state = 'claimed' \
         AND p.method = 'transfer')",
    ),
    (
        // Persons who undo a wrong match take a payment back whole, with their reason, and the movement's money
        // goes on without it: it names its next payment, or none while it waits. A payment that the bank takes
        // back, or that a channel never brought, keeps its movement.
        "a movement and its payment name each other, but for a payment that persons took back whole",
        "SELECT CAST(m.id AS TEXT) AS t FROM movement m WHERE m.payment_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM payment p WHERE p.unit_id = m.unit_id AND p.id = m.payment_id AND p.movement_id = m.id) UNION ALL \
         SELECT CAST(p.id AS TEXT) FROM payment p WHERE p.movement_id IS NOT NULL AND NOT EXISTS \
         (SELECT 1 FROM movement m WHERE m.unit_id = p.unit_id AND m.id = p.movement_id AND m.payment_id = p.id) \
         AND NOT (p.state = 'reversed' AND p.reversed = p.amount AND EXISTS (SELECT 1 FROM payment_event e WHERE \
         e.unit_id = p.unit_id AND e.payment_id = p.id AND e.revision = p.revision AND e.kind = 'reversed' \
         AND e.reason IN ('it was assigned wrongly', 'the line was matched wrongly', \
         'the bank had not taken it back', 'the bank took back what was paid out')))",
    ),
    (
        "every claim is archived and known by its provider's key",
        "SELECT CAST(c.id AS TEXT) AS t FROM claim c WHERE NOT EXISTS (SELECT 1 FROM raw_event e \
         WHERE e.unit_id = c.unit_id AND e.id = c.raw_event_id) OR NOT EXISTS (SELECT 1 FROM provider_key k \
         WHERE k.channel = c.channel AND k.external_id = c.external_id AND k.claim_id = c.id AND k.movement_id = c.movement_id)",
    ),
    (
        "a public code leads to what it names",
        "SELECT o.reference_code AS t FROM obligation o WHERE NOT EXISTS (SELECT 1 FROM public_code c \
         WHERE c.code = o.reference_code AND c.unit_id = o.unit_id AND c.target_id = o.id) UNION ALL \
         SELECT r.lookup_code FROM receipt r WHERE NOT EXISTS (SELECT 1 FROM public_code c \
         WHERE c.code = r.lookup_code AND c.unit_id = r.unit_id AND c.target_id = r.id)",
    ),
    (
        "drawers and slips hold what the ledger says, unit by unit",
        "SELECT CAST(u.unit_id AS TEXT) AS t FROM unit u WHERE \
         (SELECT COALESCE(SUM(CASE WHEN p.debit_account LIKE 'deposit_in_transit/%' THEN p.amount ELSE 0 END), 0) \
               - COALESCE(SUM(CASE WHEN p.credit_account LIKE 'deposit_in_transit/%' THEN p.amount ELSE 0 END), 0) \
          FROM posting p WHERE p.unit_id = u.unit_id) <> (SELECT COALESCE(SUM(s.amount - s.credited), 0) FROM deposit_slip s \
          WHERE s.unit_id = u.unit_id AND s.state <> 'withdrawn') UNION ALL \
         SELECT CAST(u.unit_id AS TEXT) FROM unit u WHERE \
         (SELECT COALESCE(SUM(CASE WHEN p.debit_account LIKE 'drawer/%' THEN p.amount ELSE 0 END), 0) \
               - COALESCE(SUM(CASE WHEN p.credit_account LIKE 'drawer/%' THEN p.amount ELSE 0 END), 0) \
          FROM posting p WHERE p.unit_id = u.unit_id) <> \
         (SELECT COALESCE(SUM(p.amount), 0) FROM payment p WHERE p.unit_id = u.unit_id AND p.method = 'cash') \
         - (SELECT COALESCE(SUM(s.amount), 0) FROM deposit_slip s WHERE s.unit_id = u.unit_id AND s.state <> 'withdrawn') \
         + (SELECT COALESCE(SUM(o.variance), 0) FROM shift_sign_off o WHERE o.unit_id = u.unit_id)",
    ),
    (
        "a slip is the sum of its parts, and credited as its events say",
        "SELECT CAST(s.id AS TEXT) AS t FROM deposit_slip s WHERE s.amount <> (SELECT COALESCE(SUM(d.amount), 0) \
         FROM deposit_part d WHERE d.unit_id = s.unit_id AND d.slip_id = s.id) OR s.credited <> \
         (SELECT COALESCE(SUM(CASE WHEN e.kind = 'uncredited' THEN -e.amount ELSE e.amount END), 0) \
         FROM deposit_event e WHERE e.unit_id = s.unit_id AND e.slip_id = s.id)",
    ),
    (
        "a shift, a slip and an order are what their newest events say",
        "SELECT CAST(s.id AS TEXT) AS t FROM shift s WHERE NOT EXISTS (SELECT 1 FROM shift_event e \
         WHERE e.unit_id = s.unit_id AND e.shift_id = s.id AND e.revision = s.revision AND e.state = s.state) UNION ALL \
         SELECT CAST(s.id AS TEXT) FROM deposit_slip s WHERE NOT EXISTS (SELECT 1 FROM deposit_event e \
         WHERE e.unit_id = s.unit_id AND e.slip_id = s.id AND e.revision = s.revision AND e.state = s.state) UNION ALL \
         SELECT CAST(r.id AS TEXT) FROM remittance r WHERE NOT EXISTS (SELECT 1 FROM remittance_event e \
         WHERE e.unit_id = r.unit_id AND e.remittance_id = r.id AND e.revision = r.revision AND e.state = r.state)",
    ),
    (
        "what is ordered is what living orders took",
        "SELECT m.source_account AS t FROM remittable m WHERE m.ordered <> (SELECT COALESCE(SUM(l.amount), 0) \
         FROM remittance_line l JOIN remittance r ON r.unit_id = l.unit_id AND r.id = l.remittance_id \
         AND r.account_id = m.account_id AND r.state NOT IN ('refused', 'returned') \
         WHERE l.unit_id = m.unit_id AND l.source_account = m.source_account AND NOT (r.state = 'settled' AND EXISTS \
         (SELECT 1 FROM remittance_line_status s WHERE s.unit_id = l.unit_id AND s.remittance_id = l.remittance_id \
         AND s.line_no = l.line_no AND s.status = 'rejected')))",
    ),
    (
        "treasury_in_transit is what left and did not arrive, less what arrived before the bank showed it",
        "SELECT CAST(u.unit_id AS TEXT) AS t FROM unit u WHERE \
         (SELECT COALESCE(SUM(CASE WHEN p.debit_account LIKE 'treasury_in_transit/%' THEN p.amount ELSE 0 END), 0) \
               - COALESCE(SUM(CASE WHEN p.credit_account LIKE 'treasury_in_transit/%' THEN p.amount ELSE 0 END), 0) \
          FROM posting p WHERE p.unit_id = u.unit_id) <> (SELECT COALESCE(SUM(CASE WHEN r.state = 'debited' \
          OR (r.state = 'rejected' AND (SELECT COALESCE(SUM(CASE WHEN e.kind = 'debited' THEN 1 ELSE -1 END), 0) \
              FROM remittance_event e WHERE e.unit_id = r.unit_id AND e.remittance_id = r.id \
              AND e.kind IN ('debited', 'undebited')) > 0) THEN r.amount \
          WHEN r.state = 'credited' THEN -r.amount ELSE 0 END \
          - CASE WHEN r.state = 'rejected' THEN COALESCE((SELECT SUM(l.amount) FROM remittance_line l \
          JOIN remittance_line_status s ON s.unit_id = l.unit_id AND s.remittance_id = l.remittance_id \
          AND s.line_no = l.line_no AND s.status = 'credited' WHERE l.unit_id = r.unit_id \
          AND l.remittance_id = r.id), 0) + COALESCE((SELECT SUM(COALESCE(e.amount, l.amount)) FROM remittance_event e \
          JOIN statement_line l ON l.unit_id = e.unit_id AND l.id = e.line_id WHERE e.unit_id = r.unit_id \
          AND e.remittance_id = r.id AND e.kind = 'returned'), 0) ELSE 0 END), 0) \
          FROM remittance r WHERE r.unit_id = u.unit_id AND r.kind = 'treasury')",
    ),
    ("nothing committed waits for its number", "SELECT kind AS t FROM unsealed"),
    (
        "the feed is dense and holds every event of an obligation once",
        "SELECT 'feed' AS t WHERE (SELECT COUNT(*) FROM feed) <> (SELECT COALESCE(MAX(feed_no), 0) FROM feed) \
         OR (SELECT COUNT(*) FROM feed) <> (SELECT COUNT(*) FROM obligation_event) \
         OR (SELECT COUNT(DISTINCT event_id) FROM feed) <> (SELECT COUNT(*) FROM obligation_event)",
    ),
    ("no job is left behind", "SELECT kind AS t FROM job WHERE done_at IS NULL"),
];
