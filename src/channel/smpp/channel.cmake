# Sockets, and what only this channel links.
set(channel_link hy_asio Boost::headers OpenSSL::SSL)
# Asio's memory fences are unknown to the thread sanitizer; its queues are guarded by mutexes anyway.
if(HONGYAN_SANITIZE MATCHES "thread")
  add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
endif()
# Only a test compares with what the preview says.
set(channel_smpp_test_link hy_render PARENT_SCOPE)
