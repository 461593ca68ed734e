//! Shifts, deposits and orders on the command line of the real program.

use std::path::PathBuf;
use std::process::Command;

use bienlai::actor::Actor;
use bienlai::amount::Dong;
use bienlai::id::PersonId;
use bienlai::identity;
use bienlai::payment::book::Method;
use bienlai::reconciliation::{close, reconcile};
use serde_json::Value;

use crate::imports::import;
use crate::support::app::MASTER_KEY;
use crate::support::bank_file::BankFile;
use crate::support::{World, each_database};

pub struct Shell<'a> {
    world: &'a World,
    config: PathBuf,
}

impl Shell<'_> {
    pub fn new(world: &World) -> Shell<'_> {
        let config = world.database.folder.path().join("cash.toml");
        let text = format!(
            "[database]\nurl = \"{}\"\nmigrate_at_start = false\n[vault]\nmaster_key = \"{MASTER_KEY}\"\n\
             [onboarding]\nrequired = false\n",
            world.database.url
        );
        std::fs::write(&config, text).expect("the configuration is written");
        Shell { world, config }
    }

    /// Exit code, standard output, standard error.
    pub fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_bienlai"));
        let output = command.arg("--config").arg(&self.config).args(arguments).output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let (code, out, error) = self.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {out} {error}");
        serde_json::from_str(&out).unwrap_or_else(|fault| panic!("{arguments:?}: {fault}: {out}"))
    }

    pub fn person(&self, name: &str) -> PersonId {
        let (system, unit) = (Actor::system(), self.world.ba_dinh.id);
        self.world.change(|tx, stamp| identity::create_person(tx, stamp, &system, unit, name))
    }
}

#[test]
fn a_shift_is_closed_deposited_and_remitted_by_commands() {
    each_database(|database| {
        let world = World::settled_in_today(database);
        let owed = world.raise(Dong(25_000));
        world.take(&owed, Dong(25_000), Method::Cash).unwrap();
        let shell = Shell::new(&world);
        let (counter, chief) =
            (shell.person("Lê Thị Mẫu").to_string(), shell.person("Vũ Văn Mẫu").to_string());
        let shift = world.shift(world.ba_dinh.id).to_string();

        let other =
            shell.json(&["shift", "open", "--unit", "00004", "--float", "10000x2", "--person", &counter]);
        assert_eq!(other["state"], "in_use");
        let counted = shell.json(&["shift", "close", &shift, "--count", "20000x1", "--person", &counter]);
        assert_eq!(counted["counted"]["variance"], -5_000, "{counted}");
        let by_counter = ["shift", "sign-off", &shift, "--reason", "thiếu", "--person", &counter];
        let (code, _, error) = shell.run(&by_counter);
        assert!(code == 1 && error.contains("maker_is_checker"), "{code} {error}");
        let signed = shell.json(&["shift", "sign-off", &shift, "--reason", "thiếu", "--person", &chief]);
        assert_eq!(signed["state"], "closed");
        let part = format!("{shift}=20000");
        let slip =
            shell.json(&["deposit", "hand-over", "--unit", "00004", "--part", &part, "--person", &counter]);
        assert_eq!(slip["state"], "in_transit");
        let (_, report, _) = shell.run(&["shift", "report", &shift]);
        for told in ["Thu tiền mặt / Cash taken: 25.000", "Chênh lệch / Difference: -5.000", "BD-26E 1"]
        {
            assert!(report.contains(told), "{told}: {report}");
        }
        let (_, listed, _) = shell.run(&["deposit", "list", "--unit", "00004"]);
        assert!(listed.contains(slip["reference_code"].as_str().unwrap()), "{listed}");
        assert!(listed.contains("Ngày giao") && listed.contains("đang nộp / in transit"), "{listed}");

        let today = world.now().business_day();
        let file = BankFile::new(world.ba_dinh.account_no, today, 0)
            .book(20_000, slip["transfer_text"].as_str().unwrap(), "R1")
            .without_sequence();
        import(&world, &file.camt());
        let (unit, account, system) = (world.ba_dinh.id, world.ba_dinh.account, Actor::system());
        reconcile(&world.store, &world.stamp(), &system, unit, account).unwrap();
        close(&world.store, &world.keyring, &|| world.stamp(), &system, unit, account, today)
            .unwrap()
            .certificate()
            .unwrap();

        let (_, due, _) = shell.run(&["remittance", "due", "--unit", "00004"]);
        assert!(due.contains("budget_due/805-2771") && due.contains("12.500"), "{due}");
        let line = "budget_due/805-2771=12500";
        let draft = ["remittance", "draft", "--unit", "00004", "--line", line, "--person", &counter];
        let order = shell.json(&draft);
        let (code, _, error) = shell.run(&draft);
        assert!(code == 1 && error.contains("remittance_beyond_due"), "{code} {error}");
        let id = order["id"].as_str().unwrap();
        shell.json(&["remittance", "approve", id, "--person", &chief]);
        let pdf = world.database.folder.path().join("order.pdf");
        let (code, _, error) = shell.run(&["remittance", "document", id, "--out", pdf.to_str().unwrap()]);
        assert_eq!(code, 0, "{error}");
        assert!(std::fs::read(&pdf).unwrap().starts_with(b"%PDF-1."));
        let csv = world.database.folder.path().join("report.csv");
        let code_of_order = order["reference_code"].as_str().unwrap();
        let heading = "ma_lenh,chuong,tieu_muc,so_tien,ngay,trang_thai,ly_do";
        let report =
            |rest: &str| std::fs::write(&csv, format!("{heading}\n{code_of_order},{rest}\n")).unwrap();
        let import = ["remittance", "report", csv.to_str().unwrap(), "--unit", "00004", "--person", &counter];
        report(&format!("805,2771,1,{today},credited,"));
        assert_eq!(shell.run(&import).0, 1, "it does not fit: the answer is no");
        report(&format!("805,2771,12500,{today},credited,"));
        assert_eq!(shell.json(&import)["orders"][0]["outcome"], "credited");
        let listed = shell.json(&["remittance", "list", "--unit", "00004", "--json"]);
        assert_eq!(listed[0]["state"], "credited", "{listed}");
        let (_, shown, _) = shell.run(&["remittance", "list", "--unit", "00004"]);
        for words in ["Trạng thái", "Lệnh nộp tiền vào ngân sách nhà nước", "Kho bạc đã ghi có"]
        {
            assert!(shown.contains(words), "{words}: {shown}");
        }
    });
}
