// The provider "fcm": Firebase Cloud Messaging, HTTP v1. It sits on the kit's HTTP account, which
// fetches and shares the OAuth2 access token; what is Google's own (assertion, message, errors) is
// in this folder. Called by the list of all providers; every member is safe from every thread.
#pragma once

#include "contract/provider.hpp"

namespace hongyan::fcm {

void add_providers(ProviderList& list);

}  // namespace hongyan::fcm
