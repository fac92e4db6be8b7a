// SPDX-License-Identifier: Apache-2.0
// The parts of the S3 room that need no server: signatures against AWS's published examples, files, names, replies.
#include "signature.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "endpoint.hpp"
#include "evclean/digest.hpp"
#include "evclean/error.hpp"
#include "evclean/s3.hpp"
#include "flat_json.hpp"
#include "profile_file.hpp"
#include "retry.hpp"
#include "xml_reply.hpp"

namespace evclean::s3 {
namespace {

constexpr std::int64_t kExampleTime = 1369353600;  // 2013-05-24T00:00:00Z

Credentials example_key() { return {"AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}; }

std::string signature_of(const SignedParts& parts) {
  const auto headers = sign(parts, example_key(), "us-east-1", "s3", kExampleTime);
  const std::string text = headers.back().second;
  return text.substr(text.find("Signature=") + 10);
}

SignedParts example_get(const std::string& path, Query query, std::vector<Header> headers) {
  return {"GET", "examplebucket.s3.amazonaws.com", path, std::move(query), std::move(headers), sha256_hex("")};
}

TEST(Signature, MatchesThePublishedExamples) {
  EXPECT_EQ(signature_of(example_get("/test.txt", {}, {{"range", "bytes=0-9"}})),
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
  EXPECT_EQ(signature_of(example_get("/", {{"lifecycle", ""}}, {})),
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
  EXPECT_EQ(signature_of(example_get("/", {{"prefix", "J"}, {"max-keys", "2"}}, {})),
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST(Signature, AnonymousSignsNothing) {
  Credentials nobody;
  nobody.anonymous = true;
  const auto headers = sign(example_get("/", {}, {}), nobody, "us-east-1", "s3", kExampleTime);
  ASSERT_EQ(headers.size(), 1u);
  EXPECT_EQ(headers[0].first, "host");
}

TEST(Digest, MatchesPublishedValues) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_digits(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(UrlText, EncodesAsSignaturesWant) {
  EXPECT_EQ(url_encode("a b+c/é~_-.", true), "a%20b%2Bc/%C3%A9~_-.");
  EXPECT_EQ(url_encode("a/b"), "a%2Fb");
  EXPECT_EQ(url_decode("a%20b%2Bc%2"), "a b+c%2");
  EXPECT_EQ(query_text({{"b", "2"}, {"a", "x y"}}), "a=x%20y&b=2");
}

TEST(Regions, AZoneIsToldFromARegion) {
  EXPECT_EQ(region_problem("us-east-1"), "");
  EXPECT_EQ(region_problem("us-gov-west-1"), "");
  EXPECT_NE(region_problem("us-east-1a").find("write us-east-1"), std::string::npos);
  EXPECT_NE(region_problem("ap-southeast-2c").find("write ap-southeast-2"), std::string::npos);
  EXPECT_EQ(region_problem("minio"), "");
  EXPECT_NE(region_problem("EU Central"), "");
}

TEST(Paths, ABucketAndAKey) {
  EXPECT_EQ(S3Url::parse("s3://b/k/l").key, "k/l");
  EXPECT_EQ(S3Url::parse("s3://b").key, "");
  EXPECT_EQ(S3Url::parse("s3://b//k").key, "/k");
  EXPECT_THROW(S3Url::parse("s3:///k"), Error);
  EXPECT_THROW(S3Url::parse("s3://b*/k"), Error);
}

TEST(Endpoints, StylesAndRegions) {
  S3Settings aws;
  EXPECT_EQ(bucket_endpoint(aws, "logs", "eu-central-1").host, "logs.s3.eu-central-1.amazonaws.com");
  EXPECT_EQ(bucket_endpoint(aws, "my.logs", "eu-central-1").path, "/my.logs");
  EXPECT_EQ(bucket_endpoint(aws, "logs", "cn-north-1").host, "logs.s3.cn-north-1.amazonaws.com.cn");
  S3Settings own;
  own.endpoint = "http://{region}.example.com:80/s3/";
  EXPECT_EQ(bucket_endpoint(own, "logs", "x").host, "x.example.com");
  EXPECT_EQ(bucket_endpoint(own, "logs", "x").path, "/s3/logs");
  own.path_style = false;
  EXPECT_EQ(bucket_endpoint(own, "logs", "x").host, "logs.x.example.com");
}

TEST(Profiles, BothFilesAreRead) {
  const auto folder = std::filesystem::temp_directory_path() / "evclean-profiles";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "config")
      << "[default]\nregion = eu-west-1\n\n[profile \"logs x\"]\n# no\nrole_arn=arn\ns3 =\n"
         "  addressing_style = path\nsource_profile = default\n[services q]\na = b\n";
  std::ofstream(folder / "credentials") << "[default]\naws_access_key_id = A # mine\naws_secret_access_key=B/+=\n";
  ::setenv("AWS_CONFIG_FILE", (folder / "config").c_str(), 1);
  ::setenv("AWS_SHARED_CREDENTIALS_FILE", (folder / "credentials").c_str(), 1);
  const Profiles profiles = read_profiles();
  ASSERT_EQ(profiles.by_name.size(), 2u);
  EXPECT_EQ(profiles.find("default")->at("aws_access_key_id"), "A");
  EXPECT_EQ(profiles.find("default")->at("aws_secret_access_key"), "B/+=");
  EXPECT_EQ(profiles.find("default")->at("region"), "eu-west-1");
  EXPECT_EQ(profiles.find("logs x")->at("s3.addressing_style"), "path");
  EXPECT_EQ(profiles.find("logs x")->at("source_profile"), "default");
  std::filesystem::remove_all(folder);
}

TEST(FlatJson, TakesPlainMembers) {
  auto members = flat_json(R"({"a": "x\"yA", "n": 12, "deep": {"a": [1, "}"]}, "last": true})");
  EXPECT_EQ(members["a"], "x\"yA");
  EXPECT_EQ(members["n"], "12");
  EXPECT_EQ(members["last"], "true");
  EXPECT_TRUE(flat_json("{\"a\":").empty());
  EXPECT_TRUE(flat_json("<html>").empty());
}

TEST(Replies, ListingsErrorsAndTimes) {
  const auto page = parse_list_page(
      "<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated><NextContinuationToken>t"
      "</NextContinuationToken><Contents><Key>a%2Bb+c</Key><Size>5</Size><ETag>\"e\"</ETag><LastModified>"
      "2026-11-01T06:52:16.000Z</LastModified></Contents><CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>"
      "</ListBucketResult>");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->listing.objects.at(0).key, "a+b c");
  EXPECT_EQ(page->listing.objects.at(0).modified_s, 1793515936);
  EXPECT_EQ(page->listing.folders.at(0), "x/");
  EXPECT_EQ(page->next, "t");
  EXPECT_EQ(parse_service_error("<Error><Code>C</Code><Message>M</Message><Region>r</Region></Error>").region, "r");
  EXPECT_FALSE(parse_list_page("<html/>"));
  EXPECT_EQ(parse_http_date("Sun, 01 Nov 2026 06:52:16 GMT"), 1793515936);
}

TEST(Retries, OnlyWhatMayPass) {
  HttpReply reply;
  EXPECT_TRUE(may_pass(reply, ""));
  reply.status = 503;
  EXPECT_TRUE(may_pass(reply, "SlowDown"));
  reply.status = 403;
  EXPECT_FALSE(may_pass(reply, "AccessDenied"));
  reply.status = 400;
  EXPECT_TRUE(may_pass(reply, "RequestTimeout"));
  reply.status = 501;
  EXPECT_FALSE(may_pass(reply, "NotImplemented"));
}

}  // namespace
}  // namespace evclean::s3
