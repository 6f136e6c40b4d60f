#!/usr/bin/env python3
"""Requests and tokens a second of `palaver serve` for 1, 4 and 16 clients at once, each on a connection that it keeps.

usage: bench/serve.py PALAVER MODEL [SECONDS [THREADS]]     SECONDS for each figure (10)

"write": 32 tokens after a short prompt. "score": the likelihoods of four answers to a question of about 200 tokens, as
lm-evaluation-harness asks them, an answer a request.
"""

import http.client
import json
import subprocess
import sys
import threading
import time

QUESTION = [5 + (i * 37) % 900 for i in range(200)]


def write_body(n):
    return {"prompt": f"Once upon a time there were {n} gulls", "max_tokens": 32, "temperature": 0}


def score_body(n):
    ids = [1000 + n // 4] + QUESTION + [20 + n % 4, 30]
    return {"prompt": [ids], "temperature": 0, "max_tokens": 1, "logprobs": 1, "echo": True}


def client(port, body, numbers, until, counts):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    while time.monotonic() < until:
        connection.request("POST", "/v1/completions", json.dumps(body(next(numbers))))
        usage = json.load(connection.getresponse())["usage"]
        counts.append((usage["prompt_tokens"], usage["completion_tokens"]))


def measure(port, name, body, clients, seconds):
    counts, numbers = [], iter(range(10**9))
    began = time.monotonic()
    threads = [threading.Thread(target=client, args=(port, body, numbers, began + seconds, counts))
               for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.monotonic() - began
    prompts, answers = map(sum, zip(*counts))
    print(f"{name}  {clients:2} clients  {len(counts) / took:7.2f} requests/s  {prompts / took:8.1f} tokens/s of prompts"
          f"  {answers / took:7.1f} written", flush=True)


def main():
    palaver, model = sys.argv[1:3]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 10
    command = [palaver, "serve", "-m", model, "--port", "0", "--parallel", "16"]
    command += ["-t", sys.argv[4]] if len(sys.argv) > 4 else []
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(server.stdout.readline().rsplit(":", 1)[1].split("/")[0])
        for name, body in (("write", write_body), ("score", score_body)):
            for clients in (1, 4, 16):
                measure(port, name, body, clients, seconds)
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
