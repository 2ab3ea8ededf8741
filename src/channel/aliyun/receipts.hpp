// Reads the receipts that Aliyun SMS pushes: a JSON array in the form of mainland accounts or of
// international ones. Pure, safe from every thread.
#pragma once

#include <string_view>
#include <vector>

#include "contract/channel.hpp"

namespace hongyan::aliyun {

/// Receipts of one push. Elements that name no message are left out: refusing the push would lose
/// the good ones beside them. Errors: bad_request.
[[nodiscard]] Result<std::vector<Receipt>> read_receipts(std::string_view body);

}  // namespace hongyan::aliyun
