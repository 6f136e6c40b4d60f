/* Drop: what looks like one path is looked up. */
#include <config.h>

#include "app/terminal/drop.h"

#include <string.h>
#include <sys/stat.h>

#include "app/text/words.h"
#include "base/buf.h"

bool drop_offers_file(const char *text, struct buf *draft)
{
    struct words words = {0};
    struct stat status;
    bool is_file = *text != '\0' && strchr("/'\"~", *text) != NULL && strchr(text, '\n') == NULL &&
                   words_split(&words, text) && words.n == 1 && words.at[0][0] == '/' &&
                   stat(words.at[0], &status) == 0 && S_ISREG(status.st_mode);
    words_free(&words);
    if (is_file) {
        buf_clear(draft);
        buf_printf(draft, "/read %s", text);
    }
    return is_file;
}
