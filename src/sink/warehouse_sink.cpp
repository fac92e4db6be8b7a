// SPDX-License-Identifier: Apache-2.0
#include "warehouse_sink.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "evclean/descriptor.hpp"
#include "evclean/json_quoted.hpp"
#include "evclean/names.hpp"
#include "output_names.hpp"
#include "partition_sink.hpp"
#include "warehouse_sql.hpp"

namespace evclean {
namespace {

/// Where the side files stand. Athena reads every file of a folder but those that begin with _ .
struct SideFiles {
  std::string sql, manifest, names;

  explicit SideFiles(const OutputSpec& spec) {
    const OutputName base = split_output_name(output_base(spec));
    const bool redshift = spec.warehouse == Warehouse::kRedshift;
    const std::string stem = base.folder + (redshift ? "" : "_") + base.stem;
    sql = stem + (redshift ? ".redshift.sql" : ".athena.sql");
    if (redshift) manifest = stem + ".manifest.json";
    names = stem + ".names.json";
  }
};

std::string file_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

class WarehouseSink : public Sink {
 public:
  WarehouseSink(std::unique_ptr<Sink> inside, const OutputSpec& spec, const Fields& fields, const Comm& comm,
                Publisher& publisher, const SinkOptions& options)
      : inside_(std::move(inside)), comm_(comm), publisher_(publisher), renames_(options.renames), files_(spec) {
    table_.spec = spec;
    table_.name = warehouse_names({split_output_name(output_base(spec)).stem})[0].name;
    const std::vector<int> folders = partition_columns(spec, fields);
    for (std::size_t c = 0; c < fields.size(); ++c) {
      if (std::find(folders.begin(), folders.end(), static_cast<int>(c)) != folders.end()) continue;
      table_.fields.push_back(fields[c]);
      columns_.push_back(c);
    }
    for (const int c : folders) table_.partitions.push_back(fields[static_cast<std::size_t>(c)]);
    width_ = fields.size();
    const std::string folder = split_output_name(output_base(spec)).folder;
    table_.s3_folder = is_s3_path(spec.path) ? folder.substr(0, folder.size() - 1) : kFolderPlaceholder;
    if (!files_.manifest.empty()) table_.manifest_name = file_name(files_.manifest);
  }

  void write(std::int64_t part, const Batch& batch) override {
    const std::vector<ColumnProfile> seen = profile_columns(batch, width_);
    std::vector<ColumnProfile>& profiles = profiles_[part];
    profiles.resize(columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) profiles[c].merge(seen[columns_[c]]);
    inside_->write(part, batch);
  }

  void end_part(std::int64_t part) override { inside_->end_part(part); }

  void drop_part(std::int64_t part) override {
    profiles_.erase(part);
    inside_->drop_part(part);
  }

  std::vector<WrittenFile> close() override {
    agree_on_profiles();
    check_warehouse_values(table_);
    std::vector<WrittenFile> written = inside_->close();
    comm_.agree([&] {
      if (comm_.is_root()) write_side_files(written);
    });
    return written;
  }

  std::vector<std::string> notes() const override {
    std::vector<std::string> notes = inside_->notes();
    for (std::string& note : warehouse_notes(table_)) notes.push_back(std::move(note));
    notes.push_back(table_.fields.empty()
                        ? fmt::format("{}: without a record no column is known, so {} holds no statement",
                                      table_.spec.path, files_.sql)
                        : fmt::format("{}: how to load it is in {}", table_.spec.path, files_.sql));
    return notes;
  }

 private:
  void agree_on_profiles() {
    std::vector<ColumnProfile> mine(columns_.size());
    const auto merge = [](std::vector<ColumnProfile>& into, const std::vector<ColumnProfile>& from) {
      for (std::size_t c = 0; c < into.size(); ++c) into[c].merge(from[c]);
    };
    for (const auto& [part, profiles] : profiles_) merge(mine, profiles);
    table_.profiles.assign(columns_.size(), {});
    for (const std::string& bytes :
         comm_.all_gather({reinterpret_cast<const char*>(mine.data()), mine.size() * sizeof(ColumnProfile)})) {
      std::vector<ColumnProfile> one(columns_.size());
      std::memcpy(one.data(), bytes.data(), bytes.size());
      merge(table_.profiles, one);
    }
  }

  void write_side_files(const std::vector<WrittenFile>& written) {
    const std::size_t top = split_output_name(output_base(table_.spec)).folder.size();
    std::set<std::string> folders;
    for (const WrittenFile& file : written) {
      const std::size_t slash = file.path.rfind('/');
      if (!table_.partitions.empty() && slash != std::string::npos)
        folders.insert(file.path.substr(top, slash + 1 - top));
    }
    table_.folders.assign(folders.begin(), folders.end());
    const bool redshift = table_.spec.warehouse == Warehouse::kRedshift;
    write_text(files_.sql, redshift ? redshift_sql(table_) : athena_sql(table_));
    if (redshift) write_text(files_.manifest, redshift_manifest(table_, written));
    write_text(files_.names, names_json());
  }

  void write_text(const std::string& path, const std::string& text) const {
    Descriptor file = open_for_writing(publisher_.hidden(path), path);
    write_at(file.get(), 0, text, path);
    close_checked(std::move(file), path);
  }

  /// What each column was called before the steps `rename`.
  std::string names_json() const {
    Fields all = table_.fields;
    all.insert(all.end(), table_.partitions.begin(), table_.partitions.end());
    std::string out = fmt::format("{{\n  \"table\": {},\n  \"rule\": 1,\n  \"columns\": [", json_quoted(table_.name));
    for (std::size_t c = 0; c < all.size(); ++c) {
      const auto found = std::find_if(renames_.begin(), renames_.end(),
                                      [&](const RenamedColumn& renamed) { return renamed.name == all[c].name; });
      std::vector<std::string> reasons;
      if (found != renames_.end()) {
        for (const std::string& reason : found->reasons) reasons.push_back(json_quoted(reason));
      }
      out += fmt::format("{}\n    {{\"source\": {}, \"name\": {}, \"reasons\": [{}]}}", c == 0 ? "" : ",",
                         json_quoted(found != renames_.end() ? found->source : all[c].name), json_quoted(all[c].name),
                         fmt::join(reasons, ", "));
    }
    return out + "\n  ]\n}\n";
  }

  std::unique_ptr<Sink> inside_;
  const Comm& comm_;
  Publisher& publisher_;
  std::vector<RenamedColumn> renames_;
  SideFiles files_;
  WarehouseTable table_;
  std::vector<std::size_t> columns_;  ///< of the batches, that are in the files
  std::size_t width_ = 0;
  std::map<std::int64_t, std::vector<ColumnProfile>> profiles_;  ///< by part
};

}  // namespace

std::string redshift_manifest(const WarehouseTable& table, const std::vector<WrittenFile>& files) {
  const std::size_t top = split_output_name(output_base(table.spec)).folder.size();
  std::vector<std::string> entries;
  for (const WrittenFile& file : files) {
    entries.push_back(fmt::format("    {{\"url\": {}, \"mandatory\": true, \"meta\": {{\"content_length\": {}}}}}",
                                  json_quoted(table.s3_folder + "/" + file.path.substr(top)), file.bytes));
  }
  return fmt::format("{{\n  \"entries\": [\n{}\n  ]\n}}\n", fmt::join(entries, ",\n"));
}

std::unique_ptr<Sink> make_warehouse_sink(std::unique_ptr<Sink> inside, const OutputSpec& spec, const Fields& fields,
                                          const Comm& comm, Publisher& publisher, const SinkOptions& options) {
  comm.agree([&] { check_warehouse(spec, fields); });
  const SideFiles files(spec);
  const RemotePlace place{spec.s3.value_or(S3Settings{}), options.scratch_dir};
  for (const std::string& path : {files.sql, files.manifest, files.names}) {
    if (!path.empty()) publisher.reserve(path, spec.overwrite, place);
  }
  return std::make_unique<WarehouseSink>(std::move(inside), spec, fields, comm, publisher, options);
}

}  // namespace evclean
