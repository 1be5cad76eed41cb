"""Runs what README.md and docs/ tell people to run, and checks the links of all Markdown files.

    docs.py links           every relative link names a file that is there
    docs.py test-command    prints README's one test command
    docs.py run [PAGE...]   walks each page from top to bottom, in a folder of its own, as its reader would

What a block is, its language says:

    yaml, clojure (EDN), json   a mock file: with a name behind it written into the folder, without one checked
    sh                          starts a server, which runs until the next one or the page's end
    console                     `$ ` lines, each with exactly what it prints; `...` stands for anything
    log                         lines of the server's output; `...` stands for anything
    rust                        a doctest of test-bed, whose build script lists the pages; text behind it, how it fails
    toml                        a part of a Cargo.toml, whose features of moclojer-core are looked at

Anything else, and a block whose text is not for running, needs a line `<!-- not run: REASON -->` before it, or under the
heading of its section, for all blocks of it.
"""

import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAMS = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "debug"
END = "--- end of what a line printed ---"
BLOCK = re.compile(r"^( *)```(\S*) ?(\S*)[^\n]*\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
NOT_RUN = re.compile(r"<!-- not run: \S.*-->\s*$")
# The languages of mock files, with the ending that each has.
MOCKS = {"yaml": "yml", "clojure": "edn", "json": "json"}
# The doctests of test-bed run these pages' Rust blocks, and compare the failures behind them.
RUST_PAGES = re.findall(r'"\.\./([^"]+\.md)"', (ROOT / "test-bed/build.rs").read_text())
# `template::tests::docs` of moclojer-core runs these.
RUN_ELSEWHERE = {"docs/templates.md": ("template", "http")} | dict.fromkeys(RUST_PAGES, ("rust",))


def tracked_pages():
    listed = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return listed.stdout.split()


def links():
    broken = []
    for name in tracked_pages():
        page = ROOT / name
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{name}: {target}")
    if broken:
        sys.exit("broken links:\n" + "\n".join(broken))
    print("links: all there")


def test_command():
    blocks = re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    found = [block.strip() for block in blocks if "cargo test" in block]
    if len(found) != 1:
        sys.exit(f"README.md has {len(found)} sh blocks with `cargo test`, wanted one")
    print(found[0])


def built(line):
    """The line with the programs that the test command has built, in place of building them again for speed."""
    return re.sub(r"cargo run (?:--release )?(?:-p|--bin) ([\w-]+)(?: --)?", r"\1", line)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pattern(wanted):
    return re.compile(".*?".join(re.escape(part) for part in re.split(r"\.\.\.|…", wanted)), re.DOTALL)


class Page:
    """One page that is being walked: its folder, its shell, and the server that runs now."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = pathlib.Path(folder)
        self.done = 0
        self.server = None
        self.output = self.folder / ".server-output"
        self.ports = {}
        environment = {"PATH": f"{PROGRAMS}:{os.environ['PATH']}", "HOME": str(self.folder), "LANG": "C.UTF-8", "COLUMNS": "100"}
        self.environment = environment
        (self.folder / "examples").symlink_to(ROOT / "examples")
        self.shell = subprocess.Popen(
            ["bash"], cwd=folder, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        self.ask("curl() { command curl -sS \"$@\"; }")

    def fail(self, message):
        log = self.output.read_text() if self.output.exists() else ""
        sys.exit(f"{self.name}: {message}" + (f"\nthe server printed\n{log[-2000:]}" if log else ""))

    def ask(self, line):
        """What a line prints; `$?` of the next line is its own."""
        self.shell.stdin.write(f"{line}\n__status=$?; echo; echo {END}; (exit $__status)\n")
        self.shell.stdin.flush()
        printed = []
        for got in self.shell.stdout:
            if got.strip() == END:
                return "".join(printed).strip()
            printed.append(got)
        self.fail(f"the shell ended at {line}")

    def here(self, text):
        """The text with the ports that the page's servers have here."""
        for named, port in self.ports.items():
            text = re.sub(rf":{named}\b", f":{port}", text)
        return text

    def start(self, line):
        self.stop()
        line = built(line.split("#")[0]).strip()
        hosted = "moclojer-standalone" in line
        named, port = (8080 if hosted else 8000), free_port()
        self.ports[named] = port
        settings = {"PORT": str(port)}
        if hosted:
            settings = {"MOCLOJER_LISTEN": f"127.0.0.1:{port}", "MOCLOJER_ADMIN_LISTEN": "127.0.0.1:0"}
        with self.output.open("w") as output:
            self.server = subprocess.Popen(
                shlex.split(line), cwd=self.folder, env={**self.environment, **settings},
                stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.server.poll() is not None:
                self.fail(f"`{line}` ended by itself")
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    self.done += 1
                    return
            time.sleep(0.05)
        self.fail(f"`{line}` did not start")

    def stop(self):
        if self.server is not None and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGTERM)
            self.server.wait(30)

    def console(self, block):
        found = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
        if not found:
            self.fail(f"a console block without a line that begins with `$ `:\n{block}")
        for line, wanted in found:
            wanted, asked = self.here(wanted.strip()), self.here(built(line))
            if "moclojer push" in asked and 8080 in self.ports:
                asked += f" --to http://localhost:{self.ports[8080]}"
            # What was edited or published shows within moments: a line that changes nothing is asked again.
            again = re.match(r"(curl|api) ", asked) and "-X" not in asked
            deadline = time.monotonic() + (10 if again else 0)
            while not pattern(wanted).fullmatch(got := self.ask(asked)):
                if time.monotonic() >= deadline:
                    self.fail(f"it says\n$ {line}\n{wanted}\nbut that printed\n{got}")
                time.sleep(0.05)
            self.done += 1

    def log(self, block):
        for line in block.strip().splitlines():
            deadline = time.monotonic() + 5
            while not pattern(self.here(line)).search(self.output.read_text()):
                if time.monotonic() >= deadline:
                    self.fail(f"the server did not print\n{line}")
                time.sleep(0.05)
            self.done += 1

    def mock(self, language, name, text):
        path = self.folder / (name or f"block.{MOCKS[language]}")
        path.parent.mkdir(parents=True, exist_ok=True)
        # By rename, so that no half of it is served.
        path.with_suffix(".new").write_text(text)
        path.with_suffix(".new").rename(path)
        if not name:
            checked = subprocess.run(
                ["moclojer", "check", path.name], cwd=self.folder, env=self.environment,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
            )
            path.unlink()
            if checked.returncode != 0:
                self.fail(f"a mock file has problems:\n{text}\n{checked.stdout}")
        self.done += 1

    def manifest(self, text):
        known = tomllib.loads((ROOT / "moclojer-core/Cargo.toml").read_text())["features"]
        wanted = tomllib.loads(text)["dev-dependencies"]["moclojer-core"].get("features", [])
        if unknown := [feature for feature in wanted if feature not in known]:
            self.fail(f"moclojer-core has no feature {', '.join(unknown)}:\n{text}")
        self.done += 1

    def walk(self, text):
        before, ended = "", 0
        for found in BLOCK.finditer(text):
            indent, language, name, block = found.groups()
            block = re.sub(rf"^{indent}", "", block, flags=re.MULTILINE)
            section = text[: found.start()].rpartition("\n## ")[2].partition("\n")[2].lstrip().partition("\n")[0]
            reason = NOT_RUN.search(text[: found.start()]) or NOT_RUN.fullmatch(section)
            elsewhere = language in RUN_ELSEWHERE.get(self.name, ()) and not (language == "rust" and indent)
            # Directly behind a test: what it fails with.
            elsewhere |= language == "text" and before == "rust" and not text[ended : found.start()].strip()
            before, ended = (language if elsewhere else ""), found.end()
            if reason or elsewhere or (self.name == "README.md" and "cargo test" in block):
                continue
            if language in MOCKS:
                self.mock(language, name, block)
            elif language == "sh":
                self.start(block)
            elif language == "console":
                self.console(block)
            elif language == "log":
                self.log(block)
            elif language == "toml":
                self.manifest(block)
            elif language == "rust":
                self.fail(f"a Rust block that nothing runs: name the page in test-bed/build.rs, and do not indent it\n{block}")
            else:
                self.fail(f"a block of `{language}` that nothing runs, without a reason:\n{block}")

    def close(self):
        self.stop()
        self.shell.kill()
        self.shell.wait()


def run(names):
    generated = ("docs/problems/", "docs/decisions/", "docs/api.md")
    for name in names or [page for page in tracked_pages() if not page.startswith(generated)]:
        text = (ROOT / name).read_text()
        if not (name == "README.md" or name.startswith("docs/")) or "```" not in text:
            continue
        with tempfile.TemporaryDirectory() as folder:
            page = Page(name, folder)
            try:
                page.walk(text)
            finally:
                page.close()
        print(f"{name}: {page.done} blocks and lines are as it says", flush=True)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["links"]:
            links()
        case ["test-command"]:
            test_command()
        case ["run", *names]:
            run(names)
        case _:
            sys.exit(__doc__)
