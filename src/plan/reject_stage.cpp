// SPDX-License-Identifier: Apache-2.0
#include "reject_stage.hpp"

#include "reject_wire.hpp"

namespace evclean {

void RejectStage::put(std::int64_t split, const std::vector<Reject>& rejects) {
  Packer out;
  for (const Reject& reject : rejects) put_reject(out, reject);
  put_packed(split, out.bytes());
}

void RejectStage::put_packed(std::int64_t split, std::string_view packed) {
  if (!packed.empty()) bytes_.append(split, packed);
}

std::vector<Reject> RejectStage::read(std::int64_t split) const {
  const std::string bytes = bytes_.read(split);
  std::vector<Reject> rejects;
  for (Unpacker in(bytes); !in.empty();) rejects.push_back(get_reject(in));
  return rejects;
}

}  // namespace evclean
