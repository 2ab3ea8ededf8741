// The compiled part of Boost.Asio and of its TLS, built once for the whole program. Everybody must
// use this one: a second copy, compiled header-only elsewhere, has error categories of its own, and
// then "end of file" of the one is not equal to that of the other.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
