/* Which program writes an answer, and whether it is still alive.
 *
 * A program is identified by the machine's boot, its process id and the time the process was started, so that another
 * process with the same number is not mistaken for it. A streaming message whose writer is gone becomes interrupted.
 * Without /proc the process id alone decides. */
#include <config.h>

#include "history/writer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/error.h"
#include "history/conversation.h"
#include "history/db.h"
#include "history/history.h"
#include "history/index.h"
#include "history/store.h"

struct process {
    char boot[64];
    int64_t pid, started;
};

static void read_boot_id(char out[64])
{
    out[0] = '\0';
    FILE *f = fopen("/proc/sys/kernel/random/boot_id", "re");
    if (f == NULL)
        return;
    if (fgets(out, 64, f) == NULL)
        out[0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    fclose(f);
}

/* The start time in clock ticks since boot: 0 when there is no /proc, -1 when the process is gone or a zombie. */
static int64_t process_start(int64_t pid)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%lld/stat", (long long)pid);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return kill((pid_t)pid, 0) != 0 && errno == ESRCH ? -1 : 0;
    size_t n = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[n] = '\0';
    char *rest = strrchr(line, ')'); /* the name before it may contain anything */
    if (rest == NULL || strlen(rest) < 3 || rest[2] == 'Z' || rest[2] == 'X')
        return -1;
    for (int field = 2; field < 22 && rest != NULL; field++)
        rest = strchr(rest + 1, ' ');
    return rest == NULL ? 0 : strtoll(rest, NULL, 10);
}

static struct process this_process(void)
{
    struct process p = {.pid = getpid()};
    read_boot_id(p.boot);
    p.started = process_start(p.pid);
    return p;
}

static bool is_alive(const struct process *p, const char *boot)
{
    return strcmp(p->boot, boot) == 0 && process_start(p->pid) == p->started;
}

enum error_code writer_register(struct store *s, struct error *err)
{
    int64_t there = 0;
    if (s->writer != 0 &&
        db_number(s, err, &there, "SELECT count(*) FROM writer WHERE id = ?", "i", s->writer) != ERR_NONE)
        return s->failure;
    if (there != 0)
        return ERR_NONE;
    struct process p = this_process();
    enum error_code code =
        db_run(s, err, "INSERT INTO writer (boot, pid, started) VALUES (?, ?, ?)", "zii", p.boot, p.pid, p.started);
    if (code == ERR_NONE)
        s->writer = db_inserted(s);
    return code;
}

enum error_code writer_forget(struct store *s, struct error *err)
{
    if (s->writer == 0)
        return ERR_NONE;
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    code = db_run(s, err, "DELETE FROM writer WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM message WHERE writer = ?1)",
                  "i", s->writer);
    return txn_end(s, code, err);
}

/* ---- the dead ---------------------------------------------------------------------------------------------------- */

/* Sets *id to the first dead writer after it; 0 when there is none. */
static enum error_code find_dead(struct store *s, int64_t *id, const char *boot, struct error *err)
{
    sqlite3_stmt *q = db_query(s, err, "SELECT id, boot, pid, started FROM writer WHERE id > ? ORDER BY id", "i", *id);
    if (q == NULL)
        return s->failure;
    int row;
    *id = 0;
    while (*id == 0 && (row = db_row(s, q, err)) != 0) {
        if (row < 0)
            return s->failure;
        struct process p = {.pid = sqlite3_column_int64(q, 2), .started = sqlite3_column_int64(q, 3)};
        snprintf(p.boot, sizeof p.boot, "%s", (const char *)sqlite3_column_text(q, 1));
        if (!is_alive(&p, boot))
            *id = sqlite3_column_int64(q, 0);
    }
    db_done(q);
    return ERR_NONE;
}

/* Ends one message of a dead writer; *more becomes false when there was none. */
static enum error_code interrupt_message(struct store *s, int64_t writer, bool *more, struct error *err)
{
    sqlite3_stmt *q =
        db_query(s, err, "SELECT id, conversation, text FROM message WHERE writer = ? LIMIT 1", "i", writer);
    int row = q == NULL ? -1 : db_row(s, q, err);
    if (row < 0)
        return s->failure;
    *more = row == 1;
    if (row == 0)
        return ERR_NONE;
    int64_t id = sqlite3_column_int64(q, 0), conversation = sqlite3_column_int64(q, 1);
    size_t size = 0;
    char *text = db_text(q, 2, &size);
    db_done(q);
    enum error_code code = text == NULL ? db_memory(s, err) : index_add(s, INDEX_TEXTS, id, text, size, err);
    free(text);
    if (code == ERR_NONE)
        code = db_run(s, err, "UPDATE message SET state = ?, writer = NULL WHERE id = ?", "wi", STORE_INTERRUPTED, id);
    return code == ERR_NONE ? conversation_revise(s, conversation, err) : code;
}

static enum error_code remove_writer(struct store *s, int64_t writer, struct error *err)
{
    enum error_code code = txn_write(s, err);
    if (code != ERR_NONE)
        return code;
    bool more = true;
    while (more && code == ERR_NONE)
        code = interrupt_message(s, writer, &more, err);
    if (code == ERR_NONE)
        code = db_run(s, err, "DELETE FROM writer WHERE id = ?", "i", writer);
    return txn_end(s, code, err);
}

enum error_code writer_sweep(struct store *s, struct error *err)
{
    char boot[64];
    read_boot_id(boot);
    int64_t id = 0;
    enum error_code code;
    while ((code = find_dead(s, &id, boot, err)) == ERR_NONE && id != 0)
        if ((code = remove_writer(s, id, err)) != ERR_NONE)
            break;
    return code;
}
