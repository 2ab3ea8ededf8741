// Boost.Asio as this folder uses it. Included by the smtp_*.cpp that drive sockets and by their
// private headers only, so that no other file pays for it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
