// Router: from method and path to a handler. Filled once at the start, then read by all I/O threads
// without a lock. Patterns are "/api/messages/{id}"; "{rest*}" as the last segment takes the whole
// rest of the path, slashes included, and may be empty. Literal segments win over parameters.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "http/message.hpp"
#include "http/responder.hpp"

namespace hongyan::http {

/// Runs on the I/O thread and must not block; may answer at once or later, from any thread. An
/// exception answers 500 unless the responder has been called.
using Handler = std::function<void(Request&, Responder)>;

/// What a guard says: refuse with an answer, or admit, after a wait if wait > 0.
struct GuardAnswer {
    std::optional<Response> refusal = std::nullopt;
    Millis wait{0};
};
/// Runs on the I/O thread after the header has been read and before the body is: the place for
/// authentication, scopes and rate limits. Sees request.route; may set request.context. Must not
/// block. Not asked on 404, 405 and OPTIONS.
using Guard = std::function<GuardAnswer(Request&)>;

struct RouteOptions {
    std::size_t body_limit = std::size_t{1} << 20;  ///< bytes after decoding chunks; more is 413
    Guard guard = nullptr;                          ///< none: everybody is admitted
    std::string resource = {};                      ///< the limiter's name, "api:/messages/send"
    std::string scope = {};                         ///< what the key must allow
    bool json_body = false;                         ///< a body must be application/json, else 415
    bool upgrades = false;      ///< may answer with Response::upgrade; ends its connection's HTTP
    const void* tag = nullptr;  ///< for the guard; not used here
};

class Router {
  public:
    Router();
    Router(Router&&) noexcept;
    Router& operator=(Router&&) noexcept;
    ~Router();

    /// A bad pattern, or the same method and pattern twice, is an assertion. GET also serves HEAD
    /// (the handler sees Method::head, its body is not sent); OPTIONS is answered by the router
    /// unless added.
    void add(Method method, std::string_view pattern, Handler handler, RouteOptions options = {});

    /// Who answers GET and HEAD of paths that fit no route at all, with what it finds or a
    /// not_found; once at most.
    void set_fallback(Handler handler);

    struct Listed {
        Method method;
        std::string pattern;
        const RouteOptions* options;
    };
    /// Every route in the order of add().
    [[nodiscard]] std::vector<Listed> routes() const;

    struct Route {
        Method method;
        std::string pattern;
        Handler handler;
        RouteOptions options;
        std::vector<std::string> names;  ///< of the parameters, in order
    };
    struct Match {
        const Route* route = nullptr;  ///< null: 404 if allow is "", else 405 or the OPTIONS answer
        std::string allow = {};        ///< "GET, HEAD, OPTIONS" if only the method does not fit
    };
    /// Fills values with one raw (still encoded) view into path for each name of the route.
    [[nodiscard]] Match match(Method method, std::string_view path,
                              std::vector<std::string_view>& values) const;

  private:
    struct Tree;
    std::unique_ptr<Tree> tree_;
};

}  // namespace hongyan::http
