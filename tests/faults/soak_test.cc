// Some seconds of the soak, and that it would notice what grows.
#include "tests/faults/soak.h"

#include <string>
#include <vector>

#include "absl/time/time.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// In so short a time memory still grows to what it will need, so only what is left in the end
// counts, and how the calls went.
TEST(Soak, LeavesNothingBehind) {
  const SoakReport report =
      Soak({.duration = absl::Seconds(5), .sample_every = absl::Milliseconds(500)});
  for (const std::string& complaint : report.complaints) {
    EXPECT_THAT(complaint, HasSubstr("grew")) << report.table;
  }
}

std::vector<SoakSample> Samples(uint64_t growth_of_heap, uint64_t growth_of_descriptors) {
  std::vector<SoakSample> samples(50);
  for (size_t i = 0; i < samples.size(); ++i) {
    samples[i].server_heap = (1 << 20) + i * growth_of_heap;
    samples[i].client.descriptors = 40 + i * growth_of_descriptors;
  }
  return samples;
}

TEST(Growth, IsMeasuredFromTheSecondFifthToTheLast) {
  EXPECT_THAT(GrowthOf(Samples(0, 0)), IsEmpty());
  EXPECT_THAT(GrowthOf(Samples(20'000, 0)), IsEmpty());
  EXPECT_THAT(GrowthOf(Samples(100'000, 0)), ElementsAre(HasSubstr("server's heap grew")));
  EXPECT_THAT(GrowthOf(Samples(0, 1)), ElementsAre(HasSubstr("client's descriptors grew")));
}

}  // namespace
}  // namespace ledger
