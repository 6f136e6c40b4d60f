"""lm-evaluation-harness against `palaver serve`, and `palaver eval` beside it: on the same questions each answer has the
same likelihood. The harness' own definitions of the tasks are used, on the questions in tests/fixtures/questions.

usage: harness.py PALAVER MODEL.gguf [QUESTIONS_A_TASK]
"""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
os.environ["TQDM_DISABLE"] = "1"
scratch = tempfile.TemporaryDirectory()
os.environ["HF_HOME"] = scratch.name

import lm_eval  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402

QUESTIONS = Path(__file__).parent / "fixtures" / "questions"
DEFINITIONS = Path(lm_eval.__file__).parent / "tasks"

# Palaver's name of a task, the file of its questions, the harness' definition, the split that is asked.
TASKS = [
    ("arc_easy", "arc", "arc/arc_easy.yaml", "test"),
    ("arc_challenge", "arc", "arc/arc_challenge.yaml", "test"),
    ("hellaswag", "hellaswag", "hellaswag/hellaswag.yaml", "validation"),
    ("truthfulqa_mc1", "truthfulqa", "truthfulqa/truthfulqa_mc1.yaml", "validation"),
    ("truthfulqa_mc2", "truthfulqa", "truthfulqa/truthfulqa_mc2.yaml", "validation"),
    ("mmlu", "mmlu", "mmlu/default/_default_template_yaml", "test"),
    ("piqa", "piqa", "piqa/piqa.yaml", "validation"),
    ("triviaqa", "triviaqa", "triviaqa/default.yaml", "validation"),
]
MMLU_DESCRIPTION = "The following are multiple choice questions (with answers) about elementary mathematics.\\n\\n"

# What the harness calls a model: class, arguments, batch size. Ids that it makes with a server's tokenizer have no BOS,
# which a model like Llama 2 needs; where it sends text, the server puts one in front, as palaver eval does.
CLASSES = [
    ("local-completions", "tokenizer_backend=remote,num_concurrent=1", 1),
    ("local-completions", "tokenizer_backend=remote,num_concurrent=4", 4),
    ("local-completions", "tokenizer_backend=remote,tokenized_requests=False,num_concurrent=1", 4),
    ("local-completions", "tokenizer_backend=remote,tokenized_requests=False,num_concurrent=4", 1),
    ("gguf", "", 1),
]


def write_tasks(folder):
    """The harness' definitions, led to the files of questions."""
    for name, data, definition, split in TASKS:
        lines = [
            f"include: {DEFINITIONS / definition}",
            f"task: palaver_{name}",
            "tag: null",
            "dataset_path: json",
            "dataset_name: null",
            f"dataset_kwargs: {{data_files: {{{split}: {QUESTIONS / data}.jsonl}}}}",
            "training_split: null",
            "fewshot_split: null",
            f"validation_split: {split if split == 'validation' else 'null'}",
            f"test_split: {split if split == 'test' else 'null'}",
            "num_fewshot: 0",
        ]
        if name == "mmlu":
            lines.append(f'description: "{MMLU_DESCRIPTION}"')
        Path(folder, f"{name}.yaml").write_text("\n".join(lines) + "\n")


def start_server(palaver, model):
    """The server and its address."""
    command = [palaver, "serve", "-m", model, "-t", "1", "--port", "0", "--ctx", "2048"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    line = server.stdout.readline()
    if " at http://" not in line:
        server.kill()
        sys.exit("harness: the server did not start")
    return server, line.split(" at ")[1].strip().removesuffix("/v1")


def ask_harness(kind, arguments, batch, base, manager, limit):
    """Answers by task and question: lists of (likelihood, greedy), or the text that was written."""
    if kind == "gguf":
        arguments = f"base_url={base}"
    else:
        arguments += f",model=tested,base_url={base}/v1/completions"
    tasks = [f"palaver_{name}" for name, *_ in TASKS]
    result = lm_eval.simple_evaluate(model=kind, model_args=arguments, tasks=tasks, task_manager=manager,
                                     batch_size=batch, limit=limit, log_samples=True, bootstrap_iters=0)
    answers = {}
    for task, samples in result["samples"].items():
        for sample in samples:
            key = task.removeprefix("palaver_"), sample["doc_id"]
            responses = [response[0] for response in sample["resps"]]
            metrics = {m: sample[m] for m in ("acc", "acc_norm", "exact_match") if m in sample}
            answers[key] = responses, metrics
    return answers


def ask_palaver(palaver, model, limit):
    """The same from `palaver eval --log`; written answers only if it knows such tasks."""
    known = subprocess.run([palaver, "eval", "--help"], capture_output=True, text=True, check=True).stdout
    tasks = [name for name, *_ in TASKS if name in known]
    log = Path(scratch.name, "log.jsonl")
    subprocess.run([palaver, "eval", *tasks, "-m", model, "-t", "1", "--ctx", "2048", "--data", str(QUESTIONS),
                    "--shots", "0", "--limit", str(limit or 0), "--log", str(log)],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    answers = {}
    if not tasks:
        sys.exit("harness: palaver eval --help names no task")
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        metrics = {m: entry[m] for m in ("acc", "acc_norm", "exact_match") if m in entry}
        for own in ("mc1", "mc2"):
            if own in entry:
                metrics["acc"] = entry[own]
        if "choices" in entry:
            answers[entry["task"], entry["index"]] = (
                [(choice["loglikelihood"], choice["is_greedy"]) for choice in entry["choices"]], metrics)
        elif "text" in entry:
            answers[entry["task"], entry["index"]] = [entry["text"]], metrics
    return answers


def same(a, b):
    """Equal as printed, nine digits; texts but for the blanks around them, which are stripped,
    and of which class gguf, which names no length, gets the first 16 tokens."""
    if isinstance(a, str):
        return a.strip().startswith(b.strip()) and (b.strip() != "" or a.strip() == "")
    return abs(a[0] - b[0]) <= 1e-8 * abs(a[0]) and bool(a[1]) == bool(b[1])


def compare(name, expected, found):
    """Differences, one a line."""
    wrong = []
    for key, (answers, metrics) in expected.items():
        others, scores = found.get(key, ([], {}))
        if len(answers) != len(others) or not all(map(same, answers, others)):
            wrong.append(f"{name}: {key[0]} {key[1]}: {others} instead of {answers}")
        for metric in metrics.keys() & scores.keys():
            if abs(float(metrics[metric]) - float(scores[metric])) > 1e-6:
                wrong.append(f"{name}: {key[0]} {key[1]}: {metric} {scores[metric]} instead of {metrics[metric]}")
    return wrong


def main():
    palaver, model = sys.argv[1:3]
    limit = int(sys.argv[3]) if len(sys.argv) > 3 else None
    write_tasks(scratch.name)
    manager = TaskManager(include_path=scratch.name, include_defaults=False)
    expected = ask_palaver(palaver, model, limit)
    wrong, firsts = [], {}
    server, base = start_server(palaver, model)
    try:
        with urllib.request.urlopen(f"{base}/tokenizer_info") as about:
            bos = json.load(about)["add_bos_token"]
        for kind, arguments, batch in CLASSES:
            name = f"{kind} {arguments} batch_size={batch}"
            found = ask_harness(kind, arguments, batch, base, manager, limit)
            form = "ids" if bos and kind != "gguf" and "tokenized_requests" not in arguments else "text"
            wrong += compare(name, firsts.setdefault(form, found), found)
            if form == "text" or not bos:
                wrong += compare(f"palaver eval, {name}", expected, found)
            print(f"{name}: {len(found)} questions", flush=True)
    finally:
        server.terminate()
        server.wait()
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
