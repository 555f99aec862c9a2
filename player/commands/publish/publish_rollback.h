/* Publishes older content again, after verifying its signature. Main thread. */
#ifndef COMMANDS_PUBLISH_PUBLISH_ROLLBACK_H
#define COMMANDS_PUBLISH_PUBLISH_ROLLBACK_H

#include "commands/publish/publish_session.h"

/* Reads the version that the operator named, 1 or more; or (0) the newest before the one in
 * force that can be verified and has other content. The caller frees version->bytes. ERR_INPUT
 * (it is in force, or none was), ERR_MISSING, ERR_TRUST, ... */
MUST_CHECK bool publish_rollback_read(const struct publish_session *session, int64_t named_version,
                                      struct publish_version *version, struct err *err);

/* Publishes that version's content until expires_ms, as publish_session_put, and fills in the
 * outcome's content_of and name. All its media must still be on the target. */
MUST_CHECK bool publish_rollback_put(struct publish_session *session,
                                     const struct publish_version *version, int64_t expires_ms,
                                     struct publish_outcome *outcome, struct err *err);

#endif
