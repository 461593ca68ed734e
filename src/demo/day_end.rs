//! The day's end: the bank delivers its statement, in three formats and one of them twice; it is
//! imported, matched, and the day is closed where nothing stands in the way.

use indicatif::ProgressBar;

use super::folder::{Folder, STATEMENTS};
use super::running::Service;
use super::state::{Delivered, State};
use crate::actor::{Actor, Role, Scope};
use crate::cli::{books, table};
use crate::error::{Error, Result};
use crate::id::PersonId;
use crate::simulator::statement::{File, write_all};
use crate::unit::{self, BankAccount, Unit, account};

/// What is told, and remembered, of an account whose day is closed.
const CLOSED: &str = "đã khóa, có chứng nhận / closed with a certificate";

/// Delivers, imports, matches and closes, once.
pub fn run(service: &Service, folder: &Folder, state: &mut State) -> Result<()> {
    if !state.delivered.is_empty() {
        println!(
            "Sao kê của ngày {day} đã nhập ở lần chạy đầu / statements of {day} were imported at the first start",
            day = state.day()?
        );
    } else {
        let spinner = ProgressBar::new_spinner();
        spinner.set_message("Ngân hàng gửi sao kê / the bank delivers its statements");
        let delivered = deliver(service, folder, state, &spinner)?;
        spinner.finish_and_clear();
        state.delivered = delivered;
        state.save(folder)?;
        print_delivered(&state.delivered);
    }
    for (unit, account) in accounts(service)? {
        if state.closed.get(&account.account_no).is_none_or(|said| said != CLOSED) {
            let said = close(service, state, &unit, &account)?;
            state.closed.insert(account.account_no.clone(), said);
            state.save(folder)?;
        }
    }
    println!("\nKhóa ngày / closing {}", state.day()?);
    for (account_no, said) in &state.closed {
        println!("  {account_no}: {said}");
    }
    Ok(())
}

/// Who does the day's end: the demo's accountant.
pub fn accountant(state: &State) -> Result<Actor> {
    let person: PersonId =
        state.persons.get("finance").ok_or_else(|| Error::internal("the demo has no accountant"))?.parse()?;
    Ok(Actor { person: Some(person), client: None, role: Role::Finance, scope: Scope::All })
}

pub fn accounts(service: &Service) -> Result<Vec<(Unit, BankAccount)>> {
    service.app.read(&Actor::system(), |conn| {
        let units = unit::all(conn)?;
        units
            .into_iter()
            .map(|unit| account::receiving(conn, unit.id).map(|account| (unit, account)))
            .collect()
    })
}

fn deliver(
    service: &Service,
    folder: &Folder,
    state: &State,
    spinner: &ProgressBar,
) -> Result<Vec<Delivered>> {
    let actor = accountant(state)?;
    let mut delivered = Vec::new();
    let units: Vec<Unit> = accounts(service)?.into_iter().map(|(unit, _)| unit).collect();
    let mut files: Vec<Vec<File>> = Vec::new();
    for (_, account) in accounts(service)? {
        let day = state.bank.day(&account.account_no, state.day()?)?;
        let [camt, mt940, csv] = write_all(&day);
        // The first file comes again at the end: nothing may happen twice.
        files.push(vec![camt.clone(), mt940, csv, camt]);
    }
    for round in 0..4 {
        for file in files.iter().filter_map(|files| files.get(round)) {
            spinner.set_message(file.name.clone());
            folder.write_text(&format!("{STATEMENTS}/{}", file.name), &file.text)?;
            delivered.push(import(service, &actor, file)?);
        }
        books::reconcile(&service.app, &actor, &units)?;
    }
    Ok(delivered)
}

fn import(service: &Service, actor: &Actor, file: &File) -> Result<Delivered> {
    let imported = books::import(&service.app, actor, file.text.as_bytes())?;
    if let Some(finding) = imported.errors.first() {
        return Err(Error::internal(format!("{}: {}: {}", file.name, finding.at, finding.message)));
    }
    Ok(Delivered {
        file: file.name.clone(),
        lines_new: imported.statements.iter().map(|statement| statement.lines_new).sum(),
        lines_known: imported.statements.iter().map(|statement| statement.lines_known).sum(),
        already_imported: imported.already_imported,
    })
}

fn print_delivered(delivered: &[Delivered]) {
    let rows: Vec<Vec<String>> = delivered
        .iter()
        .map(|file| {
            let remark =
                if file.already_imported { "đã nhập trước đó / imported before" } else { "" };
            vec![
                file.file.clone(),
                file.lines_new.to_string(),
                file.lines_known.to_string(),
                remark.to_owned(),
            ]
        })
        .collect();
    println!("\nSao kê: ba định dạng, một tệp gửi hai lần; mỗi dòng chỉ ghi một lần / each line counts once");
    table::print(&["Tệp", "Dòng mới", "Đã biết", ""], &rows, &[1, 2]);
}

/// What closing said, in one line.
fn close(service: &Service, state: &State, unit: &Unit, account: &BankAccount) -> Result<String> {
    let actor = accountant(state)?;
    match books::close_day(&service.app, &actor, unit, account, state.day()?) {
        Ok(outcome) if outcome.is_clean => Ok(CLOSED.into()),
        Ok(outcome) => Ok(format!("chưa khóa được / stays open: {}", outcome.summary)),
        // Closed by a start that ended before it could remember that.
        Err(error) if error.code() == "day_closed" => Ok(CLOSED.into()),
        Err(error) if error.is_internal() || error.is_busy() => Err(error),
        Err(error) => Ok(format!("chưa khóa được / stays open: {error}")),
    }
}
