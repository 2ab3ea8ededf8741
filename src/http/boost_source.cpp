// The compiled part of Boost.Asio and Boost.Beast, built once for the whole program.
#include <boost/beast/src.hpp>
