"""Runs what README.md tells people to run, and checks the links of all Markdown files.

    readme.py links         every relative link names a file that is there
    readme.py test-command  prints README's one test command
    readme.py serve         starts README's server, runs its curl lines, compares what they print
"""

import os
import pathlib
import re
import shlex
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


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


def serve():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    subprocess.run(["cargo", "build", "--quiet", "--release", "-p", "moclojer"], cwd=ROOT, check=True)
    # README names the default port; here a free one takes its place.
    server = subprocess.Popen(
        shlex.split(command("cargo run")), cwd=ROOT, env={**os.environ, "PORT": str(port)}, start_new_session=True
    )
    try:
        wait_for(port, server)
        compared = 0
        for block in blocks("console"):
            for line, wanted in re.findall(r"^\$ ((?:curl|cargo run) .*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE):
                asked = shlex.split(line.replace(":8000", f":{port}"))
                quiet = ["-sS"] if asked[0] == "curl" else []
                got = subprocess.run([asked[0], *quiet, *asked[1:]], capture_output=True, text=True, check=True).stdout
                if got.strip() != wanted.strip():
                    sys.exit(f"README.md says\n$ {line}\n{wanted}\nbut it printed\n{got}")
                compared += 1
        if compared == 0:
            sys.exit("README.md shows no curl line")
        print(f"README: {compared} answers are as it says")
    finally:
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
