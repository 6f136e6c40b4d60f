/* Tests of ui/render: messages of tests/fixtures/render as the screens beside them, and what holds for every prefix of each
 * at every width.
 *
 * A fixture NAME.md has screens NAME.SOMETHING.txt; their first line says how: a width, then options by name. */
#include <dirent.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/cmocka.h"
#include "tests/unit/rendered.h"
#include "ui/text/render.h"
#include "tests/source.h"

#define TEXT_MOST (1 << 20)

static void fixture_path(char path[], size_t size, const char *name)
{
    const char *source = source_folder();
    snprintf(path, size, "%s/tests/fixtures/render/%s", source, name);
}

static void read_fixture(const char *name, struct buf *out)
{
    char path[4096], part[4096];
    fixture_path(path, sizeof path, name);
    FILE *f = fopen(path, "r");
    if (f == NULL)
        fail_msg("%s is missing", path);
    buf_init(out, TEXT_MOST);
    for (size_t n; (n = fread(part, 1, sizeof part, f)) > 0;)
        buf_append(out, part, n);
    fclose(f);
}

/* Calls `each` for every fixture whose name ends like this. Returns how many there are. */
static int each_fixture(const char *ending, void (*each)(const char *name))
{
    char path[4096];
    int n = 0;
    fixture_path(path, sizeof path, "");
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        size_t size = strlen(entry->d_name);
        if (size > strlen(ending) && strcmp(entry->d_name + size - strlen(ending), ending) == 0) {
            each(entry->d_name);
            n++;
        }
    }
    closedir(dir);
    return n;
}

static struct render_options parse_options(const char *line, size_t size)
{
    struct render_options o = {.width = atoi(line)};
    char copy[256];
    snprintf(copy, sizeof copy, "%.*s", (int)size, line);
    o.raw = strstr(copy, "raw") != NULL;
    o.ascii = strstr(copy, "ascii") != NULL;
    o.fold_think = strstr(copy, "fold") != NULL;
    o.growing = strstr(copy, "growing") != NULL;
    return o;
}

static void check(const struct rendering *r, size_t size, const struct render_options *o, const char *name)
{
    const char *fault = rendered_fault(r, size, o->width);
    if (fault != NULL)
        fail_msg("%s, %zu bytes at width %d: %s", name, size, o->width, fault);
}

static void screen_is_as_expected(const char *name)
{
    struct buf expected, text, screen;
    struct rendering r = {0};
    char source[256];
    snprintf(source, sizeof source, "%.*s.md", (int)strcspn(name, "."), name);
    read_fixture(name, &expected);
    read_fixture(source, &text);
    buf_init(&screen, TEXT_MOST);
    size_t line = strcspn(buf_text(&expected), "\n");
    struct render_options o = parse_options(buf_text(&expected), line);
    assert_true(render(buf_text(&text), text.size, &o, &r));
    check(&r, text.size, &o, name);
    rendered_screen(&r, &screen);
    if (strcmp(buf_text(&screen), buf_text(&expected) + line + 1) != 0)
        fail_msg("%s: the screen is\n%s", name, buf_text(&screen));
    rendering_free(&r);
    buf_free(&screen);
    buf_free(&text);
    buf_free(&expected);
}

static void screens_are_as_expected(void **state)
{
    (void)state;
    assert_true(each_fixture(".txt", screen_is_as_expected) > 5);
}

static void prefixes_hold(const char *name)
{
    static const int widths[] = {2, 7, 33, 80};
    struct rendering r = {0};
    struct buf text;
    read_fixture(name, &text);
    for (size_t size = 0; size <= text.size; size++) {
        char *prefix = malloc(size + 1); /* a copy, so that a sanitizer sees a read past the end */
        assert_non_null(prefix);
        memcpy(prefix, buf_text(&text), size);
        for (int i = 0; i < 4; i++) {
            struct render_options o = {
                .width = widths[i], .growing = i & 1, .fold_think = size & 1, .ascii = size & 4, .raw = size % 8 == 7};
            assert_true(render(prefix, size, &o, &r));
            check(&r, size, &o, name);
        }
        free(prefix);
    }
    rendering_free(&r);
    buf_free(&text);
}

static void every_prefix_holds(void **state)
{
    (void)state;
    assert_true(each_fixture(".md", prefixes_hold) > 3);
}

/* ---- small things */

static void shows(const char *text, struct render_options o, const char *expected)
{
    struct rendering r = {0};
    struct buf screen;
    buf_init(&screen, TEXT_MOST);
    if (o.width == 0)
        o.width = 40;
    assert_true(render(text, strlen(text), &o, &r));
    check(&r, strlen(text), &o, text);
    rendered_screen(&r, &screen);
    assert_string_equal(buf_text(&screen), expected);
    rendering_free(&r);
    buf_free(&screen);
}

/* What GitHub takes for a table is one here too. */
static void tables_are_those_of_github(void **state)
{
    (void)state;
    struct render_options o = {0}, growing = {.growing = true};
    shows("|x|yz|\n|-|:-:|\n|1|2|", o, "x │ yz\n──┼───\n1 │ 2\n");
    shows("Prices:\nitem | price\n-- | --:\nrope | 7\n\nmore", o,
          "Prices:\n\nitem │ price\n─────┼──────\nrope │     7\n\nmore\n");
    shows("> Note:\n> |a|b|\n> |--|--|\n> |1|2|", o, "│ Note:\n│\n│ a │ b\n│ ──┼──\n│ 1 │ 2\n");
    shows("1. |a|b|\n   |-|-|\n   |1|2|", o, "1. a │ b\n   ──┼──\n   1 │ 2\n");
    shows("|`x|y`|b|\n|-|-|\n", o, "x|y │ b\n────┼──\n");
    shows("# Head\n|a|\n|-|\n|1|\n|-|", o, "Head\n\na\n─\n1\n-\n");
    shows("Sizes:\n|a|b|\n|-", growing, "Sizes:\n\na │ b\n──┼──\n");
    /* no table: nothing of it is left out */
    shows("a|b|c\n-|-\n1|2|3", o, "a|b|c\n-|-\n1|2|3\n");
    shows("```\na|b\n-|-\n```", o, "▎ a|b\n▎ -|-\n");
    shows("a\n\n|-|-|", o, "a\n\n|-|-|\n");
}

static void cells_have_line_breaks(void **state)
{
    (void)state;
    struct render_options o = {0}, narrow = {.width = 6};
    shows("|a|b|\n|-|-|\n|one<br>two<BR />three|`<br>` <b|", o,
          "a     │ b\n──────┼────────\none   │ <br> <b\ntwo   │\nthree │\n");
    shows("|a|b|c|\n|-|-|-|\n|x<br/>y|2|3|", narrow, "a | b\n| c\nx y |\n2 | 3\n");
    shows("x<br>y", o, "x<br>y\n");
}

static void growing_marks_look_whole(void **state)
{
    (void)state;
    struct render_options o = {.growing = true};
    shows("a **bo", o, "a bo\n");
    shows("a **bold*", o, "a bold\n");
    shows("a **", o, "a\n");
    shows("2 * 3", o, "2 * 3\n");
    shows("a `co", o, "a co\n");
    shows("a `", o, "a\n");
    shows("**a [link](http://x", o, "a link (http://x)\n");
    shows("see `[a](x", o, "see [a](x\n");
    shows("<thi", o, "");
    shows("Here:\n-", o, "Here:\n");
    shows("Here:\n- ", o, "Here:\n");
    shows("Here:\n1.", o, "Here:\n");
    shows("* one **tw", o, "• one tw\n");
    shows("| a | b |\n|-", o, "a │ b\n──┼──\n");
    shows("| a | b |\n|---|", o, "a │ b\n──┼──\n");
    shows("| a | b |\n|---|--", o, "a │ b\n──┼──\n");
    shows("| a | b |\n|---|--:|", o, "a │ b\n──┼──\n");
    shows("a | b\n-", o, "a │ b\n──┼──\n");
    shows("a | b\n---|---", o, "a │ b\n──┼──\n");
    shows("| a | b |\n|:", o, "| a | b |\n");
    shows("```c\nint\n``", o, "▎ c\n▎ int\n");
    shows("<think>let me", (struct render_options){.growing = true, .fold_think = true}, "thinking, 2 words\n");
}

static void finished_text_is_left_alone(void **state)
{
    (void)state;
    shows("a **bo", (struct render_options){0}, "a **bo\n");
    shows("5 *", (struct render_options){0}, "5 *\n");
    shows("", (struct render_options){0}, "");
    shows("\n\n", (struct render_options){0}, "");
    shows("a\n\n\nb\n", (struct render_options){.raw = true}, "a\n\n\nb\n");
    shows("Roses are red\nViolets", (struct render_options){0}, "Roses are red\nViolets\n");
    shows("Prose that somebody has wrapped by hand at this column\nor so", (struct render_options){.width = 80},
          "Prose that somebody has wrapped by hand at this column or so\n");
    shows("<think>\n\n</think>\n\nYes.", (struct render_options){.fold_think = true}, "Yes.\n");
    shows("<b>\x1B[2J</b> &#27; &amp;", (struct render_options){0}, "<b>␛[2J</b> ␛ &\n");
    shows("As said[1].\n\n[1]: https://x.org \"t\"", (struct render_options){0},
          "As said[1].\n\n[1]: https://x.org \"t\"\n");
    shows("- [a\\]b]: c\n\n```\n[a]: b\n```", (struct render_options){0}, "• [a\\]b]: c\n\n▎ [a]: b\n");
    shows("|a|\n|---|\n|`x \\| y` \\| z|", (struct render_options){0}, "a\n─────────\nx | y | z\n");
    shows("<a@b.org> [x](y) [z](z)", (struct render_options){0}, "a@b.org x (y) z\n");
}

/* Markdown has no part in formulas, whether they can be shown in another form or not. */
static void formulas_are_left_alone(void **state)
{
    (void)state;
    struct render_options o = {.width = 78, .ascii = true}, wide = {.width = 78};
    static const char *const same[] = {
        "So \\(\\mathbf{x}_{1} * \\mathbf{y}_{2} * z\\) and \\[a_1 \\\\ b\\_c\\].\n",
        "Also $\\text{a}_{i} < \\text{b}_{j}$ and $$x *y* z$$.\n",
        "\\[\nx = a\n+ b\n= c \\\\\n\\]\n",
        "open \\(a_{1} b_{2}_\n",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        shows(same[i], o, same[i]);
    shows("$5 *or* $10, `$A` and `$B` *x*", wide, "$5 or $10, $A and $B x\n");
    shows("in $HOME/bin:$PATH", wide, "in $HOME/bin:$PATH\n");
    shows("$C:\\Users$ and \\(a^b^c * d *\\)", wide, "$C:\\Users$ and \\(a^b^c * d *\\)\n");
    shows("open \\(a_{1} b_{2}_\n", wide, "open \\(a_{1} b_{2}_\n");
    shows("> \\[\n> a_{1}\n> _{2}\n> \\]\n", o, "| \\[\n| a_{1}\n| _{2}\n| \\]\n");
    shows("```\n\\(a_1\\) $x_1$ [a]: b\n```\n", o, "| \\(a_1\\) $x_1$ [a]: b\n");
    shows("C:\\Users\\*x* \\#", o, "C:\\Users*x* #\n");
}

static void formulas_are_readable(void **state)
{
    (void)state;
    struct render_options o = {.width = 40}, narrow = {.width = 12}, growing = {.growing = true};
    shows("So \\(x_1^2 * y\\), $a$ and $\\alpha$.", o, "So x₁² * y, a and α.\n");
    shows("**$x^2$** and `$x^2$`", o, "x² and $x^2$\n");
    shows("Then\n\\[\n\\frac{a}{b} = c\n\\]\nholds.", o, "Then\n  a\n  ─ = c\n  b\nholds.\n");
    shows("> $$\n> \\frac{a}{b}\n> $$\n", o, "│   a\n│   ─\n│   b\n");
    shows("1. $$\\sum_{i=1}^n i$$\n", o, "1.    n\n      ∑  i\n     i=1\n");
    shows("|a|b|\n|-|-|\n|$x^2$|$$\\frac{a}{b}$$|", o, "a  │ b\n───┼────\nx² │ a/b\n");
    shows("$$\\frac{a + b + c + d}{e + f}$$", narrow, "(a + b + c +\nd)/(e + f)\n");
    shows("$$\\nonsense{$$", o, "$$\\nonsense{$$\n");
    shows("Say \\[\\frac{a}{b", growing, "Say \\[\\frac{a}{b\n");
    shows("Say \\(\\frac{a}{b}\\", growing, "Say \\(\\frac{a}{b}\\\n");
    shows("<think>$x^2$</think>$y^2$", o, "│ $x^2$\n\ny²\n");
    shows("$x^2$", (struct render_options){.raw = true}, "$x^2$\n");
}

/* A sign of a formula stands at its command, and knows the formula it belongs to. */
static void formulas_know_their_source(void **state)
{
    (void)state;
    const char *text = "As $\\alpha^2$ or \\(b\\)";
    struct rendering r = {0};
    struct render_options o = {.width = 40};
    assert_true(render(text, strlen(text), &o, &r)); /* As α² or b */
    assert_int_equal(r.n_formulas, 2);
    assert_int_equal(r.formulas[0].source, 3);
    assert_int_equal(r.formulas[0].end, 13);
    assert_int_equal(r.spans[1].source, 4);
    assert_false(render_span_is_literal(&r.spans[1]));
    assert_ptr_equal(rendering_formula(&r, &r.spans[1]), &r.formulas[0]);
    assert_ptr_equal(rendering_formula(&r, &r.spans[2]), &r.formulas[0]);
    assert_int_equal(r.spans[2].source, 11);
    assert_null(rendering_formula(&r, &r.spans[0]));
    assert_ptr_equal(rendering_formula(&r, &r.spans[r.n_spans - 1]), &r.formulas[1]);
    rendering_free(&r);
}

/* The style of the byte of the message at source. */
static unsigned style_at(const struct rendering *r, uint32_t source)
{
    for (size_t i = 0; i < r->n_spans; i++)
        if (r->spans[i].source != RENDER_NO_SOURCE && source >= r->spans[i].source &&
            source < r->spans[i].source + r->spans[i].size)
            return r->spans[i].style;
    return STYLE_ROLES;
}

static void styled(const char *text, const char *at, unsigned style)
{
    struct rendering r = {0};
    struct render_options o = {.width = 80};
    assert_true(render(text, strlen(text), &o, &r));
    const char *found = strstr(text, at);
    assert_non_null(found);
    if (style_at(&r, (uint32_t)(found - text)) != style)
        fail_msg("%s in %s has style %s, not %s", at, text,
                 style_name(style_at(&r, (uint32_t)(found - text)) & STYLE_ROLE), style_name(style & STYLE_ROLE));
    rendering_free(&r);
}

static void styles_nest(void **state)
{
    (void)state;
    styled("a **b** c", "b", STYLE_STRONG);
    styled("a ***b*** c", "b", STYLE_STRONG | STYLE_ITALIC);
    styled("> a **b**", "b", STYLE_QUOTE | STYLE_BOLD);
    styled("~~*b*~~", "b", STYLE_EMPHASIS | STYLE_STRIKE);
    styled("## a", "a", STYLE_HEADING | STYLE_BOLD);
    styled("`b`", "b", STYLE_CODE);
    styled("[b](x)", "b", STYLE_LINK);
    styled("[b](xyz)", "xyz", STYLE_DIM);
    styled("|b|\n|---|\n|c|", "b", STYLE_STRONG);
    styled("a \x1B b", "\x1B", STYLE_CONTROL);
}

static void code_is_coloured(void **state)
{
    (void)state;
    styled("```c\n#include <x>\n```", "#include", STYLE_DIRECTIVE);
    styled("```c\n/* a\nzz */ int y;\n```", "zz", STYLE_COMMENT);
    styled("```c\n/* a\nzz */ int y;\n```", "int", STYLE_TYPE);
    styled("```c\nchar *s = \"a\\\"zz\"; 7\n```", "zz", STYLE_STRING);
    styled("```c\nchar *s = \"a\\\"zz\"; 7\n```", "7", STYLE_NUMBER);
    styled("```C++\nstd::vector<int> v; template f()\n```", "template", STYLE_KEYWORD);
    styled("```py\nx = \"\"\"a\ndef zz\n\"\"\"\n```", "def", STYLE_STRING);
    styled("```python\n@cached\ndef f(): pass # no\n```", "@cached", STYLE_DIRECTIVE);
    styled("```python\n@cached\ndef f(): pass # no\n```", "f()", STYLE_FUNCTION);
    styled("```ts\nconst a = `x\nfor ${b}`; Map\n```", "for", STYLE_STRING);
    styled("```java\nList<String> x = null;\n```", "String", STYLE_TYPE);
    styled("```go\nfunc main() { defer f() }\n```", "defer", STYLE_KEYWORD);
    styled("```rust\nfn f<'a>(x: &'a str) -> u8 { match x }\n```", "match", STYLE_KEYWORD);
    styled("```sh\necho $HOME a#b # c\n```", "$HOME", STYLE_TYPE);
    styled("```sh\necho $HOME a#b # c\n```", "# c", STYLE_COMMENT);
    styled("```sh\necho $HOME a#b # c\n```", "#b", STYLE_BLOCK);
    styled("```sql\nSELECT 'it' FROM t -- x\n```", "FROM", STYLE_KEYWORD);
    styled("```json\n{\"key\": \"value\", \"n\": 1.5e-3}\n```", "\"key", STYLE_TYPE);
    styled("```json\n{\"key\": \"value\", \"n\": 1.5e-3}\n```", "\"value", STYLE_STRING);
    styled("```yaml\nkey: don't # c\n```", "key", STYLE_TYPE);
    styled("```yaml\nkey: don't # c\n```", "# c", STYLE_COMMENT);
    styled("```html\n<p class=\"x\">if</p>\n```", "class", STYLE_TYPE);
    styled("```html\n<p class=\"x\">if</p>\n```", "if", STYLE_BLOCK);
    styled("```xml\n<p\n a='b'>c</p>\n```", "'b'", STYLE_STRING);
    styled("```css\n.box { color: #fff; } /* c */\n```", "color", STYLE_TYPE);
    styled("```lua\nlocal x = [[a\nend]] --[[ c\n]] end\n```", "local", STYLE_KEYWORD);
    styled("```ruby\ndef f; @x; end\n```", "@x", STYLE_DIRECTIVE);
    styled("```diff\n-old\n+new\n@@ 1\n```", "+new", STYLE_STRING);
    styled("```brainf\nif\n```", "if", STYLE_BLOCK);
}

static void copied_code_is_the_code(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code;
    } cases[] = {
        {"```c\nint x;\n\n\treturn;\n```\n", "int x;\n\n\treturn;"},
        {"1. a\n\n   ```\n   x\n\n     y\n   ```\n", "x\n\n  y"},
        {"> ```\n> x\n>\n> y\n> ```\n", "x\n\ny"},
        {"```\nunfinished long line that wraps", "unfinished long line that wraps"},
        {"    indented\n\n    more\n\ntext", "indented\n\nmore"},
    };
    for (int width = 8; width <= 80; width += 36)
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct rendering r = {0};
            struct render_options o = {.width = width};
            struct buf code;
            buf_init(&code, TEXT_MOST);
            assert_true(render(cases[i].text, strlen(cases[i].text), &o, &r));
            assert_int_equal(r.n_blocks, 1);
            assert_true(rendering_copy_block(&r, 0, cases[i].text, &code));
            assert_string_equal(buf_text(&code), cases[i].code);
            rendering_free(&r);
            buf_free(&code);
        }
}

static void places_are_found_again(void **state)
{
    (void)state;
    const char *text = "one two three\n\nfour five";
    struct rendering r = {0};
    struct render_options o = {.width = 9};
    assert_true(render(text, strlen(text), &o, &r)); /* one two / three / / four five */
    assert_int_equal(r.n_lines, 4);
    assert_int_equal(rendering_line_at(&r, 0), 0);
    assert_int_equal(rendering_line_at(&r, 6), 0);
    assert_int_equal(rendering_line_at(&r, 8), 1);
    assert_int_equal(rendering_line_at(&r, 20), 3);
    assert_int_equal(rendering_line_at(&r, 999), 3);
    rendering_free(&r);
}

/* A message can nest and repeat without bounds. */
static void monsters_are_tame(void **state)
{
    (void)state;
    static const char *const parts[] = {
        "> ",       "- ",
        "* a\n",    "|",
        "|\n|-|\n", "[",
        "![",       "**a ",
        "`",        "<",
        "1. ",      "\\(",
        "\\[ ",     "$$ ",
        "$a",       "``` `",
        "[a]:\n",   "\xF0\x9F\x91\xA9\xE2\x80\x8D",
        "\t",       "a\xCC\x81\xCC\x82",
    };
    struct rendering r = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct buf text;
        buf_init(&text, TEXT_MOST);
        while (text.size < 20000)
            buf_puts(&text, parts[i]);
        for (int growing = 0; growing < 2; growing++) {
            struct render_options o = {.width = 40, .growing = growing};
            assert_true(render(text.data, text.size, &o, &r));
            check(&r, text.size, &o, parts[i]);
        }
        buf_free(&text);
    }
    rendering_free(&r);
}

static double milliseconds(const struct buf *text, const struct render_options *o, struct rendering *r)
{
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    assert_true(render(text->data, text->size, o, r));
    clock_gettime(CLOCK_MONOTONIC, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

/* Prints how long 100 KB take; the aim is less than 15 ms. */
static void it_is_fast(void **state)
{
    (void)state;
    struct rendering r = {0};
    struct render_options o = {.width = 80};
    struct buf one, text;
    double best = 1e9;
    read_fixture("answer.md", &one);
    buf_init(&text, TEXT_MOST);
    while (text.size < 100 * 1000)
        buf_append(&text, one.data, one.size);
    for (int i = 0; i < 8; i++) {
        double ms = milliseconds(&text, &o, &r);
        best = ms < best ? ms : best;
    }
    print_message("%zu bytes, %zu lines: %.1f ms\n", text.size, r.n_lines, best);
    check(&r, text.size, &o, "100 KB");
    buf_free(&text);
    buf_free(&one);
    rendering_free(&r);
}

/* ---- long texts -------------------------------------------------------------------------------------------------- */

/* The lines that one line of a text takes are those that a rendering of the whole has from *line on. */
static void compare_line(const struct rendering *whole, size_t *line, const struct rendering *one, uint32_t at)
{
    assert_true(*line + one->n_lines <= whole->n_lines);
    for (size_t i = 0; i < one->n_lines; i++, ++*line) {
        const struct render_line *a = &whole->lines[*line], *b = &one->lines[i];
        assert_int_equal(a->n_spans, b->n_spans);
        assert_int_equal(a->source, b->source + at);
        for (uint32_t k = 0; k < a->n_spans; k++) {
            const struct render_span *x = &whole->spans[a->span + k], *y = &one->spans[b->span + k];
            assert_int_equal(x->size, y->size);
            assert_memory_equal(whole->text.data + x->start, one->text.data + y->start, x->size);
            assert_int_equal(x->source, y->source == RENDER_NO_SOURCE ? y->source : y->source + at);
            assert_int_equal(x->style, y->style);
        }
    }
}

/* A long text is rendered part by part; each of its lines is what it is alone. */
static void long_texts_have_the_lines_of_their_parts(void **state)
{
    static const char *const some[] = {"word ",
                                       "a\tb",
                                       "\n",
                                       "\n\n",
                                       "\r\n",
                                       "\033[1m",
                                       "\xE2\x80\x8D",
                                       "\xCC\x81",
                                       "\xff",
                                       "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB",
                                       "\xE5\xAD\x97",
                                       "# x ",
                                       "a rather long stretch of text without a break at its end, and so on "};
    const struct render_options options = {.width = 40, .raw = true, .fold_think = true};
    struct rendering whole = {0}, one = {0};
    struct buf text;
    uint32_t random = 88172645;
    size_t line = 0;
    (void)state;
    buf_init(&text, TEXT_MOST);
    while (text.size < 300000) {
        random = random * 1664525 + 1013904223;
        buf_puts(&text, some[(random >> 16) % (sizeof some / sizeof *some)]);
    }
    buf_puts(&text, "end\n");
    assert_true(render(buf_text(&text), text.size, &options, &whole));
    for (size_t at = 0, size; at < text.size; at += size) {
        size = (size_t)((const char *)memchr(text.data + at, '\n', text.size - at) - (text.data + at)) + 1;
        assert_true(render(text.data + at, size, &options, &one));
        compare_line(&whole, &line, &one, (uint32_t)at);
    }
    assert_int_equal(line, whole.n_lines);
    rendering_free(&one);
    rendering_free(&whole);
    buf_free(&text);
}

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
/* The exit status of a process that renders the text with so many bytes of memory more than it has. */
static int render_within(const struct buf *text, size_t bytes)
{
    const struct render_options options = {.width = 80, .raw = true};
    unsigned long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f == NULL || fscanf(f, "%lu", &pages) != 1)
        return 2;
    fclose(f);
    rlim_t most = pages * (rlim_t)sysconf(_SC_PAGESIZE) + bytes;
    if (setrlimit(RLIMIT_AS, &(struct rlimit){most, most}) != 0)
        return 2;
    struct rendering r = {0};
    return render(buf_text(text), text->size, &options, &r) ? 0 : 1;
}

/* Not fifteen times its size. */
static void a_long_text_takes_a_few_times_its_size(void **state)
{
    struct buf text;
    int status = -1;
    (void)state;
    buf_init(&text, 8 << 20);
    while (text.size < 4 << 20)
        buf_puts(&text, "The harbour lay still, and the gulls stood on the rail as they had for an hour by now.\n");
    pid_t child = fork();
    if (child == 0)
        _exit(render_within(&text, 32 << 20));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    buf_free(&text);
}
#else /* sanitizers have memory of their own */
static void a_long_text_takes_a_few_times_its_size(void **state)
{
    (void)state;
    skip();
}
#endif

static void long_thoughts_are_folded(void **state)
{
    const struct render_options options = {.width = 40, .raw = true, .fold_think = true};
    struct rendering r = {0};
    struct buf text;
    (void)state;
    buf_init(&text, TEXT_MOST);
    buf_puts(&text, "\n<think>");
    while (text.size < 200000)
        buf_puts(&text, "deep thought\n");
    buf_puts(&text, "</think>\nyes");
    assert_true(render(buf_text(&text), text.size, &options, &r));
    assert_int_equal(r.n_lines, 3);
    rendering_free(&r);
    buf_free(&text);
}

/* The addresses of links in a rendering, each with the text of its spans: "text=address\n". */
static void links_are(const char *text, bool raw, bool growing, const char *expected)
{
    const struct render_options o = {.width = 200, .raw = raw, .growing = growing};
    struct rendering r = {0};
    struct buf links;
    buf_init(&links, TEXT_MOST);
    assert_true(render(text, strlen(text), &o, &r));
    for (size_t i = 0; i < r.n_spans; i++) {
        const struct render_span *span = &r.spans[i];
        if (span->link == 0)
            continue;
        buf_append(&links, buf_text(&r.text) + span->start, span->size);
        if (i + 1 == r.n_spans || r.spans[i + 1].link != span->link)
            buf_printf(&links, "=%s\n", rendering_link(&r, span));
    }
    assert_string_equal(buf_text(&links), expected);
    buf_free(&links);
    rendering_free(&r);
}

static void links_have_addresses(void **state)
{
    (void)state;
    links_are("see http://a.example/x_y_z.", false, false, "http://a.example/x_y_z=http://a.example/x_y_z\n");
    links_are("(see https://a.example/x(y)), HTTP", false, false, "https://a.example/x(y)=https://a.example/x(y)\n");
    links_are("[a *b*](http://c.example/?d&amp;e)", false, false,
              "a b (http://c.example/?d&amp;e)=http://c.example/?d&e\n");
    links_are("<http://a.example> `http://b.example`", false, false,
              "http://a.example=http://a.example\nhttp://b.example=http://b.example\n");
    links_are("[a][1]\n\n[1]: http://b.example", false, false, "http://b.example=http://b.example\n");
    links_are("|a|\n|-|\n|http://b.example|", false, false, "http://b.example=http://b.example\n");
    links_are("见https://a.example/b。后面 https://a.example/ö", false, false,
              "https://a.example/b=https://a.example/b\nhttps://a.example/ö=https://a.example/%C3%B6\n");
    links_are("[a](ftp://b) [c](javascript:d) mailto:e http:// https://. xhttp", false, false, "");
    links_are("a http://b.example *c*", true, false, "http://b.example=http://b.example\n");
    /* what still grows is none yet */
    links_are("a http://b.exam", false, true, "");
    links_are("a http://b.exam", true, true, "");
    links_are("[a](http://b.exam", false, true, "");
    links_are("[a](http://b.example), and", false, true, "a (http://b.example)=http://b.example\n");
}

int main(void)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens_are_as_expected),
        cmocka_unit_test(every_prefix_holds),
        cmocka_unit_test(tables_are_those_of_github),
        cmocka_unit_test(cells_have_line_breaks),
        cmocka_unit_test(growing_marks_look_whole),
        cmocka_unit_test(finished_text_is_left_alone),
        cmocka_unit_test(formulas_are_left_alone),
        cmocka_unit_test(formulas_are_readable),
        cmocka_unit_test(formulas_know_their_source),
        cmocka_unit_test(styles_nest),
        cmocka_unit_test(links_have_addresses),
        cmocka_unit_test(code_is_coloured),
        cmocka_unit_test(copied_code_is_the_code),
        cmocka_unit_test(places_are_found_again),
        cmocka_unit_test(monsters_are_tame),
        cmocka_unit_test(it_is_fast),
        cmocka_unit_test(long_texts_have_the_lines_of_their_parts),
        cmocka_unit_test(long_thoughts_are_folded),
        cmocka_unit_test(a_long_text_takes_a_few_times_its_size),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
