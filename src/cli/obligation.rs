//! `bienlai obligation …`: the bulk load of a CSV file.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};

use super::office::Office;
use super::{DONE, NO, books, read_bytes};
use crate::actor::Actor;
use crate::clock::{BusinessDay, Instant};
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::id::ClientId;
use crate::identity;
use crate::text::line_of;
use crate::web::message;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Raise obligations from a CSV file; good rows are kept, bad ones told with their line
    ///
    /// The first row names the columns: unit, dossier_code, procedure_code, procedure_field,
    /// intake_mode, submitted_at, due_on and item are required; receiving_unit, competent_unit,
    /// result_due_on, electronic_payment_required, payer_name, payer_address, payer_tax_code,
    /// payer_personal_id, payer_passport, payer_phone, payer_email, pages, copies, quantity, base_value, amount and
    /// exemptions (divided by ;) may be there. Rows of one dossier that follow each other are the
    /// lines of one obligation. With a bad row nothing of its dossier is raised. What was loaded with
    /// the same content in the last 30 days is left alone, so a corrected file may be loaded again; a
    /// dossier that owes something already is refused. Exit code 1 when rows failed.
    Import(Import),
}

#[derive(Debug, Args)]
pub struct Import {
    /// The CSV file, as UTF-8
    file: PathBuf,
    /// Raise the fees beside what the dossiers owe already
    #[arg(long)]
    additional: bool,
    /// The dossier system (`cli_…`) whose lists and feed show them; not needed where there is only one
    #[arg(long)]
    client: Option<ClientId>,
}

pub fn run(config: &Path, command: Command) -> Result<u8> {
    let Command::Import(import) = command;
    let bytes = read_bytes(&import.file)?;
    let (asked, mut faults) = read(&bytes)?;
    let office = Office::open(config)?;
    let system = Actor::system();
    let client = office.read(&system, |conn| identity::dossier_system(conn, import.client))?;
    let actor = Actor { client, ..system };
    let bar = ProgressBar::new(u64::try_from(asked.len()).unwrap_or(0)).with_style(style());
    let (mut raised, mut known) = (0, 0);
    for group in &asked {
        match books::raise_loaded(&office, &actor, &group.json, import.additional) {
            Ok(true) => raised += 1,
            Ok(false) => known += 1,
            Err(error) => faults.push(Fault { line: group.line, error }),
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    faults.sort_by_key(|fault| fault.line);
    for fault in &faults {
        eprintln!("{}", fault.words());
    }
    let failed = faults.len();
    println!("đã lập {raised}, đã có từ trước {known}, lỗi {failed}");
    println!("{raised} raised, {known} known already, {failed} failed");
    Ok(if faults.is_empty() { DONE } else { NO })
}

fn style() -> ProgressStyle {
    ProgressStyle::with_template("{bar:40} {pos}/{len} {eta}")
        .unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// What is wrong with a row of the file.
struct Fault {
    line: u64,
    error: Error,
}

impl Fault {
    /// Vietnamese first; the field is the file's column, where the API has a place in its JSON.
    fn words(&self) -> String {
        let Fault { line, error } = self;
        let vi = &message::words(error.code()).vi;
        let told = match error.kind() {
            ErrorKind::Invalid { field } => {
                format!("{}: {} ({})", column_of(field), error.detail(), error.code())
            }
            _ => error.to_string(),
        };
        format!("dòng {line}: {vi}\n  line {line}: {told}")
    }
}

/// The column behind a field of the request: `lines[0].pages` is `pages`, `payer.tax_code` is `payer_tax_code`.
fn column_of(field: &str) -> &str {
    if let Some(field) = field.strip_prefix("payer.") {
        return PAYER.iter().find(|(_, known)| *known == field).map_or(field, |(column, _)| *column);
    }
    match field.strip_prefix("lines[").and_then(|rest| rest.split_once("].")) {
        Some((_, column)) => column,
        None => field,
    }
}

/// Rows of one dossier, as the API would be asked.
struct Group {
    /// Of its first row.
    line: u64,
    json: serde_json::Value,
}

impl Group {
    /// Unit and dossier code.
    fn dossier(&self) -> (String, String) {
        let text = |column: &str| self.json[column].as_str().unwrap_or_default().to_owned();
        (text("unit"), text("dossier_code"))
    }
}

/// Columns that are members of the request, and those of its payer.
const TEXTS: [&str; 11] = [
    "unit",
    "dossier_code",
    "procedure_code",
    "procedure_field",
    "intake_mode",
    "submitted_at",
    "due_on",
    "receiving_unit",
    "competent_unit",
    "result_due_on",
    "electronic_payment_required",
];
const PAYER: [(&str, &str); 7] = [
    ("payer_name", "name"),
    ("payer_address", "address"),
    ("payer_tax_code", "tax_code"),
    ("payer_personal_id", "personal_id"),
    ("payer_passport", "passport"),
    ("payer_phone", "phone"),
    ("payer_email", "email"),
];
const NUMBERS: [&str; 4] = ["pages", "copies", "base_value", "amount"];

/// Spreadsheets of Vietnamese offices separate by semicolon.
fn delimiter(text: &[u8]) -> u8 {
    let heading = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    if heading.contains(&b';') { b';' } else { b',' }
}

/// The dossiers of the file and what is wrong with its rows. A dossier with a bad row is left out as a
/// whole: raised without it, it would owe too little, and the corrected file would charge it again.
fn read(bytes: &[u8]) -> Result<(Vec<Group>, Vec<Fault>)> {
    let text = without_mark(bytes);
    // A spreadsheet's "Unicode text" is UTF-16: every second byte is NUL.
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || text.contains(&0) {
        return Err(Error::invalid("file", "csv_encoding", "save it as CSV UTF-8"));
    }
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(delimiter(text))
        .from_reader(text);
    let headers = reader.headers().map_err(|error| unreadable(&error))?.clone();
    check_columns(&headers)?;
    let mut groups: Vec<Group> = Vec::new();
    let mut faults = Vec::new();
    let mut left_out = BTreeSet::new();
    for record in reader.byte_records() {
        let bytes = record.map_err(|error| unreadable(&error))?;
        let line = bytes.position().map_or(0, |position| line_of(text, position));
        // A row that is not UTF-8 still says whose it is, or nothing of the file can be trusted.
        let told = csv::StringRecord::from_byte_record(bytes.clone());
        let record = match told {
            Ok(record) => record,
            Err(error) => {
                left_out.insert(dossier_of(&headers, &bytes, line)?);
                faults
                    .push(Fault { line, error: Error::invalid("row", "csv_unreadable", error.to_string()) });
                continue;
            }
        };
        let row = Row::new(&headers, &record, line);
        match row.is_well_formed(headers.len(), &record).and_then(|()| row.group()) {
            Ok(group) => join(&mut groups, group),
            Err(error) => {
                left_out.insert(row.dossier());
                faults.push(Fault { line: row.line, error });
            }
        }
    }
    if groups.is_empty() && faults.is_empty() {
        return Err(Error::invalid("file", "csv_empty", "a heading and no row"));
    }
    let (whole, broken): (Vec<Group>, Vec<Group>) =
        groups.into_iter().partition(|group| !left_out.contains(&group.dossier()));
    faults.extend(broken.into_iter().map(|group| Fault {
        line: group.line,
        error: Error::conflict("csv_dossier_left_out", "another row of the dossier is bad"),
    }));
    Ok((whole, faults))
}

/// Unit and dossier code of a row that is not UTF-8 as a whole.
fn dossier_of(headers: &csv::StringRecord, row: &csv::ByteRecord, line: u64) -> Result<(String, String)> {
    let cell = |name: &str| {
        let at = headers.iter().position(|header| header == name)?;
        std::str::from_utf8(row.get(at)?).ok().map(|text| text.trim().to_owned())
    };
    let unknown = || Error::invalid("row", "csv_unreadable", format!("line {line} is not UTF-8"));
    Ok((cell("unit").ok_or_else(unknown)?, cell("dossier_code").ok_or_else(unknown)?))
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

#[track_caller]
fn unreadable(error: &csv::Error) -> Error {
    Error::invalid("row", "csv_unreadable", error.to_string())
}

/// A misspelt column would silently be left out of every row.
fn check_columns(headers: &csv::StringRecord) -> Result<()> {
    let known = |name: &str| {
        TEXTS.contains(&name)
            || NUMBERS.contains(&name)
            || PAYER.iter().any(|(column, _)| *column == name)
            || ["item", "quantity", "exemptions"].contains(&name)
    };
    if let Some(unknown) = headers.iter().find(|name| !known(name)) {
        return Err(Error::invalid(unknown, "csv_column_unknown", "no such column; see --help"));
    }
    for required in TEXTS[..7].iter().chain(["item"].iter()) {
        if !headers.iter().any(|name| name == *required) {
            return Err(Error::invalid(*required, "csv_column_missing", "the column is required"));
        }
    }
    Ok(())
}

struct Row<'a> {
    line: u64,
    cells: HashMap<&'a str, &'a str>,
}

impl<'a> Row<'a> {
    fn new(headers: &'a csv::StringRecord, record: &'a csv::StringRecord, line: u64) -> Row<'a> {
        let cells = headers.iter().zip(record.iter()).filter(|(_, cell)| !cell.is_empty()).collect();
        Row { line, cells }
    }

    fn dossier(&self) -> (String, String) {
        let text = |column: &str| self.cells.get(column).copied().unwrap_or_default().to_owned();
        (text("unit"), text("dossier_code"))
    }

    /// As many cells as the head, none with a line break: a quote that is never closed swallows the rows
    /// of other dossiers.
    fn is_well_formed(&self, expected: usize, record: &csv::StringRecord) -> Result<()> {
        if record.len() != expected {
            let told = format!("the row has {} cells, the head {expected}", record.len());
            return Err(Error::invalid("row", "csv_unreadable", told));
        }
        if record.iter().any(|cell| cell.contains(['\n', '\r'])) {
            return Err(Error::invalid(
                "row",
                "csv_unreadable",
                "a cell holds a line break: is a quote open?",
            ));
        }
        Ok(())
    }

    /// The row as a request with one line.
    fn group(&self) -> Result<Group> {
        use serde_json::{Map, Value, json};
        let mut request = Map::new();
        for column in TEXTS {
            if let Some(cell) = self.cells.get(column) {
                let value = match column {
                    "electronic_payment_required" => json!(self.truth(column, cell)?),
                    "submitted_at" => json!(moment(column, cell)?),
                    "due_on" | "result_due_on" => json!(day(column, cell)?),
                    _ => json!(cell),
                };
                request.insert(column.to_owned(), value);
            }
        }
        let payer: Map<String, Value> = PAYER
            .iter()
            .filter_map(|(column, field)| Some(((*field).to_owned(), json!(self.cells.get(column)?))))
            .collect();
        request.insert("payer".into(), Value::Object(payer));
        if let Some(groups) = self.cells.get("exemptions") {
            let groups: Vec<&str> =
                groups.split(';').map(str::trim).filter(|group| !group.is_empty()).collect();
            request.insert("exemptions".into(), json!(groups));
        }
        request.insert("lines".into(), json!([self.asked_line()?]));
        Ok(Group { line: self.line, json: Value::Object(request) })
    }

    fn asked_line(&self) -> Result<serde_json::Value> {
        let mut line = serde_json::Map::new();
        for column in ["item", "quantity"] {
            if let Some(cell) = self.cells.get(column) {
                line.insert(column.into(), serde_json::json!(cell));
            }
        }
        for column in NUMBERS {
            if let Some(cell) = self.cells.get(column) {
                let number: i64 = cell.parse().map_err(|_| {
                    Error::invalid(
                        column,
                        "csv_number_unreadable",
                        "expected a whole number without separators",
                    )
                })?;
                line.insert(column.into(), serde_json::json!(number));
            }
        }
        Ok(serde_json::Value::Object(line))
    }

    fn truth(&self, column: &str, cell: &str) -> Result<bool> {
        match cell {
            "true" | "1" | "x" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(Error::invalid(column, "csv_truth_unreadable", "expected true or false")),
        }
    }
}

/// A day in the one form that cannot be read otherwise; spreadsheets like to write another.
fn day<'a>(column: &str, cell: &'a str) -> Result<&'a str> {
    match cell.parse::<BusinessDay>() {
        Ok(_) => Ok(cell),
        Err(_) => {
            let found = if cell.contains('/') { "; DD/MM/YYYY is not read" } else { "" };
            let detail = format!("expected YYYY-MM-DD, as 2026-12-01{found}");
            Err(Error::invalid(column.to_owned(), "csv_date_unreadable", detail))
        }
    }
}

fn moment<'a>(column: &str, cell: &'a str) -> Result<&'a str> {
    let unreadable =
        |_| Error::invalid(column.to_owned(), "csv_date_unreadable", "expected 2026-11-29T08:00:00+07:00");
    cell.parse::<Instant>().map(|_| cell).map_err(unreadable)
}

/// A row that says the same as the one before but for its line is one line more of it.
fn join(groups: &mut Vec<Group>, next: Group) {
    let Group { line, mut json } = next;
    let added = json["lines"].take();
    if let Some(last) = groups.last_mut() {
        let lines = last.json["lines"].take();
        let is_same = last.json == json;
        last.json["lines"] = lines;
        if is_same {
            if let (Some(lines), Some(more)) = (last.json["lines"].as_array_mut(), added.as_array()) {
                lines.extend(more.iter().cloned());
            }
            return;
        }
    }
    json["lines"] = added;
    groups.push(Group { line, json });
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str =
        "unit,dossier_code,procedure_code,procedure_field,intake_mode,submitted_at,due_on,item,pages";

    fn rows(text: &str) -> (Vec<Group>, Vec<Fault>) {
        read(format!("{HEADER}\n{text}").as_bytes()).unwrap()
    }

    #[test]
    fn rows_of_one_dossier_that_follow_each_other_are_one_obligation() {
        let (groups, faults) = rows(
            "00004,HS-1,2.000815,Chứng thực,counter,2026-11-20T08:00:00+07:00,2026-12-01,chung_thuc_ban_sao,3\n\
             00004,HS-1,2.000815,Chứng thực,counter,2026-11-20T08:00:00+07:00,2026-12-01,chung_thuc_chu_ky,\n\
             00004,HS-2,2.000815,Chứng thực,counter,2026-11-20T08:00:00+07:00,2026-12-01,chung_thuc_chu_ky,\n",
        );
        assert!(faults.is_empty());
        assert_eq!(groups.len(), 2);
        assert_eq!(groups[0].json["lines"].as_array().unwrap().len(), 2);
        assert_eq!((groups[0].line, groups[1].line), (2, 4));
    }

    #[test]
    fn a_bad_row_is_told_by_its_line_and_the_good_ones_stay() {
        let (groups, faults) = rows(
            "00004,HS-1,2.000815,Chứng thực,counter,2026-11-20T08:00:00+07:00,2026-12-01,chung_thuc_ban_sao,x3\n\
             00004,HS-2,2.000815\n\
             00004,HS-3,2.000815,Chứng thực,counter,2026-11-20T08:00:00+07:00,2026-12-01,chung_thuc_chu_ky,\n",
        );
        assert_eq!(groups.len(), 1);
        let told: Vec<(u64, &str)> = faults.iter().map(|fault| (fault.line, fault.error.code())).collect();
        assert_eq!(told, [(2, "csv_number_unreadable"), (3, "csv_unreadable")]);
    }

    #[test]
    fn a_date_in_another_form_names_its_column_and_the_form_that_is_read() {
        let row = |submitted: &str, due: &str, pages: &str| {
            format!("00004,HS-1,2.000815,x,counter,{submitted},{due},chung_thuc_ban_sao,{pages}\n")
        };
        let good = "2026-11-20T08:00:00+07:00";
        for (text, column, form) in [
            (row(good, "10/12/2026", "3"), "due_on", "YYYY-MM-DD"),
            (row("20/11/2026 08:00", "2026-12-10", "3"), "submitted_at", "2026-11-29T08:00:00+07:00"),
        ] {
            let (groups, faults) = rows(&text);
            assert!(groups.is_empty());
            let words = faults[0].words();
            assert_eq!(faults[0].error.code(), "csv_date_unreadable");
            assert!(words.starts_with("dòng 2: Ngày, giờ trong tệp CSV"), "{words}");
            assert!(
                words.contains(&format!("line 2: {column}: expected ")) && words.contains(form),
                "{words}"
            );
        }
        let (groups, _) = rows(&row(good, "2026-12-10", "-1"));
        let fault = serde_path_to_error::deserialize::<_, crate::web::raise::Asked>(&groups[0].json);
        let fault = fault.expect_err("no pages are below zero");
        assert_eq!(column_of(&fault.path().to_string()), "pages");
        assert!(fault.into_inner().to_string().contains("from 0"));
        assert_eq!(column_of("payer.tax_code"), "payer_tax_code");
        assert_eq!(column_of("due_on"), "due_on");
    }

    #[test]
    fn the_line_of_a_bad_row_is_that_of_the_spreadsheet_whatever_ends_and_divides_its_rows() {
        let good = "00004,HS-1,2.000815,Chứng thực,counter,2026-11-20T08:00:00+07:00,2026-12-01,chung_thuc_ban_sao,3";
        let bad = good.replace("HS-1", "HS-2").replace(",3", ",x3");
        let text = format!("{HEADER}\r\n{good}\r\n{bad}\r\n");
        for text in [text.clone(), text.replace(',', ";"), text.replace("\r\n", "\n")] {
            let (groups, faults) = read(text.as_bytes()).unwrap();
            assert_eq!(groups.iter().map(|group| group.line).collect::<Vec<_>>(), [2], "{text}");
            assert_eq!(faults.iter().map(|fault| fault.line).collect::<Vec<_>>(), [3], "{text}");
        }
    }

    #[test]
    fn a_bad_row_takes_its_whole_dossier_out() {
        let row = |dossier: &str, pages: &str| {
            format!(
                "00004,{dossier},2.000815,Chứng thực,counter,2026-11-20T08:00:00+07:00,2026-12-01,\
                 chung_thuc_ban_sao,{pages}\n"
            )
        };
        let text = [row("HS-1", "3"), row("HS-1", "x3"), row("HS-2", "4"), row("HS-1", "5")].concat();
        let (groups, faults) = rows(&text);
        assert_eq!(groups.len(), 1);
        assert_eq!(groups[0].dossier(), ("00004".to_owned(), "HS-2".to_owned()));
        let told: Vec<(u64, &str)> = faults.iter().map(|fault| (fault.line, fault.error.code())).collect();
        assert_eq!(
            told,
            [(3, "csv_number_unreadable"), (2, "csv_dossier_left_out"), (5, "csv_dossier_left_out")]
        );
    }

    #[test]
    fn a_row_that_is_not_utf8_or_swallows_others_takes_its_dossier_out() {
        let row = |dossier: &str, item: &str| {
            format!("00004,{dossier},2.000815,x,counter,2026-11-20T08:00:00+07:00,2026-12-01,{item},1\n")
        };
        let swallowing = row("HS-2", "\"chung_thuc");
        let text =
            [row("HS-1", "a"), row("HS-1", "b?"), row("HS-1", "c"), swallowing, row("HS-3", "a\"")].concat();
        let bytes: Vec<u8> = text.bytes().map(|byte| if byte == b'?' { 0xD0 } else { byte }).collect();
        let (groups, faults) = read(&[HEADER.as_bytes(), b"\n", &bytes].concat()).unwrap();
        assert!(groups.is_empty(), "nothing of HS-1, and HS-3 stands in a cell of HS-2");
        let told: Vec<(u64, &str)> = faults.iter().map(|fault| (fault.line, fault.error.code())).collect();
        assert_eq!(told, [(3, "csv_unreadable"), (5, "csv_unreadable"), (2, "csv_dossier_left_out")]);
        let nameless = [HEADER.as_bytes(), b"\n00004,HS-\xD0,x,x,x,x,x,x,1\n"].concat();
        assert_eq!(read(&nameless).err().unwrap().code(), "csv_unreadable", "whose row is it?");
    }

    #[test]
    fn a_file_without_rows_or_in_utf16_is_no_load() {
        assert_eq!(read(format!("{HEADER}\n").as_bytes()).err().unwrap().code(), "csv_empty");
        let wide: Vec<u8> = HEADER.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".as_slice(), &wide].concat();
        for bytes in [&marked, &wide] {
            assert_eq!(read(bytes).err().unwrap().code(), "csv_encoding");
        }
    }

    #[test]
    fn a_column_that_is_misspelt_or_missing_is_refused_by_its_name() {
        for (head, field, code) in [
            ("unit,dossier", "dossier", "csv_column_unknown"),
            ("unit,dossier_code", "procedure_code", "csv_column_missing"),
            (HEADER.trim_end_matches(",item,pages"), "item", "csv_column_missing"),
        ] {
            let error = read(format!("{head}\n").as_bytes()).err().unwrap();
            let is_named = matches!(error.kind(), ErrorKind::Invalid { field: named } if named == field);
            assert!(error.code() == code && is_named, "{head}: {error}");
        }
    }

    #[test]
    fn yes_and_no_are_written_in_one_of_the_known_ways() {
        let row = |word: &str| {
            let text = format!(
                "{HEADER},electronic_payment_required\n\
                 00004,HS-1,2.000815,x,counter,2026-11-20T08:00:00+07:00,2026-12-01,chung_thuc_chu_ky,1,{word}\n"
            );
            let (groups, faults) = read(text.as_bytes()).unwrap();
            let said = groups.first().and_then(|group| group.json["electronic_payment_required"].as_bool());
            (said, faults.first().map(|fault| fault.error.code()))
        };
        for (word, said) in [("true", true), ("1", true), ("x", true), ("false", false), ("0", false)] {
            assert_eq!(row(word), (Some(said), None), "{word}");
        }
        for word in ["có", "yes", "TRUE"] {
            assert_eq!(row(word), (None, Some("csv_truth_unreadable")), "{word}");
        }
    }
}
