// SPDX-License-Identifier: Apache-2.0
#include "xml_reply.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <ctime>
#include <pugixml.hpp>

#include "url_text.hpp"

namespace evclean::s3 {
namespace {

pugi::xml_node first_named(const pugi::xml_node& root, const char* name) {
  return root.find_node([&](const pugi::xml_node& node) { return std::string_view(node.name()) == name; });
}

}  // namespace

ServiceError parse_service_error(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {};
  const pugi::xml_node error = first_named(document, "Error");
  return {error.child_value("Code"), error.child_value("Message"), error.child_value("Region")};
}

std::optional<ListPage> parse_list_page(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return std::nullopt;
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!root) return std::nullopt;
  ListPage page;
  const bool encoded = std::string_view(root.child_value("EncodingType")) == "url";
  const auto key_text = [&](const char* text) {
    // Spaces come as + from some servers, as %20 from others; a plus of the name is %2B in both.
    std::string value(text);
    if (!encoded) return value;
    for (char& c : value) c = c == '+' ? ' ' : c;
    return url_decode(value);
  };
  for (const pugi::xml_node& node : root.children("Contents")) {
    page.listing.objects.push_back({key_text(node.child_value("Key")), node.child("Size").text().as_llong(),
                                    parse_time_stamp(node.child_value("LastModified")), node.child_value("ETag")});
  }
  for (const pugi::xml_node& node : root.children("CommonPrefixes")) {
    page.listing.folders.push_back(key_text(node.child_value("Prefix")));
  }
  if (std::string_view(root.child_value("IsTruncated")) == "true")
    page.next = root.child_value("NextContinuationToken");
  return page;
}

std::vector<ListedUpload> parse_uploads(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {};
  std::vector<ListedUpload> uploads;
  for (const pugi::xml_node& node : document.first_child().children("Upload")) {
    uploads.push_back(
        {node.child_value("Key"), node.child_value("UploadId"), parse_time_stamp(node.child_value("Initiated"))});
  }
  return uploads;
}

std::string element_text(const std::string& xml, const char* name) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return {};
  return first_named(document, name).child_value();
}

std::optional<Credentials> parse_role_credentials(const std::string& xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return std::nullopt;
  const pugi::xml_node found = first_named(document, "Credentials");
  if (!found) return std::nullopt;
  Credentials credentials;
  credentials.access_key = found.child_value("AccessKeyId");
  credentials.secret_key = found.child_value("SecretAccessKey");
  credentials.session_token = found.child_value("SessionToken");
  credentials.expires_s = parse_time_stamp(found.child_value("Expiration"));
  return credentials;
}

std::string complete_upload_xml(const std::vector<std::string>& etags) {
  std::string xml = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < etags.size(); ++i) {
    xml += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, etags[i]);
  }
  return xml + "</CompleteMultipartUpload>";
}

std::int64_t parse_time_stamp(const std::string& text) {
  std::tm time{};
  const int read = std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &time.tm_year, &time.tm_mon, &time.tm_mday,
                               &time.tm_hour, &time.tm_min, &time.tm_sec);
  if (read != 6) return 0;
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  return ::timegm(&time);
}

}  // namespace evclean::s3
