// The e-mail channel's own provider: "smtp", any mail server that takes mail by SMTP submission.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::mail {

void add_providers(ProviderList& list);

}  // namespace hongyan::mail
