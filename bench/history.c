/* bench/history [FOLDER]: how quick the history is when it is large.
 *
 * Makes (once, in FOLDER/history-bench.db; FOLDER defaults to the current one) 5,000 conversations with 100,000
 * messages in English, German, Spanish, Russian, Chinese and Japanese, and one conversation of 10,000 messages. Words follow
 * Zipf's law, so that common words are in most messages and rare ones in few. Then prints medians and 99th percentiles
 * of what a person waits for. */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "history/history.h"

#define CONVERSATIONS 5000
#define MESSAGES_EACH 18
#define LONG_ONE 10000
#define SAMPLES_MAX 20000

/* ---- numbers ---------------------------------------------------------------------------------------------------- */

static uint64_t seed = 88172645463325252u;

static uint32_t draw(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)((seed >> 32) % n);
}

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

struct samples {
    double at[SAMPLES_MAX];
    size_t n;
};

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *what, struct samples *s)
{
    qsort(s->at, s->n, sizeof *s->at, by_value);
    if (s->n > 0)
        printf("%-44s %6zu times   median %8.3f ms   p99 %8.3f ms   longest %8.3f ms\n", what, s->n, s->at[s->n / 2],
               s->at[s->n * 99 / 100], s->at[s->n - 1]);
    s->n = 0;
}

static void sample(struct samples *s, double since)
{
    if (s->n < SAMPLES_MAX)
        s->at[s->n++] = now_ms() - since;
}

static void must(enum error_code code, const struct error *err)
{
    if (code != ERR_NONE) {
        fprintf(stderr, "bench/history: %s\n", err->message);
        exit(1);
    }
}

static long memory_kb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

/* ---- texts ------------------------------------------------------------------------------------------------------ */

static const char *const words[][24] = {
    {"the",      "of",    "and",   "to",    "in",      "is",       "that",        "it",
     "for",      "blue",  "sky",   "light", "because", "function", "model",       "answer",
     "question", "write", "short", "story", "about",   "colour",   "Schrödinger", "temperature"},
    {"der",      "die",  "und",        "ist",   "nicht",  "ein",    "das",     "mit",
     "für",      "über", "Himmel",     "blau",  "warum",  "größer", "Antwort", "Frage",
     "schreibe", "kurz", "Geschichte", "Übung", "Wetter", "Straße", "Modell",  "Temperatur"},
    {"el",       "la",      "de",    "que",      "y",      "en",      "un",     "por",
     "con",      "cielo",   "azul",  "luz",      "porque", "función", "modelo", "respuesta",
     "pregunta", "escribe", "corta", "historia", "sobre",  "color",   "mañana", "corazón"},
    {"и",      "в",     "не",     "на",      "что",    "он",          "небо",    "синий",
     "почему", "ответ", "вопрос", "модель",  "напиши", "короткий",    "рассказ", "о",
     "цвете",  "свет",  "потому", "функция", "ёлка",   "температура", "это",     "как"},
    {"天空", "为什么", "是",   "蓝色", "的",   "因为", "光",   "模型", "回答", "问题", "写", "短",
     "故事", "关于",   "颜色", "温度", "今天", "天气", "很好", "我们", "函数", "。",   "，", "什么"},
    {"空",   "は",       "なぜ", "青い", "の",   "です", "か", "光",   "モデル", "答え", "質問", "短い",
     "物語", "について", "色",   "温度", "今日", "天気", "が", "いい", "関数",   "。",   "、",   "とても"},
};

/* A word that nobody else has thought of, from a vocabulary of about 30,000. */
static void rare_word(struct buf *out)
{
    static const char *const syllables[] = {"ba", "ke", "lo", "mi", "tu", "ra", "ne", "so", "vi", "du", "ga", "pe"};
    uint32_t value = draw(12 * 12 * 12 * 16);
    for (int i = 0; i < 4; i++, value /= 12)
        buf_puts(out, syllables[value % 12]);
}

static void make_text(struct buf *out, uint32_t language, uint32_t n_words)
{
    buf_clear(out);
    for (uint32_t i = 0; i < n_words; i++) {
        if (i > 0 && language < 4)
            buf_putc(out, i % 17 == 0 ? '\n' : ' ');
        uint32_t zipf = draw(24) * draw(24) / 24;
        if (language < 4 && draw(4) == 0)
            rare_word(out);
        else
            buf_puts(out, words[language][zipf]);
    }
}

/* ---- making the database ----------------------------------------------------------------------------------------- */

static int64_t add_conversation(struct store *s, uint32_t n_messages, struct buf *text)
{
    struct error err = {0};
    int64_t c = 0, parent = 0;
    uint32_t language = draw(6);
    char model[] = "bench", settings[] = "{\"temperature\":0.8,\"top_k\":40,\"top_p\":0.95}";
    struct store_making made = {.model = model, .settings = settings, .answer_tokens = 80, .decode_seconds = 1};
    must(store_new(s, &c, &err), &err);
    for (uint32_t i = 0; i < n_messages; i++) {
        bool person = i % 2 == 0;
        make_text(text, language, person ? 5 + draw(30) : 30 + draw(120));
        must(store_append(s, c, parent, person ? STORE_USER : STORE_ASSISTANT, buf_text(text), text->size,
                          person ? NULL : &made, &parent, &err),
             &err);
    }
    return c;
}

static void make_database(struct store *s)
{
    struct error err = {0};
    struct buf text;
    buf_init(&text, 1 << 20);
    double start = now_ms();
    for (int i = 0; i < CONVERSATIONS; i++) {
        if (i % 100 == 0)
            must(store_begin(s, &err), &err);
        uint32_t n = i == CONVERSATIONS / 2 ? LONG_ONE : MESSAGES_EACH;
        int64_t c = add_conversation(s, n, &text);
        if (n == LONG_ONE)
            must(store_rename(s, c, "The long one", STORE_TITLED_BY_HAND, &err), &err);
        if (i % 100 == 99)
            must(store_end(s, true, &err), &err);
    }
    printf("made %d messages in %d conversations in %.1f s\n", CONVERSATIONS * MESSAGES_EACH + LONG_ONE - MESSAGES_EACH,
           CONVERSATIONS, (now_ms() - start) / 1e3);
    buf_free(&text);
}

/* ---- what a person waits for ------------------------------------------------------------------------------------- */

static size_t next_letter(const char *text, size_t at)
{
    do
        at++;
    while (((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

/* Types each query letter by letter. */
static void bench_search(struct store *s, int64_t conversation, const char *what, struct samples *samples)
{
    static const char *const typed[] = {
        "schrodinger",
        "blue sky",
        "\"blue sky\"",
        "the light of the",
        "temperature answer",
        "天空",
        "为什么 天空 蓝色",
        "größer",
        "небо синий",
        "corazon azul",
        "bake",
        "関数",
        "и в не",
        "story about a model",
        "zzz",
        "s t m a",
        "the 空",
    };
    struct error err = {0};
    double worst = 0;
    char worst_query[64] = "";
    for (int round = 0; round < 5; round++)
        for (size_t i = 0; i < sizeof typed / sizeof *typed; i++)
            for (size_t end = next_letter(typed[i], 0); end <= strlen(typed[i]); end = next_letter(typed[i], end)) {
                char letters[64];
                snprintf(letters, sizeof letters, "%.*s", (int)end, typed[i]);
                struct store_query query = {.text = letters, .conversation = conversation};
                struct store_hits hits = {0};
                double start = now_ms();
                must(store_search(s, &query, &hits, &err), &err);
                sample(samples, start);
                if (now_ms() - start > worst) {
                    worst = now_ms() - start;
                    snprintf(worst_query, sizeof worst_query, "%s", letters);
                }
                store_hits_free(&hits);
                if (end == strlen(typed[i]))
                    break;
            }
    report(what, samples);
    printf("    slowest: \"%s\"\n", worst_query);
}

static void bench_conversation(struct store *s, int64_t conversation, const char *what, struct samples *samples)
{
    struct error err = {0};
    for (int i = 0; i < 50; i++) {
        struct store_ids ids = {0};
        struct store_messages window = {0};
        double start = now_ms();
        must(store_current(s, conversation, &ids, &err), &err);
        size_t n = ids.n < 40 ? ids.n : 40;
        must(store_load(s, ids.at + ids.n - n, n, &window, &err), &err);
        sample(samples, start);
        store_messages_free(&window);
        store_ids_free(&ids);
    }
    report(what, samples);
}

static void bench_scroll(struct store *s, int64_t conversation, struct samples *samples)
{
    struct error err = {0};
    struct store_ids ids = {0};
    must(store_current(s, conversation, &ids, &err), &err);
    for (size_t at = ids.n; at >= 20; at -= 20) {
        struct store_messages window = {0};
        double start = now_ms();
        must(store_load(s, ids.at + at - 20, 20, &window, &err), &err);
        sample(samples, start);
        store_messages_free(&window);
    }
    store_ids_free(&ids);
    report("scroll by 20 messages", samples);
}

static void bench_list(struct store *s, struct samples *samples)
{
    struct error err = {0};
    for (size_t first = 0; first < CONVERSATIONS; first += 50) {
        struct store_list_query query = {.view = STORE_VIEW_CURRENT, .first = first, .limit = 50};
        struct store_conversations list = {0};
        double start = now_ms();
        must(store_list(s, &query, &list, &err), &err);
        sample(samples, start);
        store_conversations_free(&list);
    }
    report("a page of 50 of the list", samples);
}

static void bench_stream(struct store *s, int64_t conversation, struct samples *samples)
{
    struct error err = {0};
    struct store_conversation c = {0};
    struct samples *flushes = calloc(1, sizeof *flushes);
    must(store_conversation_get(s, conversation, &c, &err), &err);
    struct store_reply *r = store_reply_begin(s, conversation, c.leaf, STORE_ASSISTANT, NULL, &err);
    struct store_token token = {.chosen = {1, 0.5f, 0.5f}, .bytes = 6, .entropy = 1, .rank = 1, .n_best = 10};
    for (int i = 0; i < 10000; i++) {
        double start = now_ms();
        must(store_reply_append(r, " token", 6, &token, &err), &err);
        sample(samples, start);
        if (i % 50 == 49) { /* as often as a model of 200 tokens a second would write */
            start = now_ms();
            must(store_reply_flush(r, &err), &err);
            sample(flushes, start);
        }
    }
    double start = now_ms();
    must(store_reply_finish(r, STORE_COMPLETE, NULL, &err), &err);
    report("append a token to an answer", samples);
    report("write 50 tokens of it (with fsync)", flushes);
    printf("%-44s %.1f ms\n", "end an answer of 10,000 tokens", now_ms() - start);
    must(store_delete_message(s, store_reply_message(r), &err), &err);
    store_reply_free(r);
    store_conversation_free(&c);
    free(flushes);
}

static void bench_changed(struct store *s, struct samples *samples)
{
    for (int i = 0; i < 1000; i++) {
        double start = now_ms();
        store_changed(s);
        sample(samples, start);
    }
    report("ask whether something changed", samples);
}

static void bench_open(const char *path, struct samples *samples)
{
    struct error err = {0};
    for (int i = 0; i < 50; i++) {
        double start = now_ms();
        struct store *s = store_open(path, NULL, &err);
        must(err.code, &err);
        sample(samples, start);
        store_close(s);
    }
    report("open the database", samples);
}

int main(int argc, char **argv)
{
    static struct samples samples;
    struct error err = {0};
    char path[4096];
    struct stat st;
    int64_t long_one = 0;
    snprintf(path, sizeof path, "%s/history-bench.db", argc > 1 ? argv[1] : ".");
    bool there = stat(path, &st) == 0;
    struct store *s = store_open(path, NULL, &err);
    must(err.code, &err);
    if (!there)
        make_database(s);
    store_close(s);
    stat(path, &st);
    printf("%s: %.1f MB\n", path, (double)st.st_size / 1e6);
    bench_open(path, &samples);
    s = store_open(path, NULL, &err);
    must(err.code, &err);
    must(store_find(s, "The long one", &long_one, &err), &err);
    bench_list(s, &samples);
    bench_conversation(s, long_one, "open a conversation of 10,000 messages", &samples);
    bench_conversation(s, long_one + 1, "open a conversation of 18 messages", &samples);
    bench_scroll(s, long_one, &samples);
    bench_search(s, 0, "search, per letter typed", &samples);
    bench_search(s, long_one, "search in the long conversation, per letter", &samples);
    bench_stream(s, long_one + 1, &samples);
    bench_changed(s, &samples);
    store_close(s);
    printf("most memory: %.1f MB\n", (double)memory_kb() / 1e3);
    return 0;
}
