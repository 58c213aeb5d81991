//! Runs the real binary: in a directory of its own, with nothing of this machine's environment but `PATH`.

use std::{
    fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    thread::sleep,
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

/// The file under test.
pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_fathom");

/// No command of these tests takes longer, also on a busy machine; one that does hangs.
const COMMAND_MAX: Duration = Duration::from_secs(150);

/// A directory to work in, and the environment of the commands there.
pub(crate) struct Place {
    dir: TempDir,
    env: Vec<(String, String)>,
}

/// A command that ended.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; none where a signal ended it.
    pub(crate) code: Option<i32>,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

impl Ran {
    /// The same, after checking the exit code.
    pub(crate) fn code(self, wanted: i32) -> Self {
        assert_eq!(self.code, Some(wanted), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    /// The same, after checking that all went well.
    pub(crate) fn ok(self) -> Self {
        self.code(0)
    }

    /// Standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}):\n{}", self.out))
    }

    /// Both streams under their names, with the exit code: what a person saw.
    pub(crate) fn seen(&self) -> String {
        let code = self.code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
        let mut seen = format!("exit {code}\n");
        for (name, text) in [("stdout", &self.out), ("stderr", &self.err)] {
            if !text.is_empty() {
                seen.extend(["--- ", name, "\n", text.as_str()]);
            }
        }
        seen
    }

    /// Checks that standard error has each of these texts.
    #[track_caller]
    pub(crate) fn says(self, texts: &[&str]) -> Self {
        for text in texts {
            assert!(self.err.contains(text), "no `{text}` in:\n{}", self.seen());
        }
        self
    }
}

impl Place {
    /// An empty directory, where every request that could leave this machine is led to a closed port of it.
    pub(crate) fn new() -> Self {
        let env = [
            ("AWS_EC2_METADATA_DISABLED", "true"),
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
            // Also where a test takes that address away.
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
            ("HTTP_PROXY", "http://127.0.0.1:9"),
            ("NO_PROXY", "127.0.0.1,localhost"),
            ("USER", "tester"),
        ];
        Self {
            dir: tempfile::Builder::new().prefix("fathom-cli-").tempdir().expect("a temporary directory"),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
        }
    }

    /// One with a copy of the scanned sample in its data directory.
    pub(crate) fn with_sample() -> Self {
        let place = Self::new();
        copy_dir(&sample().data(), &place.data());
        place
    }

    /// One that may ask the cloud at an address.
    pub(crate) fn asking(url: &str) -> Self {
        Self::new()
            .env("AWS_ENDPOINT_URL", url)
            .env("AWS_ACCESS_KEY_ID", "AKIATESTING")
            .env("AWS_SECRET_ACCESS_KEY", "testing")
    }

    /// The same with a variable set.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// The data directory that commands use by default.
    pub(crate) fn data(&self) -> PathBuf {
        self.path().join(".fathom")
    }

    /// Writes a file there.
    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        fs::write(&path, text).expect("a file");
        path
    }

    /// Reads a file there.
    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A command, not yet started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command.args(args);
        self.prepare(&mut command);
        command
    }

    /// Gives any program this place's directory and environment.
    pub(crate) fn prepare(&self, command: &mut Command) {
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        wait(self.command(args).spawn().expect("the binary starts"))
    }

    /// Runs a query; its rows as JSON.
    pub(crate) fn rows(&self, query: &str) -> Vec<Value> {
        let ran = self.run(&["sql", "--format", "json", query]).ok();
        ran.json().as_array().unwrap_or_else(|| panic!("no rows: {}", ran.out)).clone()
    }

    /// The first column of a query's rows, as texts.
    pub(crate) fn texts(&self, query: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let first = |row: Value| row.as_object().and_then(|row| row.values().next()).map(text);
        self.rows(query).into_iter().filter_map(first).collect()
    }

    /// The only value of a query.
    pub(crate) fn number(&self, query: &str) -> u64 {
        self.texts(query).first().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{query}"))
    }
}

/// Waits for a child and takes what it wrote.
pub(crate) fn wait(mut child: Child) -> Ran {
    fn drain(stream: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            if let Some(mut stream) = stream {
                stream.read_to_end(&mut bytes).expect("the stream reads");
            }
            String::from_utf8(bytes).expect("text")
        })
    }
    let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("a child") {
            break Some(status);
        }
        if begun.elapsed() > COMMAND_MAX {
            child.kill().expect("our own child");
            child.wait().expect("our own child");
            break None;
        }
        sleep(Duration::from_millis(5));
    };
    let (out, err) = (out.join().expect("output"), err.join().expect("output"));
    let status = status.unwrap_or_else(|| panic!("does not end:\n{out}\n{err}"));
    Ran { code: status.code(), out, err }
}

/// A place where the sample was scanned once. Only for commands that read.
pub(crate) fn sample() -> &'static Place {
    static PLACE: OnceLock<Place> = OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Place::new();
        place.run(&["scan", "--sample"]).ok();
        place
    })
}

/// Copies a directory with all that is in it.
pub(crate) fn copy_dir(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory");
    for entry in fs::read_dir(from).expect("a directory") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// All files below a directory.
pub(crate) fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// Waits until something holds.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < COMMAND_MAX, "still not so: {what}");
        sleep(Duration::from_millis(20));
    }
}

/// A file or folder of the public data that lies beside the checkout; where it is not there, that is said.
pub(crate) fn shared(name: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("FATHOM_SHARED_DATA").map_or_else(beside, PathBuf::from).join(name);
    if path.exists() {
        return Some(path);
    }
    println!("left out: {} is not there", path.display());
    None
}
