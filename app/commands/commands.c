/* Commands: the table, in the order of --help. */
#include <config.h>

#include "app/commands/commands.h"

#include <string.h>
#include <unistd.h>

#include "app/line/line.h"
#include "app/options/options.h"
#include "app/screen/screen.h"

const struct command commands[] = {
    {"palaver", FOR_CHAT, "[OPTION]... [MESSAGE | MODEL.gguf]", "chat with a language model on this machine",
     "Without -p or -f it opens a chat, and MESSAGE is sent first.\n"
     "With -p or -f it answers once on standard output; text on standard input is\n"
     "appended to the prompt. Exit status: 0 answer, 1 error, 2 usage, 130 interrupted.\n"
     "A single word that resembles a command is refused; palaver -- WORD sends it.",
     -1, chat_run},
    {"tokenize", FOR_TOKENIZE, "[OPTION]...", "turn text on standard input into token ids, or back",
     "Prints the ids on one line. Needs only the vocabulary of a model; adds no BOS.\n"
     "With --jsonl each line {\"text\": ...} gives {\"ids\": [...], \"text\": decoded}.",
     0, tokenize_run},
    {"score", FOR_SCORE, "--jsonl [OPTION]...", "print logits and likelihoods of given tokens",
     "Each line {\"ids\": [...]} or {\"text\": ...}, with an optional \"greedy\": N, gives ids,\n"
     "top_logits (the 20 best [id, logit] after the last id), logits_mean, logits_std,\n"
     "nll_per_token and greedy_ids. Ids are used as given; text gets the BOS of the model.",
     0, score_run},
    {"prompt", FOR_PROMPT, "--jsonl [OPTION]...", "print messages as the template renders them",
     "Each line {\"messages\": [{\"role\": ..., \"content\": ...}, ...]} gives {\"text\", \"ids\"}.\n"
     "Needs only the vocabulary of a model.",
     0, prompt_run},
    {"models", FOR_MODELS, "[OPTION]... [FOLDER | MODEL]...", "list the models, and which fit into memory",
     "By default those in the models folder, and the one that the configuration names. MEMORY\n"
     "is what a model takes with a full context (-c, else 4096 tokens at most); it fits with\n"
     "a quarter of this machine's memory to spare, tightly with less. SPEED was measured when the\n"
     "model last answered here, or follows from the speed of memory and of models that did.",
     -1, models_run},
    {"pull", FOR_PULL, "[OPTION]... NAME | URL", "fetch a model into the models folder",
     "NAME is ORG/NAME on Hugging Face's hub: the whole folder or, where there is none, the only\n"
     "GGUF file or the one in Q4_K_M. ORG/NAME:TYPE takes the GGUF file of that type,\n"
     "ORG/NAME/FILE that file, and ORG/NAME@REVISION... what another revision has. Or NAME is a\n"
     "short one: smollm2, minilm. A URL is that of one file; of a split model all parts come. What\n"
     "breaks off is continued by the same command, and a model gets its name when it is whole\n"
     "and its checksum is right. Prints the path. But for endpoints, nothing else in Palaver uses\n"
     "the network.",
     -1, pull_run},
    {"endpoints", FOR_ENDPOINTS, "[OPTION]... [ENDPOINT | NAME@ENDPOINT]...", "test servers that have models",
     "Asks each server of the endpoints file (see palaver(1), Endpoints), or those named, which\n"
     "models it has, and where a model is named or is the only one, has it answer shortly three\n"
     "times: whether it tells log-probabilities, whether a seed gives the same answer again, and\n"
     "whether it continues an answer. palaver -m NAME@ENDPOINT chats with a model.",
     -1, endpoints_run},
    {"info", FOR_INFO, "[OPTION]... [MODEL]", "tell what a model is and the memory it needs", "", 1, info_run},
    {"perplexity", FOR_PERPLEXITY, "[OPTION]... FILE", "measure how well a model predicts a text",
     "Reads the text in windows of the context (512 tokens unless set by -c), each beginning\n"
     "with BOS if the model wants one. Windows do not overlap, and every token counts once.\n"
     "llama.cpp counts only the second half of each window, so its figure is lower.\n"
     "To see what quantising costs, write the predictions of the float model by\n"
     "--write-reference FILE (about 2 GB for 20,000 tokens of a vocabulary of 50,000), then\n"
     "run the other model on the same text with --reference FILE: Kullback-Leibler\n"
     "divergence, how often both find the same token the likeliest, ratio of perplexities.\n"
     "A model of a server (NAME@ENDPOINT) is measured where that has echo, without references.",
     1, perplexity_run},
    {"eval", FOR_EVAL, "[OPTION]... TASK...", "measure how many questions of published tests a model answers",
     "Choices are compared by their likelihood, answers in words are matched exactly, both as\n"
     "lm-evaluation-harness 0.4 does it. --sample asks questions that come with Palaver. Else\n"
     "--data is a file or a folder of JSON Lines, NAME.jsonl with the columns of the published\n"
     "set, and examples in NAME_fewshot.jsonl (or _train, _dev) beside it:\n"
     "  arc_easy, arc_challenge     allenai/ai2_arc (arc.jsonl will do for both): question,\n"
     "                              choices {text, label}, answerKey\n"
     "  hellaswag                   Rowan/hellaswag: activity_label, ctx_a, ctx_b, endings, label\n"
     "  mmlu                        cais/mmlu: question, subject, choices, answer; or the CSV files\n"
     "                              SUBJECT_test.csv and SUBJECT_dev.csv as published\n"
     "  truthfulqa_mc1, _mc2        truthfulqa/truthful_qa (truthfulqa.jsonl): question,\n"
     "                              mc1_targets, mc2_targets {choices, labels}\n"
     "  piqa                        baber/piqa: goal, sol1, sol2, label\n"
     "  siqa                        lighteval/siqa: context, question, answerA to answerC, label\n"
     "  openbookqa                  allenai/openbookqa: question_stem, choices {text, label}, answerKey\n"
     "  winogrande                  allenai/winogrande: sentence, option1, option2, answer\n"
     "  race                        EleutherAI/race: article, problems\n"
     "  boolq                       aps/super_glue: passage, question, label\n"
     "  triviaqa                    mandarjoshi/trivia_qa: question, answer {aliases}\n"
     "  nq_open                     google-research-datasets/nq_open: question, answer [...]\n"
     "  gsm8k                       openai/gsm8k: question, answer\n"
     "  humaneval                   openai/openai_humaneval: task_id, prompt, test, entry_point\n"
     "  mbpp                        google-research-datasets/mbpp: task_id, text, code, test_list\n"
     "Names like allenai/ai2_arc are data sets on huggingface.co/datasets. Results are kept in the\n"
     "data folder, and the same command goes on where it was stopped, or shows them again. Several\n"
     "-m are compared. On a terminal a screen shows the scores and, token by token, any question\n"
     "and what each model makes of it, until q leaves it; -q and --json do without.\n"
     "The leaderboard is the Open LLM Leaderboard's first: the mean of arc_challenge, hellaswag,\n"
     "mmlu (plain mean of its subjects' means) and truthfulqa_mc2, with 25, 10, 5 and 0 examples.\n"
     "A model of a server (-m NAME@ENDPOINT) is asked where that has echo: vLLM, palaver serve.",
     -1, eval_run},
    {"embed", FOR_EMBED, "[OPTION]... TEXT... | --jsonl", "turn texts into vectors by an encoder (BERT)",
     "Each text gives {\"ids\": [...], \"vector\": [...]}; with --jsonl each line {\"text\": ...} does.\n"
     "-o FILE writes all of them as JSON, JSON Lines, CSV or NumPy (.npy), as its name ends. The\n"
     "vectors are not normalised unless asked. Without -m the encoder is that of search by meaning.",
     -1, embed_run},
    {"similarity", FOR_SIMILARITY, "[OPTION]... TEXT TEXT | --jsonl | --questions ...",
     "tell how alike texts are in meaning",
     "Prints the cosine of the vectors of two texts: 1 for the same direction. With --jsonl each\n"
     "line {\"first\": ..., \"second\": ...} gives {\"similarity\": ...}. Texts of --questions are\n"
     "compared with all of --clusters, and -o FILE gets a line of CSV for each pair. Unless told\n"
     "otherwise texts are cleaned and cut at 16 tokens, as in the article that this follows.",
     2, similarity_run},
    {"bench", FOR_BENCH, "[OPTION]...", "measure tokens per second, reading and writing",
     "Prints the median, the least and the greatest of the repetitions, the time to load\n"
     "and the peak memory.",
     0, bench_run},
    {"serve", FOR_SERVE, "[OPTION]...", "answer programs over HTTP, as OpenAI's API does",
     "Listens on 127.0.0.1 port 8080: /v1/completions (with echo and logprobs), /v1/chat/completions,\n"
     "/v1/embeddings (of an encoder), /v1/models, /tokenize, /detokenize, /tokenizer_info, /health.\n"
     "A key is asked for when the variable PALAVER_API_KEY or --api-key-file gives one. Ctrl-C ends it.",
     0, serve_run},
    {"convert", FOR_CONVERT, "[OPTION]... MODEL -o OUT.gguf", "write a model as a GGUF file",
     "Reads every form that palaver runs: folders of Hugging Face and Meta, and GGUF. The\n"
     "weights keep their type unless --type names one; see palaver quantize for the types.\n"
     "OUT.gguf is written completely or not at all.",
     1, convert_run},
    {"quantize", FOR_QUANTIZE, "[OPTION]... MODEL OUT.gguf TYPE", "write a model in a smaller type",
     "TYPE is one of F32 F16 BF16 Q8_0 Q4_0 Q4_1 Q5_0 Q5_1 Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S\n"
     "Q4_K_M Q5_K_S Q5_K_M Q6_K IQ4_NL IQ4_XS, with the mixtures of llama.cpp. The model may have\n"
     "any form. Q4_K_M is a good choice for most; Q8_0 is hardly to be told from the original.",
     3, quantize_run},
    {"imatrix", FOR_IMATRIX, "[OPTION]... TEXT -o OUT.gguf", "measure which weights matter, for quantize",
     "Reads the text in chunks of the context (512 tokens unless set by -c) and writes an\n"
     "importance matrix for palaver quantize --imatrix, in llama.cpp's form. Some 100 chunks\n"
     "of text like that the model is for are enough. - is standard input. Interrupted, it\n"
     "writes what was measured so far.",
     1, imatrix_run},
    {"list", FOR_LIST, "[OPTION]...", "list the saved conversations",
     "The pinned ones first, then the newest: id, time of the last message, messages, title.", 0, list_run},
    {"show", FOR_SHOW, "[OPTION]... [ID | TITLE]", "print a conversation, by default the last one",
     "An id may be shortened to 4 characters, and a title to a part that fits only one.\n"
     "--json gives all of it, with other branches and token records, as export does.",
     -1, show_run},
    {"search", FOR_SEARCH, "[OPTION]... WORD...", "find words in titles and messages",
     "All words must occur; the last one may be the beginning of a word. A phrase in double\n"
     "quotes must occur as it is: palaver search '\"blue sky\"'. Accents and case are ignored.\n"
     "--meaning also finds what says it in other words: the best come first, 20 without --limit.\n"
     "It needs an encoder (palaver pull minilm), and encodes first what is not encoded yet. A\n"
     "column, in JSON \"by\", says whether words, meaning or both found a hit; of one by meaning\n"
     "the likest sentence is shown.",
     -1, search_run},
    {"export", FOR_EXPORT, "[OPTION]... [ID | TITLE]...", "write conversations to files, by default all of them",
     "Markdown unless --format or the name of FILE says otherwise. JSON holds everything and\n"
     "can be imported again; the other formats hold what is shown.",
     -1, export_run},
    {"import", FOR_IMPORT, "[OPTION]... FILE...", "read conversations from files",
     "Reads the exports of Palaver, ChatGPT, Claude, Open WebUI, SillyTavern (JSON Lines) and\n"
     "llama-server, ShareGPT's form, and lists of role and content, known by their structure;\n"
     "- is standard input. Single faults are replaced or left out, and counted; a file that is\n"
     "broken in its structure, among several too, imports nothing.",
     -1, import_run},
    {"delete", FOR_DELETE, "[OPTION]... ID | TITLE", "move a conversation to the trash, or back",
     "palaver list --trash shows what is there; --undo restores it.", -1, delete_run},
    {"doctor", FOR_DOCTOR, "[OPTION]...", "check the database, models, memory, terminal and configuration",
     "Tells what is wrong and what to do about it; changes nothing without --repair. With\n"
     "-m MODEL it loads that model, and tells what it planned and what it takes of memory.",
     0, doctor_run},
    {0},
};

const struct command *command_find(const char *name)
{
    for (const struct command *c = commands + 1; c->name != NULL; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

int chat_run(const struct options *o)
{
    bool once = o->prompt != NULL || o->file != NULL || !isatty(STDIN_FILENO);
    return once ? once_run(o) : screen_fits(o) ? screen_run(o) : line_run(o);
}
