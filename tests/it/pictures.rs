//! The pictures of the README are of the pages as they are: `BIENLAI_TEST_PICTURES=1 cargo test --test it
//! pictures` takes them anew into `docs/pictures/`. Without it they are taken all the same, and thrown
//! away: what the README shows must still be there to be seen.

use std::path::{Path, PathBuf};
use std::process::Command;

use bienlai::actor::{Role, Scope};
use bienlai::amount::Dong;
use serde_json::json;

use crate::strangers::{Door, asked_for, lived_in};
use crate::support::browser::{Browser, Screen};
use crate::support::database::Database;
use crate::support::program::{Service, get};
use crate::support::visitor::{Visitor, seated};
use crate::support::{World, tools};

/// Pages load at once on the screens of readers, too.
const LIMIT_BYTES: u64 = 110_000;

fn folder() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    if tools::switch("BIENLAI_TEST_PICTURES") {
        return root.join("docs/pictures");
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

struct Studio {
    browser: Browser,
    host: String,
    folder: PathBuf,
}

impl Studio {
    fn sit(&mut self, visitor: &Visitor) {
        for (name, value) in &visitor.cookies {
            let cookie =
                json!({ "name": name, "value": value, "url": self.host, "path": "/", "secure": true });
            self.browser.call("Network.setCookie", cookie);
        }
    }

    /// What stands on the screen without scrolling.
    fn take(&mut self, screen: Screen, path: &str, words: &str, name: &str) {
        self.browser.screen(screen);
        self.browser.open(&format!("{}{path}", self.host));
        self.browser.sees(words);
        // What loads later is not what the page looks like.
        self.browser.wait_for("!document.querySelector('.loading-container')");
        self.keep(name);
    }

    fn keep(&mut self, name: &str) {
        let path = self.folder.join(format!("{name}.png"));
        self.browser.picture_of_screen(&path);
        let size = std::fs::metadata(&path).unwrap().len();
        assert!((2_000..LIMIT_BYTES).contains(&size), "{name}.png has {size} bytes");
    }
}

#[test]
fn the_readme_shows_pages_as_they_are() {
    let readme = include_str!("../../README.md");
    let shown: Vec<&str> =
        readme.split("docs/pictures/").skip(1).filter_map(|rest| rest.split(".png").next()).collect();
    let world = World::settled_in_today(Database::sqlite());
    lived_in(&world);
    let owed = world.raise(Dong(25_000));
    let paid = world.raise(Dong(30_000));
    world.take(&paid, Dong(30_000), bienlai::payment::book::Method::Cash).unwrap();
    world.seal();
    let lookup = world.receipts(&paid).remove(0).lookup_code;
    let mut service = Service::start(&world);
    asked_for(&world, &Door { service: &service, count: Default::default() });
    let mut studio =
        Studio { browser: Browser::start(), host: format!("http://{}", service.address), folder: folder() };
    studio.browser.colours("light");
    studio.take(Screen::Phone, &format!("/p/{}", owed.reference_code), "VietQR", "pay");
    studio.take(Screen::Phone, &format!("/r/{lookup}"), "Tải bản đã ký (XML)", "receipt");
    studio.take(Screen::Desk, "/api/try", "Authorize", "api");

    let scope = Scope::unit(world.ba_dinh.id);
    let mut cashier = seated(&world, service.address, Role::Cashier, "thungan.badinh", scope.clone());
    cashier.get("/counter/shift");
    assert_eq!(cashier.post("/counter/shift/open", &[]).status, 303, "{}", cashier.page);
    studio.sit(&cashier);
    studio.take(Screen::Desk, "/counter", "Quầy thu", "counter");
    studio.browser.eval("document.getElementById('q').focus()");
    studio.browser.types("nguyen thi thu");
    studio.browser.press("Enter");
    studio.browser.sees(&owed.dossier_code);
    studio.keep("counter");
    let finance = seated(&world, service.address, Role::Finance, "ketoan.badinh", scope);
    studio.sit(&finance);
    studio.take(Screen::Desk, "/finance", "Ba Đình", "board");

    let pdf = studio.folder.join("page.pdf");
    std::fs::write(&pdf, get(service.address, &format!("/r/{lookup}.pdf")).unwrap().body).unwrap();
    let drawn = Command::new("pdftoppm")
        .args(["-png", "-singlefile", "-r", "60", "-gray"])
        .args([&pdf, &studio.folder.join("page")])
        .status();
    assert!(drawn.is_ok_and(|status| status.success()), "install poppler-utils");
    std::fs::remove_file(&pdf).unwrap();
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    for name in shown {
        assert!(kept.join(format!("{name}.png")).is_file(), "the README shows {name}.png, which nobody kept");
        let path = studio.folder.join(format!("{name}.png"));
        let size = std::fs::metadata(&path).unwrap_or_else(|_| panic!("nobody takes {name}.png")).len();
        assert!(size < LIMIT_BYTES, "{name}.png has {size} bytes");
    }
    service.stop();
}
