"""Nothing leaves the machine: the whole main job with every socket beyond loopback refused, and the attempts counted."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

JOB = """
import ipaddress, socket, sys
attempts = []

def audit(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
        if host and host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            attempts.append(("connect", address))
            raise OSError("blocked")
    elif event == "socket.getaddrinfo" and arguments[0] not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0"):
        attempts.append(("look-up", arguments[0]))
        raise OSError("blocked")

sys.addaudithook(audit)
from assistant import Assistant, evaluate
from assistant.app import create_app, launch
from assistant.evaluation import shipped_testset
from gradio_client import Client
with Assistant(data_dir=sys.argv[1]) as library:
    assert library.ask("Which method keeps half of the parameters frozen?").citations
    library.add("extra.jsonl")
    evaluate(library, shipped_testset()[:5])
    app = launch(library, port=0)
    assert Client(app.local_url, verbose=False).predict("half fine-tuning", api_name="/ask")["citations"]
    app.close()
assert not attempts, attempts
print("quiet")
"""


@pytest.mark.slow
def test_the_whole_main_job_tries_no_connection(tmp_path: Path) -> None:
    (tmp_path / "extra.jsonl").write_text('{"title": "Otters", "abstract": "Otters swim in cold rivers."}\n')
    # Tracing that the user's shell happens to have on must not send questions anywhere either.
    home = tmp_path / "home"
    home.mkdir()
    environment = os.environ | {"HOME": str(home), "XDG_CACHE_HOME": str(home / ".cache")}
    environment |= {"LANGSMITH_TRACING": "true", "LANGSMITH_API_KEY": "x", "HF_HUB_OFFLINE": "0"}
    result = subprocess.run(
        [sys.executable, "-c", JOB, str(tmp_path / "data")],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment,
        timeout=170,
    )
    assert result.returncode == 0, result.stderr[-2000:]
    assert "quiet" in result.stdout
    # Native code opens its sockets past the audit hook: onnxruntime's telemetry gives itself away by the files that it queues in.
    assert [path.name for path in home.rglob("*") if path.is_file()] == []
