/* Choices: some hundred, sometimes a few thousand. */
#include <config.h>

#include "app/text/choices.h"

#include <stdlib.h>
#include <string.h>

static bool make_room(struct choices *c)
{
    if (c->n < c->capacity)
        return true;
    size_t capacity = 2 * c->capacity + 32;
    struct choice *at = realloc(c->at, capacity * sizeof *at);
    if (at == NULL)
        return false;
    c->at = at;
    c->capacity = capacity;
    return true;
}

static void free_choice(const struct choice *choice)
{
    free(choice->word);
    free(choice->detail);
    free(choice->also);
}

void choices_add(struct choices *c, const struct choice *choice)
{
    struct choice copy = {.needs = choice->needs};
    copy.word = strdup(choice->word);
    copy.detail = choice->detail != NULL ? strdup(choice->detail) : NULL;
    copy.also = choice->also != NULL ? strdup(choice->also) : NULL;
    if (copy.word != NULL && make_room(c))
        c->at[c->n++] = copy;
    else
        free_choice(&copy);
}

void choices_offer(struct choices *c, const char *word, const char *detail)
{
    choices_add(c, &(struct choice){.word = (char *)word, .detail = (char *)detail});
}

void choices_free(struct choices *c)
{
    for (size_t i = 0; i < c->n; i++)
        free_choice(&c->at[i]);
    free(c->at);
    *c = (struct choices){0};
}
