/* Text: a conversation that is one text, edited anywhere.
 *
 * The text is the messages joined as they are. When it was edited, the pieces before the first change stay, with what is
 * known of their tokens; the rest becomes a new branch beside the old one. In it the pieces after the last change stay
 * whose they are, and what is changed belongs to who wrote it first, or to the user where nothing stood. */
#include <config.h>

#include <string.h>

#include "app/chat/chat.h"
#include "app/chat/edit.h"
#include "app/chat/list.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/state.h"
#include "app/chat/undone.h"
#include "app/library/home.h"
#include "base/buf.h"
#include "base/error.h"
#include "engine/engine.h"
#include "history/history.h"

bool chat_append_text(const struct chat *c, struct buf *out)
{
    for (size_t i = 0; i < c->list.n; i++)
        buf_append(out, buf_text(&c->list.at[i].text), c->list.at[i].text.size);
    return !buf_failed(out);
}

/* ---- what changed ----------------------------------------------------------------------------------------------- */

/* What two texts have in common at both ends, in bytes. */
struct common {
    size_t before, after;
};

static bool is_inside_character(const struct buf *text, size_t at)
{
    return at < text->size && ((unsigned char)text->data[at] & 0xC0) == 0x80;
}

static struct common find_common(const struct buf *old, const struct buf *now)
{
    struct common s = {0};
    size_t most = old->size < now->size ? old->size : now->size;
    while (s.before < most && old->data[s.before] == now->data[s.before])
        s.before++;
    while (s.before > 0 && (is_inside_character(old, s.before) || is_inside_character(now, s.before)))
        s.before--;
    while (s.before + s.after < most && old->data[old->size - s.after - 1] == now->data[now->size - s.after - 1])
        s.after++;
    while (s.after > 0 && is_inside_character(old, old->size - s.after))
        s.after--;
    return s;
}

/* Appends a piece to the new branch, or its text to the last one if that is the same person's. */
static bool add_piece(struct chat_list *fresh, enum role role, const char *text, size_t size)
{
    struct chat_message *last = chat_list_last(fresh);
    if (size == 0)
        return true;
    if (last != NULL && last->role == role)
        return buf_append(&last->text, text, size);
    return chat_list_add(fresh, role, text, size) != NULL;
}

/* Puts the text of the last piece that stays in front of the first new one. */
static bool prepend(struct chat_list *fresh, const struct buf *text)
{
    struct buf whole, *first = &fresh->at[0].text;
    buf_init(&whole, CHAT_TEXT_MOST);
    bool ok = buf_append(&whole, buf_text(text), text->size) && buf_append(&whole, buf_text(first), first->size);
    buf_free(first);
    *first = whole;
    return ok;
}

/* How many pieces stay, *kept, and those that take the place of the others. */
static bool find_pieces(const struct chat *c, const struct buf *old, const struct buf *now, size_t *kept,
                        struct chat_list *fresh)
{
    const struct common same = find_common(old, now);
    const struct chat_message *at = c->list.at;
    size_t first = 0, from = 0, n = c->list.n;
    while (first < n && from + at[first].text.size <= same.before)
        from += at[first++].text.size;
    size_t next = first, to = from; /* the first piece after the change, and where it begins in the old text */
    while (next < n && to < old->size - same.after)
        to += at[next++].text.size;
    enum role role = next > first ? at[first].role : ROLE_USER;
    bool ok = add_piece(fresh, role, buf_text(now) + from, now->size - (old->size - to) - from);
    for (; ok && next < n; next++)
        ok = add_piece(fresh, at[next].role, buf_text(&at[next].text), at[next].text.size);
    bool joins = ok && fresh->n > 0 && first > 0 && at[first - 1].role == fresh->at[0].role;
    *kept = first - joins;
    return ok && (!joins || prepend(fresh, &at[first - 1].text));
}

/* ---- the new branch --------------------------------------------------------------------------------------------- */

/* Ends the path after the first n messages; chat_redo leads back. */
static enum error_code end_path(struct chat *c, size_t n, struct error *err)
{
    const struct buf *text = &c->list.at[n].text;
    if (store_select_leaf(home_store(c->home), c->list.at[n - 1].id, err) != ERR_NONE)
        return err->code;
    if (!undone_push(c->undone, chat_list_last(&c->list)->id, buf_text(text), text->size))
        return error_memory(err);
    chat_cut(c, n);
    chat_tell_changed(c, n);
    return ERR_NONE;
}

/* Puts the pieces in the place of the messages from n on. On failure nothing is changed. */
static enum error_code put_branch(struct chat *c, size_t n, struct chat_list *fresh, struct error *err)
{
    struct chat_list old = {0};
    if (!chat_list_move(&c->list, n, &old) || !chat_list_move(fresh, 0, &c->list)) {
        if (old.n > 0)
            chat_list_move(&old, 0, &c->list);
        return error_memory(err);
    }
    if (old.n > 0) {
        c->list.at[n].sibling = old.at[0].siblings;
        c->list.at[n].siblings = old.at[0].siblings + 1;
    }
    chat_tell_changed(c, n);
    enum error_code code = chat_save(c, err);
    if (code != ERR_NONE && c->list.at[n].id == 0)
        chat_put_back(c, n, &old);
    else
        undone_clear(c->undone);
    chat_list_free(&old);
    return code;
}

static enum error_code put_text(struct chat *c, const struct buf *old, const struct buf *now, struct error *err)
{
    struct chat_list fresh = {0};
    size_t kept;
    if (!find_pieces(c, old, now, &kept, &fresh))
        error_memory(err);
    else if (fresh.n == 0 && kept == 0)
        error_set(err, ERR_ARGUMENT, "nothing is left of the text, so it stays as it was; /new begins another");
    else if (fresh.n > 0)
        put_branch(c, kept, &fresh, err);
    else if (kept < c->list.n)
        end_path(c, kept, err);
    if (err->code == ERR_NONE && c->first_visible >= kept)
        chat_see_from(c, 0);
    chat_list_free(&fresh);
    return err->code;
}

enum error_code chat_edit_text(struct chat *c, const char *text, size_t size, struct error *err)
{
    struct buf old, now;
    if (chat_check_idle(c, err) != ERR_NONE || chat_check_saved(c, err) != ERR_NONE)
        return err->code;
    if (!chat_continues_text(c))
        return error_set(err, ERR_UNSUPPORTED, "a dialogue is edited message by message; /raw on makes it one text");
    buf_init(&old, CHAT_TEXT_MOST);
    buf_init(&now, CHAT_TEXT_MOST);
    if (chat_append_text(c, &old) && buf_append(&now, text, size))
        put_text(c, &old, &now, err);
    else
        error_memory(err);
    chat_settings_first_seed(c->settings);
    buf_free(&old);
    buf_free(&now);
    return err->code;
}
