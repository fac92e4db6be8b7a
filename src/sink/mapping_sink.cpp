// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/descriptor.hpp"
#include "evclean/sink.hpp"
#include "output_names.hpp"

namespace evclean {
namespace {

/// Readers of a whole folder pass over names that begin with _ .
std::string mapping_path(const OutputSpec& spec) {
  const OutputName name = split_output_name(output_base(spec));
  const bool whole_folder =
      spec.path.ends_with('/') || !spec.partition_by.empty() || spec.warehouse == Warehouse::kAthena;
  return fmt::format("{}{}{}.mapping.json", name.folder, whole_folder ? "_" : "", name.stem);
}

class MappingSink final : public Sink {
 public:
  MappingSink(const std::vector<OutputSpec>& outputs, const Comm& comm, Publisher& publisher,
              const SinkOptions& options)
      : comm_(comm), publisher_(publisher), encoded_(options.encoded) {
    for (const OutputSpec& output : outputs) {
      const std::string path = mapping_path(output);
      if (std::find(paths_.begin(), paths_.end(), path) != paths_.end()) continue;
      publisher_.reserve(path, output.overwrite, {output.s3.value_or(S3Settings{}), options.scratch_dir});
      paths_.push_back(path);
    }
  }

  void write(std::int64_t, const Batch&) override {}
  void end_part(std::int64_t) override {}
  void drop_part(std::int64_t) override {}

  std::vector<WrittenFile> close() override {
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      for (const std::string& path : paths_) {
        Descriptor file = open_for_writing(publisher_.hidden(path), path);
        write_at(file.get(), 0, encoded_->mapping, path);
        close_checked(std::move(file), path);
      }
    });
    return {};
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    for (const std::string& path : paths_) notes.push_back(fmt::format("the mapping of encode is in {}", path));
    return notes;
  }

 private:
  const Comm& comm_;
  Publisher& publisher_;
  std::shared_ptr<const EncodedTable> encoded_;
  std::vector<std::string> paths_;
};

}  // namespace

std::unique_ptr<Sink> make_mapping_sink(const std::vector<OutputSpec>& outputs, const Comm& comm, Publisher& publisher,
                                        const SinkOptions& options) {
  return std::make_unique<MappingSink>(outputs, comm, publisher, options);
}

}  // namespace evclean
