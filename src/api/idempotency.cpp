#include "api/idempotency.hpp"

#include <algorithm>

namespace hongyan::api {

IdempotencyGate::Place::~Place() {
    if (gate_ == nullptr) return;
    const std::lock_guard lock(gate_->mutex_);
    gate_->names_.erase(name_);
}

std::shared_ptr<IdempotencyGate::Place> IdempotencyGate::enter(const IdempotencyRecord& record) {
    std::string name = std::to_string(record.tenant_id) + " " + record.route + " " + record.key;
    {
        const std::lock_guard lock(mutex_);
        if (!names_.insert(name).second) return nullptr;
    }
    return std::make_shared<Place>(*this, std::move(name));
}

Result<std::optional<std::string>> idempotency_key(const http::Request& request) {
    const auto count = request.header_count("Idempotency-Key");
    if (count == 0) return std::optional<std::string>();
    auto key = request.header("Idempotency-Key");
    // The field is a structured string in quotes (draft-ietf-httpapi-idempotency-key-header); plain
    // text is common too.
    if (key.size() >= 2 && key.front() == '"' && key.back() == '"')
        key = key.substr(1, key.size() - 2);
    const bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
    if (count > 1 || key.empty() || key.size() > 255 || !printable) {
        Error error =
            make_error(ErrorCode::bad_request,
                       "Idempotency-Key must be one value of 1 to 255 printable ASCII characters.");
        error.problems.push_back({"$header.Idempotency-Key", "format", error.detail});
        return error;
    }
    return std::optional<std::string>(std::string(key));
}

}  // namespace hongyan::api
