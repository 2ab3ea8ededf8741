// OwnApi: the universe's own JSON API below /_universe: inbox, ledger, services, chaos, settings,
// receipts, reset. For tests and the console; docs/sandbox.md is its manual. Called from the
// listener's threads at once. It answers only requests whose Host is a loopback name and that no
// foreign web page makes, since whoever reads the inbox reads every message.
#pragma once

#include "universe/core/service.hpp"

namespace hongyan::universe {

class Universe;

[[nodiscard]] ServiceReply answer_own(Universe& universe, const ServiceRequest& request);

}  // namespace hongyan::universe
