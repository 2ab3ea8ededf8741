set(channel_link Boost::headers OpenSSL::SSL PkgConfig::GMIME)
# The sender is proved against this server, and only in tests do the two meet.
set(universe_mail_test_link hy_channel_mail PARENT_SCOPE)
# The program that test/peer/mail drives the sender and the server with.
if(HONGYAN_TESTS)
  add_executable(peer_mail EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/test/peer/mail/driver.cpp)
  target_link_libraries(peer_mail PRIVATE hy_universe_mail hy_channel_mail Boost::json)
endif()
