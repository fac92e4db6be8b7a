// SPDX-License-Identifier: Apache-2.0
// What S3 and STS answer, as XML.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "credentials.hpp"
#include "evclean/s3.hpp"

namespace evclean::s3 {

struct ServiceError {
  std::string code;     ///< "NoSuchKey"; empty when the text is no error
  std::string message;  ///< for people
  std::string region;   ///< where the bucket is, if the error says so
};
ServiceError parse_service_error(const std::string& xml);

struct ListPage {
  S3Listing listing;
  std::string next;  ///< continuation token; empty: the last page
};
/// Empty when the text is no page of a listing.
std::optional<ListPage> parse_list_page(const std::string& xml);

struct ListedUpload {
  std::string key;
  std::string id;
  std::int64_t begun_s = 0;
};
/// Multipart uploads under way.
std::vector<ListedUpload> parse_uploads(const std::string& xml);

/// Text of the first element with this name anywhere; empty when there is none.
std::string element_text(const std::string& xml, const char* name);

/// The keys that STS gives for a role.
std::optional<Credentials> parse_role_credentials(const std::string& xml);

/// The body that completes a multipart upload.
std::string complete_upload_xml(const std::vector<std::string>& etags);

/// Seconds since 1970 of "2026-11-01T06:52:16.000Z"; 0 when the text is none.
std::int64_t parse_time_stamp(const std::string& text);

}  // namespace evclean::s3
