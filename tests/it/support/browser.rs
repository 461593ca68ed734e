//! Real Chromium, driven over its DevTools pipe: what stories cannot know without a browser.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::tools::Folder;

/// The DevTools protocol on file descriptors 3 and 4, which are our ends of its input and output.
const SCRIPT: &str = "exec 3<&0 4>&1 </dev/null >/dev/null; exec chromium --headless=new --no-sandbox \
    --disable-gpu --disable-dev-shm-usage --hide-scrollbars --remote-debugging-pipe --no-first-run \
    --disable-background-networking --disable-component-update --user-data-dir=\"$1\" about:blank";

pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    next: i64,
    session: String,
    /// Addresses that pages asked for.
    pub asked: Vec<String>,
    /// What pages complained about in their console.
    pub complaints: Vec<String>,
    _folder: Folder,
}

/// A size of screen.
#[derive(Clone, Copy)]
pub enum Screen {
    Phone,
    Desk,
}

impl Browser {
    /// A missing browser fails the story: a judge that stays away acquits everybody.
    pub fn start() -> Browser {
        let version = Command::new("chromium").arg("--version").stdout(Stdio::null()).status();
        assert!(version.is_ok_and(|status| status.success()), "install chromium");
        let folder = Folder::new("chromium");
        let mut child = Command::new("sh")
            .args(["-c", SCRIPT, "chromium"])
            .arg(folder.path())
            .env("HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let (to, from) = (child.stdin.take().expect("its input"), child.stdout.take().expect("its output"));
        let mut browser = Browser {
            child,
            to,
            from: BufReader::new(from),
            next: 0,
            session: String::new(),
            asked: Vec::new(),
            complaints: Vec::new(),
            _folder: folder,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attached =
            browser.call("Target.attachToTarget", json!({ "targetId": target["targetId"], "flatten": true }));
        browser.session = attached["sessionId"].as_str().expect("a session").to_owned();
        for domain in ["Page.enable", "Runtime.enable", "Network.enable", "Log.enable"] {
            browser.call(domain, json!({}));
        }
        browser
    }

    /// Calls a method and waits for its answer; what happens meanwhile is noted.
    pub fn call(&mut self, method: &str, params: Value) -> Value {
        let told = self.ask(method, params);
        assert!(told["error"].is_null(), "{method}: {}", told["error"]);
        told["result"].clone()
    }

    /// The whole answer, which may be a refusal.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        let mut message = json!({ "id": id, "method": method, "params": params });
        if !self.session.is_empty() {
            message["sessionId"] = json!(self.session);
        }
        self.to.write_all(message.to_string().as_bytes()).expect("the browser listens");
        self.to.write_all(b"\0").expect("the browser listens");
        self.to.flush().expect("the browser listens");
        loop {
            let mut bytes = Vec::new();
            self.from.read_until(0, &mut bytes).expect("the browser answers");
            assert!(!bytes.is_empty(), "the browser ended during {method}");
            bytes.pop();
            let told: Value = serde_json::from_slice(&bytes).expect("JSON");
            if told["id"] == id {
                return told;
            }
            self.note(&told);
        }
    }

    fn note(&mut self, told: &Value) {
        let params = &told["params"];
        match told["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => {
                self.asked.push(params["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            "Runtime.exceptionThrown" => self.complaints.push(params["exceptionDetails"].to_string()),
            "Log.entryAdded" if params["entry"]["level"] == "error" => {
                self.complaints.push(format!("{} {}", params["entry"]["text"], params["entry"]["url"]));
            }
            _ => {}
        }
    }

    pub fn screen(&mut self, screen: Screen) {
        let (width, height, is_phone) = match screen {
            Screen::Phone => (390, 844, true),
            Screen::Desk => (1_280, 900, false),
        };
        let params = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone });
        self.call("Emulation.setDeviceMetricsOverride", params);
    }

    /// Whether pages may run scripts; what a story evaluates runs all the same.
    pub fn scripts(&mut self, may_run: bool) {
        self.call("Emulation.setScriptExecutionDisabled", json!({ "value": !may_run }));
    }

    /// `light` or `dark`.
    pub fn colours(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({ "url": url }));
        self.wait_for("document.readyState === 'complete'");
    }

    /// The value of an expression in the page.
    pub fn eval(&mut self, expression: &str) -> Value {
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let answer = self.call("Runtime.evaluate", params);
        answer["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn wait_for(&mut self, expression: &str) {
        let start = Instant::now();
        // A page that is being left answers nothing: it is asked again when the next one is there.
        let params = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        while self.ask("Runtime.evaluate", params.clone())["result"]["result"]["value"] != json!(true) {
            if start.elapsed() > Duration::from_secs(30) {
                let text = self.eval("document.body ? document.body.innerText : ''");
                panic!("{expression} did not come true on:\n{}", text.as_str().unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    #[track_caller]
    pub fn sees(&mut self, text: &str) {
        self.wait_for(&format!("!!document.body && document.body.innerText.includes({})", json!(text)));
    }

    /// Types into whatever has the focus.
    pub fn types(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key: `Tab`, `Enter`.
    pub fn press(&mut self, key: &str) {
        let code = if key == "Tab" { 9 } else { 13 };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in ["keyDown", "keyUp"] {
            let params = json!({ "type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code,
                "text": if kind == "keyDown" { text } else { "" } });
            self.call("Input.dispatchKeyEvent", params);
        }
    }

    /// The name of the field or button that has the focus.
    pub fn focus(&mut self) -> String {
        // A page gives its focus away when it is drawn for the first time, which may be after it is loaded.
        self.eval("new Promise(drawn => requestAnimationFrame(() => setTimeout(() => drawn(true), 0)))");
        let found = self.eval(
            "(document.activeElement.name || document.activeElement.id || document.activeElement.tagName)",
        );
        found.as_str().unwrap_or_default().to_owned()
    }

    /// What stands on the screen as a picture.
    pub fn picture_of_screen(&mut self, path: &Path) {
        let shot = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let bytes = STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(path, bytes).expect("the picture is kept");
    }

    /// The whole page as a picture; of one taller than the browser can draw, its beginning.
    pub fn picture(&mut self, path: &Path) {
        let size = self.call("Page.getLayoutMetrics", json!({}))["cssContentSize"].clone();
        let height = size["height"].as_f64().expect("a height").min(12_000.0);
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1 });
        let params = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let shot = self.call("Page.captureScreenshot", params);
        let bytes = STANDARD.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(path, bytes).expect("the picture is kept");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
