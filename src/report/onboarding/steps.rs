//! What each step asks, from what is known. Pure.

use super::{Known, Standing, Step, TEST_AMOUNT};
use crate::actor::{Role, Scope};
use crate::clock::{BusinessDay, Instant};
use crate::receipt::content::identifier::is_tax_code;
use crate::tariff::{IntakeMode, Place, Tariff, UnitKind};
use crate::text::grouped;
use crate::unit::registration::Family;
use crate::unit::{BankAccount, Unit, certificate};

/// A certificate that ends sooner is renewed first.
const CERTIFICATE_DAYS: i64 = 30;

/// The steps of an account, in the order in which they are usually done.
pub fn steps(
    unit: &Unit,
    account: Option<&BankAccount>,
    known: &Known,
    tariff: Option<&Tariff>,
    staff: &[(Role, Scope)],
    now: Instant,
) -> Vec<Standing> {
    let today = now.business_day();
    vec![
        names(unit),
        stated(Step::BudgetCode, unit.budget_code.as_deref()),
        stated(Step::TreasuryAccount, known.treasury.get(&unit.id).and_then(|account| account.as_deref())),
        registration(unit, known),
        series(unit, known, today),
        signing(unit, known, now),
        people(unit, staff),
        covered(unit, tariff, today),
        opening(account, known),
        test_payment(account, known),
    ]
}

fn standing(step: Step, is_done: bool, vi: impl Into<String>, en: impl Into<String>) -> Standing {
    Standing { step, is_done, vi: vi.into(), en: en.into() }
}

fn missing(step: Step) -> Standing {
    standing(step, false, "chưa có", "missing")
}

fn stated(step: Step, value: Option<&str>) -> Standing {
    match value.filter(|value| !value.trim().is_empty()) {
        Some(value) => standing(step, true, value, value),
        None => missing(step),
    }
}

fn names(unit: &Unit) -> Standing {
    let step = Step::NamesAndTaxCode;
    if unit.name.is_empty() || unit.address.is_empty() {
        return standing(step, false, "thiếu tên hoặc địa chỉ", "name or address is missing");
    }
    if !is_tax_code(&unit.tax_code) {
        return standing(
            step,
            false,
            "mã số thuế sai chữ số kiểm tra",
            "the tax code's check digit does not fit",
        );
    }
    standing(step, true, unit.tax_code.clone(), unit.tax_code.clone())
}

fn registration(unit: &Unit, known: &Known) -> Standing {
    let found =
        known.registrations.iter().rev().find(|(of, kinds, _)| *of == unit.id && kinds.contains("receipt"));
    match found {
        Some((_, _, notice)) => standing(Step::Registration, true, notice.clone(), notice.clone()),
        None => missing(Step::Registration),
    }
}

fn series(unit: &Unit, known: &Known, today: BusinessDay) -> Standing {
    let open =
        known.series.iter().find(|(of, year, _, left)| *of == unit.id && *year == today.year() && *left > 0);
    match open {
        Some((_, _, name, left)) => standing(
            Step::Series,
            true,
            format!("{name}, còn {} số", grouped(&left.to_string())),
            format!("{name}, {} numbers left", grouped(&left.to_string())),
        ),
        None => missing(Step::Series),
    }
}

fn signing(unit: &Unit, known: &Known, now: Instant) -> Standing {
    let step = Step::Certificate;
    let held = certificate::of_unit_in(&known.certificates, unit.id);
    let Some(chosen) = certificate::chosen_for(&held, Family::Receipt, now) else {
        return match certificate::chosen(&held, now) {
            Some(_) => standing(
                step,
                false,
                "chứng thư chưa có trong đăng ký biên lai",
                "the registration of receipts does not list it",
            ),
            None => missing(step),
        };
    };
    let ends = chosen.not_after.business_day();
    let (day, iso) = (ends.0.format("%d/%m/%Y"), ends);
    if chosen.is_test {
        return standing(step, false, "mới có chứng thư thử nghiệm", "a test certificate only");
    }
    if (ends.0 - now.business_day().0).num_days() < CERTIFICATE_DAYS {
        return standing(step, false, format!("hết hạn ngày {day}"), format!("ends on {iso}"));
    }
    standing(step, true, format!("đến {day}"), format!("until {iso}"))
}

fn people(unit: &Unit, staff: &[(Role, Scope)]) -> Standing {
    let acts = |role: Role| staff.iter().any(|(one, scope)| *one == role && scope.covers(unit.id));
    let asked = [
        (Role::Cashier, "thu ngân", "cashier"),
        (Role::Finance, "kế toán", "accountant"),
        (Role::Approver, "người duyệt", "approver"),
    ];
    let absent: Vec<_> = asked.iter().filter(|(role, _, _)| !acts(*role)).collect();
    if absent.is_empty() {
        return standing(Step::Staff, true, "đủ", "complete");
    }
    let vi: Vec<&str> = absent.iter().map(|(_, vi, _)| *vi).collect();
    let en: Vec<&str> = absent.iter().map(|(_, _, en)| *en).collect();
    standing(Step::Staff, false, format!("thiếu {}", vi.join(", ")), format!("without {}", en.join(", ")))
}

/// A procedure is the unit's when one of its items is charged there; then all of them must be.
fn covered(unit: &Unit, tariff: Option<&Tariff>, today: BusinessDay) -> Standing {
    let step = Step::Tariff;
    let Some(tariff) = tariff else { return missing(step) };
    let Ok(unit_kind) = UnitKind::parse(&unit.kind) else {
        return standing(
            step,
            false,
            "loại đơn vị chưa có trong biểu phí",
            "the tariff does not know its kind",
        );
    };
    let place = Place { unit_code: unit.code.clone(), unit_kind };
    let is_charged = |code: &String| {
        let item = tariff.item(code);
        item.is_some_and(|item| {
            IntakeMode::ALL.iter().any(|mode| item.charge(&place, *mode, today).is_some())
        })
    };
    let (mut own, mut gaps) = (0_usize, Vec::new());
    for procedure in tariff.procedures() {
        let charged = procedure.items.iter().filter(|code| is_charged(code)).count();
        if charged > 0 {
            own += 1;
        }
        if charged > 0 && charged < procedure.items.len() {
            gaps.push(procedure.code.clone());
        }
    }
    match (own, gaps.as_slice()) {
        (0, _) => missing(step),
        (own, []) => standing(step, true, format!("{own} thủ tục"), format!("{own} procedures")),
        (_, gaps) => {
            let codes = gaps.join(", ");
            standing(step, false, format!("chưa đủ khoản: {codes}"), format!("items are missing: {codes}"))
        }
    }
}

fn opening(account: Option<&BankAccount>, known: &Known) -> Standing {
    let step = Step::OpeningBalance;
    let Some(account) = account else {
        return standing(step, false, "chưa có tài khoản", "no account yet");
    };
    match known.first_statements.get(&(account.unit, account.id)) {
        None => standing(step, false, "chưa có sao kê đầu tiên", "no first statement yet"),
        Some(opening) if *opening == account.opening_balance => {
            standing(step, true, opening.to_string(), opening.to_string())
        }
        Some(opening) => standing(
            step,
            false,
            format!("đăng ký {}, sao kê {opening}", account.opening_balance),
            format!("registered {}, the statement says {opening}", account.opening_balance),
        ),
    }
}

fn test_payment(account: Option<&BankAccount>, known: &Known) -> Standing {
    let step = Step::TestPayment;
    let Some(account) = account else { return missing(step) };
    let place = (account.unit, account.id);
    match known.tests.get(&place) {
        None => known.begun.get(&place).map_or_else(
            || missing(step),
            |code| {
                let (vi, en) = (
                    format!("chờ {TEST_AMOUNT} mang mã {code}"),
                    format!("waits for {TEST_AMOUNT} with the code {code}"),
                );
                standing(step, false, vi, en)
            },
        ),
        Some((true, true, true)) => standing(step, true, "đủ ba bước", "all three"),
        Some((told, proven, refunded)) => {
            let parts = [
                (*told, "báo có", "told"),
                (*proven, "sao kê", "on the statement"),
                (*refunded, "hoàn lại", "refunded"),
            ];
            let vi: Vec<&str> = parts.iter().filter(|(done, _, _)| !done).map(|(_, vi, _)| *vi).collect();
            let en: Vec<&str> = parts.iter().filter(|(done, _, _)| !done).map(|(_, _, en)| *en).collect();
            standing(
                step,
                false,
                format!("còn thiếu {}", vi.join(", ")),
                format!("not yet {}", en.join(", ")),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Dong;
    use crate::id::{AccountId, CertificateId, UnitId};
    use crate::tariff::load;

    const U: UnitId = UnitId(2);
    const A: AccountId = AccountId(3);

    fn day(text: &str) -> BusinessDay {
        text.parse().unwrap()
    }

    fn unit() -> Unit {
        Unit {
            id: U,
            code: "00004".into(),
            name: "Đơn vị thử".into(),
            kind: "phường".into(),
            tax_code: "9900000009".into(),
            budget_code: Some("1234567".into()),
            address: "Số 1 phố Thử".into(),
            phone: None,
            valid_from: day("2026-01-01"),
            valid_until: None,
        }
    }

    fn account() -> BankAccount {
        BankAccount {
            unit: U,
            id: A,
            bank_bin: "970432".into(),
            account_no: "1900".into(),
            holder_name: "Đơn vị thử".into(),
            currency: "VND".into(),
            opened_on: day("2026-11-01"),
            opening_balance: Dong(500),
            closed_on: None,
        }
    }

    fn known() -> Known {
        Known {
            treasury: [(U, Some("3511.0.9990001".to_owned()))].into(),
            registrations: vec![(U, "receipt,invoice".into(), "TB-1".into())],
            series: vec![(U, 2026, "BL-26E".into(), 10)],
            certificates: vec![certificate::Listed {
                unit: U,
                id: CertificateId(1),
                subject: "CN=thử".into(),
                issuer: "CN=thử".into(),
                serial: "01".into(),
                chain_pem: String::new(),
                signer: "software".into(),
                not_after: day("2027-11-22").start(),
                active_from: day("2026-01-01").start(),
                is_test: false,
                revoked_at: None,
                is_stopped: false,
                listed_for: vec![Family::Receipt],
            }],
            first_statements: [((U, A), Dong(500))].into(),
            tests: [((U, A), (true, true, true))].into(),
            ..Known::default()
        }
    }

    fn missing(unit: &Unit, known: &Known, staff: &[(Role, Scope)], on: &str) -> Vec<&'static str> {
        let tariff = load(include_str!("../../../fixtures/tariff/hanoi.toml")).unwrap();
        let found = steps(unit, Some(&account()), known, Some(&tariff), staff, day(on).start());
        found.iter().filter(|one| !one.is_done).map(|one| one.step.as_str()).collect()
    }

    #[test]
    fn every_step_follows_from_what_is_there_and_falls_with_it() {
        let own = Scope::unit(U);
        let staff = [(Role::Cashier, own.clone()), (Role::Finance, own), (Role::Approver, Scope::All)];
        let on = "2026-11-22";
        assert_eq!(missing(&unit(), &known(), &staff, on), Vec::<&str>::new());

        let other = Scope::unit(UnitId(9));
        assert_eq!(missing(&unit(), &known(), &[(Role::Cashier, other)], on), ["staff"]);
        let mut wrong = unit();
        (wrong.tax_code, wrong.budget_code) = ("9900000008".into(), None);
        assert_eq!(missing(&wrong, &known(), &staff, on), ["names_and_tax_code", "budget_code"]);
        wrong = unit();
        wrong.kind = "văn phòng".into();
        assert_eq!(missing(&wrong, &known(), &staff, on), ["tariff"]);
        assert_eq!(missing(&unit(), &known(), &staff, "2027-11-01"), ["series", "certificate"]);
        let mut less = known();
        less.certificates[0].is_test = true;
        less.first_statements.insert((U, A), Dong(501));
        less.tests.insert((U, A), (true, true, false));
        assert_eq!(missing(&unit(), &less, &staff, on), ["certificate", "opening_balance", "test_payment"]);
        let mut elsewhere = known();
        elsewhere.certificates[0].listed_for = vec![Family::Invoice];
        assert_eq!(missing(&unit(), &elsewhere, &staff, on), ["certificate"], "it signs no receipts");
        let none =
            ["treasury_account", "registration", "series", "certificate", "opening_balance", "test_payment"];
        assert_eq!(missing(&unit(), &Known::default(), &staff, on), none);
    }
}
