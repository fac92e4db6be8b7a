// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

TEST(IpIsPrivate, TrueForPrivateLoopbackAndLinkLocal) {
  for (const char* ip : {"10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1",
                         "169.254.169.254", "::1", "fe80::1", "febf::1", "fe80::1%eth0", "fc00::1", "fdff::1",
                         "::ffff:10.1.2.3", "::FFFF:192.168.0.1", "[::1]", " 10.0.0.1 "}) {
    EXPECT_EQ(ip_is_private(ip), true) << ip;
  }
}

TEST(IpIsPrivate, FalseForOthers) {
  for (const char* ip : {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.1.1", "192.169.0.0",
                         "128.0.0.1", "169.253.0.1", "8.8.8.8", "100.64.0.1", "::", "::2", "fec0::1", "fbff::1",
                         "fe00::1", "2001:db8::1", "::ffff:8.8.8.8"}) {
    EXPECT_EQ(ip_is_private(ip), false) << ip;
  }
}

TEST(IpIsPrivate, NullForWhatIsNoAddress) {
  for (const char* ip : {"", "-", " ", "localhost", "10.0.0", "10.0.0.256", "10.0.0.1.2", "010.0.0.1", "10.0.0.1:80",
                         "10.0.0.1/8", "1.2.3.4%eth0", ":::", "fe80::1::2", "12345::", "0x7f.1",
                         "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc"}) {
    EXPECT_EQ(ip_is_private(ip), std::nullopt) << ip;
    EXPECT_EQ(mask_ip(ip), std::nullopt) << ip;
  }
  EXPECT_EQ(ip_is_private(std::string_view("10.0.0.1\0x", 10)), std::nullopt);
}

TEST(MaskIp, Keeps24BitsOfVersion4And48OfVersion6) {
  EXPECT_EQ(mask_ip("1.2.3.4"), "1.2.3.0");
  EXPECT_EQ(mask_ip("255.255.255.255"), "255.255.255.0");
  EXPECT_EQ(mask_ip("2001:db8:abcd:1234:5678::1"), "2001:db8:abcd::");
  EXPECT_EQ(mask_ip("2001:0DB8::1"), "2001:db8::");
  EXPECT_EQ(mask_ip("::1"), "::");
  EXPECT_EQ(mask_ip("::ffff:1.2.3.4"), "::ffff:1.2.3.0");
}

TEST(MaskIp, TwiceIsOnce) {
  for (const char* ip : {"1.2.3.4", "2001:db8:abcd:1234::1", "::ffff:1.2.3.4"}) {
    EXPECT_EQ(mask_ip(*mask_ip(ip)), mask_ip(ip));
  }
}

}  // namespace
}  // namespace evclean::functions
