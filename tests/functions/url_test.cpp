// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "evclean/function.hpp"

namespace evclean::functions {
namespace {

using Text = std::optional<std::string>;

TEST(UrlHost, ReadsBytesAsServersLogThem) {
  EXPECT_EQ(url_host(R"(http://\xd0\xbf.example/a)"), "\xd0\xbf.example");
  EXPECT_EQ(url_host(R"(http://a\x2Db.example)"), "a-b.example");
  EXPECT_EQ(url_host(R"(http:\\host\path)"), "host");
  EXPECT_EQ(url_host(R"(http://a\xzz/)"), "a");
}

TEST(UrlHost, IsTheHostWithoutUserPortAndCase) {
  EXPECT_EQ(url_host("http://Example.COM/a"), "example.com");
  EXPECT_EQ(url_host("https://user:pa:ss@www.example.com:8443/x?y=http://other/"), "www.example.com");
  EXPECT_EQ(url_host("https://a@b@example.com/"), "example.com");
  EXPECT_EQ(url_host("http://example.com"), "example.com");
  EXPECT_EQ(url_host("http://example.com?q=1"), "example.com");
  EXPECT_EQ(url_host("http://example.com#@evil.org/"), "example.com");
  EXPECT_EQ(url_host("  http://example.com/\t"), "example.com");
  EXPECT_EQ(url_host("android-app://com.google.android.gm/"), "com.google.android.gm");
}

TEST(UrlHost, ReadsHttpLikeABrowser) {
  EXPECT_EQ(url_host("http:\\\\example.com\\a"), "example.com");
  EXPECT_EQ(url_host("http:/example.com/a"), "example.com");
  EXPECT_EQ(url_host("HTTP:///example.com/a"), "example.com");
  EXPECT_EQ(url_host("http://ex%61mple.com/"), "example.com");
}

TEST(UrlHost, KeepsTheBracketsOfIpv6) {
  EXPECT_EQ(url_host("http://[2001:DB8::1]:8080/a"), "[2001:db8::1]");
  EXPECT_EQ(url_host("http://[2001:db8::1/a"), std::nullopt);
}

TEST(UrlHost, IsNullWithoutOne) {
  for (const char* url : {"", " ", "/a?b=c", "a/b", "*", "http://", "http:///", "http://:80/", "mailto:a@example.com",
                          "//wp-login.php", "localhost:8080/x", "data:text/plain,hi", "-", "http://user@/x"}) {
    EXPECT_EQ(url_host(url), std::nullopt) << url;
  }
}

TEST(UrlPath, IsWhatStandsBeforeQueryAndFragment) {
  EXPECT_EQ(url_path("http://example.com/a/b?c=d#e"), "/a/b");
  EXPECT_EQ(url_path("/a?b=c"), "/a");
  EXPECT_EQ(url_path("/a%20b/../c#x?y"), "/a%20b/../c");
  EXPECT_EQ(url_path("http://example.com"), "/");
  EXPECT_EQ(url_path("http://example.com?x=1"), "/");
  EXPECT_EQ(url_path("//wp-includes/x.xml"), "//wp-includes/x.xml");
  EXPECT_EQ(url_path("*"), "*");
  EXPECT_EQ(url_path("localhost:8080/x"), "localhost:8080/x");
  EXPECT_EQ(url_path("mailto:a@example.com"), "a@example.com");
  EXPECT_EQ(url_path("?q=1"), std::nullopt);
  EXPECT_EQ(url_path(""), std::nullopt);
}

TEST(UrlQuery, GivesTheFirstValueDecoded) {
  EXPECT_EQ(url_query("/search?q=new+york%20city&q=2", "q"), "new york city");
  EXPECT_EQ(url_query("https://example.com/?a=1&b=2#b=3", "b"), "2");
  EXPECT_EQ(url_query("/x?utm%5Fsource=mail", "utm_source"), "mail");
  EXPECT_EQ(url_query("/x?a=b=c", "a"), "b=c");
  EXPECT_EQ(url_query("/x?a?b=1", "a?b"), "1");
  EXPECT_EQ(url_query("?q=%C3%A9", "q"), "é");
}

TEST(UrlQuery, TellsEmptyFromAbsent) {
  EXPECT_EQ(url_query("/x?a=&b", "a"), "");
  EXPECT_EQ(url_query("/x?a=&b", "b"), "");
  EXPECT_EQ(url_query("/x?&&a=1&", "a"), "1");
  EXPECT_EQ(url_query("/x?a=1", "A"), std::nullopt);
  EXPECT_EQ(url_query("/x?aa=1", "a"), std::nullopt);
  EXPECT_EQ(url_query("/x", "a"), std::nullopt);
  EXPECT_EQ(url_query("/x?", "a"), std::nullopt);
  EXPECT_EQ(url_query("/x#?a=1", "a"), std::nullopt);
  EXPECT_EQ(url_query("", ""), std::nullopt);
}

TEST(UrlDecode, LeavesInvalidPercentsAndPlus) {
  EXPECT_EQ(url_decode("a%20b%2Fc"), "a b/c");
  EXPECT_EQ(url_decode("100%"), "100%");
  EXPECT_EQ(url_decode("%zz%4"), "%zz%4");
  EXPECT_EQ(url_decode("%%41"), "%A");
  EXPECT_EQ(url_decode("a+b"), "a+b");
  EXPECT_EQ(url_decode(""), "");
  EXPECT_EQ(url_decode("%00"), std::string(1, '\0'));
}

TEST(UrlDecode, ResultIsAlwaysUtf8) {
  EXPECT_EQ(url_decode("%C3%A9t%C3%A9"), "été");
  EXPECT_EQ(url_decode("%E9t%E9"), "\uFFFDt\uFFFD");
  EXPECT_EQ(url_decode("%E2%82"), "\uFFFD");                 // one sequence cut off
  EXPECT_EQ(url_decode("%C0%AF"), "\uFFFD\uFFFD");           // overlong
  EXPECT_EQ(url_decode("%ED%A0%80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(url_decode("%F4%90%80%80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(url_decode("%F0%9F%98%80"), "😀");
  EXPECT_EQ(url_decode("%F0%9F%98x"), "\uFFFDx");
}

}  // namespace
}  // namespace evclean::functions
