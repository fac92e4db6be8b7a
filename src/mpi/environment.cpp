// SPDX-License-Identifier: Apache-2.0
#include <boost/mpi/environment.hpp>
#include <cstdlib>

#include "evclean/comm.hpp"
#include "mpi_call.hpp"

namespace evclean {
namespace {
// One a process, like MPI itself.
boost::mpi::environment* running = nullptr;
}  // namespace

MpiEnvironment::MpiEnvironment(int& argc, char**& argv) {
  // Ranks often share cores: a rank that waits must let others work (research: 54 rounds a second without, 92,900
  // with).
  setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0);
  // OMPIO's data sieving corrupts without range locks before Open MPI 4.1.7 (open-mpi/ompi#12718).
  setenv("OMPI_MCA_fs_ufs_lock_algorithm", "3", 0);
  // Where /sys is not mounted (a bare chroot) hwloc says so once a rank, among the user's messages.
  setenv("HWLOC_HIDE_ERRORS", "2", 0);
  // One process alone needs no network (probing for one takes a quarter of a second) and no daemon beside it: that is
  // for starting more processes, costs a tenth of a second, and has to be taken leave of in the end. Nor a folder for
  // files that ranks share: of several processes begun at once one removed the folder above that another had just
  // found.
  if (getenv("OMPI_COMM_WORLD_SIZE") == nullptr && getenv("PMIX_RANK") == nullptr && getenv("PMI_RANK") == nullptr) {
    setenv("OMPI_MCA_pml", "ob1", 0);
    setenv("OMPI_MCA_btl", "self", 0);
    setenv("OMPI_MCA_ess_singleton_isolated", "1", 0);
    setenv("OMPI_MCA_orte_create_session_dirs", "0", 0);
  }
  running = new boost::mpi::environment(argc, argv, boost::mpi::threading::funneled, /*abort_on_exception=*/false);
}

MpiEnvironment::~MpiEnvironment() {
  delete running;
  running = nullptr;
}

std::string MpiEnvironment::version() {
  char text[MPI_MAX_LIBRARY_VERSION_STRING] = "";
  int length = 0;
  MPI_Get_library_version(text, &length);
  const std::string whole(text, static_cast<std::size_t>(length));
  return whole.substr(0, whole.find(','));  // "Open MPI v4.1.4, package: …"
}

std::string MpiEnvironment::host_name() { return boost::mpi::environment::processor_name(); }

void abort_all(ExitCode code) {
  MPI_Abort(MPI_COMM_WORLD, static_cast<int>(code));
  std::_Exit(static_cast<int>(code));
}

}  // namespace evclean
