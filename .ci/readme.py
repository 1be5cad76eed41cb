"""Runs what README.md tells people to run, and checks the links of all Markdown files.

    readme.py links         every relative link names a file that is there
    readme.py test-command  prints README's one test command
    readme.py serve         starts README's servers, runs its console lines, compares what they print
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

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
END = "--- end of what a line printed ---"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def links():
    broken = []
    tracked = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in tracked.stdout.split():
        page = ROOT / name
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{name}: {target}")
    if broken:
        sys.exit("broken links:\n" + "\n".join(broken))
    print("links: all there")


def command(word):
    found = [block.strip() for block in blocks("sh") if word in block]
    if len(found) != 1:
        sys.exit(f"README.md has {len(found)} sh blocks with `{word}`, wanted one")
    return found[0]


def built(line):
    """The line with the programs that the test command has built, in place of building them again for speed."""
    folder = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug"
    return re.sub(r"cargo run (?:--release )?(?:-p|--bin) ([\w-]+)(?: --)?", rf"{folder}/\1", line)


def serve():
    local, hosted = README.split("## Host mocks for many owners")
    compared = walk(command("-c examples"), local, 8000, {"PORT": "{port}"})
    with tempfile.TemporaryDirectory() as data:
        folder = f"{data}/moclojer-data"
        settings = {"MOCLOJER_DATA": folder, "MOCLOJER_LISTEN": "127.0.0.1:{port}", "MOCLOJER_ADMIN_LISTEN": "127.0.0.1:0"}
        compared += walk(command("moclojer-standalone"), hosted, 8080, settings, {"moclojer-data": folder})
    print(f"README: {compared} answers are as it says")


def walk(server_command, text, named_port, settings, replace=None):
    """Starts a server on a free port instead of the named one, and runs the console lines in one shell."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    environment = {**os.environ, **{name: value.format(port=port) for name, value in settings.items()}}
    server = subprocess.Popen(shlex.split(built(server_command)), cwd=ROOT, env=environment, start_new_session=True)
    shell = subprocess.Popen(
        ["bash"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )

    def run(line):
        shell.stdin.write(f"{line}\necho; echo {END}\n")
        shell.stdin.flush()
        printed = []
        for got in shell.stdout:
            if got.strip() == END:
                return "".join(printed).strip()
            printed.append(got)
        sys.exit(f"the shell ended at {line}")

    compared = 0
    try:
        wait_for(int(port), server)
        run("curl() { command curl -sS \"$@\"; }; unset CARGO_TARGET_DIR")
        for block in re.findall(r"^```console\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            for line, wanted in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                wanted = wanted.strip().replace(f":{named_port}", f":{port}")
                asked = line.replace(f":{named_port}", f":{port}")
                for word, other in (replace or {}).items():
                    asked = asked.replace(word, other)
                if "push" in asked:
                    asked += f" --to http://localhost:{port} --token-file {replace['moclojer-data']}/token"
                if asked.startswith("cargo"):
                    asked = built(asked) + " 2>/dev/null"
                # What was published shows within moments: a line that changes nothing is asked again.
                deadline = time.monotonic() + 10
                while (got := run(asked)) != wanted and "-X" not in asked and time.monotonic() < deadline:
                    time.sleep(0.05)
                if got != wanted:
                    sys.exit(f"README.md says\n$ {line}\n{wanted}\nbut it printed\n{got}")
                compared += 1
        if compared == 0:
            sys.exit("README.md shows no console line")
        return compared
    finally:
        shell.kill()
        shell.wait()
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(20)


def wait_for(port, server):
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        if server.poll() is not None:
            sys.exit("README's server command ended by itself")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit("README's server did not start")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["links"]:
            links()
        case ["test-command"]:
            print(command("cargo test"))
        case ["serve"]:
            serve()
        case _:
            sys.exit(__doc__)
