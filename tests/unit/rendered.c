/* Rendered: see the header. */
#include "tests/unit/rendered.h"

#include "base/utf8.h"
#include "ui/text/link.h"
#include "ui/text/text.h"

static const char *span_fault(const struct rendering *r, const struct render_span *span, size_t size)
{
    if (span->start > r->text.size || span->size > r->text.size - span->start || span->size == 0)
        return "a span outside the text";
    if (span->source != RENDER_NO_SOURCE && span->source >= size)
        return "a span from outside the message";
    if ((span->style & STYLE_ROLE) >= STYLE_ROLES)
        return "a style that is none";
    if (span->link > r->n_links || (span->link > 0 && !link_is_clean(rendering_link(r, span))))
        return "a link that is none";
    for (size_t at = 0, used; at < span->size; at += used) {
        uint32_t code = utf8_decode(r->text.data + span->start + at, span->size - at, &used);
        if (code == UTF8_INVALID || code < ' ' || utf8_is_unsafe(code))
            return "something unsafe";
    }
    return NULL;
}

static const char *line_fault(const struct rendering *r, const struct render_line *line, size_t size, int width)
{
    if (line->span > r->n_spans || line->n_spans > r->n_spans - line->span)
        return "a line with spans that are none";
    if (line->source > size || line->block < -1 || line->block >= (int32_t)r->n_blocks)
        return "a line from outside the message";
    uint32_t start = line->n_spans > 0 ? r->spans[line->span].start : 0, end = start;
    for (uint32_t i = 0; i < line->n_spans; i++) {
        const struct render_span *span = &r->spans[line->span + i];
        const char *fault = span_fault(r, span, size);
        if (fault != NULL)
            return fault;
        if (span->start != end)
            return "spans that leave text out";
        end = span->start + span->size;
    }
    if (line->n_spans > 0 && text_columns(r->text.data + start, end - start, 0) > width)
        return "a line that is too wide";
    return NULL;
}

const char *rendered_fault(const struct rendering *r, size_t size, int width)
{
    for (size_t i = 0; i < r->n_lines; i++) {
        const char *fault = line_fault(r, &r->lines[i], size, width);
        if (fault != NULL)
            return fault;
        if (i > 0 && r->lines[i].source < r->lines[i - 1].source)
            return "sources that fall";
    }
    for (size_t i = 0; i < r->n_blocks; i++)
        if (r->blocks[i].source > r->blocks[i].end || r->blocks[i].end > size)
            return "a block outside the message";
    return NULL;
}

void rendered_screen(const struct rendering *r, struct buf *out)
{
    for (size_t i = 0; i < r->n_lines; i++) {
        for (uint32_t s = 0; s < r->lines[i].n_spans; s++) {
            const struct render_span *span = &r->spans[r->lines[i].span + s];
            buf_append(out, r->text.data + span->start, span->size);
        }
        while (out->size > 0 && out->data[out->size - 1] == ' ')
            buf_truncate(out, out->size - 1);
        buf_putc(out, '\n');
    }
}
