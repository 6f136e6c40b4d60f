/* Export for reading: the current path of a conversation as Markdown, plain text, or HTML that refers to no other file.
 * Times are local. In HTML all text is escaped and shown as it was written. */
#include <config.h>

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/utf8.h"
#include "history/history.h"
#include "history/message.h"
#include "history/port/export-forms.h"

static const char *speaker_name(enum store_role role)
{
    static const char *const names[] = {"System", "You", "Palaver", "Tool"};
    return names[role];
}

static void write_time(struct export *x, int64_t when)
{
    char text[64];
    struct tm tm;
    time_t seconds = (time_t)(when / 1000);
    if (localtime_r(&seconds, &tm) != NULL && strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm) > 0)
        export_text(x, text);
}

/* Markup becomes entities, terminal controls become visible. */
static void write_escaped(struct export *x, const char *text, size_t size)
{
    struct buf clean;
    buf_init(&clean, size * UTF8_CLEAN_GROWTH + 1);
    utf8_clean(&clean, text, size);
    const char *p = buf_text(&clean), *end = p + clean.size;
    while (p < end) {
        size_t plain = strcspn(p, "&<>\"'");
        export_bytes(x, p, plain);
        p += plain;
        if (p == end)
            break;
        const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
        export_text(x, entities[strchr("&<>\"'", *p) - "&<>\"'"]);
        p++;
    }
    buf_free(&clean);
}

static void write_clean(struct export *x, const char *text, size_t size)
{
    struct buf clean;
    buf_init(&clean, size * UTF8_CLEAN_GROWTH + 1);
    utf8_clean(&clean, text, size);
    export_bytes(x, buf_text(&clean), clean.size);
    buf_free(&clean);
}

/* ---- the three forms --------------------------------------------------------------------------------------------- */

struct form {
    void (*begin)(struct export *x, const char *title, const char *system);
    void (*message)(struct export *x, const struct store_message *m);
    const char *end, *between;
    /* of a conversation that is one text: how bytes of it are written, and what stands around */
    void (*piece)(struct export *x, const char *text, size_t size);
    const char *piece_begin, *piece_end;
};

static void markdown_begin(struct export *x, const char *title, const char *system)
{
    export_text(x, "# ");
    write_clean(x, title, strlen(title));
    export_text(x, "\n");
    if (system == NULL)
        return;
    export_text(x, "\n> ");
    for (const char *p = system; *p != '\0'; p++) {
        size_t line = strcspn(p, "\n");
        write_clean(x, p, line);
        p += line;
        if (*p == '\0')
            break;
        export_text(x, "\n> ");
    }
    export_text(x, "\n");
}

static void write_state(struct export *x, const struct store_message *m)
{
    if (m->made.model != NULL) {
        export_text(x, " · ");
        write_clean(x, m->made.model, strlen(m->made.model));
    }
    if (m->state != STORE_COMPLETE) {
        export_text(x, " · ");
        export_text(x, store_state_name(m->state));
    }
}

static void markdown_message(struct export *x, const struct store_message *m)
{
    export_text(x, "\n**");
    export_text(x, speaker_name(m->role));
    export_text(x, "** · ");
    write_time(x, m->created);
    write_state(x, m);
    export_text(x, "\n\n");
    write_clean(x, m->text, m->size);
    export_text(x, m->size > 0 && m->text[m->size - 1] == '\n' ? "" : "\n");
}

static void plain_begin(struct export *x, const char *title, const char *system)
{
    write_clean(x, title, strlen(title));
    export_text(x, "\n");
    if (system != NULL) {
        export_text(x, "\nSystem:\n");
        write_clean(x, system, strlen(system));
        export_text(x, "\n");
    }
}

static void plain_message(struct export *x, const struct store_message *m)
{
    export_text(x, "\n");
    export_text(x, speaker_name(m->role));
    export_text(x, " (");
    write_time(x, m->created);
    write_state(x, m);
    export_text(x, "):\n");
    write_clean(x, m->text, m->size);
    export_text(x, m->size > 0 && m->text[m->size - 1] == '\n' ? "" : "\n");
}

void export_html_begin(struct export *x)
{
    export_text(x, "<!DOCTYPE html>\n<html>\n<head>\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
                   "'unsafe-inline'\">\n<title>Palaver</title>\n<style>\n"
                   ":root { color-scheme: light dark; }\n"
                   "body { max-width: 48em; margin: 2em auto; padding: 0 1em; font: 1em/1.5 system-ui, sans-serif; }\n"
                   "section { margin: 1em 0; padding: 0.6em 1em; border-left: 3px solid #888; }\n"
                   ".user { border-color: #2a7; }\n.assistant { border-color: #27a; }\n"
                   "h2 { margin: 0; font-size: 0.85em; font-weight: normal; opacity: 0.7; }\n"
                   "p { margin: 0.3em 0 0; white-space: pre-wrap; overflow-wrap: anywhere; }\n"
                   "</style>\n</head>\n<body>\n");
}

void export_html_end(struct export *x)
{
    export_text(x, "</body>\n</html>\n");
}

static void html_begin(struct export *x, const char *title, const char *system)
{
    export_text(x, "<article>\n<h1>");
    write_escaped(x, title, strlen(title));
    export_text(x, "</h1>\n");
    if (system != NULL) {
        export_text(x, "<section class=\"system\">\n<h2>System</h2>\n<p>");
        write_escaped(x, system, strlen(system));
        export_text(x, "</p>\n</section>\n");
    }
}

static void html_message(struct export *x, const struct store_message *m)
{
    export_text(x, "<section class=\"");
    export_text(x, store_role_name(m->role));
    export_text(x, "\">\n<h2>");
    export_text(x, speaker_name(m->role));
    export_text(x, " · ");
    write_time(x, m->created);
    if (m->made.model != NULL) {
        export_text(x, " · ");
        write_escaped(x, m->made.model, strlen(m->made.model));
    }
    if (m->state != STORE_COMPLETE) {
        export_text(x, " · ");
        export_text(x, store_state_name(m->state));
    }
    export_text(x, "</h2>\n<p>");
    write_escaped(x, m->text, m->size);
    export_text(x, "</p>\n</section>\n");
}

/* ---- one conversation -------------------------------------------------------------------------------------------- */

static const struct form forms[] = {
    [STORE_MARKDOWN] = {markdown_begin, markdown_message, "", "\n---\n\n", write_clean, "\n", "\n"},
    [STORE_PLAIN] = {plain_begin, plain_message, "", "\n----------------------------------------\n\n", write_clean,
                     "\n", "\n"},
    [STORE_HTML] = {html_begin, html_message, "</article>\n", "<hr>\n", write_escaped, "<section>\n<p>",
                    "</p>\n</section>\n"},
};

bool export_is_one_text(const struct store_conversation *c)
{
    return c->template_name != NULL && strcmp(c->template_name, STORE_TEXT_TEMPLATE) == 0;
}

static void write_begin(struct export *x, const struct form *form, const struct store_conversation *c)
{
    const char *title = c->title[0] != '\0' ? c->title : "Untitled";
    bool text = export_is_one_text(c);
    form->begin(x, title, text ? NULL : c->system);
    if (!text)
        return;
    export_text(x, form->piece_begin);
    if (c->system != NULL)
        form->piece(x, c->system, strlen(c->system));
}

enum error_code export_readable(struct export *x, enum store_format format, int64_t conversation, bool first,
                                struct error *err)
{
    const struct form *form = &forms[format];
    struct store_conversation c = {0};
    struct store_ids ids = {0};
    enum error_code code = store_conversation_get(x->s, conversation, &c, err);
    if (code == ERR_NONE)
        code = store_current(x->s, conversation, &ids, err);
    if (code == ERR_NONE) {
        export_text(x, first ? "" : form->between);
        write_begin(x, form, &c);
    }
    for (size_t i = 0; i < ids.n && code == ERR_NONE && !x->refused; i++) {
        struct store_message m = {0};
        code = message_read(x->s, ids.at[i], &m, err);
        if (code == ERR_NONE && export_is_one_text(&c))
            form->piece(x, m.text, m.size);
        else if (code == ERR_NONE)
            form->message(x, &m);
        store_message_free(&m);
    }
    export_text(x, code == ERR_NONE && export_is_one_text(&c) ? form->piece_end : "");
    export_text(x, form->end);
    store_conversation_free(&c);
    store_ids_free(&ids);
    return code;
}
