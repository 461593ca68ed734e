//! Whatever order money, corrections, withdrawals, reversals and refunds come in: after each step
//! the books hold, and the documents that count say to the đồng what was kept.

use bienlai::actor::{Actor, Role};
use bienlai::amount::Dong;
use bienlai::correction::{self, Kind, State as Step, withdrawal};
use bienlai::error::Result;
use bienlai::exception;
use bienlai::id::MovementId;
use bienlai::ledger::{self, Account};
use bienlai::obligation::{self, Line, Obligation};
use bienlai::payment::book::Method;
use bienlai::payment::refund::{self, Payee};
use bienlai::payment::resolve;
use bienlai::receipt::relation;
use bienlai::reconciliation::day_close::close;
use bienlai::reconciliation::reconcile;
use bienlai::worker;

use crate::corrections::{approve, ask, person, request};
use crate::documents::{fee_and_service, open_invoices};
use crate::imports::import;
use crate::support::bank_file::BankFile;
use crate::support::world::line;
use crate::support::{World, each_database, tools};

/// Draws that are the same in every run.
struct Draws(u64);

impl Draws {
    fn below(&mut self, limit: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn of<T: Clone>(&mut self, all: &[T]) -> Option<T> {
        let place = self.below(all.len().max(1) as u64) as usize;
        all.get(place).cloned()
    }
}

/// One obligation and all that happens to it.
struct Tale<'a> {
    world: &'a World,
    owed: Obligation,
    draws: Draws,
    bank: i64,
    /// Credits the bank has not taken back: reference, memo, amount.
    credits: Vec<(String, String, i64)>,
    claims: Vec<MovementId>,
    told: Vec<String>,
    closes_days: bool,
}

impl Tale<'_> {
    fn line_of_the_day(&mut self, amount: i64, memo: &str, reference: &str) {
        let world = self.world;
        world.wait_days(1);
        let day = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, day, self.bank).book(amount, memo, reference);
        self.bank += amount;
        import(world, &file.without_sequence().camt());
        let (unit, account) = (world.ba_dinh.id, world.ba_dinh.account);
        let matched = reconcile(&world.store, &world.stamp(), &Actor::system(), unit, account);
        assert!(matched.is_ok(), "{matched:?} after {:#?}", self.told);
        if self.closes_days {
            let actor = Actor::system();
            let stamps = || world.stamp();
            // What keeps a day open is a refusal; anything else would be a fault.
            let closed = close(&world.store, &world.keyring, &stamps, &actor, unit, account, day);
            assert!(closed.is_ok(), "{:?} after {:#?}", closed.err(), self.told);
        }
    }

    fn credit(&mut self, amount: i64) {
        let reference = format!("FT26327{:06}", self.world.next());
        let memo = format!("{} nop phi", self.owed.reference_code);
        self.line_of_the_day(amount, &memo, &reference);
        self.credits.push((reference, memo, amount));
    }

    fn reverse(&mut self) {
        if self.credits.is_empty() {
            return;
        }
        let place = self.draws.below(self.credits.len() as u64) as usize;
        let (reference, memo, amount) = self.credits.remove(place);
        self.line_of_the_day(-amount, &format!("DAO GIAO DICH {memo}"), &reference);
    }

    /// Any document, in any way, to any amounts; most of it is refused, none of it by a fault.
    fn correct(&mut self) {
        let world = self.world;
        let Some(document) = self.draws.of(&world.receipts(&self.owed)) else { return };
        let way = self.draws.of(&[Kind::Adjust, Kind::Adjust, Kind::Replace, Kind::Cancel]);
        let way = way.expect("there are four");
        let in_force = world.look(|conn| correction::lines_in_force(conn, document.unit, document.id));
        let lines: Vec<Line> = in_force
            .iter()
            .map(|line| correction::at_amount(line, Dong(1_080 * self.draws.below(12) as i64)))
            .collect();
        let lines = if way == Kind::Cancel { Vec::new() } else { lines };
        let wanted: i64 = lines.iter().map(|line| line.amount.0).sum();
        let asked = self.check("ask", request(world, &ask(&document, way, lines)));
        let Some(asked) = asked else { return };
        let made = approve(world, &asked);
        if made.is_err() {
            let chief = person(asked.unit, world.chief, Role::Approver);
            let refused = world.app.write(&chief, |tx, stamp| {
                correction::refuse(tx, stamp, &chief, asked.unit, asked.id, "không được")
            });
            self.check("refuse", refused);
        }
        self.told.push(format!("{way:?} {} to {wanted}", document.document_kind));
        self.check("approve", made);
    }

    fn withdraw(&mut self) {
        let world = self.world;
        let unit = self.owed.unit;
        let all = world.look(|conn| correction::list(conn, unit, None, Some(Step::Approved), 100));
        let clerk = person(unit, world.clerk, Role::Finance);
        let chief = person(unit, world.chief, Role::Approver);
        for one in all {
            let asked =
                world.app.write(&clerk, |tx, stamp| withdrawal::ask(tx, stamp, &clerk, unit, one.id, "thôi"));
            if asked.is_ok() {
                let agreed =
                    world.app.write(&chief, |tx, stamp| withdrawal::approve(tx, stamp, &chief, unit, one.id));
                let is_agreed = agreed.is_ok();
                self.check("agree", agreed);
                if !is_agreed {
                    let turned = world.app.write(&chief, |tx, stamp| {
                        withdrawal::refuse(tx, stamp, &chief, unit, one.id, "đã nộp")
                    });
                    self.check("turn down", turned);
                }
            }
        }
    }

    /// A refund goes its way: to the end, short, over, or not at all.
    fn refund(&mut self) {
        let world = self.world;
        let unit = self.owed.unit;
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        let all = world.look(|conn| refund::query::page(conn, unit, Some(refund::State::Requested), 100));
        let Some(one) = self.draws.of(&all) else { return };
        let payee =
            Payee { bank: "970432".into(), account_no: "19009999".into(), holder: "NGUYEN THI THU".into() };
        let named =
            world.app.write(&clerk, |tx, stamp| refund::name_payee(tx, stamp, &clerk, unit, one.id, &payee));
        self.check("payee", named);
        let approved = world.app.write(&chief, |tx, stamp| refund::approve(tx, stamp, &chief, unit, one.id));
        if self.check("approve refund", approved).is_none() {
            return;
        }
        if self.draws.below(4) == 0 {
            let refused =
                world.app.write(&chief, |tx, stamp| refund::refuse(tx, stamp, &chief, unit, one.id, "sai"));
            self.check("refuse refund", refused);
            return;
        }
        let sent = world.app.write(&clerk, |tx, stamp| refund::send(tx, stamp, &clerk, unit, one.id));
        self.check("send", sent);
        let off = [0, 0, -1, 1_000][self.draws.below(4) as usize];
        let debited = (one.amount.0 + off).max(1);
        let memo = format!("HOAN TIEN {}", one.reference_code);
        let reference = format!("FT26327{:06}", world.next());
        self.line_of_the_day(-debited, &memo, &reference);
        if off != 0 {
            self.name_debit(&one, debited);
        }
    }

    fn name_debit(&mut self, one: &refund::Refund, debited: i64) {
        let (world, unit) = (self.world, one.unit);
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        let items = world.look(|conn| exception::list(conn, unit, Some(exception::State::Open), None, 1_000));
        let way = if debited > one.amount.0 { "refund_over" } else { "refund_short" };
        for item in items.into_iter().filter(|item| item.kind == exception::Kind::RefundUnmatched) {
            let proposed = world.try_change(|tx, stamp| {
                let proposal = (way, Some(one.id.0), "đối chiếu ủy nhiệm chi");
                let item = exception::propose(tx, stamp, &clerk, unit, item.id, proposal)?;
                resolve::check_proposal(tx, &item, way, Some(one.id.0))
            });
            if proposed.is_ok() {
                let settled =
                    world.try_change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, item.id));
                self.check("name the debit", settled);
            }
        }
    }

    /// Refusals are the rules' work; faults are ours.
    fn check<T>(&mut self, what: &str, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                assert!(!error.is_internal() && !error.is_busy(), "{what}: {error:?} after {:#?}", self.told);
                self.told.push(format!("{what}: {}", error.code()));
                None
            }
        }
    }

    /// The bank says money came, and is believed; whether it did, a line shows or nothing.
    fn claim(&mut self, amount: i64) {
        let claimed = self.world.claim(&self.owed, Dong(amount)).try_settle();
        if let Some(settled) = self.check("claim", claimed) {
            self.claims.push(settled.movement);
        }
    }

    /// Two persons say that it never came.
    fn disprove(&mut self) {
        let (world, unit) = (self.world, self.owed.unit);
        let Some(movement) = self.draws.of(&self.claims) else { return };
        let item = exception::New {
            unit,
            kind: exception::Kind::ClaimWithoutCredit,
            subject: exception::Subject::Movement(movement),
            account: Some(world.ba_dinh.account),
            amount: Dong(1),
            opened_on: world.now().business_day(),
            detail: String::new(),
        };
        world.change(|tx, stamp| exception::open(tx, stamp, std::slice::from_ref(&item)));
        let (clerk, chief) =
            (person(unit, world.clerk, Role::Finance), person(unit, world.chief, Role::Approver));
        let open = exception::State::Open;
        for item in world.look(|conn| exception::list(conn, unit, Some(open), None, 1_000)) {
            if item.kind != exception::Kind::ClaimWithoutCredit {
                continue;
            }
            let proposed = world.try_change(|tx, stamp| {
                let proposal = ("disprove", None, "ngân hàng xác nhận không có");
                exception::propose(tx, stamp, &clerk, unit, item.id, proposal).map(|_| ())
            });
            self.check("propose", proposed);
            let done = world.try_change(|tx, stamp| resolve::approve(tx, stamp, &chief, unit, item.id));
            if self.check("disprove", done).is_none() {
                let back = world.try_change(|tx, stamp| {
                    exception::refuse(tx, stamp, &chief, unit, item.id, "đã về").map(|_| ())
                });
                self.check("send back", back);
            } else {
                // A channel that was wrong is not believed any more, until two persons do again.
                world.trust(&world.ba_dinh, crate::support::world::BANK);
            }
        }
    }

    fn step(&mut self) {
        let world = self.world;
        let missing = world.again(&self.owed).outstanding().0;
        let choice = self.draws.below(15);
        self.told.push(format!("step {choice}, {missing} missing"));
        match choice {
            0 | 1 if missing > 0 => self.credit(missing),
            2 if missing > 1 => self.credit(missing / 2),
            3 => self.credit(missing + 1_000),
            4 if missing > 0 => {
                let taken = world.take(&world.again(&self.owed), Dong(missing), Method::Cash);
                self.check("cash", taken);
            }
            5..=7 => self.correct(),
            8 => self.withdraw(),
            9 => self.reverse(),
            10 => self.refund(),
            11 if missing > 0 => self.claim(missing),
            12 => self.claim(missing / 2 + 500),
            13 => self.disprove(),
            _ => {
                worker::make_due_receipts(&world.app).expect("due receipts are looked after");
            }
        }
        world.seal();
        self.look();
    }

    /// The books, and this obligation's own sums.
    fn look(&self) {
        let problems = self.world.problems();
        assert!(problems.is_empty(), "{problems:#?} after {:#?}", self.told);
        let (unit, id) = (self.owed.unit, self.owed.id);
        let documents = self.world.receipts(&self.owed);
        let mut kept = 0;
        for document in &documents {
            let chain = self.world.look(|conn| relation::chain(conn, document));
            let link = chain.iter().find(|link| link.document.id == document.id).expect("its own link");
            kept += if link.is_valid() { document.amount.0 } else { 0 };
        }
        let now = self.world.look(|conn| obligation::find(conn, unit, id));
        let advance = self.world.look(|conn| ledger::balance(conn, unit, &Account::ReceivedInAdvance(id)));
        assert_eq!(
            kept,
            now.allocated.0 + advance.0,
            "what the documents say, and what is held without what waits: {:#?}",
            self.told
        );
    }
}

fn tell(world: &World, seed: u64, steps: usize) {
    open_invoices(world, "invoice_vat", "1");
    let mut lines = fee_and_service();
    lines.push(line("HT-02", "le_phi", "receipt", Dong(9_000)));
    let owed = world.raise_lines(&world.ba_dinh, lines);
    let closes_days = seed.is_multiple_of(2);
    let told = vec![format!("seed {seed}")];
    let mut tale = Tale {
        world,
        owed,
        draws: Draws(seed),
        bank: 0,
        credits: Vec::new(),
        claims: Vec::new(),
        told,
        closes_days,
    };
    for _ in 0..steps {
        tale.step();
    }
}

#[test]
fn the_books_hold_after_every_step_of_every_order() {
    let (seeds, steps) = if tools::is_long() { (400, 60) } else { (6, 24) };
    each_database(|database| {
        let mut databases = Some(database);
        for seed in 1..=seeds {
            let world = match databases.take() {
                Some(first) => World::settled_in(first),
                None => World::settled_in(crate::support::Database::sqlite()),
            };
            tell(&world, seed, steps);
        }
    });
}
