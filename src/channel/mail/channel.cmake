# TLS and sockets for the transport, IDNA for international domains.
set(channel_link hy_asio OpenSSL::SSL Boost::headers idn2)
