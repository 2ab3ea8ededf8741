// Boost.Asio as this folder uses it: header-only, so that TLS needs no compiled part of it.
#pragma once

#undef BOOST_ASIO_SEPARATE_COMPILATION

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
