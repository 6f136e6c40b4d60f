/* Options: the table of them all. Names are llama.cpp's wherever both mean the same; sampling settings have their
 * GenerationConfig names with dashes. */
#include "app/options.h"

#include <math.h>

#define AT(field) offsetof(struct options, field)

enum {
    FOR_MODEL = FOR_CHAT | FOR_TOKENIZE | FOR_SCORE | FOR_PROMPT | FOR_INFO | FOR_PERPLEXITY | FOR_BENCH,
    FOR_ENGINE = FOR_CHAT | FOR_SCORE | FOR_PERPLEXITY | FOR_BENCH,
    FOR_TEMPLATE = FOR_CHAT | FOR_PROMPT,
    FOR_HISTORY = FOR_LIST | FOR_SHOW | FOR_SEARCH | FOR_EXPORT | FOR_IMPORT | FOR_DELETE,
    FOR_JSON = FOR_CHAT | FOR_INFO | FOR_PERPLEXITY | FOR_BENCH | FOR_HISTORY | FOR_DOCTOR,
    FOR_LINES = FOR_TOKENIZE | FOR_SCORE | FOR_PROMPT,
};

#define MODEL "Model"
#define ANSWER "Answering"
#define SAMPLING "Sampling"
#define OUTPUT "Output"
#define MEASURE "Measuring"
#define CHOOSE "Choosing"
#define OTHER "Other"

const struct option_spec option_specs[] = {
    {"model", 'm', NULL, "MODEL", OPTION_TEXT, AT(model), 0, 0, "@models", FOR_MODEL, true, MODEL,
     "a GGUF file, or the name of one in the models folder"},
    {"threads", 't', NULL, "N", OPTION_INT, AT(threads), 0, 1024, NULL, FOR_ENGINE, true, MODEL,
     "threads that compute; 0 is one per core"},
    {"ctx", 'c', "ctx-size", "N", OPTION_INT, AT(context), 0, 1 << 24, NULL, FOR_ENGINE | FOR_INFO, true, MODEL,
     "context in tokens; 0 is the model's own, at most 4096"},
    {"exact", 0, NULL, NULL, OPTION_FLAG, AT(exact), 0, 0, NULL, FOR_ENGINE | FOR_INFO, true, MODEL,
     "compute in float32 throughout (slow; for comparing)"},

    {"prompt", 'p', NULL, "TEXT", OPTION_TEXT, AT(prompt), 0, 0, NULL, FOR_CHAT, false, ANSWER,
     "answer once on standard output and leave"},
    {"file", 'f', NULL, "FILE", OPTION_TEXT, AT(file), 0, 0, "@files", FOR_CHAT, false, ANSWER,
     "the same with the text of a file, which follows -p's"},
    {"system", 0, NULL, "TEXT", OPTION_TEXT, AT(system), 0, 0, NULL, FOR_CHAT, true, ANSWER,
     "system message (also written -sys TEXT)"},
    {"template", 0, "chat-template", "NAME", OPTION_TEXT, AT(template_name), 0, 0, "@templates", FOR_TEMPLATE, true,
     ANSWER, "chat template in place of the model's own"},
    {"continue", 0, NULL, NULL, OPTION_FLAG, AT(continue_last), 0, 0, NULL, FOR_CHAT, false, ANSWER,
     "go on with the last conversation"},
    {"resume", 'r', NULL, "ID|TITLE", OPTION_TEXT, AT(resume), 0, 0, NULL, FOR_CHAT, false, ANSWER,
     "go on with the conversation of this id or title"},
    {"no-save", 0, NULL, NULL, OPTION_FLAG, AT(no_save), 0, 0, NULL, FOR_CHAT, true, ANSWER,
     "keep nothing of the chat, on no disk"},
    {"raw", 0, NULL, NULL, OPTION_FLAG, AT(raw), 0, 0, NULL, FOR_CHAT, false, ANSWER,
     "continue the text instead of chatting"},

    {"temperature", 0, "temp", "X", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "higher is more surprising; 0 always takes the likeliest"},
    {"top-k", 0, NULL, "N", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "keep the N likeliest tokens; 0 is off"},
    {"top-p", 0, NULL, "X", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "keep the likeliest that sum up to X; 1 is off"},
    {"min-p", 0, NULL, "X", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "drop those below X times the likeliest; 0 is off"},
    {"typical-p", 0, "typical", "X", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "keep the most typical that sum up to X; 1 is off"},
    {"repetition-penalty", 0, "repeat-penalty", "X", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "make what was said less likely; 1 is off"},
    {"repetition-window", 0, "repeat-last-n", "N", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "newest tokens the penalties look at; -1 is all"},
    {"presence-penalty", 0, NULL, "X", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "subtract X from what was said at all; 0 is off"},
    {"frequency-penalty", 0, NULL, "X", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "subtract X for each time it was said; 0 is off"},
    {"seed", 's', NULL, "N", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "the same seed and settings give the same answer"},
    {"max-new-tokens", 'n', "predict n-predict", "N", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "longest answer in tokens; -1 is up to the context"},
    {"stop", 0, NULL, "TEXT", OPTION_SAMPLING, 0, 0, 0, NULL, FOR_CHAT, true, SAMPLING,
     "end the answer at this text (may be repeated)"},

    {"json", 0, NULL, NULL, OPTION_FLAG, AT(json), 0, 0, NULL, FOR_JSON, false, OUTPUT,
     "print one JSON object"},
    {"logprobs", 0, NULL, "N", OPTION_INT, AT(logprobs), 0, SAMPLING_CANDIDATES, NULL, FOR_CHAT, false, OUTPUT,
     "with --json: N likely tokens at each step"},
    {"quiet", 'q', NULL, NULL, OPTION_FLAG, AT(quiet), 0, 0, NULL, FOR_CHAT | FOR_PERPLEXITY | FOR_BENCH, true, OUTPUT,
     "print nothing but answers and errors"},
    {"stats", 0, NULL, NULL, OPTION_FLAG, AT(stats), 0, 0, NULL, FOR_CHAT, true, OUTPUT,
     "timings on standard error after each answer"},
    {"color", 0, NULL, "WHEN", OPTION_CHOICE, AT(color), 0, 0, "auto always never", FOR_CHAT, true, OUTPUT,
     "colours: auto, always or never"},
    {"line", 0, NULL, NULL, OPTION_FLAG, AT(line), 0, 0, NULL, FOR_CHAT, true, OUTPUT,
     "line mode: no full screen"},
    {"theme", 0, NULL, "NAME", OPTION_TEXT, AT(theme), 0, 0, NULL, FOR_CHAT, true, OUTPUT,
     "colours of the screen: default, dark, light, mono ..."},
    {"bell", 0, NULL, "WHEN", OPTION_CHOICE, AT(bell), 0, 0, "away always never", FOR_CHAT, true, OUTPUT,
     "ring after a long answer: away (elsewhere), always, never"},
    {"no-mouse", 0, NULL, NULL, OPTION_FLAG, AT(no_mouse), 0, 0, NULL, FOR_CHAT, true, OUTPUT,
     "leave the mouse to the terminal"},
    {"screen-reader", 0, NULL, NULL, OPTION_FLAG, AT(screen_reader), 0, 0, NULL, FOR_CHAT, true, OUTPUT,
     "labelled messages without decoration (or ACCESSIBLE=1)"},
    {"jsonl", 0, NULL, NULL, OPTION_FLAG, AT(jsonl), 0, 0, NULL, FOR_LINES, false, OUTPUT,
     "a JSON object per line in, one per line out"},
    {"decode", 0, NULL, NULL, OPTION_FLAG, AT(decode), 0, 0, NULL, FOR_TOKENIZE, false, OUTPUT,
     "ids in, text out"},

    {"prompt-tokens", 'p', NULL, "N,...", OPTION_TEXT, AT(bench.prompt), 0, 0, NULL, FOR_BENCH, false, MEASURE,
     "prompt lengths to read (512)"},
    {"generate-tokens", 'n', NULL, "N,...", OPTION_TEXT, AT(bench.generate), 0, 0, NULL, FOR_BENCH, false, MEASURE,
     "tokens to generate (64)"},
    {"depth", 'd', NULL, "N,...", OPTION_TEXT, AT(bench.depth), 0, 0, NULL, FOR_BENCH, false, MEASURE,
     "tokens already in the context (0)"},
    {"repetitions", 'r', NULL, "N", OPTION_INT, AT(bench.repetitions), 1, 1000, NULL, FOR_BENCH, false, MEASURE,
     "times that each is measured (3)"},

    {"archived", 0, NULL, NULL, OPTION_FLAG, AT(history.archived), 0, 0, NULL, FOR_LIST | FOR_SEARCH, false, CHOOSE,
     "those that were put into the archive (search: them too)"},
    {"trash", 0, NULL, NULL, OPTION_FLAG, AT(history.trash), 0, 0, NULL, FOR_LIST, false, CHOOSE,
     "those that were deleted"},
    {"tag", 0, NULL, "TAG", OPTION_TEXT, AT(history.tag), 0, 0, NULL, FOR_LIST, false, CHOOSE,
     "those that have this tag"},
    {"limit", 'n', NULL, "N", OPTION_INT, AT(history.limit), 0, 1 << 30, NULL, FOR_LIST | FOR_SEARCH, false, CHOOSE,
     "the first N only; 0 is all"},
    {"tokens", 0, NULL, NULL, OPTION_FLAG, AT(history.tokens), 0, 0, NULL, FOR_SHOW, false, OUTPUT,
     "how each token came about, as CSV (with --json as JSON)"},
    {"format", 'f', NULL, "FORMAT", OPTION_TEXT, AT(history.format), 0, 0, "markdown text html json", FOR_EXPORT, false,
     OUTPUT, "markdown, text, html or json; else by the file's name"},
    {"output", 'o', NULL, "FILE", OPTION_TEXT, AT(history.output), 0, 0, "@files", FOR_EXPORT, false, OUTPUT,
     "write this file, whole or not at all"},
    {"undo", 0, NULL, NULL, OPTION_FLAG, AT(history.undo), 0, 0, NULL, FOR_DELETE, false, OTHER,
     "bring it back from the trash"},
    {"repair", 0, NULL, NULL, OPTION_FLAG, AT(history.repair), 0, 0, NULL, FOR_DOCTOR, false, OTHER,
     "put a damaged database aside, save what can be read"},

    {"paths", 0, NULL, NULL, OPTION_FLAG, AT(show_paths), 0, 0, NULL, FOR_CHAT, false, OTHER,
     "print the folders that are used"},
    {"check-config", 0, NULL, NULL, OPTION_FLAG, AT(check_config), 0, 0, NULL, FOR_CHAT, false, OTHER,
     "check the config file and print every value with its origin"},
    {"version", 0, NULL, NULL, OPTION_FLAG, AT(version), 0, 0, NULL, FOR_CHAT, false, OTHER, "print the version"},
    {"help", 'h', NULL, NULL, OPTION_HELP, AT(help), 0, 0, NULL, FOR_ALL, false, OTHER, "print this help"},
    {0},
};
