//! Forty dossiers, raised through the API as the city's dossier system raises them.

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::api::Api;
use super::folder::Folder;
use super::running::Service;
use super::state::State;
use crate::actor::Actor;
use crate::amount::Dong;
use crate::clock::Instant;
use crate::error::{Error, Result};
use crate::simulator::Payable;
use crate::unit::{self, BankAccount, Unit, account};

pub const COUNT: usize = 40;

/// A kind of dossier: procedure, field, intake mode and what is asked.
struct Kind {
    procedure: &'static str,
    field: &'static str,
    intake_mode: &'static str,
    lines: fn(usize) -> Value,
}

const KINDS: [Kind; 6] = [
    Kind {
        procedure: "2.000815",
        field: "Chứng thực",
        intake_mode: "counter",
        lines: |n| json!([{ "item": "chung_thuc_ban_sao", "pages": 2 + n % 4, "copies": 2 + n % 3 }]),
    },
    Kind {
        procedure: "1.004873",
        field: "Hộ tịch",
        intake_mode: "online_full",
        lines: |n| json!([{ "item": "ho_tich_xac_nhan_hon_nhan", "quantity": 1 + n % 2 }]),
    },
    Kind {
        procedure: "2.000635",
        field: "Hộ tịch",
        intake_mode: "online_partial",
        lines: |n| json!([{ "item": "trich_luc_ho_tich", "copies": 1 + n % 3 }]),
    },
    Kind {
        procedure: "2.000884",
        field: "Chứng thực",
        intake_mode: "counter",
        lines: |_| json!([{ "item": "chung_thuc_chu_ky" }]),
    },
    Kind {
        procedure: "2.000884",
        field: "Chứng thực",
        intake_mode: "counter",
        lines: |n| {
            json!([
                { "item": "chung_thuc_hop_dong" },
                { "item": "chung_thuc_ban_sao", "pages": 5 + n % 3, "copies": 2 },
                // Sold beside the fees: this dossier ends in a receipt and an invoice.
                { "item": "sao_chup_ho_so", "quantity": 1 + n % 2 },
            ])
        },
    },
    Kind {
        procedure: "1.004873",
        field: "Hộ tịch",
        intake_mode: "counter",
        lines: |_| json!([{ "item": "ho_tich_khai_sinh_qua_han" }]),
    },
];

/// Births in time cost nothing: the obligation is waived with its ground.
const FREE: Kind = Kind {
    procedure: "1.001193",
    field: "Hộ tịch",
    intake_mode: "counter",
    lines: |_| json!([{ "item": "ho_tich_khai_sinh" }]),
};

const FAMILY_NAMES: [&str; 5] = ["Nguyễn", "Trần", "Lê", "Phạm", "Đặng"];
const GIVEN_NAMES: [&str; 8] = [
    "Văn Mẫu",
    "Thị Ví Dụ",
    "Thử Nghiệm",
    "Minh Họa",
    "Thị Mô Phỏng",
    "Giả Định",
    "Văn Kiểm Thử",
    "Thị Bản Thảo",
];

/// Raises the dossiers that are not raised yet.
pub fn raise_all(service: &Service, folder: &Folder, state: &mut State) -> Result<()> {
    if state.dossiers.len() >= COUNT {
        println!("Dùng tiếp {COUNT} hồ sơ đã có / continuing with {COUNT} dossiers");
        return Ok(());
    }
    let units = places(service)?;
    actix_web::rt::System::new().block_on(async {
        let api = Api::new(&service.url, &state.tokens()?.dossier_system);
        let bar = bar(COUNT, "Lập hồ sơ / raising dossiers");
        bar.set_position(u64::try_from(state.dossiers.len()).unwrap_or(0));
        while state.dossiers.len() < COUNT {
            let index = state.dossiers.len();
            let (unit, account) = units
                .get(index % units.len().max(1))
                .ok_or_else(|| Error::internal("the demo has no units"))?;
            let asked = request(index, unit, state.began_at()?);
            let answer = api.post("/api/v1/obligations", &format!("demo-{index}"), &asked).await?;
            state.dossiers.push(payable(&answer, &asked, unit, account)?);
            state.save(folder)?;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(())
    })
}

fn places(service: &Service) -> Result<Vec<(Unit, BankAccount)>> {
    service.app.read(&Actor::system(), |conn| {
        let units = unit::all(conn)?;
        units
            .into_iter()
            .map(|unit| account::receiving(conn, unit.id).map(|account| (unit, account)))
            .collect()
    })
}

fn request(index: usize, unit: &Unit, began_at: Instant) -> Value {
    let kind = if index % 20 == 19 { &FREE } else { KINDS.get(index % KINDS.len()).unwrap_or(&FREE) };
    let name = format!(
        "{} {}",
        FAMILY_NAMES.get(index % FAMILY_NAMES.len()).unwrap_or(&"Nguyễn"),
        GIVEN_NAMES.get(index / FAMILY_NAMES.len() % GIVEN_NAMES.len()).unwrap_or(&"Văn Mẫu"),
    );
    let day = began_at.business_day();
    json!({
        "unit": unit.code,
        "dossier_code": format!("H26.{}-{}-{:04}", unit.code, day.0.format("%y%m%d"), index + 1),
        "procedure_code": kind.procedure,
        "procedure_field": kind.field,
        "intake_mode": kind.intake_mode,
        "submitted_at": began_at.minus_seconds(60 * (COUNT - index) as i64),
        "due_on": day.plus_days(10),
        "electronic_payment_required": kind.intake_mode != "counter",
        "payer": payer(name, index, unit),
        "lines": (kind.lines)(index),
    })
}

/// Some payers give an e-mail address, some a phone, some nothing.
fn payer(name: impl Into<String>, index: usize, unit: &Unit) -> Value {
    let address = format!("Tổ {}, {}, Hà Nội", index + 1, unit.name);
    let mut payer = json!({ "name": name.into(), "address": address });
    match index % 3 {
        0 => payer["email"] = json!(format!("nguoi-nop-{:02}@demo.example", index + 1)),
        1 => payer["phone"] = json!(format!("09000000{:02}", index + 1)),
        _ => {}
    }
    payer
}

fn payable(answer: &Value, asked: &Value, unit: &Unit, account: &BankAccount) -> Result<Payable> {
    let text = |value: &Value, field: &str| {
        let found = value.as_str().map(str::to_owned);
        found.ok_or_else(|| Error::internal(format!("the service's answer has no {field}")))
    };
    Ok(Payable {
        obligation: text(&answer["id"], "id")?,
        unit_code: unit.code.clone(),
        account_no: account.account_no.clone(),
        reference_code: text(&answer["reference_code"], "reference_code")?,
        amount: Dong(answer["total"].as_i64().unwrap_or(0)),
        payer_name: text(&asked["payer"]["name"], "payer")?,
    })
}

/// A progress line with what is being done.
pub fn bar(length: usize, message: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len}")
        .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::new(u64::try_from(length).unwrap_or(0)).with_style(style).with_message(message)
}
