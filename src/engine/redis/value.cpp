#include "engine/redis/value.hpp"

#include <hiredis/hiredis.h>

#include <array>
#include <charconv>

#include "base/text.hpp"

namespace hongyan::redis {
namespace {

Value value_of(const redisReply& reply) {
    Value value;
    switch (reply.type) {
        case REDIS_REPLY_INTEGER:
            value.kind = Value::Kind::integer;
            value.integer = reply.integer;
            break;
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS:
            value.kind = Value::Kind::text;
            value.text.assign(reply.str, reply.len);
            break;
        case REDIS_REPLY_ERROR:
            value.kind = Value::Kind::failure;
            value.text.assign(reply.str, reply.len);
            break;
        case REDIS_REPLY_ARRAY:
            value.kind = Value::Kind::list;
            value.list.reserve(reply.elements);
            for (std::size_t i = 0; i < reply.elements; ++i)
                value.list.push_back(value_of(*reply.element[i]));
            break;
        default:
            break;
    }
    return value;
}

}  // namespace

bool Value::failed_with(std::string_view word) const {
    return is_failure() && text.starts_with(word) &&
           (text.size() == word.size() || text[word.size()] == ' ');
}

const Value& Value::at(std::size_t index) const {
    static const Value nothing;
    return index < list.size() ? list[index] : nothing;
}

std::int64_t Value::number() const {
    if (kind == Kind::integer) return integer;
    return kind == Kind::text ? parse_int(text).value_or(0) : 0;
}

Commands::Commands(const Words& one) {
    start(one.size());
    for (const std::string& text : one) word(text);
}

void Commands::start(std::size_t words) {
    ++count_;
    size('*', words);
}

void Commands::word(std::string_view text) {
    size('$', text.size());
    bytes_ += text;
    bytes_ += "\r\n";
}

void Commands::size(char kind, std::size_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), value).ptr;
    bytes_ += kind;
    bytes_.append(digits.begin(), end);
    bytes_ += "\r\n";
}

struct Reader::Held {
    redisReader* reader = redisReaderCreate();
    ~Held() { redisReaderFree(reader); }
};

Reader::Reader() : held_(std::make_unique<Held>()) { HY_ASSERT(held_->reader != nullptr); }

Reader::~Reader() = default;

Status Reader::feed(std::string_view bytes) {
    if (held_->reader->len - held_->reader->pos + bytes.size() > bytes_max)
        return make_error(ErrorCode::io_failed, "an answer of Redis is larger than 64 MiB");
    if (redisReaderFeed(held_->reader, bytes.data(), bytes.size()) != REDIS_OK)
        return make_error(ErrorCode::io_failed, held_->reader->errstr);
    return Done{};
}

Result<bool> Reader::next(Value& value) {
    void* reply = nullptr;
    if (redisReaderGetReply(held_->reader, &reply) != REDIS_OK)
        return make_error(ErrorCode::io_failed,
                          std::string("not the protocol of Redis: ") + held_->reader->errstr);
    if (reply == nullptr) return false;
    value = value_of(*static_cast<redisReply*>(reply));
    freeReplyObject(reply);
    return true;
}

}  // namespace hongyan::redis
