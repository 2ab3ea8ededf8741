#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "base/assert.hpp"
#include "base/text.hpp"
#include "universe/core/connection.hpp"

namespace hongyan::universe {
namespace {

constexpr std::size_t unsent_bytes = std::size_t{1} << 20;
constexpr std::int32_t stream_window = 1 << 20;
constexpr std::int32_t connection_window = 16 << 20;

struct Stream {
    ServiceRequest request;
    std::size_t header_bytes = 0;
    int refusal = 0;     ///< a status, if the request is beyond a limit
    bool taken = false;  ///< given to the site
    bool answered = false;
    std::string body;  ///< of the answer
    std::size_t sent = 0;
    bool half = false;  ///< never ends the body
};

nghttp2_nv pair_of(std::string_view name, std::string_view value) {
    auto* n = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
    auto* v = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
    return {n, v, name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string_view view(const std::uint8_t* bytes, std::size_t length) {
    return {reinterpret_cast<const char*>(bytes), length};
}

/// One HTTP/2 connection on top of nghttp2, which reads and writes the frames; here are the limits
/// and what becomes of each stream.
class Http2 final : public Protocol {
  public:
    Http2(Wire& wire, const ConnectionSetup& setup, const PeerFacts& peer)
        : wire_(wire), setup_(setup), peer_(peer) {
        nghttp2_session_callbacks* callbacks = nullptr;
        HY_ASSERT(nghttp2_session_callbacks_new(&callbacks) == 0);
        set_callbacks(callbacks);
        HY_ASSERT(nghttp2_session_server_new(&session_, callbacks, this) == 0);
        nghttp2_session_callbacks_del(callbacks);
        const nghttp2_settings_entry entries[] = {
            {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, setup_.limits.http2_streams},
            {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window},
            {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE,
             static_cast<std::uint32_t>(setup_.limits.header_bytes)}};
        nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, entries, std::size(entries));
        nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, connection_window);
    }
    ~Http2() override { nghttp2_session_del(session_); }
    Http2(const Http2&) = delete;
    Http2& operator=(const Http2&) = delete;

    void receive(std::string_view bytes) override {
        const auto used = nghttp2_session_mem_recv(
            session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
        if (cut_) return wire_.cut();
        pump();
        // What nghttp2 cannot answer with a GOAWAY of its own: a bad preface, or no memory.
        if (used < 0) wire_.finish();
    }
    [[nodiscard]] bool wants_input() const override { return wire_.unsent() < unsent_bytes; }
    void drained() override { pump(); }
    [[nodiscard]] bool is_idle() const override {
        return std::ranges::none_of(
            streams_, [](const auto& one) { return one.second.taken && !one.second.answered; });
    }

  private:
    static Http2& self_of(void* data) { return *static_cast<Http2*>(data); }

    static void set_callbacks(nghttp2_session_callbacks* callbacks) {
        nghttp2_session_callbacks_set_on_begin_headers_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* data) {
                if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
                    self_of(data).streams_.try_emplace(frame->hd.stream_id);
                return 0;
            });
        nghttp2_session_callbacks_set_on_header_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                          std::size_t name_length, const std::uint8_t* value,
                          std::size_t value_length, std::uint8_t, void* data) {
                self_of(data).add_header(frame->hd.stream_id, view(name, name_length),
                                         view(value, value_length));
                return 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
            callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id,
                          const std::uint8_t* bytes, std::size_t length, void* data) {
                self_of(data).add_body(id, view(bytes, length));
                return 0;
            });
        nghttp2_session_callbacks_set_on_frame_recv_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* data) {
                const bool may_end =
                    frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
                if (may_end && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0)
                    self_of(data).take(frame->hd.stream_id);
                return 0;
            });
        nghttp2_session_callbacks_set_on_stream_close_callback(
            callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* data) {
                self_of(data).streams_.erase(id);
                return 0;
            });
    }

    Stream* find(std::int32_t id) {
        const auto found = streams_.find(id);
        return found == streams_.end() ? nullptr : &found->second;
    }

    void add_header(std::int32_t id, std::string_view name, std::string_view value) {
        Stream* stream = find(id);
        if (stream == nullptr || stream->refusal != 0) return;
        stream->header_bytes += name.size() + value.size() + 32;  // as RFC 9113, 6.5.2 counts
        if (stream->header_bytes > setup_.limits.header_bytes) {
            stream->refusal = 431;
            stream->request.headers.clear();
            return;
        }
        ServiceRequest& request = stream->request;
        if (name == ":method") {
            request.method = value;
        } else if (name == ":path") {
            const auto mark = std::min(value.find('?'), value.size());
            request.path = value.substr(0, mark);
            if (mark < value.size()) request.query = value.substr(mark + 1);
        } else if (name == ":authority") {
            request.authority = value;
        } else if (!name.starts_with(':')) {
            request.headers.emplace_back(name, value);
        }
    }

    void add_body(std::int32_t id, std::string_view bytes) {
        Stream* stream = find(id);
        if (stream == nullptr || stream->refusal != 0) return;
        if (stream->request.body.size() + bytes.size() > setup_.limits.body_bytes) {
            stream->refusal = 413;
            stream->request.body.clear();
            refuse(id, *stream);
            return;
        }
        stream->request.body += bytes;
    }

    /// Answers at once; what the client still sends is thrown away.
    void refuse(std::int32_t id, Stream& stream) {
        stream.taken = true;
        ServiceReply reply;
        reply.status = stream.refusal;
        reply.body = R"({"error":"the request is larger than this server takes"})";
        submit(id, stream, std::move(reply));
    }

    void take(std::int32_t id) {
        Stream* stream = find(id);
        if (stream == nullptr || stream->taken) return;
        if (stream->refusal != 0) return refuse(id, *stream);
        stream->taken = true;
        ServiceRequest& request = stream->request;
        if (request.authority.empty()) request.authority = request.header("host");
        request.scheme = peer_.scheme;
        request.peer_address = peer_.address;
        request.http2 = true;
        Visit visit = setup_.site.begin(std::move(request));
        if (visit.fate.latency.count() <= 0) return finish(id, visit);
        const Millis pause = visit.fate.latency;
        wire_.after(pause, [this, id, visit = std::move(visit)]() mutable {
            // A stream that the client has reset meanwhile never reaches the service.
            if (find(id) == nullptr) return;
            finish(id, visit);
            flush();
        });
    }

    void finish(std::int32_t id, Visit& visit) {
        Answer answer = setup_.site.finish(visit);
        if (answer.kind != Answer::Kind::goaway) last_handled_ = std::max(last_handled_, id);
        if (answer.pause.count() <= 0) return perform(id, answer);
        const Millis pause = answer.pause;
        wire_.after(pause, [this, id, answer = std::move(answer)]() mutable {
            perform(id, answer);
            flush();
        });
    }

    void perform(std::int32_t id, Answer& answer) {
        Stream* stream = find(id);
        if (answer.kind == Answer::Kind::cut) cut_ = true;
        if (stream == nullptr || cut_) return;
        switch (answer.kind) {
            case Answer::Kind::hang:
            case Answer::Kind::cut:
                return;
            case Answer::Kind::half:
                stream->half = true;
                half_ = true;
                answer.reply.body.resize(answer.reply.body.size() / 2);
                break;
            case Answer::Kind::goaway:
                return go_away(id);
            case Answer::Kind::reply:
                break;
        }
        submit(id, *stream, std::move(answer.reply));
    }

    /// This stream has not been handled and the client may send it again; those that have been, or
    /// wait for it, stay at or below the announced one and are answered.
    void go_away(std::int32_t id) {
        std::int32_t last = last_handled_;
        for (const auto& [other, stream] : streams_) {
            if (other != id && stream.taken && !stream.answered) last = std::max(last, other);
        }
        find(id)->answered = true;
        // Streams above the announced one are refused by the GOAWAY itself, as APNs does it.
        if (id < last)
            nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
        nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
    }

    void submit(std::int32_t id, Stream& stream, ServiceReply reply) {
        if (std::exchange(stream.answered, true)) return;
        const std::string status = std::to_string(reply.status);
        const std::string length = std::to_string(reply.body.size());
        std::vector<nghttp2_nv> fields{pair_of(":status", status)};
        if (!reply.content_type.empty())
            fields.push_back(pair_of("content-type", reply.content_type));
        if (!stream.half) fields.push_back(pair_of("content-length", length));
        for (auto& [name, value] : reply.headers) {
            name = to_lower(name);  // HTTP/2 knows no other
            fields.push_back(pair_of(name, value));
        }
        stream.body = std::move(reply.body);
        nghttp2_data_provider provider{};
        provider.source.ptr = &stream;  // lives until on_stream_close
        provider.read_callback = read_body;
        const bool empty = stream.body.empty() && !stream.half;
        const int failed = nghttp2_submit_response(session_, id, fields.data(), fields.size(),
                                                   empty ? nullptr : &provider);
        if (failed != 0) cut_ = true;
    }

    static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source* source, void*) {
        auto& stream = *static_cast<Stream*>(source->ptr);
        const auto count = std::min(room, stream.body.size() - stream.sent);
        if (count == 0 && stream.half) return NGHTTP2_ERR_DEFERRED;
        std::memcpy(out, stream.body.data() + stream.sent, count);
        stream.sent += count;
        if (stream.sent == stream.body.size() && !stream.half) *flags |= NGHTTP2_DATA_FLAG_EOF;
        return static_cast<ssize_t>(count);
    }

    /// After work that did not come from receive().
    void flush() {
        if (cut_) return wire_.cut();
        pump();
    }

    void pump() {
        std::string out;
        while (wire_.unsent() + out.size() < unsent_bytes) {
            const std::uint8_t* bytes = nullptr;
            const auto length = nghttp2_session_mem_send(session_, &bytes);
            if (length <= 0) break;
            out += view(bytes, static_cast<std::size_t>(length));
        }
        if (!out.empty()) wire_.send(std::move(out));
        const bool over =
            nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
        if (over || (half_ && nghttp2_session_want_write(session_) == 0)) wire_.finish();
    }

    Wire& wire_;
    const ConnectionSetup& setup_;
    const PeerFacts& peer_;
    nghttp2_session* session_ = nullptr;
    std::map<std::int32_t, Stream> streams_;
    std::int32_t last_handled_ = 0;
    bool cut_ = false;
    bool half_ = false;
};

}  // namespace

std::unique_ptr<Protocol> make_http2(Wire& wire, const ConnectionSetup& setup,
                                     const PeerFacts& peer) {
    return std::make_unique<Http2>(wire, setup, peer);
}

}  // namespace hongyan::universe
