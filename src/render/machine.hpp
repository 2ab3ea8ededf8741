// The machine that runs a program over the variables of one message. Internal to render/; uses only
// its own stack and the given output, so any number of threads may run one program at once.
#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>

#include "render/program.hpp"

namespace hongyan::render {

/// Appends the rendered text to out, or says what went wrong, leaving a part of the text behind.
[[nodiscard]] std::optional<Error> run_program(const Program& program,
                                               const boost::json::object& variables,
                                               std::string& out);

}  // namespace hongyan::render
