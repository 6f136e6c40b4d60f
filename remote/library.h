/* The libraries behind remote: libcurl for HTTP, libcrypto for checksums. Both are loaded when something is fetched for
 * the first time: linked in, libcurl and what it brings along would add as much to every start as the first screen takes.
 * Internal to remote. */
#ifndef PALAVER_REMOTE_LIBRARY_H
#define PALAVER_REMOTE_LIBRARY_H

#include <curl/curl.h>
#include <openssl/evp.h>

#include "base/error.h"

/* Functions under their names without "curl_" and "EVP_". */
struct library {
    __typeof__(&curl_global_init) global_init;
    __typeof__(&curl_easy_init) easy_init;
    __typeof__(&curl_easy_cleanup) easy_cleanup;
    __typeof__(&curl_easy_reset) easy_reset;
    __typeof__(&curl_easy_strerror) easy_strerror;
    CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
    CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
    __typeof__(&curl_multi_init) multi_init;
    __typeof__(&curl_multi_cleanup) multi_cleanup;
    __typeof__(&curl_multi_add_handle) multi_add_handle;
    __typeof__(&curl_multi_remove_handle) multi_remove_handle;
    __typeof__(&curl_multi_perform) multi_perform;
    __typeof__(&curl_multi_poll) multi_poll;
    __typeof__(&curl_multi_info_read) multi_info_read;
    CURLMcode (*multi_setopt)(CURLM *, CURLMoption, ...);
    __typeof__(&curl_multi_socket_action) multi_socket_action;
    __typeof__(&curl_slist_append) slist_append;
    __typeof__(&curl_slist_free_all) slist_free_all;
    __typeof__(&curl_url) url;
    __typeof__(&curl_url_cleanup) url_cleanup;
    __typeof__(&curl_url_set) url_set;
    __typeof__(&curl_url_get) url_get;
    __typeof__(&curl_free) free;
    __typeof__(&EVP_MD_CTX_new) md_new;
    __typeof__(&EVP_MD_CTX_free) md_free;
    __typeof__(&EVP_sha256) sha256;
    __typeof__(&EVP_sha1) sha1;
    __typeof__(&EVP_DigestInit_ex) md_init;
    __typeof__(&EVP_DigestUpdate) md_update;
    __typeof__(&EVP_DigestFinal_ex) md_final;
};

/* Loads them once for the process, in any thread. NULL with err filled when one is missing. */
const struct library *library_load(struct error *err);

#endif
