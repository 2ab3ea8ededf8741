set(channel_link Boost::headers OpenSSL::SSL)
# The sender is proved against this centre, and only in tests do the two meet.
set(universe_smpp_test_link hy_channel_smpp Boost::json PARENT_SCOPE)
# The program that test/peer/smpp drives the sender and the centre with.
if(HONGYAN_TESTS)
  add_executable(peer_smpp EXCLUDE_FROM_ALL ${CMAKE_SOURCE_DIR}/test/peer/smpp/driver.cpp)
  target_link_libraries(peer_smpp PRIVATE hy_universe_smpp hy_channel_smpp Boost::json)
endif()
