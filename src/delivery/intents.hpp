// Intents: the note on disk, before a request leaves, that a message is about to be sent. Called
// inside the committer's transaction, on its thread.
#pragma once

#include <string_view>
#include <vector>

#include "contract/store.hpp"
#include "model/message.hpp"

namespace hongyan::delivery {

/// Marks them as processing on this node (-1 without a cluster), on the account that each names if
/// a provider is given. A message that may not be sent any more, or that another node has in hand,
/// becomes cancelled here, in memory.
void note_intents(Session& session, std::vector<MessagePtr>& messages, int node,
                  std::string_view provider = {});

}  // namespace hongyan::delivery
