// POST /api/messages/send and /send-batch: the hot path. A single message is read, rendered and
// checked on the I/O thread and answered from the committer's thread after the sync; a batch is
// prepared by the pool ai_processor.
#pragma once

#include "api/route.hpp"

namespace hongyan::api {

void add_send_routes(Routes& routes);

}  // namespace hongyan::api
