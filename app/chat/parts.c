/* Parts: made and freed together. */
#include <config.h>

#include "app/chat/parts.h"

#include "app/chat/answering.h"
#include "app/chat/aside.h"
#include "app/chat/list.h"
#include "app/chat/queue.h"
#include "app/chat/saving.h"
#include "app/chat/settings.h"
#include "app/chat/speaker.h"
#include "app/chat/state.h"
#include "app/chat/titling.h"
#include "app/chat/undone.h"
#include "app/options/options.h"
#include "base/buf.h"

enum error_code chat_make_parts(struct chat *c, const struct chat *like, struct error *err)
{
    const char *system = like != NULL ? chat_system(like) : c->options->system;
    buf_init(&c->system, CHAT_TEXT_MOST);
    c->settings = like != NULL ? chat_settings_copy(like->settings) : chat_settings_new(c->options);
    c->answering = answering_new();
    c->saving = saving_new();
    c->undone = undone_new();
    c->aside = aside_new();
    c->titling = titling_new();
    c->queue = queue_new();
    if (c->settings == NULL || c->answering == NULL || c->saving == NULL || c->undone == NULL || c->aside == NULL ||
        c->titling == NULL || c->queue == NULL || !chat_put_system(c, system != NULL ? system : ""))
        return error_memory(err);
    return ERR_NONE;
}

void chat_free_parts(struct chat *c)
{
    saving_free(c->saving);
    aside_free(c->aside);
    speaker_free(c->speaker);
    answering_free(c->answering);
    chat_settings_free(c->settings);
    titling_free(c->titling);
    undone_free(c->undone);
    queue_free(c->queue);
    buf_free(&c->system);
    chat_list_free(&c->list);
}
