// SPDX-License-Identifier: Apache-2.0
#include "matrix_sink.hpp"

namespace evclean {

MatrixSink::MatrixSink(const OutputSpec& spec, const Fields& fields, const Comm& comm, Publisher& publisher,
                       const SinkOptions& options)
    : spec_(spec),
      comm_(comm),
      publisher_(publisher),
      rows_(MatrixColumns(fields, options.encoded ? *options.encoded : EncodedTable{}, spec.path), fields, options) {}

std::vector<WrittenFile> MatrixSink::close() {
  const std::vector<MatrixSide> sides = rows_.settle(comm_);
  for (const std::string& note : rows_.agree_on_notes(comm_)) notes_.push_back(fmt::format("{}: {}", spec_.path, note));
  return write_files(sides);
}

std::vector<MatrixPart> MatrixSink::parts() const {
  if (rows_.columns().label < 0) return {MatrixPart::kX};
  return {MatrixPart::kX, MatrixPart::kY};
}

std::unique_ptr<Sink> make_matrix_sink(const OutputSpec& spec, const Fields& fields, const Comm& comm,
                                       Publisher& publisher, const SinkOptions& options) {
  std::unique_ptr<MatrixSink> sink;
  comm.agree([&] {
    const bool npy = spec.format == OutputFormat::kNpy;
    sink = npy ? make_npy_sink(spec, fields, comm, publisher, options)
               : make_hdf5_matrix_sink(spec, fields, comm, publisher, options);
  });
  sink->reserve(options);
  return sink;
}

}  // namespace evclean
