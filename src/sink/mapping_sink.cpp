// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "evclean/descriptor.hpp"
#include "evclean/sink.hpp"
#include "output_names.hpp"

namespace evclean {
namespace {

/// Of the table's encode steps, counted from 0. Readers of a whole folder pass over names that begin with _ .
std::string mapping_path(const OutputSpec& spec, std::size_t step) {
  const OutputName name = split_output_name(output_base(spec));
  const bool whole_folder =
      spec.path.ends_with('/') || !spec.partition_by.empty() || spec.warehouse == Warehouse::kAthena;
  const std::string number = step == 0 ? std::string() : fmt::format(".{}", step + 1);
  return fmt::format("{}{}{}.mapping{}.json", name.folder, whole_folder ? "_" : "", name.stem, number);
}

class MappingSink final : public Sink {
 public:
  MappingSink(const std::vector<OutputSpec>& outputs, const Comm& comm, Publisher& publisher,
              const SinkOptions& options)
      : comm_(comm), publisher_(publisher), encoded_(options.encoded) {
    for (const OutputSpec& output : outputs) {
      for (std::size_t step = 0; step < encoded_->mappings.size(); ++step) {
        const std::string path = mapping_path(output, step);
        const auto same = [&](const Place& place) { return place.path == path; };
        if (std::any_of(places_.begin(), places_.end(), same)) continue;
        publisher_.reserve(path, output.overwrite, {output.s3.value_or(S3Settings{}), options.scratch_dir});
        places_.push_back({path, step});
      }
    }
  }

  void write(std::int64_t, const Batch&) override {}
  void end_part(std::int64_t) override {}
  void drop_part(std::int64_t) override {}

  std::vector<WrittenFile> close() override {
    comm_.agree([&] {
      if (!comm_.is_root()) return;
      for (const auto& [path, step] : places_) {
        Descriptor file = open_for_writing(publisher_.hidden(path), path);
        write_at(file.get(), 0, encoded_->mappings[step], path);
        close_checked(std::move(file), path);
      }
    });
    return {};
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    const bool several = encoded_->mappings.size() > 1;
    for (const auto& [path, step] : places_) {
      notes.push_back(several ? fmt::format("the mapping of encode {} is in {}", step + 1, path)
                              : fmt::format("the mapping of encode is in {}", path));
    }
    return notes;
  }

 private:
  struct Place {
    std::string path;
    std::size_t step = 0;
  };

  const Comm& comm_;
  Publisher& publisher_;
  std::shared_ptr<const EncodedTable> encoded_;
  std::vector<Place> places_;
};

}  // namespace

void EncodedTable::rename(const std::vector<RenamedColumn>& changes) {
  const auto rename = [&](std::string& name) {
    const auto change =
        std::find_if(changes.begin(), changes.end(), [&](const RenamedColumn& c) { return c.source == name; });
    if (change != changes.end()) name = change->name;
  };
  rename(label);
  rename(split);
  for (std::string& id : ids) rename(id);
  for (std::string& feature : features) rename(feature);
}

std::unique_ptr<Sink> make_mapping_sink(const std::vector<OutputSpec>& outputs, const Comm& comm, Publisher& publisher,
                                        const SinkOptions& options) {
  return std::make_unique<MappingSink>(outputs, comm, publisher, options);
}

}  // namespace evclean
