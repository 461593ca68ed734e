//! A private PostgreSQL server for one test run: its own folder, its own port, its own end.
//!
//! A shell stands beside it as a watchdog: it reads from a pipe that only this process holds, and
//! when the pipe closes, however the process ended, it stops the server and deletes the folder.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use bienlai::store::{DatabaseUrl, migrate};

use super::tools::{self, Folder};

/// A running server.
pub struct Server {
    bin: PathBuf,
    folder: PathBuf,
    port: u16,
    process: Mutex<Option<Child>>,
    /// Closing it tells the watchdog to clean up.
    _leash: ChildStdin,
    template: Mutex<bool>,
}

/// The server of this run, started at first use. `Err` says what to install.
pub fn shared() -> Result<&'static Server, String> {
    static SHARED: OnceLock<Result<Server, String>> = OnceLock::new();
    SHARED.get_or_init(|| Server::start("shared")).as_ref().map_err(Clone::clone)
}

const MISSING: &str = "no PostgreSQL server is installed: install the package `postgresql` (any version from 14), \
                       or set BIENLAI_TEST_SQLITE_ONLY=1 to test with SQLite alone";

impl Server {
    /// Makes a cluster in a new folder and starts it.
    pub fn start(name: &str) -> Result<Server, String> {
        let bin = find_bin().ok_or(MISSING)?;
        // The watchdog deletes the folder, so that it goes even when this process is killed.
        let folder = std::mem::ManuallyDrop::new(Folder::within(&home(), &format!("postgresql-{name}")))
            .path()
            .to_owned();
        let user = server_user();
        if let Some(user) = user {
            let status = Command::new("chown").arg(format!("{user}:")).arg(&folder).status();
            if !status.is_ok_and(|status| status.success()) {
                return Err(format!("{} could not be given to the user {user}", folder.display()));
            }
        }
        let data = folder.join("data");
        let made = as_server_user(&bin.join("initdb"), user)
            .args([
                "--username=superuser",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ])
            .arg("--pgdata")
            .arg(&data)
            .output()
            .map_err(|error| format!("initdb: {error}"))?;
        if !made.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let leash = watch(&folder)?;
        let server = Server {
            bin,
            folder,
            port: free_port(),
            process: Mutex::new(None),
            _leash: leash,
            template: Mutex::new(false),
        };
        server.restart()?;
        server.superuser("CREATE ROLE bienlai_owner LOGIN CREATEROLE CREATEDB");
        Ok(server)
    }

    /// Starts the server, or starts it again after `stop`.
    pub fn restart(&self) -> Result<(), String> {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.join("log"))
            .map_err(|e| e.to_string())?;
        let child = as_server_user(&self.bin.join("postgres"), server_user())
            .arg("-D")
            .arg(self.folder.join("data"))
            .arg("-k")
            .arg(&self.folder)
            .args(["-p", &self.port.to_string()])
            .args([
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_connections=200",
                "-c",
                "shared_buffers=64MB",
                "-c",
                "max_wal_size=256MB",
                // Stories kill processes, and what a process wrote outlives it; nobody cuts the power.
                "-c",
                "fsync=off",
            ])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("postgres: {error}"))?;
        *self.process.lock().unwrap() = Some(child);
        let deadline = Instant::now() + Duration::from_secs(30);
        while Instant::now() < deadline {
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() && self.answers() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        Err(format!("PostgreSQL did not start within 30 s:\n{log}"))
    }

    fn answers(&self) -> bool {
        let url = DatabaseUrl::parse(&self.url("superuser", "postgres"), false).expect("a good URL");
        migrate::establish(&url).is_ok()
    }

    /// Stops the server as a power cut would: no checkpoint, every connection dead.
    pub fn stop_at_once(&self) {
        let Some(mut child) = self.process.lock().unwrap().take() else { return };
        signal("QUIT", child.id());
        let _ = child.wait();
    }

    pub fn url(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    pub fn superuser(&self, sql: &str) {
        let url = DatabaseUrl::parse(&self.url("superuser", "postgres"), false).expect("a good URL");
        let mut conn = migrate::establish(&url).expect("the private server answers");
        tools::run(&mut conn, sql).unwrap_or_else(|error| panic!("{error}: {sql}"));
    }

    /// What the server has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// A fresh migrated database; its URL is the owner's.
    pub fn database(&self) -> String {
        let mut is_made = self.template.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if !*is_made {
            self.superuser("DROP DATABASE IF EXISTS template_bienlai");
            self.superuser("CREATE DATABASE template_bienlai OWNER bienlai_owner");
            let url = DatabaseUrl::parse(&self.url("bienlai_owner", "template_bienlai"), false)
                .expect("a good URL");
            migrate::run(&url).expect("the migrations apply to an empty database");
            *is_made = true;
        }
        self.make("TEMPLATE template_bienlai")
    }

    /// A fresh database without a table.
    pub fn empty_database(&self) -> String {
        self.make("")
    }

    fn make(&self, more: &str) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("story_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.superuser(&format!("CREATE DATABASE {name} OWNER bienlai_owner {more}"));
        self.url("bienlai_owner", &name)
    }

    /// Drops what `database` made; connections to it are ended.
    pub fn drop_database(&self, url: &str) {
        let name = url.rsplit('/').next().unwrap_or_default();
        if self.answers() {
            self.superuser(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// Where clusters live: in memory where it has the room. A database is more than a thousand files, which
/// take a disk up to two seconds to make and memory a tenth of one, and nearly every story makes one.
fn home() -> PathBuf {
    const ROOM_BYTES: u64 = 2 << 30;
    let memory = Path::new("/dev/shm");
    let room = rustix::fs::statvfs(memory).map_or(0, |found| found.f_bavail.saturating_mul(found.f_frsize));
    if room >= ROOM_BYTES { memory.to_owned() } else { std::env::temp_dir() }
}

/// Sends a signal to one process.
pub fn signal(name: &str, pid: u32) {
    let _ = Command::new("kill").arg(format!("-{name}")).arg(pid.to_string()).status();
}

/// A port nobody listens on now.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("a bound socket has an address").port()
}

fn watch(folder: &Path) -> Result<ChildStdin, String> {
    // Only a process that was started with this very folder is stopped.
    let script = "cat >/dev/null; pid=$(head -n 1 \"$1/data/postmaster.pid\" 2>/dev/null); \
                  ours() { ps -o args= -p \"$pid\" 2>/dev/null | grep -qF \"$1\"; }; \
                  if [ -n \"$pid\" ] && ours \"$1\"; then kill -QUIT \"$pid\"; fi; n=0; \
                  while [ -n \"$pid\" ] && ours \"$1\" && [ $n -lt 100 ]; do sleep 0.1; n=$((n+1)); done; \
                  rm -rf \"$1\"";
    let mut watchdog = Command::new("sh")
        .args(["-c", script, "watchdog"])
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("sh: {error}"))?;
    watchdog.stdin.take().ok_or_else(|| "the watchdog has no pipe".to_owned())
}

fn find_bin() -> Option<PathBuf> {
    let mut found: Vec<(u32, PathBuf)> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    found.sort();
    if let Some((_, bin)) = found.pop() {
        return Some(bin);
    }
    let on_path = Command::new("sh").args(["-c", "command -v initdb"]).output().ok()?;
    let initdb = PathBuf::from(String::from_utf8_lossy(&on_path.stdout).trim());
    // Packages often put only a link on the path; the server stands beside what it points to.
    let bin = fs::canonicalize(initdb).ok()?.parent()?.to_owned();
    bin.join("postgres").exists().then_some(bin)
}

/// PostgreSQL refuses to run as root; then it runs as one of the users that own nothing.
fn server_user() -> Option<&'static str> {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|out| out.stdout.starts_with(b"0\n"));
    if !is_root {
        return None;
    }
    let exists = |user: &str| Command::new("id").arg(user).output().is_ok_and(|out| out.status.success());
    Some(if exists("postgres") { "postgres" } else { "nobody" })
}

fn as_server_user(program: &Path, user: Option<&str>) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            // setpriv becomes the program, so that the process id stays the server's.
            let group =
                Command::new("id").args(["-gn", user]).output().map(|out| out.stdout).unwrap_or_default();
            let mut command = Command::new("setpriv");
            command
                .arg(format!("--reuid={user}"))
                .arg(format!("--regid={}", String::from_utf8_lossy(&group).trim()))
                .args(["--clear-groups", "--"])
                .arg(program)
                .current_dir("/");
            command
        }
    }
}
