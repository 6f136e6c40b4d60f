/* libcurl and libcrypto by dlopen. */
#include <config.h>

#include "remote/library.h"

#include <dlfcn.h>
#include <openssl/opensslv.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/error.h"

#define TEXT_OF(number) #number
#define CRYPTO_NAME(version) "libcrypto.so." TEXT_OF(version)

static struct {
    pthread_once_t once;
    struct library functions;
    const char *problem; /* dlerror's text, or what is missing; NULL: loaded */
} loaded = {.once = PTHREAD_ONCE_INIT};

static const struct symbol {
    const char *name;
    size_t offset;
} curl_symbols[] = {
    {"curl_global_init", offsetof(struct library, global_init)},
    {"curl_easy_init", offsetof(struct library, easy_init)},
    {"curl_easy_cleanup", offsetof(struct library, easy_cleanup)},
    {"curl_easy_reset", offsetof(struct library, easy_reset)},
    {"curl_easy_strerror", offsetof(struct library, easy_strerror)},
    {"curl_easy_setopt", offsetof(struct library, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct library, easy_getinfo)},
    {"curl_multi_init", offsetof(struct library, multi_init)},
    {"curl_multi_cleanup", offsetof(struct library, multi_cleanup)},
    {"curl_multi_add_handle", offsetof(struct library, multi_add_handle)},
    {"curl_multi_remove_handle", offsetof(struct library, multi_remove_handle)},
    {"curl_multi_perform", offsetof(struct library, multi_perform)},
    {"curl_multi_poll", offsetof(struct library, multi_poll)},
    {"curl_multi_info_read", offsetof(struct library, multi_info_read)},
    {"curl_multi_setopt", offsetof(struct library, multi_setopt)},
    {"curl_multi_socket_action", offsetof(struct library, multi_socket_action)},
    {"curl_slist_append", offsetof(struct library, slist_append)},
    {"curl_slist_free_all", offsetof(struct library, slist_free_all)},
    {"curl_url", offsetof(struct library, url)},
    {"curl_url_cleanup", offsetof(struct library, url_cleanup)},
    {"curl_url_set", offsetof(struct library, url_set)},
    {"curl_url_get", offsetof(struct library, url_get)},
    {"curl_free", offsetof(struct library, free)},
    {0},
};
static const struct symbol crypto_symbols[] = {
    {"EVP_MD_CTX_new", offsetof(struct library, md_new)},
    {"EVP_MD_CTX_free", offsetof(struct library, md_free)},
    {"EVP_sha256", offsetof(struct library, sha256)},
    {"EVP_sha1", offsetof(struct library, sha1)},
    {"EVP_DigestInit_ex", offsetof(struct library, md_init)},
    {"EVP_DigestUpdate", offsetof(struct library, md_update)},
    {"EVP_DigestFinal_ex", offsetof(struct library, md_final)},
    {0},
};

/* Debian's libcurl with GnuTLS has a name of its own. */
static const char *const curl_names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", NULL};
static const char *const crypto_names[] = {CRYPTO_NAME(OPENSSL_SHLIB_VERSION), NULL};

/* Fills the functions from the first library that can be loaded; it stays loaded as long as the process runs. */
static bool load_symbols(const char *const *names, const struct symbol *symbols)
{
    void *library = NULL;
    for (; *names != NULL && library == NULL; names++)
        library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    for (; library != NULL && symbols->name != NULL; symbols++) {
        void *function = dlsym(library, symbols->name);
        if (function == NULL)
            break;
        memcpy((char *)&loaded.functions + symbols->offset, &function, sizeof function);
    }
    if (library != NULL && symbols->name == NULL)
        return true;
    loaded.problem = dlerror();
    return false;
}

static void load_libraries(void)
{
    if (load_symbols(curl_names, curl_symbols) && load_symbols(crypto_names, crypto_symbols) &&
        loaded.functions.global_init(CURL_GLOBAL_DEFAULT) != 0)
        loaded.problem = "libcurl can't be set up";
}

const struct library *library_load(struct error *err)
{
    pthread_once(&loaded.once, load_libraries);
    if (loaded.problem == NULL)
        return &loaded.functions;
    error_set(err, ERR_UNSUPPORTED,
              "what goes over the network needs libcurl and libcrypto (Debian: libcurl4 and libssl3): %s",
              loaded.problem);
    return NULL;
}
