"""How fast the page starts, and how it answers twenty people who ask at once.

    python benchmarks/page.py [--people 20] [--questions 5]

Starts `assistant chat` on the seeds in a temporary data folder, waits for the first page, then lets every person ask the
page's own API one question after another (questions of the shipped set). Prints medians and 95th percentiles in seconds.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from gradio_client import Client

from assistant import Assistant
from assistant.evaluation import shipped_testset


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str, seconds: float = 60) -> None:
    """Waits until the address answers. Raises TimeoutError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(address, timeout=5).read()
            return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(f"{address} did not answer within {seconds:.0f} s")


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Prints the start time, the latencies and the errors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--questions", type=int, default=5)
    options = parser.parse_args()
    questions = [item.question for item in shipped_testset() if item.split == "dev"]
    with tempfile.TemporaryDirectory() as folder:
        with Assistant(data_dir=folder) as library:
            library.prepare()
        port = free_port()
        address = f"http://127.0.0.1:{port}/"
        command = [sys.executable, "-c", "from assistant.cli import main; main()", "chat", "--port", str(port)]
        start = time.monotonic()
        page = subprocess.Popen(command, env=os.environ | {"ASSISTANT_DATA_DIR": folder}, stdout=subprocess.DEVNULL)
        try:
            wait_for(address)
            print(f"start to first page: {time.monotonic() - start:.1f} s")
            seconds, errors = ask_at_once(address, questions, options.people, options.questions)
        finally:
            page.terminate()
            page.wait()
    print(
        f"{options.people} people, {len(seconds)} answers, {len(errors)} errors: median {percentile(seconds, 0.5):.2f} s, "
        f"95th percentile {percentile(seconds, 0.95):.2f} s"
    )
    for error in errors[:3]:
        print(f"  {error}")


def ask_at_once(address: str, questions: list[str], people: int, each: int) -> tuple[list[float], list[str]]:
    """Seconds of every answer, and every error, of `people` who ask `each` questions one after another."""
    seconds: list[float] = []
    errors: list[str] = []
    clients = [Client(address, verbose=False) for _ in range(people)]

    def person(number: int) -> None:
        for turn in range(each):
            start = time.monotonic()
            try:
                clients[number].predict(questions[(number * each + turn) % len(questions)], api_name="/ask")
                seconds.append(time.monotonic() - start)
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")

    threads = [threading.Thread(target=person, args=(number,)) for number in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seconds, errors


if __name__ == "__main__":
    main()
