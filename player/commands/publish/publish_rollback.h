/* Publishes older content again, verified by the signature that it had. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_ROLLBACK_H
#define COMMANDS_PUBLISH_PUBLISH_ROLLBACK_H

#include "commands/publish/publish_session.h"

/* Reads a version that the operator named, 1 or more, or (0) the newest before the one in force
 * that can be verified and has other content. The caller frees version->bytes. ERR_INPUT (it is in
 * force, or none was), ERR_MISSING, ERR_TRUST, ... */
MUST_CHECK bool publish_rollback_read(const struct publish_session *session, int64_t wanted,
                                      struct publish_version *version, struct err *err);

/* Puts what was read in force until expires_ms, as publish_session_put, and says in the outcome
 * what that was; all its media must still be on the target. */
MUST_CHECK bool publish_rollback_put(struct publish_session *session,
                                     const struct publish_version *version, int64_t expires_ms,
                                     struct publish_outcome *outcome, struct err *err);

#endif
