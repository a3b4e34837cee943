#ifndef PLATEIA_EXCHANGE_PROBLEM_H
#define PLATEIA_EXCHANGE_PROBLEM_H

/* problem.h -- the one place that words an error answer.
 *
 * Two shapes of one error, chosen by the client's Accept header. By default FastAPI's: {"detail": "..."}, or
 * for field errors {"detail": [{type, loc, msg, input}...]}, with the `more` members beside it. Where the
 * client names application/problem+json, RFC 9457's: {type, title, status, detail, request_id, errors?,
 * ...more}; the list of errors is the caller's as it is. In both the last member is "generation", unless the
 * request has none: which scripts answered.
 *
 * Status 503 and 429 get `Retry-After: 1` and 401 `WWW-Authenticate: Bearer`, unless the caller set another.
 */

struct request;

struct problem {
    int status;
    const char *detail; /* a sentence; NULL: the status's own words */
    const char *errors; /* encoded JSON array of field errors, or NULL */
    const char *more;   /* encoded JSON members without braces (`"next_vote_at":"..."`), or NULL */
};

/* Replaces what was answered so far (headers set before stay) with the problem. */
void problem_answer(struct request *req, const struct problem *problem);
/* The common case: a status and a sentence. */
void problem_say(struct request *req, int status, const char *detail);

/* "Not Found" for 404 (RFC 9110 section 15). */
const char *problem_title(int status);

#endif
