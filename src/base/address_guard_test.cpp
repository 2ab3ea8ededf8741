#include "base/address_guard.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace hongyan {
namespace {

bool is_public(const char* text) {
    const auto address = parse_address(text);
    EXPECT_TRUE(address) << text;
    return address && is_public_address(*address);
}

TEST(guard, every_closed_ipv4_network_is_closed_up_to_its_edges) {
    for (const char* closed :
         {"0.0.0.0",         "0.255.255.255",   "10.0.0.0",        "10.255.255.255",
          "100.64.0.0",      "100.127.255.255", "127.0.0.0",       "127.0.0.1",
          "127.255.255.255", "169.254.0.0",     "169.254.169.254", "169.254.255.255",
          "172.16.0.0",      "172.31.255.255",  "192.0.0.0",       "192.0.0.255",
          "192.0.2.0",       "192.0.2.255",     "192.88.99.0",     "192.88.99.255",
          "192.168.0.0",     "192.168.255.255", "198.18.0.0",      "198.19.255.255",
          "198.51.100.0",    "198.51.100.255",  "203.0.113.0",     "203.0.113.255",
          "224.0.0.0",       "239.255.255.255", "240.0.0.0",       "255.255.255.255"}) {
        EXPECT_FALSE(is_public(closed)) << closed;
    }
}

TEST(guard, the_neighbours_of_closed_ipv4_networks_are_public) {
    for (const char* open :
         {"1.0.0.0",         "9.255.255.255",   "11.0.0.0",       "100.63.255.255",
          "100.128.0.0",     "126.255.255.255", "128.0.0.0",      "169.253.255.255",
          "169.255.0.0",     "172.15.255.255",  "172.32.0.0",     "191.255.255.255",
          "192.0.1.0",       "192.0.3.0",       "192.88.98.255",  "192.88.100.0",
          "192.167.255.255", "192.169.0.0",     "198.17.255.255", "198.20.0.0",
          "198.51.99.255",   "198.51.101.0",    "203.0.112.255",  "203.0.114.0",
          "223.255.255.255", "8.8.8.8"}) {
        EXPECT_TRUE(is_public(open)) << open;
    }
}

TEST(guard, special_ipv6_networks_are_closed) {
    for (const char* closed : {"::",
                               "::1",
                               "::2",
                               "::ffff:ffff",
                               "fc00::",
                               "fc00::1",
                               "fd00::1",
                               "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
                               "fe80::1",
                               "febf::1",
                               "fec0::1",
                               "feff::1",
                               "ff00::1",
                               "ff02::1",
                               "ffff::",
                               "2001:db8::1",
                               "2001:db8:ffff::1",
                               "100::",
                               "100::1",
                               "100:0:0:1::1",
                               "2001:10::1",
                               "2001:1f::1",
                               "2001:20::1",
                               "2001:2f::1",
                               "2001:2::1",
                               "2001:1::1",
                               "2001:1ff::1",
                               "3fff::1",
                               "3fff:fff::1",
                               "5f00::1",
                               "4000::1",
                               "1fff::1",
                               "64:ff9b:1::1",
                               "64:ff9b:1:ffff::808:808",
                               "64:ff9b:1::808:808",
                               "64:ff9b:0:0:0:1::1"}) {
        EXPECT_FALSE(is_public(closed)) << closed;
    }
    for (const char* open :
         {"2000::1", "2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1", "3ffe::1",
          "3fff:1000::1", "2606:4700:4700::1111", "2001:4860:4860::8888"}) {
        EXPECT_TRUE(is_public(open)) << open;
    }
}

TEST(guard, mapped_compatible_and_translated_addresses_are_closed) {
    for (const char* closed :
         {"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "::ffff:169.254.169.254",
          "::127.0.0.1", "::8.8.8.8", "::10.0.0.1", "::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8"}) {
        EXPECT_FALSE(is_public(closed)) << closed;
    }
}

TEST(guard, nat64_is_as_public_as_what_it_carries) {
    EXPECT_TRUE(is_public("64:ff9b::8.8.8.8"));
    for (const char* closed : {"64:ff9b::127.0.0.1", "64:ff9b::10.1.2.3",
                               "64:ff9b::", "64:ff9b::169.254.169.254", "64:ff9b::192.168.1.1"}) {
        EXPECT_FALSE(is_public(closed)) << closed;
    }
}

TEST(guard, six_to_four_is_as_public_as_what_it_carries) {
    EXPECT_TRUE(is_public("2002:808:808::1"));
    for (const char* closed : {"2002:7f00:1::1", "2002:a00:1::1", "2002:c0a8:101::1", "2002::1",
                               "2002:a9fe:a9fe::1", "2002:ac10:1::1", "2002:e000:1::1"}) {
        EXPECT_FALSE(is_public(closed)) << closed;
    }
}

TEST(guard, teredo_is_public_only_if_server_and_client_are) {
    // Server 8.8.8.8; the client 8.8.4.4 stands with all bits turned.
    EXPECT_TRUE(is_public("2001:0:808:808:0:0:f7f7:fbfb"));
    EXPECT_FALSE(is_public("2001:0:808:808:0:0:80ff:fffe"));  // client 127.0.0.1
    EXPECT_FALSE(is_public("2001:0:808:808:0:0:f5ff:fffe"));  // client 10.0.0.1
    EXPECT_FALSE(is_public("2001:0:7f00:1:0:0:f7f7:fbfb"));   // server 127.0.0.1
    EXPECT_FALSE(is_public("2001::"));
}

TEST(guard, isatap_is_as_public_as_what_it_carries) {
    EXPECT_TRUE(is_public("2606:4700::5efe:8.8.8.8"));
    EXPECT_TRUE(is_public("2606:4700::200:5efe:8.8.8.8"));
    for (const char* closed :
         {"2606:4700::5efe:127.0.0.1", "2606:4700::200:5efe:10.0.0.1",
          "2606:4700:1:2:0:5efe:c0a8:101", "fe80::5efe:8.8.8.8", "fe80::200:5efe:8.8.8.8"}) {
        EXPECT_FALSE(is_public(closed)) << closed;
    }
}

TEST(guard, forms_in_forms_are_closed_too) {
    // 6to4 of a public address whose lower half is ISATAP of a private one.
    EXPECT_FALSE(is_public("2002:808:808:0:0:5efe:10.0.0.1"));
    EXPECT_FALSE(is_public("2002:a00:1:0:0:5efe:8.8.8.8"));
}

TEST(guard, networks_of_the_operator_are_allowed) {
    const auto list = NetworkList::parse({"10.0.0.0/8", "127.0.0.1", "fd00::/8", "172.16.0.0/13"});
    ASSERT_TRUE(list);
    const auto has = [&](const char* text) { return list->contains(*parse_address(text)); };
    EXPECT_TRUE(has("10.200.0.1"));
    EXPECT_TRUE(has("127.0.0.1"));
    EXPECT_FALSE(has("127.0.0.2"));
    EXPECT_TRUE(has("::ffff:10.0.0.1"));
    EXPECT_TRUE(has("fd12::1"));
    EXPECT_FALSE(has("fe80::1"));
    EXPECT_TRUE(has("172.23.255.255"));
    EXPECT_FALSE(has("172.24.0.0"));
    EXPECT_FALSE(has("a00::1"));  // the same bytes as 10.0.0.0, but IPv6
    const auto all = NetworkList::parse({"0.0.0.0/0"});
    ASSERT_TRUE(all);
    EXPECT_TRUE(all->contains(*parse_address("192.168.1.1")));
    EXPECT_FALSE(all->contains(*parse_address("::1")));
}

TEST(guard, what_is_no_network_is_named) {
    const auto list =
        NetworkList::parse({"10.0.0.0/8", "10.0.0.0/33", "ten", "::/129", "::/", "1.2.3.4/-1"});
    ASSERT_FALSE(list);
    ASSERT_EQ(list.error().problems.size(), 5U);
    EXPECT_EQ(list.error().problems[0].path, "$[1]");
}

TEST(guard, socket_addresses_are_read_and_other_families_are_not) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto loopback = address_of(reinterpret_cast<const sockaddr*>(&v4));
    ASSERT_TRUE(loopback);
    EXPECT_FALSE(is_public_address(*loopback));
    sockaddr_un local{};
    local.sun_family = AF_UNIX;
    EXPECT_FALSE(address_of(reinterpret_cast<const sockaddr*>(&local)));
}

TEST(guard, no_closed_ipv4_address_gets_through_any_transition_form) {
    for (unsigned first = 0; first < 256; ++first) {
        for (unsigned second = 0; second < 256; ++second) {
            IpAddress v4;
            v4.bytes = {static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(second), 1, 1};
            const bool open = is_public_address(v4);
            IpAddress form;
            form.is_v6 = true;
            const auto put = [&](std::size_t at, std::uint8_t turn) {
                for (std::size_t i = 0; i < 4; ++i)
                    form.bytes[at + i] = static_cast<std::uint8_t>(v4.bytes[i] ^ turn);
            };
            form.bytes = {0x20, 0x02};
            put(2, 0);
            EXPECT_EQ(is_public_address(form), open);
            form.bytes = {0x00, 0x64, 0xFF, 0x9B};
            put(12, 0);
            EXPECT_EQ(is_public_address(form), open);
            form.bytes = {0x20, 0x01, 0, 0, 8, 8, 8, 8};
            put(12, 0xFF);
            EXPECT_EQ(is_public_address(form), open);
            form.bytes = {0x26, 0x06, 0, 0, 0, 0, 0, 0, 0x02, 0, 0x5E, 0xFE};
            put(12, 0);
            EXPECT_EQ(is_public_address(form), open);
            form.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
            put(12, 0);
            EXPECT_FALSE(is_public_address(form));
        }
    }
}

}  // namespace
}  // namespace hongyan
