#ifndef PLATEIA_HTTP_PREFER_H
#define PLATEIA_HTTP_PREFER_H

/* prefer.h -- which of several forms a client would rather have (RFC 9110 section 12.5): the lists with
 * weights of Accept-Encoding and Accept-Language, and the lists of If-None-Match. Pure. A header that is NULL
 * was not sent. */

#include <stdbool.h>
#include <stddef.h>

/* May the answer be in this coding? No word of it means no. */
bool prefer_coding(const char *accept_encoding, const char *coding);

/* The place of the language that is wanted most, of `count` primary tags ("en", "pt"); "pt-BR" asks for "pt".
 * The first where none is asked for; of equal weight, whichever the client names first. */
size_t prefer_language(const char *accept_language, const char *const *tags, size_t count);

/* Is the tag (with its quotes) in the list? "*" is every tag; weakness makes no difference here. */
bool prefer_none_match(const char *if_none_match, const char *etag);

#endif
