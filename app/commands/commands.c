/* Commands: the table. */
#include <config.h>

#include "app/commands/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct command commands[] = {
    {"palaver", FOR_CHAT, "[OPTION]... [MESSAGE | MODEL.gguf]", "chat with a language model on this machine",
     "Without -p or -f it opens a chat, and MESSAGE is sent as the first one.\n"
     "With -p or -f it answers once on standard output; text on standard input is\n"
     "appended to the prompt. Exit status: 0 answer, 1 error, 2 usage, 130 interrupted.",
     -1, chat_run},
    {"tokenize", FOR_TOKENIZE, "[OPTION]...", "text on standard input to token ids, or back",
     "Prints the ids on one line. Needs only the vocabulary of a model; adds no BOS.\n"
     "With --jsonl each line {\"text\": ...} gives {\"ids\": [...], \"text\": decoded}.",
     0, tokenize_run},
    {"score", FOR_SCORE, "--jsonl [OPTION]...", "logits and likelihoods of given tokens",
     "Each line {\"ids\": [...]} or {\"text\": ...}, with an optional \"greedy\": N, gives ids,\n"
     "top_logits (the 20 best [id, logit] after the last id), logits_mean, logits_std,\n"
     "nll_per_token and greedy_ids. Ids are taken as they are; text gets the model's BOS.",
     0, score_run},
    {"prompt", FOR_PROMPT, "--jsonl [OPTION]...", "messages as the template renders them",
     "Each line {\"messages\": [{\"role\": ..., \"content\": ...}, ...]} gives {\"text\", \"ids\"}.\n"
     "Needs only the vocabulary of a model.",
     0, prompt_run},
    {"info", FOR_INFO, "[OPTION]... [MODEL]", "what a model is and the memory it needs", "", 1, info_run},
    {"perplexity", FOR_PERPLEXITY, "[OPTION]... FILE", "how well a model predicts a text",
     "Reads the text in windows of the context (512 tokens unless -c says otherwise), each\n"
     "beginning with BOS where the model wants one.",
     1, perplexity_run},
    {"bench", FOR_BENCH, "[OPTION]...", "tokens per second, reading and writing",
     "Prints the median, the least and the greatest of the repetitions, the time to load\n"
     "and the memory at its peak.",
     0, bench_run},
    {"list", FOR_LIST, "[OPTION]...", "the conversations that are kept",
     "The pinned ones first, then the newest: id, time of the last message, messages, title.",
     0, list_run},
    {"show", FOR_SHOW, "[OPTION]... [ID | TITLE]", "a conversation to read, without a name the last one",
     "An id may be shortened to 4 characters; a part of a title will do that fits only one.\n"
     "--json gives all of it, other branches and token records too, as export does.",
     -1, show_run},
    {"search", FOR_SEARCH, "[OPTION]... WORD...", "where words stand in titles and messages",
     "All words must be in it; the last one may go on. A phrase in double quotes stands as\n"
     "it is: palaver search '\"blue sky\"'. Accents and capitals make no difference.",
     -1, search_run},
    {"export", FOR_EXPORT, "[OPTION]... [ID | TITLE]...", "conversations as files, without a name all of them",
     "Markdown unless --format or the name of FILE says otherwise. JSON holds everything and\n"
     "comes back by palaver import; the others hold what is shown.",
     -1, export_run},
    {"import", FOR_IMPORT, "[OPTION]... FILE...", "conversations from files",
     "Takes the exports of Palaver, ChatGPT, Claude, Open WebUI, SillyTavern (JSON Lines)\n"
     "and llama-server, ShareGPT's form, and lists of role and content, known by their\n"
     "structure. Single faults are replaced or left out, and counted; a file broken in its\n"
     "structure imports nothing, of several files all come in or none. - is standard input.",
     -1, import_run},
    {"delete", FOR_DELETE, "[OPTION]... ID | TITLE", "put a conversation into the trash, or back",
     "palaver list --trash shows what is there; --undo brings it back.",
     -1, delete_run},
    {"doctor", FOR_DOCTOR, "[OPTION]...", "check the database, models, terminal and configuration",
     "Says what is wrong and what to do about it; changes nothing without --repair.",
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

int report(const struct error *err)
{
    fprintf(stderr, "palaver: %s\n", err->message);
    return err->code == ERR_ARGUMENT ? EXIT_USAGE : EXIT_ERROR;
}

int chat_run(const struct options *o)
{
    bool once = o->prompt != NULL || o->file != NULL || !isatty(STDIN_FILENO);
    return once ? once_run(o) : screen_fits(o) ? screen_run(o) : line_run(o);
}
