// SPDX-License-Identifier: Apache-2.0
// main() of every MPI test: a failure on any rank fails the test on all, the ranks stay in step, and only rank 0 prints
// results (the others print their failures, with their rank).
#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdio>

namespace {

MPI_Comm listener_comm = MPI_COMM_NULL;

int rank_of_world() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

/// Agrees after each test; prints what failed on ranks that have no printer.
class AgreeingListener : public testing::EmptyTestEventListener {
  void OnTestPartResult(const testing::TestPartResult& result) override {
    if (!result.failed() || rank_of_world() == 0) return;
    std::fprintf(stderr, "[rank %d] %s:%d: %s\n", rank_of_world(), result.file_name() ? result.file_name() : "?",
                 result.line_number(), result.message());
  }
  void OnTestEnd(const testing::TestInfo& info) override {
    int failed = info.result()->Failed() ? 1 : 0;
    int total = 0;
    MPI_Allreduce(&failed, &total, 1, MPI_INT, MPI_SUM, listener_comm);
    if (failed == 0 && total > 0) ADD_FAILURE() << "failed on " << total << " other rank(s)";
  }
};

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_dup(MPI_COMM_WORLD, &listener_comm);
  testing::InitGoogleTest(&argc, argv);
  // A stray exception on one rank ends the whole run at once instead of leaving the others in a collective.
  GTEST_FLAG_SET(catch_exceptions, false);
  auto& listeners = testing::UnitTest::GetInstance()->listeners();
  if (rank_of_world() != 0) {
    delete listeners.Release(listeners.default_result_printer());
    delete listeners.Release(listeners.default_xml_generator());
  }
  // OnTestEnd runs in reverse order of the list: what is appended last agrees before the printer prints.
  listeners.Append(new AgreeingListener);
  int result = RUN_ALL_TESTS();
  MPI_Allreduce(MPI_IN_PLACE, &result, 1, MPI_INT, MPI_MAX, MPI_COMM_WORLD);
  MPI_Comm_free(&listener_comm);
  MPI_Finalize();
  return result;
}
