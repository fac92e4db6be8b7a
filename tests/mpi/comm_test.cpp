// SPDX-License-Identifier: Apache-2.0
#include "evclean/comm.hpp"

#include <gtest/gtest.h>

#include <set>

namespace evclean {
namespace {

TEST(Comm, BroadcastsBytesOfAnySize) {
  const Comm comm = Comm::world();
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, std::size_t{3'000'000}}) {
    const std::string sent(size, 'x');
    EXPECT_EQ(comm.broadcast(comm.is_root() ? sent : std::string("other")), sent);
  }
}

TEST(Comm, GathersOnTheRootOnly) {
  const Comm comm = Comm::world();
  const auto texts = comm.gather(std::string(static_cast<std::size_t>(comm.rank()), 'r'));
  if (!comm.is_root()) {
    EXPECT_TRUE(texts.empty());
  } else {
    EXPECT_EQ(texts.size(), static_cast<std::size_t>(comm.size()));
    for (std::size_t r = 0; r < texts.size(); ++r) EXPECT_EQ(texts[r].size(), r);
  }
}

TEST(Comm, ExclusiveSumIsZeroOnTheFirstRank) {
  const Comm comm = Comm::world();
  EXPECT_EQ(comm.exclusive_sum(comm.rank() + 1), comm.rank() * (comm.rank() + 1) / 2);
}

TEST(Comm, AllToAllMovesEveryPieceAlsoEmptyOnes) {
  const Comm comm = Comm::world();
  std::vector<std::string> outgoing;
  for (int to = 0; to < comm.size(); ++to)
    outgoing.push_back(std::string(static_cast<std::size_t>(to * 1000), static_cast<char>('a' + comm.rank())));
  const auto incoming = comm.all_to_all(outgoing);
  for (int from = 0; from < comm.size(); ++from) {
    EXPECT_EQ(incoming[static_cast<std::size_t>(from)],
              std::string(static_cast<std::size_t>(comm.rank() * 1000), static_cast<char>('a' + from)));
  }
}

TEST(Comm, SplitsIntoRanksThatSayTheSame) {
  const Comm comm = Comm::world();
  const bool even = comm.rank() % 2 == 0;
  const Comm part = comm.split(even);
  EXPECT_EQ(part.size(), even ? (comm.size() + 1) / 2 : comm.size() / 2);
  EXPECT_EQ(part.rank(), comm.rank() / 2);
  EXPECT_EQ(part.sum(std::int64_t{1}), part.size());
  EXPECT_EQ(comm.sum(std::int64_t{1}), comm.size());  // the whole one goes on
}

TEST(Comm, AnErrorOnOneRankIsThrownOnAll) {
  const Comm comm = Comm::world();
  const int bad = comm.size() - 1;
  bool thrown = false;
  try {
    comm.agree([&] {
      if (comm.rank() == bad) fail_user("no such file");
    });
  } catch (const Error& error) {
    thrown = true;
    EXPECT_EQ(error.code(), ExitCode::kUser);
    EXPECT_NE(std::string(error.what()).find("no such file"), std::string::npos);
    EXPECT_EQ(std::string(error.what()).find("[rank ") == 0, comm.size() > 1);
  }
  EXPECT_TRUE(thrown);
  comm.all_ok();
}

/// Counts what comes back, and asks for one ticket a second time.
struct RepeatOnce : TicketDesk::Judge {
  TicketDesk* desk = nullptr;
  std::multiset<std::int64_t> seen;
  void done(int, const TicketDesk::Done& done) override {
    seen.insert(done.ticket);
    EXPECT_EQ(done.message, "ticket " + std::to_string(done.ticket));
    if (done.ticket == 3 && seen.count(3) == 1) desk->add({3, "again"});
  }
};

TEST(TicketDesk, DealsEveryTicketOnceAndRepeatsWhatIsAddedAgain) {
  const Comm comm = Comm::world();
  TicketDesk desk(comm, 50);
  RepeatOnce judge;
  judge.desk = &desk;
  desk.set_judge(&judge);
  std::int64_t mine = 0, repeated = 0;
  std::optional<TicketDesk::Done> done;
  for (auto ticket = desk.next(done); ticket; ticket = desk.next(done)) {
    ++mine;
    desk.poll();
    repeated += ticket.message == "again";
    done = TicketDesk::Done{ticket.number, "ticket " + std::to_string(ticket.number)};
  }
  EXPECT_EQ(comm.sum(mine), 51);
  EXPECT_EQ(comm.sum(repeated), 1);
  if (comm.is_root()) {
    EXPECT_EQ(judge.seen.size(), 51u);
    for (std::int64_t t = 0; t < 50; ++t) EXPECT_EQ(judge.seen.count(t), t == 3 ? 2u : 1u);
  }
}

/// Stops at the first ticket that comes back.
struct StopAtOnce : TicketDesk::Judge {
  TicketDesk* desk = nullptr;
  void done(int, const TicketDesk::Done&) override { desk->stop(); }
};

TEST(TicketDesk, StopEndsAllRanksBeforeTheTicketsDo) {
  const Comm comm = Comm::world();
  TicketDesk desk(comm, 1'000'000'0);
  StopAtOnce judge;
  judge.desk = &desk;
  desk.set_judge(&judge);
  std::int64_t mine = 0;
  std::optional<TicketDesk::Done> done;
  for (auto ticket = desk.next(done); ticket; ticket = desk.next(done)) {
    ++mine;
    done = TicketDesk::Done{ticket.number, ""};
  }
  EXPECT_LE(comm.sum(mine), 2 * comm.size());
}

}  // namespace
}  // namespace evclean
