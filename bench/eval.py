#!/usr/bin/env python3
"""Multiple-choice questions a second: palaver eval beside llama.cpp's llama-perplexity and lm-evaluation-harness' class hf
on transformers in float32, on the same HellaSwag questions, 0-shot. Each program's time to load is measured with one
question and taken off; the median of the rounds counts. Run it on a machine that does nothing else.

usage:  bench/eval.py MODEL.gguf [--palaver PATH] [--peer LLAMA_PERPLEXITY] [--hf] [--data FILE.jsonl] [--rounds N] [--times N]
needs:  for --hf: pip install torch transformers gguf accelerate datasets lm_eval==0.4.13
"""
import argparse, json, os, re, statistics, struct, subprocess, sys, tempfile, time

here = os.path.dirname(os.path.abspath(__file__))
p = argparse.ArgumentParser()
p.add_argument("model")
p.add_argument("--palaver", default="./palaver")
p.add_argument("--peer", help="llama-perplexity")
p.add_argument("--hf", action="store_true", help="measure the harness' class hf too (slow)")
p.add_argument("--data", default=os.path.join(here, "../questions/hellaswag.jsonl"))
p.add_argument("--rounds", type=int, default=3)
p.add_argument("--times", type=int, default=8, help="how often the questions are repeated, with another first word")
p.add_argument("--threads", type=int, default=os.cpu_count())
o = p.parse_args()
rows = [json.loads(l) for l in open(o.data, encoding="utf-8")]
# A repeated question has another beginning, so that no cache answers it.
rows = [r | {"activity_label": f"{k} {r['activity_label']}" if k else r["activity_label"]} for k in range(o.times) for r in rows]
text = lambda r: f"{r['activity_label']}: {r['ctx_a']} {r['ctx_b'].capitalize()}"

def seconds(run, *a):
    begin = time.monotonic()
    run(*a)
    return time.monotonic() - begin

def measure(name, run):
    """run(n) asks the first n questions."""
    took = [seconds(run, len(rows)) - seconds(run, 1) for _ in range(o.rounds)]
    print(f"{name:34} {(len(rows) - 1) / statistics.median(took):8.2f} questions/s  ({', '.join(f'{t:.1f}' for t in took)} s)", flush=True)

def call(*argv, **env):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, env=os.environ | env)
    if done.returncode != 0:
        sys.exit(f"{argv[0]}: status {done.returncode}\n{done.stderr.decode(errors='replace')[-2000:]}")

def palaver(n):
    with tempfile.TemporaryDirectory() as home:  # nothing is kept from the round before
        call(o.palaver, "eval", "hellaswag", "--data", data, "--shots", "0", "--limit", str(n), "-t", str(o.threads), "-q", "-m", os.path.abspath(o.model), XDG_DATA_HOME=home)

def string(s):
    b = s.encode()
    return struct.pack("<I", len(b)) + b

def choices(r):
    """A task of llama-perplexity --multiple-choice."""
    answers = struct.pack("<I", len(r["endings"])) + b"".join(map(string, r["endings"])) + struct.pack(f"<{len(r['endings'])}i", *(i == int(r["label"]) for i in range(len(r["endings"]))))
    return string(text(r)) + answers + struct.pack("<I", 0)

def peer(option, suffix, write):
    def run(n):
        path = os.path.join(folder, f"{n}.{suffix}")
        write(path, rows[:n])
        call(o.peer, "-m", o.model, option, "-f" if suffix == "txt" else "-bf", path, "-t", str(o.threads), "-c", "2048")
    return run

def write_hellaswag(path, some):
    open(path, "w", encoding="utf-8").write("".join(f"{text(r)}\n{r['label']}\n" + "".join(e + "\n" for e in r["endings"]) for r in some))

def write_choices(path, some):
    tasks = [choices(r) for r in some]
    at, places = 0, []
    for t in tasks:
        places.append(at)
        at += len(t)
    open(path, "wb").write(struct.pack(f"<I{len(tasks)}I", len(tasks), *places) + b"".join(tasks))

def harness():
    import torch
    from lm_eval import simple_evaluate
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager
    from transformers import AutoModelForCausalLM, AutoTokenizer
    torch.set_num_threads(o.threads)
    where, file = os.path.split(os.path.abspath(o.model))
    model = AutoModelForCausalLM.from_pretrained(where, gguf_file=file, dtype=torch.float32).eval()
    lm = HFLM(pretrained=model, tokenizer=AutoTokenizer.from_pretrained(where, gguf_file=file), backend="causal", batch_size=8, device="cpu")
    import lm_eval
    base = os.path.join(os.path.dirname(lm_eval.__file__), "tasks/hellaswag/hellaswag.yaml")
    json.dump({"include": base, "task": "bench", "tag": None, "dataset_path": "json", "dataset_name": None, "dataset_kwargs": {"data_files": {"test": data}},
               "test_split": "test", "validation_split": None, "training_split": None, "num_fewshot": 0}, open(os.path.join(folder, "bench.yaml"), "w"))
    manager = TaskManager(include_path=folder)
    return lambda n: simple_evaluate(model=lm, tasks=["bench"], limit=n, task_manager=manager, bootstrap_iters=0)

with tempfile.TemporaryDirectory() as folder:
    data = os.path.join(folder, "hellaswag.jsonl")
    open(data, "w", encoding="utf-8").write("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in rows))
    print(f"{len(rows)} questions, {o.threads} threads, load {open('/proc/loadavg').read().split()[0]}")
    measure("palaver eval", palaver)
    if o.peer:
        measure("llama-perplexity --hellaswag", peer("--hellaswag", "txt", write_hellaswag))
        measure("llama-perplexity --multiple-choice", peer("--multiple-choice", "bin", write_choices))
    if o.hf:
        os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", HF_DATASETS_CACHE=folder)
        measure("lm_eval, class hf, float32, batch 8", harness())
