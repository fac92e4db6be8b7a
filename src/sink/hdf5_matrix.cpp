// SPDX-License-Identifier: Apache-2.0
#include "hdf5_matrix.hpp"

#include <algorithm>
#include <array>

#include "hdf5_parallel.hpp"

namespace evclean {

struct Hdf5Matrix::Impl {
  QuietHdf5 quiet;
  const Comm& comm;
  std::string shown;
  Hdf5FileId file;
  Hdf5Properties transfer;
  Shape shape;
  Hdf5Space space;
  Hdf5Dataset dataset;

  explicit Impl(const Comm& c) : comm(c) {}

  int dimensions() const { return shape.columns > 0 ? 2 : 1; }

  static Hdf5Properties links_with_groups() {
    Hdf5Properties links(H5Pcreate(H5P_LINK_CREATE));
    H5Pset_create_intermediate_group(links.get(), 1);
    return links;
  }

  Hdf5Properties creation() const {
    Hdf5Properties create(H5Pcreate(H5P_DATASET_CREATE));
    const std::array<hsize_t, 2> chunk{static_cast<hsize_t>(shape.chunk_rows), static_cast<hsize_t>(shape.columns)};
    check_hdf5(H5Pset_chunk(create.get(), dimensions(), chunk.data()), shown, "chunks");
    check_hdf5(H5Pset_fill_time(create.get(), H5D_FILL_TIME_NEVER), shown, "fill time");
    if (shape.level > 0) {
      check_hdf5(H5Pset_shuffle(create.get()), shown, "shuffle");
      check_hdf5(H5Pset_deflate(create.get(), static_cast<unsigned>(shape.level)), shown, "deflate");
    }
    return create;
  }
};

Hdf5Matrix::Hdf5Matrix(const Comm& comm, const std::string& path, const std::string& shown)
    : impl_(std::make_unique<Impl>(comm)) {
  impl_->shown = shown;
  impl_->file = open_parallel_hdf5(comm, path, shown, false);
  impl_->transfer = collective_transfer(shown);
}

Hdf5Matrix::~Hdf5Matrix() = default;

void Hdf5Matrix::begin(const Shape& shape) {
  impl_->shape = shape;
  const std::array<hsize_t, 2> size{static_cast<hsize_t>(shape.rows), static_cast<hsize_t>(shape.columns)};
  const std::array<hsize_t, 2> most{H5S_UNLIMITED, static_cast<hsize_t>(shape.columns)};
  impl_->space.reset(check_hdf5(H5Screate_simple(impl_->dimensions(), size.data(), most.data()), impl_->shown, "rows"));
  const Hdf5Properties create = impl_->creation(), links = Impl::links_with_groups();
  impl_->dataset.reset(check_hdf5(H5Dcreate2(impl_->file.get(), shape.name.c_str(), H5T_IEEE_F32LE, impl_->space.get(),
                                             links.get(), create.get(), H5P_DEFAULT),
                                  impl_->shown, "matrix"));
}

void Hdf5Matrix::write(std::int64_t first, std::int64_t count, const char* rows) {
  const auto columns = static_cast<hsize_t>(impl_->shape.columns);
  const std::array<hsize_t, 2> start{static_cast<hsize_t>(first), 0};
  const std::array<hsize_t, 2> size{static_cast<hsize_t>(std::max<std::int64_t>(count, 1)), columns};
  const Hdf5Space selected(H5Scopy(impl_->space.get()));
  const Hdf5Space memory(H5Screate_simple(impl_->dimensions(), size.data(), nullptr));
  if (count > 0) {
    check_hdf5(H5Sselect_hyperslab(selected.get(), H5S_SELECT_SET, start.data(), nullptr, size.data(), nullptr),
               impl_->shown, "rows");
  } else {
    // A rank without rows takes part all the same: the transfer is collective.
    check_hdf5(H5Sselect_none(selected.get()), impl_->shown, "rows");
    check_hdf5(H5Sselect_none(memory.get()), impl_->shown, "rows");
  }
  check_hdf5(H5Dwrite(impl_->dataset.get(), H5T_IEEE_F32LE, memory.get(), selected.get(), impl_->transfer.get(), rows),
             impl_->shown, "rows");
}

void Hdf5Matrix::put_texts(const std::string& name, const std::vector<std::string>& texts) {
  std::size_t width = 1;
  for (const std::string& text : texts) width = std::max(width, text.size());
  std::string packed(texts.size() * width, '\0');
  for (std::size_t i = 0; i < texts.size(); ++i) texts[i].copy(packed.data() + i * width, width);
  const auto count = static_cast<hsize_t>(texts.size());
  const Hdf5Type type = fixed_text(width, H5T_CSET_UTF8);
  check_hdf5(H5Tset_strpad(type.get(), H5T_STR_NULLPAD), impl_->shown, "names");
  const Hdf5Space space(check_hdf5(H5Screate_simple(1, &count, nullptr), impl_->shown, "names"));
  const Hdf5Dataset made(check_hdf5(
      H5Dcreate2(impl_->file.get(), name.c_str(), type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      impl_->shown, "names"));
  const Hdf5Space selected(H5Scopy(space.get())), memory(H5Scopy(space.get()));
  if (!impl_->comm.is_root()) {
    check_hdf5(H5Sselect_none(selected.get()), impl_->shown, "names");
    check_hdf5(H5Sselect_none(memory.get()), impl_->shown, "names");
  }
  check_hdf5(H5Dwrite(made.get(), type.get(), memory.get(), selected.get(), impl_->transfer.get(), packed.data()),
             impl_->shown, "names");
}

void Hdf5Matrix::flush() { check_hdf5(H5Fflush(impl_->file.get(), H5F_SCOPE_GLOBAL), impl_->shown, "flushing"); }

void Hdf5Matrix::close() {
  if (impl_->dataset) check_hdf5(H5Dclose(impl_->dataset.release()), impl_->shown, "closing the matrix");
  check_hdf5(H5Fclose(impl_->file.release()), impl_->shown, "closing the file");
}

void Hdf5Matrix::abandon() noexcept {
  (void)impl_->dataset.release();
  (void)impl_->file.release();
}

}  // namespace evclean
