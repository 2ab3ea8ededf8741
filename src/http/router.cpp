#include "http/router.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.hpp"

namespace hongyan::http {

namespace {

constexpr std::size_t method_count = static_cast<std::size_t>(Method::other);
/// More segments than this are never a route; bounds the walk.
constexpr std::size_t max_segments = 32;

std::size_t index_of(Method method) { return static_cast<std::size_t>(method); }

/// One step of the tree: what may follow a segment.
struct Node {
    std::vector<std::pair<std::string, std::unique_ptr<Node>>> literals;
    std::unique_ptr<Node> parameter;  ///< {name}
    std::unique_ptr<Node> rest;       ///< {name*}
    std::array<const Router::Route*, method_count> leaves{};

    [[nodiscard]] bool has_leaf() const {
        return std::any_of(leaves.begin(), leaves.end(),
                           [](auto* leaf) { return leaf != nullptr; });
    }
};

bool segment_equals(std::string_view raw, std::string_view literal) {
    if (raw == literal) return true;
    return raw.find('%') != std::string_view::npos && percent_decoded(raw) == literal;
}

/// The segment before the next slash, which is removed from rest; at_end if there is no slash.
struct Step {
    std::string_view segment;
    std::string_view rest;
    bool at_end;
};
Step next_step(std::string_view path) {
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos) return {path, {}, true};
    return {path.substr(0, slash), path.substr(slash + 1), false};
}

using Values = std::vector<std::string_view>;

const Node* find(const Node& node, std::string_view path, Values& values, std::size_t depth);

const Node* follow(const Node& child, const Step& step, Values& values, std::size_t depth) {
    if (!step.at_end) return find(child, step.rest, values, depth + 1);
    if (child.has_leaf()) return &child;
    return nullptr;
}

/// The node with leaves that fits path best: literals first, then a parameter, then the rest.
const Node* find(const Node& node, std::string_view path, Values& values, std::size_t depth) {
    if (depth >= max_segments) return nullptr;
    const Step step = next_step(path);
    for (const auto& [literal, child] : node.literals) {
        if (!segment_equals(step.segment, literal)) continue;
        if (const Node* found = follow(*child, step, values, depth)) return found;
    }
    if (node.parameter && !step.segment.empty()) {
        values.push_back(step.segment);
        if (const Node* found = follow(*node.parameter, step, values, depth)) return found;
        values.pop_back();
    }
    if (node.rest) {
        values.push_back(path);
        return node.rest.get();
    }
    return nullptr;
}

/// The child for one segment of a pattern, made if need be; adds a parameter's name to names.
Node& child_for(Node& node, std::string_view segment, std::vector<std::string>& names) {
    if (segment.size() > 2 && segment.front() == '{' && segment.back() == '}') {
        const bool takes_rest = segment[segment.size() - 2] == '*';
        names.emplace_back(segment.substr(1, segment.size() - (takes_rest ? 3 : 2)));
        auto& slot = takes_rest ? node.rest : node.parameter;
        if (!slot) slot = std::make_unique<Node>();
        return *slot;
    }
    HY_ASSERT(segment.find_first_of("{}") == std::string_view::npos);
    for (auto& [literal, child] : node.literals) {
        if (literal == segment) return *child;
    }
    return *node.literals.emplace_back(segment, std::make_unique<Node>()).second;
}

std::string allowed_methods(const Node& node) {
    std::string allow;
    const auto append = [&](Method method) {
        if (!allow.empty()) allow += ", ";
        allow += to_text(method);
    };
    for (std::size_t i = 0; i < method_count; ++i) {
        const auto method = static_cast<Method>(i);
        if (method == Method::options || method == Method::head) continue;
        if (node.leaves.at(i) != nullptr) append(method);
        if (method == Method::get &&
            (node.leaves.at(i) != nullptr || node.leaves.at(index_of(Method::head)) != nullptr)) {
            append(Method::head);
        }
    }
    append(Method::options);
    return allow;
}

}  // namespace

struct Router::Tree {
    Node root;
    std::vector<std::unique_ptr<Route>> routes;
    std::unique_ptr<Route> fallback;
};

Router::Router() : tree_(std::make_unique<Tree>()) {}
Router::Router(Router&&) noexcept = default;
Router& Router::operator=(Router&&) noexcept = default;
Router::~Router() = default;

void Router::add(Method method, std::string_view pattern, Handler handler, RouteOptions options) {
    HY_ASSERT(!pattern.empty() && pattern.front() == '/');
    HY_ASSERT(method != Method::other && handler != nullptr);
    auto route = std::make_unique<Route>(
        Route{method, std::string(pattern), std::move(handler), std::move(options), {}});
    Node* node = &tree_->root;
    std::string_view rest = pattern.substr(1);
    for (std::size_t depth = 0;; ++depth) {
        HY_ASSERT(depth < max_segments);
        const Step step = next_step(rest);
        node = &child_for(*node, step.segment, route->names);
        if (step.at_end) break;
        HY_ASSERT(!step.segment.ends_with("*}"));  // "{rest*}" is the last segment
        rest = step.rest;
    }
    HY_ASSERT(node->leaves.at(index_of(method)) == nullptr);
    node->leaves.at(index_of(method)) = route.get();
    tree_->routes.push_back(std::move(route));
}

void Router::set_fallback(Handler handler) {
    HY_ASSERT(tree_->fallback == nullptr && handler != nullptr);
    tree_->fallback = std::make_unique<Route>(Route{Method::get, "/", std::move(handler), {}, {}});
}

std::vector<Router::Listed> Router::routes() const {
    std::vector<Listed> listed;
    for (const auto& route : tree_->routes) {
        listed.push_back({route->method, route->pattern, &route->options});
    }
    return listed;
}

Router::Match Router::match(Method method, std::string_view path,
                            std::vector<std::string_view>& values) const {
    values.clear();
    if (path.empty() || path.front() != '/') return {};
    const Node* node = find(tree_->root, path.substr(1), values, 0);
    if (node == nullptr) {
        values.clear();
        const bool reads = method == Method::get || method == Method::head;
        return {reads ? tree_->fallback.get() : nullptr, {}};
    }
    const Route* route = nullptr;
    if (method != Method::other) route = node->leaves.at(index_of(method));
    if (route == nullptr && method == Method::head) route = node->leaves.at(index_of(Method::get));
    if (route == nullptr) return {nullptr, allowed_methods(*node)};
    HY_ASSERT(values.size() == route->names.size());
    return {route, {}};
}

}  // namespace hongyan::http
