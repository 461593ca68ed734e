//! A little world: two communes with accounts, series and test certificates, one without a
//! series, two officers, and verbs for what happens to them.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bienlai::actor::{Actor, Role, Scope};
use bienlai::amount::Dong;
use bienlai::clock::{Clock, Instant};
use bienlai::error::Result;
use bienlai::exception::{self, Exception, Kind};
use bienlai::filing;
use bienlai::id::{AccountId, PersonId, ReceiptId, SeriesId, ShiftId, UnitId};
use bienlai::ledger::{self, Account};
use bienlai::obligation::{self, IntakeMode, Line, NewObligation, Obligation};
use bienlai::party::Payer;
use bienlai::payment::book::{Method, Payment};
use bienlai::payment::counter::{self, Taken, Taking};
use bienlai::payment::{self, Arrival, Claim, Direction, Settled};
use bienlai::receipt::key::SigningKey;
use bienlai::receipt::query::Stored;
use bienlai::shift::{self, Count};
use bienlai::store::{Stamp, Tx};
use bienlai::unit::account::NewAccount;
use bienlai::unit::certificate::NewCertificate;
use bienlai::unit::city::Identity;
use bienlai::unit::registration::{self, Acceptance, CertificateAction, ListedCertificate};
use bienlai::unit::series::NewSeries;
use bienlai::unit::trust::Grant;
use bienlai::unit::{self, NewUnit};
use rust_decimal::Decimal;
use secrecy::SecretString;

use super::app::TestApp;
use super::database::Database;

pub const BANK: &str = "vpbank";
pub const POLL: &str = "sepay";
const SIGNERS: [(&str, &str); 2] = [
    ("9900000009", include_str!("../../../fixtures/receipt/test-only-signer.pem")),
    ("9900000016", include_str!("../../../fixtures/receipt/test-only-other-signer.pem")),
];
pub const AUTHORITY_PEM: &str = include_str!("../../../fixtures/receipt/test-only-ca.pem");

/// A commune of the world.
#[derive(Clone, Debug)]
pub struct Commune {
    pub id: UnitId,
    pub account: AccountId,
    pub account_no: &'static str,
    pub series: Option<SeriesId>,
}

pub struct World {
    app: TestApp,
    /// Has everything, and its bank `settles`.
    pub ba_dinh: Commune,
    /// Has everything, and its bank only `advises`.
    pub tay_ho: Commune,
    /// Has an account but no series yet; its bank `settles`.
    pub soc_son: Commune,
    pub clerk: PersonId,
    pub chief: PersonId,
    count: AtomicU32,
}

impl Deref for World {
    type Target = TestApp;
    fn deref(&self) -> &TestApp {
        &self.app
    }
}

impl DerefMut for World {
    fn deref_mut(&mut self) -> &mut TestApp {
        &mut self.app
    }
}

impl World {
    /// Everybody has moved in and trusts are given.
    pub fn settled_in(database: Database) -> World {
        World::of(TestApp::open(database))
    }

    /// The same today, for stories with real processes, whose clock is the system's.
    pub fn settled_in_today(database: Database) -> World {
        World::of(TestApp::open_with(Arc::new(database), Clock::System))
    }

    /// The same so many days ago, for what a real process sees later.
    pub fn settled_in_before(database: Database, days: i64) -> World {
        let then = Clock::System.now().minus_seconds(days * 86_400);
        World::of(TestApp::open_with(Arc::new(database), Clock::fixed(then)))
    }

    fn of(app: TestApp) -> World {
        let (clerk, chief) = (PersonId(11), PersonId(12));
        let ba_dinh = move_in(&app, 0, "00004", "Ủy ban nhân dân phường Ba Đình", "1900111100", "BD-26E");
        let tay_ho = move_in(&app, 1, "00091", "Ủy ban nhân dân phường Tây Hồ", "1900222200", "TH-26E");
        let soc_son = move_in(&app, 2, "00376", "Ủy ban nhân dân xã Sóc Sơn", "1900333300", "");
        let world = World { app, ba_dinh, tay_ho, soc_son, clerk, chief, count: AtomicU32::new(0) };
        world.trust(&world.ba_dinh, BANK);
        world.trust(&world.ba_dinh, POLL);
        world.trust(&world.soc_son, BANK);
        world
    }

    pub fn communes(&self) -> [&Commune; 3] {
        [&self.ba_dinh, &self.tay_ho, &self.soc_son]
    }

    /// A number for names that must differ.
    pub fn next(&self) -> u32 {
        self.count.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes a channel's word for money, with generous limits.
    pub fn trust(&self, commune: &Commune, channel: &str) {
        self.trust_within(commune, channel, Dong(100_000_000), Dong(1_000_000_000));
    }

    pub fn trust_within(&self, commune: &Commune, channel: &str, claim_limit: Dong, unproven_limit: Dong) {
        self.change(|tx, stamp| {
            unit::trust::grant(
                tx,
                stamp,
                &Actor::system(),
                Grant {
                    unit: commune.id,
                    account: commune.account,
                    channel: channel.to_owned(),
                    valid_from: stamp.today(),
                    valid_until: stamp.today().plus_days(365),
                    agreement_no: "12/TT-2026".to_owned(),
                    claim_limit,
                    unproven_limit,
                    age_limit_days: 3,
                    maker: self.clerk,
                    checker: self.chief,
                },
            )
        });
    }

    /// Up to this sum one person may settle what two would have to.
    pub fn limit_for_one(&self, commune: &Commune, amount: Dong) {
        self.change(|tx, stamp| {
            let (what, who) = ((amount, "7/QĐ"), (self.clerk, self.chief));
            exception::limit::set(tx, stamp, &Actor::system(), commune.id, what, who)
        });
    }

    /// One more bank account of the commune.
    pub fn open_account(&self, commune: &Commune, account_no: &str) -> AccountId {
        self.change(|tx, stamp| {
            let new = NewAccount {
                unit: commune.id,
                bank_bin: "970432".to_owned(),
                account_no: account_no.to_owned(),
                holder_name: "Tài khoản thử thứ hai".to_owned(),
                opened_on: stamp.today(),
                opening_balance: Dong::ZERO,
            };
            unit::account::register(tx, stamp, &Actor::system(), new)
        })
    }

    pub fn open_series(&self, commune: &Commune, name: &str, last_allowed_no: i64) -> SeriesId {
        open_series(&self.app, commune.id, name, last_allowed_no)
    }

    /// Somebody owes Ba Đình one fee.
    pub fn raise(&self, amount: Dong) -> Obligation {
        self.raise_at(&self.ba_dinh, amount)
    }

    pub fn raise_at(&self, commune: &Commune, amount: Dong) -> Obligation {
        self.raise_lines(commune, vec![line("HT-01", "phi", "receipt", amount)])
    }

    pub fn raise_lines(&self, commune: &Commune, lines: Vec<Line>) -> Obligation {
        self.try_raise(commune, lines).expect("the obligation is raised")
    }

    pub fn try_raise(&self, commune: &Commune, lines: Vec<Line>) -> Result<Obligation> {
        let payer = Payer {
            name: Some("Nguyễn Thị Thử".to_owned()),
            address: Some("Số 2 ngõ Mẫu".to_owned()),
            phone: Some("0900000001".to_owned()),
            ..Payer::default()
        };
        self.try_raise_for(commune, lines, payer)
    }

    /// Somebody with these contacts owes Ba Đình one fee.
    pub fn raise_for(&self, payer: Payer, amount: Dong) -> Obligation {
        let lines = vec![line("HT-01", "phi", "receipt", amount)];
        self.try_raise_for(&self.ba_dinh, lines, payer).expect("the obligation is raised")
    }

    fn try_raise_for(&self, commune: &Commune, lines: Vec<Line>, payer: Payer) -> Result<Obligation> {
        let new = self.new_obligation(commune, lines, payer);
        self.try_change(|tx, stamp| obligation::raise(tx, stamp, &Actor::system(), new(stamp)))
    }

    /// The same at Ba Đình within somebody's transaction.
    pub fn raise_within(&self, tx: &mut Tx<'_>, stamp: &Stamp<'_>, lines: Vec<Line>) -> Result<Obligation> {
        let payer = Payer { name: Some("Nguyễn Thị Thử".to_owned()), ..Payer::default() };
        let new = self.new_obligation(&self.ba_dinh, lines, payer);
        obligation::raise(tx, stamp, &Actor::system(), new(stamp))
    }

    fn new_obligation(
        &self,
        commune: &Commune,
        lines: Vec<Line>,
        payer: Payer,
    ) -> impl Fn(&Stamp<'_>) -> NewObligation + use<> {
        let number = self.next();
        let is_free = lines.iter().all(|line| line.amount.is_zero());
        let unit = commune.id;
        move |stamp| NewObligation {
            unit,
            dossier_code: format!("H26.1-261123-{number:04}"),
            procedure_code: "1.001193".to_owned(),
            procedure_field: "Hộ tịch".to_owned(),
            intake_mode: IntakeMode::Counter,
            receiving_unit: unit,
            competent_unit: unit,
            submitted_at: stamp.now,
            result_due_on: None,
            due_on: stamp.today().plus_days(5),
            electronic_required: false,
            payer: payer.clone(),
            lines: lines.clone(),
            waived_ground: is_free.then(|| "Khoản 1 Điều 6".to_owned()),
        }
    }

    /// A channel tells that money came for the obligation, on its own commune's account. The
    /// rest of the telling can be changed before it is settled.
    pub fn claim(&self, owed: &Obligation, amount: Dong) -> Telling<'_> {
        let commune =
            self.communes().into_iter().find(|commune| commune.id == owed.unit).expect("a commune owns it");
        self.money(commune, amount).memo(&format!("{} NGUYEN THI THU nop phi", owed.reference_code))
    }

    /// Money on a commune's account without a word.
    pub fn money(&self, commune: &Commune, amount: Dong) -> Telling<'_> {
        let number = self.next();
        Telling {
            world: self,
            claim: Claim {
                channel: BANK.to_owned(),
                external_id: format!("T{number}"),
                account_no: commune.account_no.to_owned(),
                bank_bin: None,
                direction: Direction::Credit,
                amount,
                memo: String::new(),
                bank_reference: None,
                sender_account: None,
                sender_name: None,
                occurred_at: None,
            },
        }
    }

    /// Settles a batch in one transaction.
    pub fn settle_all(&self, arrivals: &[Arrival]) -> Vec<Settled> {
        self.change(|tx, stamp| payment::settle(tx, stamp, arrivals))
    }

    /// The clerk as a cashier of a unit.
    pub fn cashier(&self, unit: UnitId) -> Actor {
        Actor { person: Some(self.clerk), client: None, role: Role::Cashier, scope: Scope::unit(unit) }
    }

    /// The clerk's open shift in a unit; opened with an empty drawer when there is none.
    pub fn shift(&self, unit: UnitId) -> ShiftId {
        let cashier = self.cashier(unit);
        let opened =
            self.app.write(&cashier, |tx, stamp| match shift::query::in_use(tx, unit, self.clerk)? {
                Some(shift) => Ok(shift.id),
                None => Ok(shift::open(tx, stamp, &cashier, unit, &Count::default())?.id),
            });
        opened.expect("the shift is opened")
    }

    /// A cashier of the commune takes money at the counter, in a shift.
    pub fn take(&self, owed: &Obligation, amount: Dong, method: Method) -> Result<Taken> {
        self.shift(owed.unit);
        let cashier = self.cashier(owed.unit);
        self.app.write(&cashier, |tx, stamp| {
            counter::take(
                tx,
                stamp,
                &cashier,
                &Taking {
                    unit: owed.unit,
                    obligation: owed.id,
                    amount,
                    method,
                    collector: "Trần Văn Mẫu".to_owned(),
                },
            )
        })
    }

    pub fn cancel(&self, owed: &Obligation) -> Result<Obligation> {
        self.try_change(|tx, stamp| {
            obligation::cancel(tx, stamp, &Actor::system(), owed.unit, owed.id, "hồ sơ đã rút")
        })
    }

    /// The obligation as it stands now.
    pub fn again(&self, owed: &Obligation) -> Obligation {
        self.look(|conn| obligation::find(conn, owed.unit, owed.id))
    }

    pub fn receipts(&self, owed: &Obligation) -> Vec<Stored> {
        self.look(|conn| bienlai::receipt::query::of_obligation(conn, owed.unit, owed.id))
    }

    pub fn payments(&self, commune: &Commune) -> Vec<Payment> {
        let ids = super::tools::numbers;
        self.look(|conn| {
            let found = ids(
                conn,
                &format!("SELECT id AS n FROM payment WHERE unit_id = {} ORDER BY id", commune.id.0),
            );
            let keys: Vec<_> = found.into_iter().map(|id| (commune.id, bienlai::id::PaymentId(id))).collect();
            let mut payments = payment::payment_query::payments(conn, &keys)?;
            payments.sort_by_key(|payment| payment.id);
            Ok(payments)
        })
    }

    pub fn exceptions(&self, unit: UnitId) -> Vec<Exception> {
        self.look(|conn| exception::list(conn, unit, None, None, 1_000))
    }

    /// The kinds of the exceptions still open in a unit, in their order.
    pub fn open_kinds(&self, unit: UnitId) -> Vec<Kind> {
        self.look(|conn| exception::list(conn, unit, Some(exception::State::Open), None, 1_000))
            .into_iter()
            .map(|item| item.kind)
            .collect()
    }

    /// The whole trial balance of a unit must be these, credits negative.
    #[track_caller]
    pub fn assert_balances(&self, unit: UnitId, expected: &[(Account, i64)]) {
        let mut expected: Vec<(String, Dong)> =
            expected.iter().map(|(account, balance)| (account.to_string(), Dong(*balance))).collect();
        expected.sort();
        let mut found = self.look(|conn| ledger::trial_balance(conn, unit));
        found.sort();
        assert_eq!(found, expected);
    }

    pub fn count(&self, sql: &str) -> i64 {
        self.look(|conn| {
            Ok(super::tools::number(conn, &format!("SELECT CAST(COUNT(*) AS BIGINT) AS n FROM {sql}")))
        })
    }

    pub fn words(&self, sql: &str) -> Vec<String> {
        self.look(|conn| Ok(super::tools::texts(conn, sql)))
    }
}

/// A claim that can be changed before it is settled.
#[derive(Clone)]
pub struct Telling<'a> {
    world: &'a World,
    pub claim: Claim,
}

impl Telling<'_> {
    pub fn by(mut self, channel: &str) -> Self {
        self.claim.channel = channel.to_owned();
        self
    }

    pub fn id(mut self, external_id: &str) -> Self {
        self.claim.external_id = external_id.to_owned();
        self
    }

    pub fn on(mut self, account_no: &str) -> Self {
        self.claim.account_no = account_no.to_owned();
        self
    }

    pub fn memo(mut self, memo: &str) -> Self {
        self.claim.memo = memo.to_owned();
        self
    }

    pub fn reference(mut self, reference: &str) -> Self {
        self.claim.bank_reference = Some(reference.to_owned());
        self
    }

    pub fn amount(mut self, amount: Dong) -> Self {
        self.claim.amount = amount;
        self
    }

    pub fn of_a_debit(mut self) -> Self {
        self.claim.direction = Direction::Debit;
        self
    }

    pub fn arrival(&self) -> Arrival {
        Arrival {
            claim: self.claim.clone(),
            raw: format!("{{\"id\":\"{}\"}}", self.claim.external_id).into_bytes(),
            received_at: self.world.now(),
        }
    }

    pub fn settle(&self) -> Settled {
        self.try_settle().expect("the claim is settled")
    }

    pub fn try_settle(&self) -> Result<Settled> {
        let arrivals = [self.arrival()];
        self.world
            .try_change(|tx, stamp| payment::settle(tx, stamp, &arrivals))
            .map(|mut answers| answers.remove(0))
    }

    /// The receipt the claim was answered with.
    pub fn receipt(&self) -> ReceiptId {
        self.settle().receipt.expect("a receipt was numbered")
    }
}

/// One line of an obligation, once at a price.
pub fn line(item: &str, kind: &str, document_kind: &str, amount: Dong) -> Line {
    Line {
        item_code: item.to_owned(),
        item_name: "Phí cấp bản sao trích lục hộ tịch".to_owned(),
        kind: kind.to_owned(),
        document_kind: document_kind.to_owned(),
        vat_rate: None,
        measure_unit: "bản".to_owned(),
        quantity: Decimal::ONE,
        unit_price: amount.to_decimal(),
        gross: amount,
        reduction: Dong::ZERO,
        reduction_percent: None,
        reduction_ground: None,
        amount,
        chapter: Some("805".to_owned()),
        sub_item: Some("2771".to_owned()),
        kept_share_bp: 5_000,
        legal_ground: "Nghị quyết thử".to_owned(),
        explanation: "1 bản".to_owned(),
    }
}

fn move_in(
    app: &TestApp,
    index: usize,
    code: &str,
    name: &str,
    account_no: &'static str,
    series: &str,
) -> Commune {
    let signer = SIGNERS.get(index);
    let id = app.change(|tx, stamp| {
        unit::register(
            tx,
            stamp,
            &Actor::system(),
            NewUnit {
                code: code.to_owned(),
                name: name.to_owned(),
                kind: "phường".to_owned(),
                tax_code: signer.map_or("9900000023", |(tax_code, _)| tax_code).to_owned(),
                budget_code: Some("1234567".to_owned()),
                address: "Số 1 phố Thử".to_owned(),
                phone: None,
                valid_from: stamp.today(),
            },
        )
    });
    let account = app.change(|tx, stamp| {
        unit::account::register(
            tx,
            stamp,
            &Actor::system(),
            NewAccount {
                unit: id,
                bank_bin: "970432".to_owned(),
                account_no: account_no.to_owned(),
                holder_name: name.to_owned(),
                opened_on: stamp.today(),
                opening_balance: Dong::ZERO,
            },
        )
    });
    accept_registration(app, id, signer.copied());
    if let Some((tax_code, pem)) = signer {
        store_certificate(app, id, tax_code, pem);
    }
    let series = (!series.is_empty()).then(|| open_series(app, id, series, 99_999));
    Commune { id, account, account_no, series }
}

/// A unit of a story signs with one of the keys made beforehand, whose tax code a commune has already. No use case lets
/// two units have one, so that it is written past them.
pub fn share_tax_code(app: &TestApp, unit: UnitId, tax_code: &str) {
    app.change(|tx, _| {
        let known = unit::find(tx, unit)?;
        let identity = Identity {
            name: known.name,
            tax_code: tax_code.to_owned(),
            address: known.address,
            phone: known.phone,
            budget_code: known.budget_code,
        };
        unit::query::set_identity(tx, unit, &identity)
    });
}

/// The tax office accepted the unit, with the certificate it signs with; where it has none here, with one whose key is
/// nowhere.
pub fn accept_registration(app: &TestApp, unit: UnitId, signer: Option<(&str, &str)>) {
    let own = signer
        .map(|(_, pem)| filing::registration::listed_from_pem(pem, CertificateAction::Add))
        .transpose()
        .expect("the test certificate is good");
    app.change(|tx, stamp| {
        let elsewhere = || ListedCertificate {
            issuer: "CA ngoài".to_owned(),
            serial: "F00D".to_owned(),
            valid_from: stamp.now,
            valid_until: stamp.now.plus_seconds(10 * 366 * 86_400),
            action: CertificateAction::Add,
        };
        let certificates = vec![own.clone().unwrap_or_else(elsewhere)];
        registration::record(
            tx,
            stamp,
            &Actor::system(),
            Acceptance {
                unit,
                form: "01/ĐKTĐ-CTĐT".to_owned(),
                notice_no: "TB-0001".to_owned(),
                accepted_on: stamp.today(),
                document_kinds: vec!["receipt".to_owned(), "invoice".to_owned()],
                office_code: "10100".to_owned(),
                office_name: "Thuế thành phố Thử".to_owned(),
                certificates,
                filing: None,
            },
        )
    });
}

fn store_certificate(app: &TestApp, unit: UnitId, tax_code: &str, pem: &str) {
    let key = SigningKey::from_pem(&SecretString::from(pem), pem, tax_code).expect("the test key is good");
    let (own, chain) = (key.certificate(), key.chain_pem());
    app.change(|tx, stamp| {
        unit::certificate::store(
            tx,
            stamp,
            &Actor::system(),
            NewCertificate {
                unit,
                subject: own.subject().to_owned(),
                issuer: own.issuer().to_owned(),
                serial: own.serial().to_owned(),
                certificate_pem: chain.clone(),
                chain_pem: chain.clone(),
                key_pem: &SecretString::from(pem),
                not_before: own.valid_from(),
                not_after: own.valid_until(),
                is_test: true,
            },
        )
    });
}

fn open_series(app: &TestApp, unit: UnitId, name: &str, last_allowed_no: i64) -> SeriesId {
    app.change(|tx, stamp| {
        unit::series::open(
            tx,
            stamp,
            &Actor::system(),
            NewSeries {
                unit,
                document_kind: "receipt".to_owned(),
                template: "01BLP0-001".to_owned(),
                series: name.to_owned(),
                year: stamp.today().year(),
                last_allowed_no,
                registration: "TB-0001".to_owned(),
            },
        )
    })
}

/// The instant of a time in Hà Nội, for reading in stories.
pub fn at(text: &str) -> Instant {
    text.parse().expect("a good time")
}
