// SPDX-License-Identifier: Apache-2.0
#include "hdf5_file.hpp"

#include "hdf5_parallel.hpp"
#include "pandas_attributes.hpp"

namespace evclean {
namespace {

Hdf5Type stored_type(const StoredColumn& column) {
  switch (column.kind) {
    case StoredColumn::Kind::kInt64:
    case StoredColumn::Kind::kTimeNs:
      return Hdf5Type(H5Tcopy(H5T_STD_I64LE));
    case StoredColumn::Kind::kFloat64:
      return Hdf5Type(H5Tcopy(H5T_IEEE_F64LE));
    case StoredColumn::Kind::kBool:
      return Hdf5Type(H5Tcopy(H5T_STD_B8LE));
    case StoredColumn::Kind::kText:
      return fixed_text(static_cast<std::size_t>(column.width_bytes), H5T_CSET_ASCII);
  }
  return {};
}

Hdf5Type row_type(const StoredTable& table, const std::string& shown) {
  Hdf5Type row(check_hdf5(H5Tcreate(H5T_COMPOUND, static_cast<std::size_t>(table.row_bytes)), shown, "row type"));
  check_hdf5(H5Tinsert(row.get(), "index", 0, H5T_STD_I64LE), shown, "row type");
  for (const StoredColumn& column : table.columns) {
    Hdf5Type value = stored_type(column);
    if (column.field != column.name) {  // a block of one column, as pandas has them
      const hsize_t one = 1;
      value = Hdf5Type(check_hdf5(H5Tarray_create2(value.get(), 1, &one), shown, "column type"));
    }
    const auto offset = static_cast<std::size_t>(column.offset_bytes);
    check_hdf5(H5Tinsert(row.get(), column.field.c_str(), offset, value.get()), shown, "column type");
  }
  return row;
}

void put_attribute(hid_t object, const TableAttribute& attribute, const std::string& shown) {
  const bool is_number = attribute.kind == TableAttribute::Kind::kNumber;
  const auto charset = attribute.kind == TableAttribute::Kind::kText ? H5T_CSET_UTF8 : H5T_CSET_ASCII;
  const Hdf5Type type = is_number ? Hdf5Type(H5Tcopy(H5T_STD_I64LE))
                                  : fixed_text(std::max<std::size_t>(attribute.text.size(), 1), charset);
  const Hdf5Space scalar(H5Screate(H5S_SCALAR));
  const Hdf5Attribute made(
      check_hdf5(H5Acreate2(object, attribute.name.c_str(), type.get(), scalar.get(), H5P_DEFAULT, H5P_DEFAULT), shown,
                 "attribute"));
  const void* value = is_number ? static_cast<const void*>(&attribute.number) : attribute.text.c_str();
  check_hdf5(H5Awrite(made.get(), type.get(), value), shown, "attribute");
}

void put_attributes(hid_t object, const std::vector<TableAttribute>& attributes, const std::string& shown) {
  for (const TableAttribute& attribute : attributes) put_attribute(object, attribute, shown);
}

}  // namespace

struct Hdf5File::Impl {
  QuietHdf5 quiet;
  std::string shown;
  Hdf5FileId file;
  Hdf5Type row;
  Hdf5Space space;
  Hdf5Dataset table;
  Hdf5Properties transfer;

  Hdf5Properties creation(const TableShape& shape) const {
    Hdf5Properties create(H5Pcreate(H5P_DATASET_CREATE));
    const auto chunk = static_cast<hsize_t>(shape.chunk_rows);
    check_hdf5(H5Pset_chunk(create.get(), 1, &chunk), shown, "chunks");
    check_hdf5(H5Pset_fill_time(create.get(), H5D_FILL_TIME_NEVER), shown, "fill time");
    if (shape.level > 0) {
      check_hdf5(H5Pset_shuffle(create.get()), shown, "shuffle");
      check_hdf5(H5Pset_deflate(create.get(), static_cast<unsigned>(shape.level)), shown, "deflate");
    }
    return create;
  }

  bool has_group(const std::string& key) const {
    for (std::size_t end = 0; end != std::string::npos;) {
      end = key.find('/', end + 1);
      if (H5Lexists(file.get(), key.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    }
    return true;
  }

  void make_table(const StoredTable& stored, const TableShape& shape) {
    const Hdf5Properties links(H5Pcreate(H5P_LINK_CREATE));
    check_hdf5(H5Pset_create_intermediate_group(links.get(), 1), shown, "groups");
    const Hdf5Group root(check_hdf5(H5Gopen2(file.get(), "/", H5P_DEFAULT), shown, "groups"));
    // The key a/b of another table makes the group a.
    const bool there = shape.append && has_group(shape.key);
    const hid_t made_group = there ? H5Gopen2(file.get(), shape.key.c_str(), H5P_DEFAULT)
                                   : H5Gcreate2(file.get(), shape.key.c_str(), links.get(), H5P_DEFAULT, H5P_DEFAULT);
    const Hdf5Group group(check_hdf5(made_group, shown, "key"));
    if (!shape.append) put_attributes(root.get(), root_attributes(), shown);
    put_attributes(group.get(), group_attributes(stored), shown);
    row = row_type(stored, shown);
    const auto rows = static_cast<hsize_t>(shape.rows);
    const hsize_t unlimited = H5S_UNLIMITED;
    space.reset(check_hdf5(H5Screate_simple(1, &rows, &unlimited), shown, "rows"));
    const Hdf5Properties create = creation(shape);
    const hid_t made = H5Dcreate2(group.get(), "table", row.get(), space.get(), H5P_DEFAULT, create.get(), H5P_DEFAULT);
    if (made < 0 && stored.columns.size() > 500) {
      fail_user("{}: {} columns are too many for an HDF5 table (HDF5: {}); write Parquet, or select fewer", shown,
                stored.columns.size(), hdf5_message());
    }
    table.reset(check_hdf5(made, shown, "table"));
    put_attributes(table.get(), table_attributes(stored, shape.rows), shown);
  }
};

Hdf5File::Hdf5File(const Comm& comm, const std::string& path, const std::string& shown, const StoredTable& table,
                   const TableShape& shape)
    : impl_(std::make_unique<Impl>()) {
  impl_->shown = shown;
  impl_->file = open_parallel_hdf5(comm, path, shown, shape.append);
  impl_->make_table(table, shape);
  impl_->transfer = collective_transfer(shown);
}

Hdf5File::~Hdf5File() = default;

void Hdf5File::write(std::int64_t first, std::int64_t count, const char* packed) {
  const Hdf5Space selected(H5Scopy(impl_->space.get()));
  const auto size = static_cast<hsize_t>(std::max<std::int64_t>(count, 1));
  const Hdf5Space memory(H5Screate_simple(1, &size, nullptr));
  if (count > 0) {
    const auto start = static_cast<hsize_t>(first);
    check_hdf5(H5Sselect_hyperslab(selected.get(), H5S_SELECT_SET, &start, nullptr, &size, nullptr), impl_->shown,
               "rows");
  } else {
    // A rank without rows takes part all the same: the transfer is collective.
    check_hdf5(H5Sselect_none(selected.get()), impl_->shown, "rows");
    check_hdf5(H5Sselect_none(memory.get()), impl_->shown, "rows");
  }
  check_hdf5(
      H5Dwrite(impl_->table.get(), impl_->row.get(), memory.get(), selected.get(), impl_->transfer.get(), packed),
      impl_->shown, "rows");
}

void Hdf5File::abandon() noexcept {
  (void)impl_->table.release();
  (void)impl_->file.release();
}

void Hdf5File::flush() { check_hdf5(H5Fflush(impl_->file.get(), H5F_SCOPE_GLOBAL), impl_->shown, "flushing"); }

void Hdf5File::close() {
  check_hdf5(H5Dclose(impl_->table.release()), impl_->shown, "closing the table");
  check_hdf5(H5Fclose(impl_->file.release()), impl_->shown, "closing the file");
}

}  // namespace evclean
