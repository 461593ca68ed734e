//! How the databases find what pages and lists show. PostgreSQL writes down the plan of every query that
//! any GET of the service makes; SQLite is asked for its plan of the same statements. With scans made
//! dear, a scan that is left means that there is no index, however small the tables of this story are.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use bienlai::actor::{Role, Scope};
use serde_json::Value;

use crate::days::{closed, paid_by_statement};
use crate::openapi::{document, operations};
use crate::strangers::{Door, Things, asked_for, lived_in, token};
use crate::support::database::Database;
use crate::support::postgres::Server;
use crate::support::program::{Service, get};
use crate::support::visitor::seated;
use crate::support::{World, postgres, tools};

/// Tables that grow with the work. The others hold units, people, series, rules and settings: some
/// thousand rows at most in a whole city.
const LARGE: [&str; 43] = [
    "allocation",
    "audit_entry",
    "audit_leaf",
    "claim",
    "correction",
    "correction_event",
    "correction_line",
    "entry_detail",
    "exception",
    "exception_event",
    "feed",
    "idempotency",
    "line_case",
    "line_evidence",
    "match_part",
    "message",
    "message_event",
    "movement",
    "movement_key",
    "movement_same_as",
    "obligation",
    "obligation_event",
    "obligation_line",
    "party",
    "party_index",
    "payer_alias",
    "payment",
    "payment_event",
    "posting",
    "provider_key",
    "public_code",
    "raw_event",
    "receipt",
    "receipt_event",
    "receipt_relation",
    "receipt_seal",
    "refund",
    "refund_event",
    "rendition",
    "seal_evidence",
    "statement",
    "statement_file",
    "statement_line",
];

/// What pages walk and sum, by words of the query, and how SQLite gets there: from the few, or along an index that
/// holds all that is asked. Another way reads what a unit, or the whole city, ever had.
const WALKED: [(&str, &str); 28] = [
    ("FROM raw_event e WHERE e.channel > $1", "COVERING INDEX raw_event_by_channel_id"),
    ("FROM raw_event e WHERE e.channel = $1 AND e.id >= $2", "INDEX raw_event_by_channel_id"),
    ("(\"audit_entry\".\"id\" > $2)", "INDEX audit_entry_by_unit_id_id"),
    ("ORDER BY \"audit_entry\".\"id\" DESC", "INDEX audit_entry_by_unit_id_id"),
    ("FROM obligation_event e CROSS JOIN obligation o", "INDEX sqlite_autoindex_obligation_event_1 (id>?)"),
    ("AS before, CAST(SUM(moved)", "COVERING INDEX posting_by_unit_id_accounting_date_id"),
    (
        "GROUP BY debit_account, credit_account ORDER BY",
        "COVERING INDEX posting_by_unit_id_accounting_date_id",
    ),
    ("SELECT a, CAST(SUM(amount)", "COVERING INDEX posting_by_unit_id_accounting_date_id"),
    (
        "m.amount - m.proven AS amount",
        "SEARCH m USING COVERING INDEX movement_by_unit_id_state_account_id_first_seen_on_id",
    ),
    // A day's page counts and sums what is on its way, and asks whether the unit takes cards at all.
    (
        "COALESCE(SUM(m.amount - m.proven), 0)",
        "SEARCH m USING COVERING INDEX movement_by_unit_id_state_account_id_first_seen_on_id",
    ),
    ("payment.method = 'card'", "SEARCH payment USING INDEX payment_by_unit_id_accounting_date_where"),
    // What the cut-off of a year looks through: the documents of the next one, by when their money came.
    ("(\"receipt\".\"collected_at\" < $4)", "INDEX receipt_by_unit_id_series_id_number_collected_at"),
    (
        "OR credit_account LIKE 'unexplained_debit/%')",
        "COVERING INDEX posting_by_unit_id_accounting_date_where",
    ),
    ("- CASE WHEN credit_account LIKE $1", "COVERING INDEX posting_by_unit_id_accounting_date_id"),
    (
        "AS other, source_kind, source_id, amount FROM posting",
        "COVERING INDEX posting_by_unit_id_accounting_date_id",
    ),
    ("FROM exception_event e CROSS JOIN exception x", "INDEX exception_event_by_unit_id_at_where"),
    ("SELECT p.credit_account AS source", "COVERING INDEX posting_by_unit_id_source_id_day_where"),
    (
        "SELECT p.credit_account AS source",
        "COVERING INDEX posting_by_unit_id_accounting_date_id (unit_id=? AND accounting_date=?)",
    ),
    ("ORDER BY +o.id DESC", "INDEX obligation_by_unit_id_state_id"),
    ("ORDER BY +obligation.id DESC", "dossier_code=?)"),
    ("ORDER BY \"message\".\"id\" DESC", "INDEX message_by_unit_id_state_id (unit_id=? AND state=?"),
    // What waits for a second person, and how long the queues are, is asked of all units at once.
    ("FROM exception x CROSS JOIN exception_event e", "SEARCH x USING INDEX exception_by_unit_id_id_where"),
    ("c.state = 'withdrawal_requested'", "SEARCH c USING INDEX correction_by_unit_id_id_where"),
    ("FROM shift s LEFT JOIN shift_count n", "SEARCH s USING INDEX shift_by_unit_id_id_where"),
    ("AS oldest_kind FROM exception x", "SEARCH x USING INDEX exception_by_unit_id_id_where"),
    ("OR t.state = 'halted'", "INDEX transmission_by_unit_id_state_id_where"),
    ("AND f.state = 'drafted'", "INDEX filing_by_unit_id_state_id_where"),
    ("filing.state = 'refused'", "INDEX filing_by_unit_id_state_id_where"),
];

/// Values that reach a query behind each parameter.
const VALUES: [(&str, &[&str]); 12] = [
    ("state", &["raised", "requested", "open", "waiting", "in_use", "in_transit", "awaited"]),
    ("dossier_code", &["H26.1-261123-0001"]),
    ("format", &["csv", "xlsx"]),
    ("limit", &["10"]),
    ("cursor", &["5"]),
    ("after", &["f1"]),
    ("account", &["0123456789"]),
    ("from", &["2026-01-01"]),
    ("until", &["2026-12-31"]),
    ("date", &["2026-11-24"]),
    ("min_age_days", &["1"]),
    ("owner", &["accountant"]),
];

/// A plan with the words of its query.
struct Plan {
    sql: String,
    root: Value,
}

/// The plans that the server wrote down after `from`.
fn plans(log: &str) -> Vec<Plan> {
    let read = |entry: &str| {
        let lines: Vec<&str> = entry.lines().skip(1).take_while(|line| line.starts_with('\t')).collect();
        let told: Value = serde_json::from_str(&lines.join("\n")).ok()?;
        Some(Plan { sql: told["Query Text"].as_str()?.to_owned(), root: told["Plan"].clone() })
    };
    log.split(" plan:").skip(1).filter_map(read).collect()
}

/// Tables that are read from one end to the other.
fn scanned(node: &Value, is_limited: bool, found: &mut BTreeSet<String>) {
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().unwrap_or_default();
    // An index with a condition holds what is open and little else.
    let is_partial = node["Index Name"].as_str().is_some_and(|name| name.ends_with("_where"));
    let is_whole_index =
        kind.starts_with("Index") && node["Index Cond"].is_null() && !is_limited && !is_partial;
    if LARGE.contains(&table) && (kind == "Seq Scan" || is_whole_index) {
        found.insert(format!("{kind} on {table}"));
    }
    let is_limited = is_limited || kind == "Limit";
    for inner in node["Plans"].as_array().into_iter().flatten() {
        scanned(inner, is_limited, found);
    }
}

/// The statement as SQLite says it; nothing for what only PostgreSQL has.
fn for_sqlite(sql: &str) -> Option<String> {
    let mut text = sql.replace(" FOR UPDATE", "").replace("= ANY(", "IN (").replace("<> ALL(", "NOT IN (");
    if let Some(at) = text.find(" -- ") {
        text.truncate(at);
    }
    let reads = text.trim_start().starts_with("SELECT") && text.contains(" FROM ");
    (reads && !text.contains("::") && !text.contains("current_setting")).then_some(text)
}

/// Every new connection to the database writes down the plan of each of its queries.
fn write_plans_down(server: &Server, database: &str) {
    for setting in [
        "session_preload_libraries = 'auto_explain'",
        "auto_explain.log_min_duration = 0",
        "auto_explain.log_format = 'json'",
        "auto_explain.log_nested_statements = on",
        "enable_seqscan = off",
    ] {
        server.superuser(&format!("ALTER DATABASE {database} SET {setting}"));
    }
}

fn ask_for_everything(world: &World, service: &Service) -> usize {
    let door = Door { service, count: Default::default() };
    asked_for(world, &door);
    let things = Things::of(world);
    let mut answered = 0;
    for operation in operations(&document(service)).iter().filter(|operation| operation.method == "GET") {
        if !operation.is_api() {
            continue;
        }
        let token = token(world, &world.ba_dinh, operation.role());
        let url = operation.url(&things);
        let mark = if url.contains('?') { '&' } else { '?' };
        let mut urls = vec![url.clone()];
        for (name, values) in VALUES {
            let told = operation.told["parameters"].as_array().into_iter().flatten();
            if told.clone().any(|one| one["name"] == name && one["required"] != true) {
                urls.extend(values.iter().map(|value| format!("{url}{mark}{name}={value}")));
            }
        }
        for url in urls {
            answered += usize::from(door.ask(Some(&token), "GET", &url, b"").status == 200);
        }
    }
    let scope = Scope::unit(world.ba_dinh.id);
    let staff = [Role::Cashier, Role::Finance, Role::Approver, Role::Administrator, Role::Auditor];
    for (at, role) in staff.into_iter().enumerate() {
        let mut visitor = seated(world, service.address, role, &format!("nguoi.{at}"), scope.clone());
        for operation in operations(&document(service)).iter().filter(|operation| operation.method == "GET") {
            if operation.told["tags"][0] == "pages" && !operation.path.ends_with("/events") {
                answered += usize::from(visitor.get(&things.place(&operation.path)).status == 200);
            }
        }
        if role == Role::Cashier {
            visitor.get("/counter");
            for q in ["nguyen thi thu", "0900000001", "H26.1-261123-0001", "HNPH7K2MQ4X97"] {
                answered += usize::from(visitor.post("/counter/search", &[("q", q)]).status == 200);
            }
        }
    }
    // The city's own trail, the channels of all units and what waits in them are asked for by who governs all.
    let mut city = seated(world, service.address, Role::Administrator, "nguoi.thanhpho", Scope::All);
    for path in ["/admin/operations", "/admin/trail", "/admin/trail/proof", "/finance", "/duties"] {
        answered += usize::from(city.get(path).status == 200);
    }
    answered
}

/// The server's log is one for all databases: one story at a time has its plans written down.
static WRITING: Mutex<()> = Mutex::new(());

#[test]
fn no_list_or_page_reads_a_large_table_from_end_to_end() {
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let server = postgres::shared().unwrap_or_else(|why| panic!("{why}"));
    let database = Database::postgresql();
    let name = database.url.rsplit('/').next().unwrap().to_owned();
    // A planner that has counted these few rows reads a table whole, and rightly. The background analysis
    // counts them whenever a minute happens to end; without it the planner thinks of tables as they grow.
    for table in LARGE {
        let sql = format!("ALTER TABLE {table} SET (autovacuum_enabled = off)");
        tools::run(&mut database.as_owner(), &sql).unwrap();
    }
    let world = World::settled_in_today(database);
    lived_in(&world);
    write_plans_down(server, &name);
    let mut service = Service::start(&world);
    let before = server.log().len();
    let code = world.raise(bienlai::amount::Dong(25_000)).reference_code;
    assert_eq!(get(service.address, &format!("/p/{code}")).unwrap().status, 200);
    let answered = ask_for_everything(&world, &service);
    assert!(answered > 120, "{answered} answers");
    service.stop();

    let found = plans(&server.log()[before..]);
    let statements: BTreeSet<&str> = found.iter().map(|plan| plan.sql.as_str()).collect();
    assert!(statements.len() > 100, "{} statements", statements.len());
    let mut wrong = BTreeSet::new();
    for plan in &found {
        let mut tables = BTreeSet::new();
        scanned(&plan.root, false, &mut tables);
        wrong.extend(tables.into_iter().map(|what| format!("PostgreSQL: {what}\n    {}", plan.sql)));
    }
    let sqlite = Database::sqlite();
    let mut conn = sqlite.as_owner();
    let mut explained = 0;
    for sql in statements.iter().filter_map(|sql| for_sqlite(sql)) {
        let Some(steps) = tools::plan(&mut conn, &sql) else { continue };
        explained += 1;
        for step in steps {
            let Some(rest) = step.strip_prefix("SCAN ") else { continue };
            let table = rest.split(' ').next().unwrap_or_default();
            let is_limited = sql.contains(" LIMIT ") && rest.contains("USING") || rest.ends_with("_where");
            if LARGE.contains(&table) && !is_limited {
                wrong.insert(format!("SQLite: {step}\n    {sql}"));
            }
        }
    }
    assert!(explained > 80, "{explained} explained by SQLite");
    for (words, way) in WALKED {
        let asked: Vec<String> =
            statements.iter().filter(|sql| sql.contains(words)).filter_map(|sql| for_sqlite(sql)).collect();
        if asked.is_empty() {
            wrong.insert(format!("nothing asks: {words}"));
        }
        for sql in asked {
            let steps = tools::plan(&mut conn, &sql).unwrap_or_default();
            if !steps.iter().any(|step| step.contains(way)) {
                wrong.insert(format!("SQLite, not by {way}: {}\n    {sql}", steps.join("; ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.into_iter().collect::<Vec<_>>().join("\n"));
}

/// The index of allocations by obligation holds whatever a unit ever took: asked for "some obligation", SQLite
/// walks all of it, and did so once for each line of the day.
#[test]
fn a_day_closes_along_its_own_lines_cash_and_batches() {
    let _alone = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
    let server = postgres::shared().unwrap_or_else(|why| panic!("{why}"));
    let database = Database::postgresql();
    write_plans_down(server, database.url.rsplit('/').next().unwrap());
    let world = World::settled_in(database);
    paid_by_statement(&world, 0, &[("HT-01", "phi", 25_000)]);
    let before = server.log().len();
    closed(&world, world.now().business_day());
    let found = plans(&server.log()[before..]);
    let statements: BTreeSet<&str> = found.iter().map(|plan| plan.sql.as_str()).collect();
    let sqlite = Database::sqlite();
    let mut conn = sqlite.as_owner();
    let (mut ways, mut looked) = (Vec::new(), BTreeSet::new());
    for sql in statements.iter().filter(|sql| sql.contains("allocation a")).filter_map(|sql| for_sqlite(sql))
    {
        let steps = tools::plan(&mut conn, &sql).unwrap_or_else(|| panic!("not explained: {sql}"));
        ways.extend(steps.into_iter().filter(|step| step.starts_with("SEARCH a ")));
    }
    assert!(ways.len() >= 3, "{ways:?}");
    // What waits is found along its own few postings, and what is on its way from the last closed day on.
    for (words, way) in
        WALKED.into_iter().filter(|(_, way)| way.contains("INDEX posting_by_unit_id_accounting_date"))
    {
        for sql in statements.iter().filter(|sql| sql.contains(words)).filter_map(|sql| for_sqlite(sql)) {
            let steps = tools::plan(&mut conn, &sql).unwrap_or_else(|| panic!("not explained: {sql}"));
            assert!(steps.iter().any(|step| step.contains(way)), "{way}: {steps:?}");
            looked.insert(words);
        }
    }
    assert!(looked.len() >= 3, "{looked:?}");
    assert!(ways.iter().all(|way| way.contains("INDEX allocation_by_unit_id_payment_id")), "{ways:?}");
}

/// What waits for its signature is looked for several times a second, and of which kind it is with it.
#[test]
fn what_waits_for_its_signature_is_found_without_reading_a_document() {
    let sqlite = Database::sqlite();
    let mut conn = sqlite.as_owner();
    let waiting =
        "FROM receipt WHERE receipt.state = 'numbered' AND document_kind IN ('receipt', 'invoice_vat')";
    let asked = [
        format!("SELECT DISTINCT +unit_id AS unit_id, document_kind {waiting}"),
        format!("SELECT unit_id, id {waiting} AND (unit_id NOT IN (1)) ORDER BY id LIMIT 10"),
    ];
    for sql in asked {
        let steps = tools::plan(&mut conn, &sql).unwrap_or_else(|| panic!("not explained: {sql}"));
        let way = "COVERING INDEX receipt_by_unit_id_id_document_kind_where";
        assert!(steps.iter().any(|step| step.contains(way)), "{steps:?}: {sql}");
    }
}

#[test]
fn a_scan_would_be_seen() {
    let log = "LOG:  duration: 0.1 ms  plan:\n\t{\n\t \"Query Text\": \"SELECT 1\",\n\t \"Plan\": {\"Node Type\": \"Sort\", \
               \"Plans\": [{\"Node Type\": \"Seq Scan\", \"Relation Name\": \"receipt\"}]}\n\t}\nLOG:  other\n";
    let found = plans(log);
    let mut tables = BTreeSet::new();
    scanned(&found[0].root, false, &mut tables);
    assert_eq!(tables.into_iter().collect::<Vec<_>>(), ["Seq Scan on receipt"]);
    let sqlite = Database::sqlite();
    let steps = tools::plan(&mut sqlite.as_owner(), "SELECT * FROM receipt WHERE amount = $1").unwrap();
    assert!(steps[0].starts_with("SCAN receipt"), "{steps:?}");
}
