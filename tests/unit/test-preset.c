/* Presets: built-in ones, the user's own, and what overrides them. */
#include <config.h>

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/chat/preset.h"
#include "app/text/words.h"
#include "tests/cmocka.h"
#include "tests/source.h"

static char model[4096];

struct fixture {
    struct options options;
    struct chat_view view;
    struct chat *chat;
};

static enum error_code begin(struct fixture *f, int argc, const char *const *argv, struct error *err)
{
    char *words[16];
    *f = (struct fixture){0};
    assert_int_equal(options_init(&f->options, err), ERR_NONE);
    for (int i = 0; i < argc; i++)
        words[i] = strdup(argv[i]);
    words[argc] = NULL;
    assert_int_equal(options_read(&f->options, FOR_CHAT, argc, words, err), ERR_NONE);
    for (int i = 0; i < argc; i++)
        free(words[i]);
    f->options.model = strdup(model);
    f->chat = chat_open(&f->options, &f->view, err);
    return err->code;
}

static void end(struct fixture *f)
{
    chat_free(f->chat);
    options_free(&f->options);
}

static void built_in_ones_are_taken(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    assert_int_equal(begin(&f, 1, (const char *const[]){"palaver"}, &err), ERR_NONE);
    assert_int_equal(preset_use(f.chat, "alpaca", &err), ERR_NONE);
    const struct sampling *s = chat_sampling(f.chat);
    assert_float_equal(s->temperature, 0.1, 1e-6);
    assert_float_equal(s->top_p, 0.75, 1e-6);
    assert_int_equal(s->top_k, 80);
    assert_float_equal(s->repetition_penalty, 1.5, 1e-6);
    assert_int_equal(s->max_new_tokens, 128);
    /* the next one does not keep what this one set */
    assert_int_equal(preset_use(f.chat, "deterministic", &err), ERR_NONE);
    s = chat_sampling(f.chat);
    assert_float_equal(s->temperature, 0, 0);
    assert_float_equal(s->repetition_penalty, 1, 0);
    assert_int_equal(s->max_new_tokens, -1);
    assert_int_equal(preset_use(f.chat, "precice", &err), ERR_NOT_FOUND);
    assert_non_null(strstr(err.message, "did you mean precise"));
    error_clear(&err);
    assert_int_equal(preset_delete(f.chat, "precise", &err), ERR_ARGUMENT);
    end(&f);
}

static void wait_for_model(struct chat *c)
{
    while (chat_state(c) == CHAT_LOADING) {
        struct pollfd fd = {.fd = chat_fd(c), .events = POLLIN};
        assert_int_equal(poll(&fd, 1, 60000), 1);
        chat_handle(c);
    }
}

/* Instruction models are asked in Alpaca's form, unless an option says otherwise or a preset of the user's has the
 * name. */
/* Nothing is listed that has no effect. */
static void the_list_tells_what_presets_do(void **state)
{
    static const char *const told[][2] = {
        {"precise", "temperature 0.3 · top_k 40 · top_p 0.9 · min_p 0.05"},
        {"creative", "temperature 1.1 · top_p 0.98 · min_p 0.03"},
        {"deterministic", "temperature 0"},
    };
    struct fixture f;
    struct error err = {0};
    struct words names = {0}, lines = {0};
    size_t found = 0;
    (void)state;
    assert_int_equal(begin(&f, 1, (const char *const[]){"palaver"}, &err), ERR_NONE);
    preset_list(f.chat, &names, &lines);
    for (size_t i = 0; i < names.n; i++)
        for (size_t k = 0; k < sizeof told / sizeof *told; k++)
            if (strcmp(names.at[i], told[k][0]) == 0) {
                assert_string_equal(lines.at[i], told[k][1]);
                found++;
            }
    assert_int_equal(found, sizeof told / sizeof *told);
    words_free(&names);
    words_free(&lines);
    end(&f);
}

static void alpaca_brings_its_template(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--preset", "alpaca"}, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_string_equal(template_name(chat_template(f.chat)), "alpaca");
    assert_int_equal(chat_send(f.chat, "Name a bird.", 12, &err), ERR_NONE);
    assert_non_null(
        strstr(buf_text(&chat_last_prompt(f.chat)->text),
               "Below is an instruction that describes a task. Write a response that appropriately completes "
               "the request.\n\n### Instruction:\nName a bird.\n\n### Response:"));
    assert_int_equal(preset_use(f.chat, "alpaca", &err), ERR_BUSY);
    error_clear(&err);
    assert_int_equal(preset_use(f.chat, "precise", &err), ERR_NONE);
    end(&f);
    assert_int_equal(begin(&f, 5, (const char *const[]){"palaver", "--preset", "alpaca", "--template", "chatml"}, &err),
                     ERR_NONE);
    wait_for_model(f.chat);
    assert_string_equal(template_name(chat_template(f.chat)), "chatml");
    assert_int_equal(preset_use(f.chat, "alpaca", &err), ERR_NONE);
    assert_string_equal(template_name(chat_template(f.chat)), "alpaca");
    assert_int_equal(chat_set_template(f.chat, "chatml", &err), ERR_NONE);
    assert_int_equal(preset_save(f.chat, "alpaca", &err), ERR_NONE);
    assert_int_equal(preset_use(f.chat, "alpaca", &err), ERR_NONE);
    assert_string_equal(template_name(chat_template(f.chat)), "chatml");
    assert_int_equal(preset_delete(f.chat, "alpaca", &err), ERR_NONE);
    end(&f);
}

static void own_ones_are_kept(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--temperature", "1.5"}, &err), ERR_NONE);
    assert_int_equal(preset_save(f.chat, "wild", &err), ERR_NONE);
    end(&f);
    assert_int_equal(begin(&f, 1, (const char *const[]){"palaver"}, &err), ERR_NONE);
    assert_int_equal(preset_use(f.chat, "wild", &err), ERR_NONE);
    assert_float_equal(chat_sampling(f.chat)->temperature, 1.5, 1e-6);
    assert_int_equal(preset_delete(f.chat, "wild", &err), ERR_NONE);
    assert_int_equal(preset_use(f.chat, "wild", &err), ERR_NOT_FOUND);
    end(&f);
}

static void flags_are_stronger(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    assert_int_equal(begin(&f, 5, (const char *const[]){"palaver", "--preset", "alpaca", "--top-k", "7"}, &err),
                     ERR_NONE);
    assert_int_equal(chat_sampling(f.chat)->top_k, 7);
    assert_float_equal(chat_sampling(f.chat)->top_p, 0.75, 1e-6);
    end(&f);
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--preset", "nonsense"}, &err), ERR_NOT_FOUND);
    end(&f);
}

/* ---- where values come from ------------------------------------------------------------------------------------- */

static void comes_from(const struct fixture *f, const char *setting, enum chat_origin origin, const char *name)
{
    const char *who;
    assert_int_equal(chat_setting_origin(f->chat, setting, &who), origin);
    if (name == NULL)
        assert_null(who);
    else
        assert_string_equal(who, name);
}

static void sources_are_known(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    assert_int_equal(begin(&f, 5, (const char *const[]){"palaver", "--preset", "alpaca", "--top-k", "7"}, &err),
                     ERR_NONE);
    comes_from(&f, "top_k", CHAT_GIVEN, NULL); /* the flag */
    comes_from(&f, "top_p", CHAT_PRESET, "alpaca");
    comes_from(&f, "typical_p", CHAT_GIVEN, NULL);
    struct sampling s = *chat_sampling(f.chat);
    assert_int_equal(sampling_set(&s, "top_p", "0.5", &err), ERR_NONE);
    assert_int_equal(sampling_set(&s, "stop", "###", &err), ERR_NONE);
    chat_set_sampling(f.chat, &s);
    comes_from(&f, "top_p", CHAT_SET, NULL);
    comes_from(&f, "stop", CHAT_SET, NULL);
    comes_from(&f, "temperature", CHAT_PRESET, "alpaca");
    /* a preset that the user asks for in the chat overrides a flag */
    assert_int_equal(preset_use(f.chat, "alpaca", &err), ERR_NONE);
    assert_int_equal(chat_sampling(f.chat)->top_k, 80);
    comes_from(&f, "top_k", CHAT_PRESET, "alpaca");
    comes_from(&f, "stop", CHAT_GIVEN, NULL);
    struct store_persona p = {.name = "terse", .settings = "{\"temperature\":0.2}"};
    assert_int_equal(chat_use_persona(f.chat, &p, &err), ERR_NONE);
    comes_from(&f, "temperature", CHAT_PERSONA, "terse");
    comes_from(&f, "top_p", CHAT_PRESET, "alpaca");
    comes_from(&f, "seed", CHAT_GIVEN, NULL);
    chat_fix_seed(f.chat, true);
    comes_from(&f, "seed", CHAT_SET, NULL);
    end(&f);
}

/* The stored conversation is opened again: its settings are its own, except where a flag sets one. */
static void sources_are_known_after_opening(void **state)
{
    struct fixture f;
    struct error err = {0};
    (void)state;
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--preset", "alpaca"}, &err), ERR_NONE);
    struct sampling s = *chat_sampling(f.chat);
    assert_int_equal(sampling_set(&s, "min_p", "0.2", &err), ERR_NONE);
    chat_set_sampling(f.chat, &s);
    assert_int_equal(chat_send(f.chat, "kept", 4, &err), ERR_NONE);
    end(&f);
    error_clear(&err);
    assert_int_equal(begin(&f, 4, (const char *const[]){"palaver", "--continue", "--top-k", "9"}, &err), ERR_NONE);
    comes_from(&f, "min_p", CHAT_SET, NULL);
    comes_from(&f, "top_p", CHAT_PRESET, "alpaca");
    comes_from(&f, "top_k", CHAT_GIVEN, NULL);
    assert_int_equal(chat_sampling(f.chat)->top_k, 9);
    end(&f);
}

/* The preset of a model's name is used when a conversation begins with that model. */
static void a_model_has_its_own(void **state)
{
    struct fixture f;
    struct error err = {0};
    const char *name;
    char own[256];
    (void)state;
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--temperature", "1.25"}, &err), ERR_NONE);
    wait_for_model(f.chat);
    chat_preset_name(f.chat, own, sizeof own);
    assert_string_equal(own, "tiny-llama");
    assert_int_equal(preset_save(f.chat, own, &err), ERR_NONE);
    end(&f);
    assert_int_equal(begin(&f, 1, (const char *const[]){"palaver"}, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_float_equal(chat_sampling(f.chat)->temperature, 1.25, 1e-6);
    assert_int_equal(chat_setting_origin(f.chat, "temperature", &name), CHAT_PRESET);
    assert_string_equal(name, "tiny-llama");
    /* one that the user chooses stays when a model is loaded */
    assert_int_equal(preset_use(f.chat, "deterministic", &err), ERR_NONE);
    assert_int_equal(chat_set_model(f.chat, model, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_float_equal(chat_sampling(f.chat)->temperature, 0, 0);
    end(&f);
    /* flags override it */
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--temperature", "0.5"}, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_float_equal(chat_sampling(f.chat)->temperature, 0.5, 1e-6);
    end(&f);
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--preset", "deterministic"}, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_float_equal(chat_sampling(f.chat)->temperature, 0, 0);
    assert_int_equal(preset_delete(f.chat, "tiny-llama", &err), ERR_NONE);
    end(&f);
}

static void put(FILE *out, const char *key, uint32_t type, const void *value, uint32_t size)
{
    uint64_t length = strlen(key);
    fwrite(&length, 8, 1, out);
    fwrite(key, 1, length, out);
    fwrite(&type, 4, 1, out);
    fwrite(value, 1, size, out);
}

/* A copy of the model that recommends settings: keys are put after the header of 24 bytes, 32 bytes in all times n, so
 * that the tensors stay aligned. */
static void write_recommending(const char *path)
{
    enum { UINT32 = 4, FLOAT32 = 6, STRING = 8 };
    char block[4096];
    uint64_t keys;
    uint32_t k = 17;
    float hot = 1.75f, wrong = -3;
    FILE *in = fopen(model, "rb"), *out = fopen(path, "wb");
    assert_true(in != NULL && out != NULL && fread(block, 1, 24, in) == 24);
    memcpy(&keys, block + 16, 8);
    keys += 4;
    memcpy(block + 16, &keys, 8);
    fwrite(block, 1, 24, out);
    put(out, "general.sampling.temp", FLOAT32, &hot, 4);
    put(out, "general.sampling.top_k", UINT32, &k, 4);
    put(out, "general.sampling.min_p", FLOAT32, &wrong, 4);
    long past = (ftell(out) - 24 + 8 + 7 + 4 + 8) % 32; /* a text fills it up */
    struct {
        uint64_t size;
        char text[32];
    } filler = {(uint64_t)(32 - past), "................................"};
    put(out, "filling", STRING, &filler, 8 + (uint32_t)filler.size);
    assert_int_equal((ftell(out) - 24) % 32, 0);
    for (size_t n; (n = fread(block, 1, sizeof block, in)) > 0;)
        fwrite(block, 1, n, out);
    fclose(in);
    fclose(out);
}

static void a_file_recommends(void **state)
{
    struct fixture f;
    struct error err = {0};
    const char *name;
    char path[4096], plain[4096];
    (void)state;
    snprintf(plain, sizeof plain, "%s", model);
    snprintf(path, sizeof path, "%s/recommends.gguf", getenv("HOME"));
    write_recommending(path);
    snprintf(model, sizeof model, "%s", path);
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--top-p", "0.5"}, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_float_equal(chat_sampling(f.chat)->temperature, 1.75, 1e-6);
    assert_int_equal(chat_sampling(f.chat)->top_k, 17);
    assert_float_equal(chat_sampling(f.chat)->min_p, sampling_defaults().min_p, 0); /* out of range: ignored */
    assert_int_equal(chat_setting_origin(f.chat, "temperature", &name), CHAT_MODEL);
    assert_int_equal(chat_setting_origin(f.chat, "min_p", &name), CHAT_GIVEN);
    /* a preset overrides it, and what it leaves out is as recommended */
    assert_int_equal(preset_use(f.chat, "precise", &err), ERR_NONE);
    assert_true(chat_sampling(f.chat)->temperature < 1);
    assert_int_equal(chat_setting_origin(f.chat, "temperature", &name), CHAT_PRESET);
    end(&f);
    assert_int_equal(begin(&f, 3, (const char *const[]){"palaver", "--temperature", "0.5"}, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_float_equal(chat_sampling(f.chat)->temperature, 0.5, 1e-6);
    assert_int_equal(chat_sampling(f.chat)->top_k, 17);
    /* another model's recommendations take their place */
    assert_int_equal(chat_set_model(f.chat, plain, &err), ERR_NONE);
    wait_for_model(f.chat);
    assert_int_equal(chat_sampling(f.chat)->top_k, sampling_defaults().top_k);
    end(&f);
    snprintf(model, sizeof model, "%s", plain);
}

int main(void)
{
    const char *source = source_folder();
    char folder[] = "/tmp/palaver-test.XXXXXX", command[128];
    snprintf(model, sizeof model, "%s/tests/fixtures/tiny-llama.gguf", source);
    if (mkdtemp(folder) == NULL)
        return 1;
    setenv("HOME", folder, 1);
    unsetenv("XDG_DATA_HOME");
    unsetenv("XDG_CONFIG_HOME");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_ones_are_taken),
        cmocka_unit_test(the_list_tells_what_presets_do),
        cmocka_unit_test(alpaca_brings_its_template),
        cmocka_unit_test(own_ones_are_kept),
        cmocka_unit_test(a_model_has_its_own),
        cmocka_unit_test(a_file_recommends),
        cmocka_unit_test(flags_are_stronger),
        cmocka_unit_test(sources_are_known),
        cmocka_unit_test(sources_are_known_after_opening),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) == 0 ? failed : 1;
}
