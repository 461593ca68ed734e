use super::*;
use crate::actor::Actor;
use crate::config::Config;
use crate::exception::Kind;
use crate::receipt::evidence::bundle::{Bundle, Finding};
use crate::receipt::key::certificates_in;
use crate::report::onboarding;
use crate::simulator::Scenario;
use crate::{obligation, unit};

/// A folder that is deleted with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Scratch {
        let path = std::env::temp_dir().join(format!("bienlai-demo-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Scratch(path)
    }

    fn options(&self, fresh: bool) -> Options {
        Options { fresh, port: 0, dir: self.0.clone(), once: true }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_folder_in_which_a_demo_runs_is_neither_shared_nor_begun_anew() {
    let scratch = Scratch::new("held");
    let running = Folder::open(&scratch.0, false).unwrap();
    for fresh in [false, true] {
        assert_eq!(Folder::open(&scratch.0, fresh).map(drop).unwrap_err().code(), "demo_folder_in_use");
    }
    assert!(running.config_path().exists(), "nothing of it was deleted");
    assert!(Folder::existing(&scratch.0).is_ok(), "a payment is sent to the running demo");
    drop(running);
    Folder::open(&scratch.0, true).unwrap();
}

#[test]
fn the_demo_shows_everything_once_and_a_second_start_continues_with_the_same_data() {
    let scratch = Scratch::new("whole");
    let first = run(&scratch.options(false)).unwrap();
    assert_eq!(first.dossiers, dossier::COUNT);
    assert_eq!(first.scenarios, Scenario::ALL.len());
    assert!(first.receipts >= 15, "{first:?}");
    assert!(first.exceptions >= 5, "{first:?}");
    for (scenario, state, kind) in [
        (Scenario::Right, "đã nộp", None),
        (Scenario::PaidTwice, "đã nộp", Some(Kind::DuplicateTransfer)),
        (Scenario::Short, "nộp thiếu", Some(Kind::Underpaid)),
        (Scenario::TooMuch, "đã nộp", Some(Kind::Overpaid)),
        (Scenario::WithoutCode, "chưa nộp", Some(Kind::UnidentifiedCredit)),
        (Scenario::DamagedCode, "chưa nộp", Some(Kind::DamagedCode)),
        (Scenario::WrongAccount, "chưa nộp", Some(Kind::WrongAccount)),
        (Scenario::CallbackLost, "đã nộp", None),
        (Scenario::CallbackTwice, "đã nộp", None),
        (Scenario::TwoChannels, "đã nộp", None),
        (Scenario::LateForCancelled, "đã hủy", Some(Kind::LatePayment)),
        (Scenario::SeveralCodes, "đã nộp", None),
        (Scenario::Reversal, "đã nộp", Some(Kind::BankReversal)),
    ] {
        let line = first.table.lines().find(|line| line.starts_with(scenario.title())).unwrap();
        assert!(line.contains(state), "{line}");
        match kind {
            Some(kind) => assert!(line.ends_with(kind.title_vi()), "{line}"),
            None => assert!(Kind::all().all(|kind| !line.contains(kind.title_vi())), "{line}"),
        }
    }
    assert!(first.table.contains("HĐ "), "a dossier ends in an invoice beside its receipt: {}", first.table);
    let letters: Vec<_> = std::fs::read_dir(scratch.0.join("mail")).unwrap().collect();
    let texts = std::fs::read_to_string(scratch.0.join("sms.log")).unwrap();
    assert!(!letters.is_empty() && texts.lines().count() > 0, "payers got their receipts: {:?}", first.links);
    commands_name_the_pages_of_the_start(&scratch, &first);
    links_lead_somewhere_and_evidence_is_whole(&scratch, &first.links);
    let told_of_closing =
        || state::State::load(&Folder::existing(&scratch.0).unwrap()).map(|state| state.closed).unwrap();
    let closed = told_of_closing();
    assert!(!closed.is_empty(), "each account's day was to be closed");
    let second = run(&scratch.options(false)).unwrap();
    commands_name_the_pages_of_the_start(&scratch, &second);
    assert_eq!(told_of_closing(), closed, "a day that is closed is told as closed at each start");
    assert_eq!((second.receipts, second.exceptions), (first.receipts, first.exceptions));
    assert_eq!(second.table, first.table, "nothing happened twice");
    assert_eq!(
        std::fs::read_to_string(scratch.0.join("sms.log")).unwrap(),
        texts,
        "nor was anything sent twice"
    );
}

/// Commands that are given the folder's configuration name pages at the address of the last start.
fn commands_name_the_pages_of_the_start(scratch: &Scratch, shown: &Shown) {
    let text = std::fs::read_to_string(scratch.0.join("bienlai.toml")).unwrap();
    let own = Config::parse_alone(&text).unwrap().web.public_url;
    assert!(shown.links.iter().any(|link| link.contains(&format!("{own}/r/"))), "{own}: {:?}", shown.links);
}

/// Each link at the end opens, and the receipt that is shown was valid when it was signed, says the evidence that a
/// citizen may load.
fn links_lead_somewhere_and_evidence_is_whole(scratch: &Scratch, links: &[String]) {
    let folder = Folder::existing(&scratch.0).unwrap();
    let config = folder.config(running::free_port(0).unwrap()).unwrap();
    let service = Service::start(App::open(config, Clock::System).unwrap()).unwrap();
    let addresses = links.iter().flat_map(|link| link.split_whitespace());
    let paths: Vec<&str> = addresses
        .filter_map(|word| word.strip_prefix("http://127.0.0.1:")?.split_once('/'))
        .map(|(_, path)| path)
        .filter(|path| !path.starts_with("api/v1/"))
        .collect();
    for beginning in ["p/", "r/", "finance/exceptions", "api"] {
        assert!(paths.iter().any(|path| path.starts_with(beginning)), "{beginning}: {links:?}");
    }
    for path in paths {
        let answer = ureq::get(format!("{}/{path}", service.url)).call().map(drop);
        assert!(answer.is_ok(), "{path}: {answer:?}");
    }
    let code = links::lookup_code(&service, &state::State::load(&folder).unwrap()).unwrap().unwrap();
    let load =
        |path: &str| ureq::get(format!("{}{path}", service.url)).call().unwrap().body_mut().read_to_vec();
    let document = load(&format!("/r/{code}.xml")).unwrap();
    let bundle = Bundle::read(&load(&format!("/r/{code}/evidence.json")).unwrap()).unwrap();
    let authorities = certificates_in(&folder.text(crate::cli::key::CA_CERTIFICATE).unwrap()).unwrap();
    let now = Clock::System.now();
    let judgement = bundle.judge(&document, now, &authorities, now).unwrap();
    assert_eq!(judgement.finding, Finding::ValidWhenSigned, "{judgement:?}");
    service.stop().unwrap();
}

#[test]
fn a_payer_transfers_after_the_show_and_the_obligation_is_paid_once() {
    let scratch = Scratch::new("pay");
    run(&scratch.options(false)).unwrap();
    let folder = Folder::existing(&scratch.0).unwrap();
    let port = running::free_port(0).unwrap();
    let service = Service::start(App::open(folder.config(port).unwrap(), Clock::System).unwrap()).unwrap();
    let remembered = state::State::load(&folder).unwrap();
    let code = links::unpaid_code(&service.app, &remembered).unwrap().unwrap();
    let options = pay::Options {
        dir: scratch.0.clone(),
        port,
        reference_code: code.clone(),
        amount: None,
        twice: true,
    };
    assert!(pay::pay(&options).unwrap().contains(&code));
    let owed = |code: &String| {
        let found = service.app.read(&Actor::system(), |conn| {
            let found = obligation::query::resolve_codes(conn, std::slice::from_ref(code))?;
            obligation::query::by_ids(conn, &found.into_values().collect::<Vec<_>>())
        });
        found.unwrap().pop().unwrap()
    };
    let paid = owed(&code);
    assert_eq!((paid.state, paid.allocated), (obligation::State::Paid, paid.total));
    let next = links::unpaid_code(&service.app, &remembered).unwrap().unwrap();
    assert_ne!(next, code, "the link to pay is an open one");

    // What the visitor raises with the printed line is paid in the same way.
    let api = api::Api::new(&service.url, &remembered.tokens().unwrap().dossier_system);
    let body = links::example_body(service.app.clock.now());
    let sent = actix_web::rt::System::new().block_on(api.post("/api/v1/obligations", "visitor", &body));
    let raised = sent.unwrap()["reference_code"].as_str().unwrap().to_owned();
    let visitor = pay::Options { reference_code: raised.clone(), twice: false, ..options.clone() };
    assert!(pay::pay(&visitor).unwrap().contains(&raised));
    assert_eq!(owed(&raised).state, obligation::State::Paid);

    let staff = service.app.read(&Actor::system(), onboarding::staff).unwrap();
    let lists = service.app.read(&Actor::system(), |conn| {
        let tariff = service.app.tariff_on(conn)?;
        onboarding::checklists(conn, &service.app.stamp(), &Actor::system(), None, Some(&tariff), &staff)
    });
    let lists = lists.unwrap();
    assert!(!lists.is_empty(), "the units of the demo have lists");
    for list in lists {
        let left: Vec<_> =
            list.steps.iter().filter(|one| !one.is_done).map(|one| one.step.as_str()).collect();
        // Its certificates are a test authority's, and nobody made a test transfer of one day and the next.
        assert_eq!(left, ["certificate", "test_payment"], "{}", list.unit_code);
        let unit =
            service.app.read(&Actor::system(), |conn| unit::find_by_code(conn, &list.unit_code)).unwrap();
        let chosen =
            service.app.read(&Actor::system(), |conn| obligation::walk_in::favourites(conn, unit.id));
        assert_eq!(chosen.unwrap().len(), obligation::walk_in::FAVOURITES_LIMIT, "{}", list.unit_code);
        let registered =
            service.app.read(&Actor::system(), |conn| unit::registration::of_unit(conn, unit.id));
        let registered: Vec<(String, String)> =
            registered.unwrap().into_iter().map(|one| (one.form, one.document_kinds.join(","))).collect();
        let of = |form: &str, family: &str| (form.to_owned(), family.to_owned());
        assert_eq!(registered, [of("01/ĐKTĐ-CTĐT", "receipt"), of("01/ĐKTĐ-HĐĐT", "invoice")]);
    }
    service.stop().unwrap();
    let again = pay::pay(&options).unwrap_err();
    assert_eq!(again.code(), "obligation_closed", "it is paid");
    let unknown = pay::Options { reference_code: "KHONGCO".into(), ..options };
    assert_eq!(pay::pay(&unknown).unwrap_err().code(), "demo_code_unknown");
}

#[test]
fn fresh_never_deletes_a_folder_that_is_not_a_demo() {
    let scratch = Scratch::new("foreign");
    std::fs::create_dir_all(&scratch.0).unwrap();
    std::fs::write(scratch.0.join("thesis.txt"), "years of work").unwrap();
    let refused = run(&scratch.options(true)).unwrap_err();
    assert_eq!(refused.code(), "demo_folder_foreign");
    assert!(scratch.0.join("thesis.txt").exists());
}

#[test]
fn a_folder_that_no_demo_can_use_is_told_by_what_is_wrong_with_it() {
    let scratch = Scratch::new("unusable");
    let none = Folder::existing(&scratch.0).map(drop);
    assert_eq!(none.unwrap_err().code(), "demo_folder_missing", "nothing to pay in before a first start");
    std::fs::write(&scratch.0, "a file").unwrap();
    let is_file = Folder::open(&scratch.0, false).map(drop);
    std::fs::remove_file(&scratch.0).unwrap();
    assert_eq!(is_file.unwrap_err().code(), "demo_folder_unusable");

    let folder = Folder::open(&scratch.0, false).unwrap();
    folder.write_text("state.json", "{ half a ").unwrap();
    let broken = folder.read_json::<serde_json::Map<String, serde_json::Value>>("state.json").unwrap_err();
    assert_eq!(broken.code(), "demo_state_unreadable");
    assert!(broken.detail().contains("--fresh"), "{broken}");
}

#[test]
fn a_taken_port_is_told_with_the_flag_to_change_it() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let scratch = Scratch::new("port");
    let error = run(&Options { port, ..scratch.options(false) }).unwrap_err();
    assert_eq!(error.code(), "port_taken");
    assert!(error.detail().contains("--port"), "{error}");
    assert!(!scratch.0.exists(), "nothing was made");
}
