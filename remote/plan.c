/* Plan: from the name that the user gave to the files that it stands for. */
#include <config.h>

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "remote/choose.h"
#include "remote/fetcher.h"
#include "remote/hub.h"
#include "remote/known.h"
#include "remote/names.h"
#include "remote/remote.h"
#include "remote/url.h"

void remote_plan_free(struct remote_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++) {
        free(plan->files[i].url);
        free(plan->files[i].name);
    }
    free(plan->files);
    free(plan->title);
    free(plan->target);
    *plan = (struct remote_plan){0};
}

int64_t remote_plan_bytes(const struct remote_plan *plan)
{
    int64_t sum = 0;
    if (plan->known != NULL)
        return plan->known->archive_size;
    for (size_t i = 0; i < plan->n && sum >= 0; i++)
        sum = plan->files[i].size >= 0 && sum <= INT64_MAX - plan->files[i].size ? sum + plan->files[i].size : -1;
    return sum;
}

/* Adds a file; url is the plan's from then on, also on failure. */
static enum error_code plan_add(struct remote_plan *plan, char *url, const char *name, int64_t size,
                                enum digest_kind kind, const char *sum, struct error *err)
{
    struct remote_file *files = realloc(plan->files, (plan->n + 1) * sizeof *files);
    plan->files = files != NULL ? files : plan->files;
    char *copy = files != NULL ? strdup(name) : NULL;
    if (copy == NULL) {
        free(url);
        return error_memory(err);
    }
    struct remote_file *file = &plan->files[plan->n++];
    *file = (struct remote_file){.url = url, .name = copy, .size = size, .kind = kind};
    snprintf(file->sum, sizeof file->sum, "%s", sum != NULL ? sum : "");
    if (!name_is_safe(name))
        return error_set(err, ERR_FORMAT, "'%s' can't be the name of a file here", name);
    return url != NULL ? ERR_NONE : error_memory(err);
}

static enum error_code plan_name(struct remote_plan *plan, const char *title, const char *target, struct error *err)
{
    plan->title = strdup(title);
    plan->target = strdup(target);
    if (plan->title == NULL || plan->target == NULL)
        return error_memory(err);
    return name_is_safe(target) ? ERR_NONE
                                : error_set(err, ERR_FORMAT, "'%s' can't be the name of a file here", target);
}

/* The checksum that the user gave is that of the only file. */
static enum error_code plan_sum(struct remote_plan *plan, const char *sum, struct error *err)
{
    char lower[DIGEST_TEXT];
    if (sum == NULL)
        return ERR_NONE;
    for (size_t i = 0; i < sizeof lower; i++)
        lower[i] = (char)tolower((unsigned char)sum[i < strlen(sum) ? i : strlen(sum)]);
    if (strlen(sum) != DIGEST_TEXT - 1 || strspn(lower, "0123456789abcdef") != DIGEST_TEXT - 1)
        return error_set(err, ERR_ARGUMENT, "--sha256 takes 64 hexadecimal digits, not '%s'", sum);
    if (plan->n != 1)
        return error_set(err, ERR_ARGUMENT, "--sha256 is for one file, and %s has %zu", plan->title, plan->n);
    struct remote_file *file = &plan->files[0];
    if (file->kind == DIGEST_SHA256 && strcmp(file->sum, lower) != 0)
        return error_set(err, ERR_ARGUMENT, "%s: the checksum is %s there, not %s; it is another file", plan->title,
                         file->sum, lower);
    file->kind = DIGEST_SHA256;
    memcpy(file->sum, lower, sizeof lower);
    return ERR_NONE;
}

/* One file, or all parts of the model that it is a part of. */
static enum error_code plan_url(struct remote_plan *plan, const char *url, struct error *err)
{
    char shown[URL_SHOWN];
    if (url_check(url, err) != ERR_NONE)
        return err->code;
    char *path = url_path(url);
    const char *name = path != NULL ? name_base(path) : "";
    int part, parts;
    size_t stem;
    url_show(url, shown);
    if (path == NULL || name[0] == '\0') {
        free(path);
        return error_set(err, ERR_ARGUMENT, "%s: names no file; give the address of the model's file", shown);
    }
    if (!name_is_part(name, &part, &parts, &stem) || !name_ends_with(name, ".gguf")) {
        if (plan_name(plan, name, name, err) == ERR_NONE)
            plan_add(plan, strdup(url), name, -1, DIGEST_NONE, NULL, err);
    } else
        for (int i = 1; i <= parts && err->code == ERR_NONE; i++) {
            char each[300];
            snprintf(each, sizeof each, "%.*s-%05d-of-%05d.gguf", (int)stem, name, i % parts + 1, parts);
            if (plan_add(plan, url_beside(url, each), each, -1, DIGEST_NONE, NULL, err) == ERR_NONE && i == parts)
                plan_name(plan, each, each, err);
        }
    free(path);
    return err->code;
}

static enum error_code plan_chosen(struct remote_plan *plan, const struct hub_name *name, const struct hub_list *list,
                                   const struct choice *choice, const char *hub, struct error *err)
{
    for (size_t i = 0; i < choice->n && err->code == ERR_NONE; i++) {
        const struct hub_entry *e = &list->at[choice->at[i]];
        plan_add(plan, hub_url(hub, name, e->path), name_base(e->path), e->size, e->kind, e->sum, err);
    }
    if (err->code != ERR_NONE)
        return err->code;
    plan->folder = choice->folder;
    return plan_name(plan, name->repository, plan->folder ? name_base(name->repository) : plan->files[plan->n - 1].name,
                     err);
}

static enum error_code plan_hub(struct remote_plan *plan, const struct hub_name *name, const struct remote_options *o,
                                struct error *err)
{
    struct fetcher fetcher;
    struct hub_list list = {0};
    struct choice choice = {0};
    if (fetcher_open(&fetcher, o, err) != ERR_NONE)
        return err->code;
    if (hub_files(&fetcher, name, &list, err) == ERR_NONE && choose_files(&list, name, &choice, err) == ERR_NONE)
        plan_chosen(plan, name, &list, &choice, o->hub, err);
    free(choice.at);
    hub_list_free(&list);
    fetcher_close(&fetcher);
    return err->code;
}

static enum error_code plan_known(struct remote_plan *plan, const struct known *known, struct error *err)
{
    plan->known = known;
    plan->folder = known->folder != NULL;
    for (const struct known_member *m = known->members; m->path != NULL && err->code == ERR_NONE; m++)
        plan_add(plan, strdup(known->package), m->name, m->size, DIGEST_SHA256, m->sum, err);
    if (err->code == ERR_NONE)
        plan_name(plan, known->title, plan->folder ? known->folder : known->members[0].name, err);
    return err->code;
}

static enum error_code report_name(const char *name, struct error *err)
{
    struct buf names;
    const struct known *k;
    buf_init(&names, 200);
    for (size_t i = 0; (k = known_at(i)) != NULL; i++)
        buf_printf(&names, "%s%s", i > 0 ? ", " : "", k->name);
    error_set(
        err, ERR_ARGUMENT,
        "'%s' is no model that can be fetched: give an address (https://...), ORG/NAME on Hugging Face's hub, or one "
        "of these names: %s",
        name, buf_text(&names));
    buf_free(&names);
    return ERR_ARGUMENT;
}

enum error_code remote_plan(struct remote_plan *plan, const char *name, const struct remote_options *o,
                            struct error *err)
{
    struct hub_name repository;
    *plan = (struct remote_plan){0};
    struct error why = {0};
    if (url_check(o->hub, &why) != ERR_NONE)
        return error_set(err, why.code, "the hub (HF_ENDPOINT): %s", why.message);
    const struct known *known = known_find(name);
    const bool packaged = known != NULL && known->hub == NULL;
    const char *wanted = known != NULL && !packaged ? known->hub : name;
    const enum error_code code = packaged ? ERR_NONE : hub_parse(wanted, o->hub, &repository, err);
    if (packaged)
        plan_known(plan, known, err);
    else if (code == ERR_NONE)
        plan_hub(plan, &repository, o, err);
    else if (code == ERR_NOT_FOUND && url_looks_like_one(name))
        plan_url(plan, name, err);
    else
        report_name(name, err);
    if (known != NULL)
        plan->licence = known->licence;
    return err->code == ERR_NONE ? plan_sum(plan, o->sha256, err) : err->code;
}
